//! The network linearised at its start: the lazy limit, step by step.

use super::committee::Committee;
use super::descent::{check_step, mean_squared_error, slopes};
use crate::error::{Result, check_count};
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
        check_step(x, y, rate)?;
        let residual = self.predict(x)? - y;
        self.steps += 1;
        let loss = mean_squared_error(&residual, self.steps)?;
        let slope = slopes(x, &self.start, self.curvature, &residual);
        general_mat_mul(-rate * 2.0 / (self.alpha * y.len() as f64), &slope.t(), x, 1.0, &mut self.change);
        Ok(loss)
    }
}
