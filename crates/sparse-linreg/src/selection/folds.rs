//! How rows are split into training and test rows.

use crate::error::{Error, Result, check_count};
use core_tensor::check_range;
use core_tensor::random::{permutation, rng};
use ndarray::ArrayRef1;

/// A split of n rows into folds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Folds {
    /// The folds, in order.
    pub folds: Vec<Fold>,
    /// n.
    pub rows: usize,
}

/// The rows of one fold, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Fold {
    /// Rows to fit.
    pub train: Vec<usize>,
    /// Rows to predict.
    pub test: Vec<usize>,
}

impl Folds {
    /// `folds` folds of nearly equal size, rows shuffled by the seed.
    ///
    /// # Errors
    /// Fewer than two folds, or more folds than rows.
    pub fn shuffled(rows: usize, folds: usize, seed: u64) -> Result<Self> {
        check_number(folds, rows, "at least 2 and at most the number of rows")?;
        let mut assignment = vec![0; rows];
        permutation(&mut rng(seed), rows).iter().enumerate().for_each(|(at, &row)| assignment[row] = at % folds);
        Self::assigned(&assignment)
    }

    /// Folds by number: row i is tested in fold `assignment[i]`, with the other rows for training.
    ///
    /// # Errors
    /// Fewer than two folds, or a number below the largest that no row has.
    pub fn assigned(assignment: &[usize]) -> Result<Self> {
        let count = assignment.iter().max().map_or(0, |&largest| largest.saturating_add(1));
        check_number(count, assignment.len(), "at least 2 and at most the number of rows")?;
        let rows_of = |keep: &dyn Fn(usize) -> bool| {
            (0..assignment.len()).filter(|&row| keep(assignment[row])).collect::<Vec<usize>>()
        };
        let fold = |f: usize| Fold { train: rows_of(&|of| of != f), test: rows_of(&|of| of == f) };
        Self { folds: (0..count).map(fold).collect(), rows: assignment.len() }.checked()
    }

    /// Rows of one group are always in the same fold; groups are dealt out by size, ties by the seed.
    ///
    /// # Errors
    /// Fewer than two folds, or more folds than groups.
    pub fn grouped(groups: &[usize], folds: usize, seed: u64) -> Result<Self> {
        let mut names: Vec<usize> = groups.to_vec();
        names.sort_unstable();
        names.dedup();
        check_number(folds, names.len(), "at least 2 and at most the number of groups")?;
        let shuffled: Vec<usize> = permutation(&mut rng(seed), names.len());
        let size = |name: usize| groups.iter().filter(|&&group| group == name).count();
        let mut order: Vec<(usize, usize)> = shuffled.iter().map(|&at| (names[at], size(names[at]))).collect();
        order.sort_by_key(|&(_, size)| std::cmp::Reverse(size));
        let mut loads = vec![0_usize; folds];
        let mut fold_of = vec![0; names.len()];
        for (name, size) in order {
            let lightest = (0..folds).min_by_key(|&fold| loads[fold]).unwrap_or(0);
            loads[lightest] += size;
            if let Ok(at) = names.binary_search(&name) {
                fold_of[at] = lightest;
            }
        }
        let assignment: Vec<usize> =
            groups.iter().map(|group| names.binary_search(group).map_or(0, |at| fold_of[at])).collect();
        Self::assigned(&assignment)
    }

    /// Rows in the order of time: `folds` test blocks of equal length at the end, each predicted from all rows before it.
    ///
    /// # Errors
    /// Fewer than two folds, or too few rows to leave some for training.
    pub fn time_ordered(rows: usize, folds: usize) -> Result<Self> {
        check_number(folds, rows.saturating_sub(1), "at least 2 and below the number of rows")?;
        let block = rows / (folds + 1);
        let block = block.max(1);
        let first = rows - folds * block;
        let fold = |f: usize| {
            let begin = first + f * block;
            Fold { train: (0..begin).collect(), test: (begin..begin + block).collect() }
        };
        Self { folds: (0..folds).map(fold).collect(), rows }.checked()
    }

    fn checked(self) -> Result<Self> {
        for (fold, Fold { train, test }) in self.folds.iter().enumerate() {
            if test.is_empty() {
                return Err(Error::Fold { fold, problem: "has no rows" });
            }
            if train.is_empty() {
                return Err(Error::Fold { fold, problem: "leaves no rows to train on" });
            }
        }
        Ok(self)
    }

    /// Number of folds.
    pub fn len(&self) -> usize {
        self.folds.len()
    }

    /// True without folds, which the constructors never return.
    pub fn is_empty(&self) -> bool {
        self.folds.is_empty()
    }

    /// Accepts data with the rows that were split, each fold with weight to train and to test on.
    pub(crate) fn check(&self, rows: usize, weights: Option<&ArrayRef1<f64>>) -> Result<()> {
        check_count("folds", self.folds.len())?;
        let fits =
            self.rows == rows && self.folds.iter().flat_map(|f| f.train.iter().chain(&f.test)).all(|&i| i < rows);
        check_range("folds.rows", self.rows as f64, fits, "the number of rows of `x`")?;
        let weight = |rows: &[usize]| weights.is_none_or(|s| s.len() > rows.len() && rows.iter().any(|&i| s[i] > 0.0));
        for (fold, Fold { train, test }) in self.folds.iter().enumerate() {
            if !weight(test) || test.is_empty() {
                return Err(Error::Fold { fold, problem: "has no rows of positive weight to test on" });
            }
            if !weight(train) || train.is_empty() {
                return Err(Error::Fold { fold, problem: "has no rows of positive weight to train on" });
            }
        }
        Ok(())
    }
}

fn check_number(found: usize, limit: usize, expected: &'static str) -> Result<()> {
    Ok(check_range("folds", found as f64, found >= 2 && found <= limit, expected)?)
}
