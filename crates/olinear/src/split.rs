//! Training, validation and test parts of a series.

use crate::{Error, Result};
use core_tensor::check_range;
use std::ops::Range;

/// Which rows are for training, validation and test: the benchmarks' conventions, and free fractions.
///
/// The validation and test parts begin one look-back before their own rows, so that their first target is their first row
/// (except for PEMS). All windows count: none is dropped for filling a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Split {
    /// ETT, hourly: 12, 4 and 4 months of 30 days; the rest is not used.
    EttHour,
    /// ETT, every 15 minutes: the same months.
    EttMinute,
    /// Training `⌊0.7 n⌋` rows, test `⌊0.2 n⌋` (the last ones), validation the rest: most benchmarks.
    Custom,
    /// The same with `⌊0.6 n⌋`.
    Custom2,
    /// `⌊0.7 n⌋`, `⌊0.1 n⌋`, `⌊0.2 n⌋`.
    Solar,
    /// Up to `⌊0.6 n⌋`, up to `⌊0.8 n⌋`, the rest, and no part reaches back into the one before.
    Pems,
    /// Fractions of the rows for training and test; validation is the rest.
    Fractions {
        /// Fraction of rows for training, in (0, 1].
        train: f64,
        /// Fraction of rows for the test, in [0, 1).
        test: f64,
    },
}

impl Default for Split {
    fn default() -> Self {
        Split::Fractions { train: 0.7, test: 0.2 }
    }
}

/// The rows of each part, look-back included.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Parts {
    /// Rows for training; scaler and basis see no others.
    pub train: Range<usize>,
    /// Rows for early stopping and penalties.
    pub validation: Range<usize>,
    /// Rows for the final measure.
    pub test: Range<usize>,
}

impl Split {
    /// The parts of a series of `rows` rows for windows of `look_back` steps.
    ///
    /// # Errors
    /// Fractions out of range, and fewer rows than the split names.
    pub fn parts(&self, rows: usize, look_back: usize) -> Result<Parts> {
        let n = rows as f64;
        let part = |fraction: f64| (fraction * n) as usize;
        let reaching_back = |first: usize, second: usize, end: usize| Parts {
            train: 0..first,
            validation: first.saturating_sub(look_back)..second,
            test: second.saturating_sub(look_back)..end,
        };
        let custom = |train: f64, test: f64| {
            let (first, last) = (part(train), part(test));
            reaching_back(first, rows.saturating_sub(last).max(first), rows)
        };
        let months = |per_month: usize| {
            let needed = 20 * per_month;
            if rows < needed {
                return Err(Error::TooShort { part: "whole series of this split's", rows, needed });
            }
            Ok(reaching_back(12 * per_month, 16 * per_month, needed))
        };
        Ok(match *self {
            Split::EttHour => months(30 * 24)?,
            Split::EttMinute => months(30 * 24 * 4)?,
            Split::Custom => custom(0.7, 0.2),
            Split::Custom2 => custom(0.6, 0.2),
            Split::Solar => reaching_back(part(0.7), part(0.7) + part(0.1), rows),
            Split::Pems => {
                let (first, second) = (part(0.6), part(0.8));
                Parts { train: 0..first, validation: first..second, test: second..rows }
            }
            Split::Fractions { train, test } => {
                check_range("train", train, train > 0.0 && train <= 1.0, "> 0 and <= 1")?;
                let fits = (0.0..1.0).contains(&test) && train + test <= 1.0 + 1e-12;
                check_range("test", test, fits, ">= 0, and at most 1 together with `train`")?;
                custom(train, test)
            }
        })
    }
}

impl Parts {
    /// Windows in a part of `rows` for `look_back` + `horizon` steps.
    pub fn windows(rows: &Range<usize>, look_back: usize, horizon: usize) -> usize {
        (rows.len() + 1).saturating_sub(look_back.saturating_add(horizon))
    }

    /// [`Parts::windows`], refusing a part without any.
    pub(crate) fn some_windows(
        part: &'static str,
        rows: &Range<usize>,
        look_back: usize,
        horizon: usize,
    ) -> Result<usize> {
        match Self::windows(rows, look_back, horizon) {
            0 => Err(Error::TooShort { part, rows: rows.len(), needed: look_back.saturating_add(horizon) }),
            windows => Ok(windows),
        }
    }
}
