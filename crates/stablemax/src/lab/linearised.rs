//! The network linearised at its start: the lazy limit, step by step.

use super::committee::Committee;
use crate::error::{Error, Result, check_at_least, check_count, check_non_negative};
use core_tensor::check_finite;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

/// `f(x) = (α/N) Σᵢ φ′(wᵢ⁰·x) (wᵢ - wᵢ⁰)·x`, trained by the same rule as [`Committee`] (without momentum).
#[derive(Debug, Clone, PartialEq)]
pub struct Linearised {
    start: Array2<f64>,
    change: Array2<f64>,
    alpha: f64,
    curvature: f64,
    steps: u64,
}

impl Linearised {
    /// Of a machine at its start.
    #[must_use]
    pub fn new(machine: &Committee) -> Self {
        Self {
            start: machine.start.clone(),
            change: Array2::zeros(machine.start.raw_dim()),
            alpha: machine.alpha(),
            curvature: machine.curvature(),
            steps: 0,
        }
    }

    /// Predictions for the rows of `x` (n × D).
    ///
    /// # Errors
    /// When `x` has another number of columns.
    pub fn predict(&self, x: &ArrayRef2<f64>) -> Result<Array1<f64>> {
        check_count("x", x.len_of(Axis(1)), self.start.ncols(), "the machine has that many inputs")?;
        let (h, v) = (x.dot(&self.start.t()), x.dot(&self.change.t()));
        let scale = self.alpha / self.start.nrows() as f64;
        let unit = |(h, v): (&f64, &f64)| (1.0 + self.curvature * h) * v;
        let rows = h.outer_iter().zip(v.outer_iter());
        Ok(rows.map(|(h, v)| scale * h.iter().zip(&v).map(unit).sum::<f64>()).collect())
    }

    /// One step, as [`Committee::step`] without momentum. Returns the loss before it.
    ///
    /// # Errors
    /// As there.
    pub fn step(&mut self, x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, rate: f64) -> Result<f64> {
        check_non_negative("rate", rate)?;
        check_count("y", y.len(), x.len_of(Axis(0)), "there is one target per row of `x`")?;
        check_at_least("x", y.len(), 1, "at least one row")?;
        check_finite("x", x)?;
        check_finite("y", y)?;
        let residual = self.predict(x)? - y;
        let rows = y.len() as f64;
        let loss = residual.iter().map(|r| r * r).sum::<f64>() / rows;
        self.steps += 1;
        if !loss.is_finite() {
            return Err(Error::Diverged { step: self.steps, what: "the loss" });
        }
        let mut slope = x.dot(&self.start.t());
        for (mut row, &r) in slope.outer_iter_mut().zip(&residual) {
            row.mapv_inplace(|h| r * (1.0 + self.curvature * h));
        }
        general_mat_mul(-rate * 2.0 / (self.alpha * rows), &slope.t(), x, 1.0, &mut self.change);
        Ok(loss)
    }
}
