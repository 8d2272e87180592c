//! Rows to train on, to validate on, and to hold back; features in units of the training rows.

use crate::failure::{Failure, Outcome};
use crate::regression::Matrix;
use ndarray::{Array1, Array2, Axis};
use orthant::core_tensor::random::{permutation, rng};

/// A table in three parts.
pub(super) struct Parts {
    /// Standardised features of the parts.
    pub(super) training: Array2<f64>,
    pub(super) validation: Array2<f64>,
    pub(super) held_back: Array2<f64>,
    /// The rows of the table that they are.
    pub(super) rows: [Vec<usize>; 3],
    means: Array1<f64>,
    pub(super) deviations: Array1<f64>,
}

impl Parts {
    /// A random split with those shares.
    pub(super) fn new(source: &str, x: &Matrix, validation: f64, held_back: f64, seed: u64) -> Outcome<Self> {
        let Matrix::Dense(x) = x else {
            return Err(Failure::input(format!("`{source}`: the table is sparse; `bilevel tune` takes dense tables")));
        };
        for (name, share) in [("--validation", validation), ("--held-back", held_back)] {
            if !(0.0..1.0).contains(&share) {
                return Err(Failure::input(format!("{name} is {share}; it must be at least 0 and below 1")));
            }
        }
        let n = x.nrows();
        let count = |share: f64| (share * n as f64).round() as usize;
        let (validating, holding) = (count(validation), count(held_back));
        let left = n.saturating_sub(validating + holding);
        if left < 2 {
            return Err(Failure::input(format!(
                "`{source}`: {n} rows leave {left} to train on with --validation {validation} and --held-back {held_back}; 2 are needed"
            )));
        }
        let order = permutation(&mut rng(seed), n);
        let mut rows =
            [order[..left].to_vec(), order[left..left + validating].to_vec(), order[left + validating..].to_vec()];
        rows.iter_mut().for_each(|rows| rows.sort_unstable());
        let part = |rows: &[usize]| x.select(Axis(0), rows);
        let training = part(&rows[0]);
        let means = training.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()));
        let deviation = |(column, mean): (ndarray::ArrayView1<'_, f64>, &f64)| {
            let square = column.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / left as f64;
            // A constant column stays one; rounding alone makes no deviation.
            if square.sqrt() > 1e-12 * mean.abs() { square.sqrt() } else { 1.0 }
        };
        let deviations: Array1<f64> = training.axis_iter(Axis(1)).zip(&means).map(deviation).collect();
        let scaled = |part: Array2<f64>| (part - &means) / &deviations;
        Ok(Self {
            training: scaled(training),
            validation: scaled(part(&rows[1])),
            held_back: scaled(part(&rows[2])),
            rows,
            means,
            deviations,
        })
    }

    /// Coefficients of the columns as they are, and what the intercept becomes.
    pub(super) fn in_units(&self, coefficients: &Array1<f64>, intercept: f64) -> (Array1<f64>, f64) {
        let w = coefficients / &self.deviations;
        let shift = w.dot(&self.means);
        (w, intercept - shift)
    }
}
