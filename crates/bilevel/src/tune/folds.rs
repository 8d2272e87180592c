//! Folds: every row validates once.

use crate::Result;
use core_tensor::check_range;
use core_tensor::random::{permutation, rng};

/// Rows to train on and rows to validate on, for each of `folds` parts of a random order of `rows` rows. Parts differ by one row at most.
///
/// # Errors
/// Fewer than two folds, or more than rows.
pub(super) fn split(rows: usize, folds: usize, seed: u64) -> Result<Vec<(Vec<usize>, Vec<usize>)>> {
    check_range("folds", folds as f64, (2..=rows).contains(&folds), "at least 2 and at most the number of rows")?;
    let order = permutation(&mut rng(seed), rows);
    let part = |fold: usize| {
        let range = fold * rows / folds..(fold + 1) * rows / folds;
        let mut validation = order[range.clone()].to_vec();
        let mut training = [&order[..range.start], &order[range.end..]].concat();
        validation.sort_unstable();
        training.sort_unstable();
        (training, validation)
    };
    Ok((0..folds).map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn every_row_validates_once() {
        for (rows, folds) in [(2, 2), (10, 3), (11, 11)] {
            let parts = split(rows, folds, 1).unwrap();
            let mut all: Vec<usize> = parts.iter().flat_map(|(_, validation)| validation.clone()).collect();
            all.sort_unstable();
            assert_eq!(all, (0..rows).collect::<Vec<_>>());
            assert!(parts.iter().all(|(training, validation)| training.len() + validation.len() == rows));
        }
        assert!(split(3, 1, 0).is_err() && split(3, 4, 0).is_err());
    }
}
