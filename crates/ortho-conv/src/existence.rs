//! When an orthogonal layer exists (theorem 1 for circular padding; elementary arguments for the others).

use crate::{Error, Geometry, Padding, Regime, Result};

/// Whether an architecture has orthogonal layers, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Existence {
    /// The verdict.
    pub exists: bool,
    /// The condition with its numbers, as a sentence.
    pub reason: String,
    /// The smallest value that L_orth has for this architecture (circular padding): 0 where an orthogonal layer exists.
    pub least_l_orth: usize,
}

/// Whether some kernel of `geometry` makes an orthogonal layer, for signals with s N ≥ k.
///
/// | padding | row (M ≤ C s^D) | column (M > C s^D) |
/// | --- | --- | --- |
/// | circular | iff M ≤ C k^D | iff s ≤ k |
/// | valid (s = 1) | iff M ≤ C k^D | only k = 1 |
/// | zero, same size (s = 1) | always, but all taps except the centre vanish | as row |
///
/// # Errors
/// Strides with other than circular padding: no theory is known.
pub fn existence(geometry: &Geometry, padding: Padding) -> Result<Existence> {
    let group = geometry.group();
    let (m, c) = (group.outputs(), group.inputs());
    let (taps, phases): (usize, usize) = (group.size().iter().product(), group.stride().iter().product());
    let row = group.regime() != Regime::Column;
    if padding != Padding::Circular && phases > 1 {
        return Err(Error::Unsupported {
            what: "existence with stride and padding that is not circular",
            reason: "no theorem covers it",
        });
    }
    let shape = if geometry.groups() > 1 { format!(" in each of {} groups", geometry.groups()) } else { String::new() };
    let verdict = |exists, reason: String, least_l_orth| {
        Ok(Existence { exists, reason: format!("{reason}{shape}"), least_l_orth })
    };
    if padding == Padding::Zero && taps > 1 {
        return verdict(
            true,
            "with zero padding only kernels whose taps all vanish but the centre are orthogonal".to_owned(),
            0,
        );
    }
    if padding == Padding::Valid && !row && taps > 1 {
        let reason = "without padding a corner pixel is seen by one tap and an inner pixel by all, so that columns cannot all have norm 1";
        return verdict(false, reason.to_owned(), 0);
    }
    if row {
        let most = c * taps;
        let sign = if m <= most { "<=" } else { ">" };
        let reason = format!("M = {m} {sign} C times the kernel's taps = {most}");
        return verdict(m <= most, reason, geometry.groups() * m.saturating_sub(most));
    }
    let unseen = group.size().iter().zip(group.stride()).find(|(k, s)| s > k);
    let seen: usize = group.size().iter().zip(group.stride()).map(|(k, s)| k.min(s)).product();
    match unseen {
        None => verdict(true, "the stride is at most the kernel's size: every input sample is seen".to_owned(), 0),
        Some((k, s)) => {
            let reason =
                format!("the stride {s} is larger than the kernel's size {k}: some input samples are never seen");
            verdict(false, reason, geometry.groups() * c * (phases - seen))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_interface() {
        let of = |m, c, k, s| existence(&Geometry::new(m, c, &[k, k], &[s, s]).unwrap(), Padding::Circular).unwrap();
        let no = of(10, 1, 3, 4);
        assert_eq!(
            (no.exists, no.reason.as_str(), no.least_l_orth),
            (false, "M = 10 > C times the kernel's taps = 9", 1)
        );
        let no = of(20, 2, 2, 3);
        assert_eq!(no.reason, "the stride 3 is larger than the kernel's size 2: some input samples are never seen");
        assert_eq!((no.exists, no.least_l_orth), (false, 10));
        assert_eq!(of(6, 1, 2, 3).least_l_orth, 2);
        assert!(of(64, 64, 3, 1).exists);
        let layer = Geometry::new(8, 4, &[3], &[1]).unwrap();
        assert!(!existence(&layer, Padding::Valid).unwrap().exists);
        assert!(existence(&layer, Padding::Zero).unwrap().exists);
        assert!(existence(&Geometry::new(8, 4, &[1], &[1]).unwrap(), Padding::Valid).unwrap().exists);
        assert!(existence(&Geometry::new(8, 4, &[3], &[2]).unwrap(), Padding::Valid).is_err());
        let depthwise = Geometry::new(8, 8, &[3], &[1]).unwrap().grouped(8).unwrap();
        assert!(existence(&depthwise, Padding::Circular).unwrap().reason.ends_with("in each of 8 groups"));
    }
}
