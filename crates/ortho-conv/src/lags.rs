//! Lags of a self-correlation, and the runs of taps that overlap at each.

use crate::polyphase::for_each_index;

/// One lag δ, of which -δ is the transpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lag {
    pub(crate) delta: Vec<isize>,
    pub(crate) runs: Vec<Run>,
}

/// Taps `first..first + length` meet taps `second..second + length` (flat, row-major).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) length: usize,
}

/// δ = 0 and one of δ, -δ for all others with |δ| < `size`; the lag zero comes first.
pub(crate) fn half_lags(size: &[usize]) -> Vec<Lag> {
    let extents: Vec<usize> = size.iter().map(|&k| 2 * k - 1).collect();
    let mut lags = Vec::new();
    for_each_index(&extents, |index| {
        let delta: Vec<isize> = index.iter().zip(size).map(|(&i, &k)| i as isize - (k as isize - 1)).collect();
        // Lexicographically not negative.
        if delta.iter().find(|&&d| d != 0).is_none_or(|&d| d > 0) {
            let runs = runs(&delta, size);
            lags.push(Lag { delta, runs });
        }
    });
    lags
}

fn runs(delta: &[isize], size: &[usize]) -> Vec<Run> {
    if delta.iter().all(|&d| d == 0) {
        return vec![Run { first: 0, second: 0, length: size.iter().product() }];
    }
    // The box of taps b with both b and b + δ inside; its rows along the last axis are contiguous.
    let starts: Vec<usize> = delta.iter().map(|&d| d.min(0).unsigned_abs()).collect();
    let mut extents: Vec<usize> = size.iter().zip(delta).map(|(&k, d)| k - d.unsigned_abs()).collect();
    let length = extents.pop().unwrap_or(0);
    extents.push(1);
    let mut found = Vec::new();
    for_each_index(&extents, |index| {
        let (mut first, mut second) = (0, 0);
        for d in 0..size.len() {
            let at = starts[d] + index[d];
            first = first * size[d] + at;
            second = second * size[d] + at.wrapping_add_signed(delta[d]);
        }
        found.push(Run { first, second, length });
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_lags_and_all_of_the_overlaps() {
        let lags = half_lags(&[3, 3]);
        assert_eq!(lags.len(), 13);
        assert_eq!((lags[0].delta.as_slice(), lags[0].runs.len()), ([0, 0].as_slice(), 1));
        let of = |delta: [isize; 2]| &lags.iter().find(|lag| lag.delta == delta).unwrap().runs;
        // δ = (1, -1): taps (b, c) with b ≤ 1, c ≥ 1 meet (b + 1, c - 1).
        assert_eq!(
            of([1, -1]).as_slice(),
            [Run { first: 1, second: 3, length: 2 }, Run { first: 4, second: 6, length: 2 }]
        );
        // The overlaps of all lags and their mirrors add up to all pairs of taps.
        let pairs: usize = lags
            .iter()
            .enumerate()
            .map(|(i, lag)| (1 + usize::from(i > 0)) * lag.runs.iter().map(|r| r.length).sum::<usize>())
            .sum();
        assert_eq!(pairs, 81);
        assert_eq!(half_lags(&[1]).len(), 1);
        assert_eq!(half_lags(&[2, 1, 3]).len(), 8);
    }
}
