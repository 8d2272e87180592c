//! The committee machine.

use super::decomposition::Statistics;
use super::descent::{check_step, mean_squared_error, slopes};
use crate::error::{Result, check_at_least, check_count, check_positive};
use core_tensor::check_range;
use core_tensor::random::{normal_array, rng};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, Zip};

/// `f(x) = (α/N) Σᵢ φ(wᵢ·x)` with `φ(h) = h + (ε/2) h²`, centred: the prediction is f minus what it was at the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Committee {
    pub(super) weights: Array2<f64>,
    pub(super) start: Array2<f64>,
    velocity: Option<Array2<f64>>,
    alpha: f64,
    curvature: f64,
    steps: u64,
}

impl Committee {
    /// `units` N on `dimensions` D inputs, output scale α > 0, curvature ε of the activation, weights standard normal from `seed`.
    ///
    /// # Errors
    /// When a count is 0, α not positive, or ε not finite.
    pub fn new(units: usize, dimensions: usize, alpha: f64, curvature: f64, seed: u64) -> Result<Self> {
        check_at_least("units", units, 1, ">= 1")?;
        check_at_least("dimensions", dimensions, 1, ">= 1")?;
        check_positive("alpha", alpha)?;
        check_range("curvature", curvature, curvature.is_finite(), "finite")?;
        let weights: Array2<f64> = normal_array(&mut rng(seed), (units, dimensions));
        Ok(Self { start: weights.clone(), weights, velocity: None, alpha, curvature, steps: 0 })
    }

    /// Weights (N × D).
    pub fn weights(&self) -> &Array2<f64> {
        &self.weights
    }

    /// α.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// ε.
    pub fn curvature(&self) -> f64 {
        self.curvature
    }

    /// Centred predictions for the rows of `x` (n × D).
    ///
    /// # Errors
    /// When `x` has another number of columns.
    pub fn predict(&self, x: &ArrayRef2<f64>) -> Result<Array1<f64>> {
        check_count("x", x.len_of(Axis(1)), self.weights.ncols(), "the machine has that many inputs")?;
        Ok(self.output(x, &self.weights) - self.output(x, &self.start))
    }

    fn output(&self, x: &ArrayRef2<f64>, w: &Array2<f64>) -> Array1<f64> {
        let h = x.dot(&w.t());
        let half = self.curvature / 2.0;
        let scale = self.alpha / w.nrows() as f64;
        h.outer_iter().map(|row| scale * row.iter().map(|&h| h + half * h * h).sum::<f64>()).collect()
    }

    /// One step of full-batch gradient descent on the mean squared error over `x` (P × D), `y` (P), in place:
    /// `wᵢ -= (η₀ N/α²) dL/dwᵢ` with `dL/dwᵢ = (2α/(N P)) Σ r (1 + ε wᵢ·x) x`. `rate` is η₀, `momentum` in [0, 1). Returns the loss
    /// before the step.
    ///
    /// # Errors
    /// On shapes, on a rate or momentum out of range, and [`Error::Diverged`](crate::Error::Diverged) when the loss is no longer finite.
    pub fn step(&mut self, x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, rate: f64, momentum: f64) -> Result<f64> {
        check_step(x, y, rate)?;
        check_range("momentum", momentum, (0.0..1.0).contains(&momentum), ">= 0 and < 1")?;
        let residual = self.predict(x)? - y;
        self.steps += 1;
        let loss = mean_squared_error(&residual, self.steps)?;
        let slope = slopes(x, &self.weights, self.curvature, &residual);
        let factor = rate * 2.0 / (self.alpha * y.len() as f64);
        if momentum == 0.0 {
            general_mat_mul(-factor, &slope.t(), x, 1.0, &mut self.weights);
        } else {
            let velocity = self.velocity.get_or_insert_with(|| Array2::zeros(self.start.raw_dim()));
            general_mat_mul(factor, &slope.t(), x, momentum, velocity);
            self.weights -= &*velocity;
        }
        Ok(loss)
    }

    /// Means `w̄` and `M` of the weights and of their outer products, and what they were at the start: the whole state of f.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let of = |w: &Array2<f64>| {
            let units = w.nrows() as f64;
            (w.sum_axis(Axis(0)) / units, w.t().dot(w) / units)
        };
        let ((mean, second), (mean_start, second_start)) = (of(&self.weights), of(&self.start));
        Statistics { alpha: self.alpha, curvature: self.curvature, mean, second, mean_start, second_start }
    }

    /// Euclidean norm of the weights.
    #[must_use]
    pub fn weight_norm(&self) -> f64 {
        self.weights.iter().map(|v| v * v).sum::<f64>().sqrt()
    }

    /// |w - w₀|/|w₀|.
    #[must_use]
    pub fn relative_change(&self) -> f64 {
        let mut change = 0.0;
        Zip::from(&self.weights).and(&self.start).for_each(|w, s| change += (w - s) * (w - s));
        (change / self.start.iter().map(|v| v * v).sum::<f64>()).sqrt()
    }
}
