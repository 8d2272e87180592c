//! The largest of many scores.

use crate::{Error, Result};
use core_tensor::Scalar;

/// The `count` indices of the largest scores, ascending; equal scores go by index. O(p), no sort of all.
///
/// # Errors
/// [`Error::NotANumber`] for a score that is NaN.
pub(crate) fn top<T: Scalar>(scores: &[T], count: usize, scratch: &mut Vec<usize>, out: &mut Vec<usize>) -> Result<()> {
    if let Some(coordinate) = scores.iter().position(|v| v.is_nan()) {
        return Err(Error::NotANumber { what: "score", coordinate });
    }
    scratch.clear();
    scratch.extend(0..scores.len());
    out.clear();
    if count < scores.len() && count > 0 {
        scratch.select_nth_unstable_by(count - 1, |&a, &b| {
            scores[b].partial_cmp(&scores[a]).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b))
        });
    }
    out.extend_from_slice(&scratch[..count.min(scores.len())]);
    out.sort_unstable();
    Ok(())
}

/// The index of the largest score; the first of equals.
///
/// # Errors
/// [`Error::NotANumber`] for a score that is NaN.
pub(crate) fn first_largest<T: Scalar>(scores: &[T]) -> Result<usize> {
    let mut best = 0;
    for (k, &score) in scores.iter().enumerate() {
        if score.is_nan() {
            return Err(Error::NotANumber { what: "score", coordinate: k });
        }
        if score > scores[best] {
            best = k;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_by_index() {
        let (mut scratch, mut out) = (Vec::new(), Vec::new());
        top(&[1.0, 2.0, 1.0, 1.0, 3.0], 3, &mut scratch, &mut out).unwrap();
        assert_eq!(out, [0, 1, 4]);
        top(&[1.0, 2.0], 9, &mut scratch, &mut out).unwrap();
        assert_eq!(out, [0, 1]);
        assert!(top(&[1.0, f64::NAN], 1, &mut scratch, &mut out).is_err());
        assert_eq!(first_largest(&[1.0, 4.0, 4.0]), Ok(1));
    }
}
