//! What the first two moments of the weights say, exactly.

use crate::error::{Result, check_count};
use ndarray::{Array1, Array2, ArrayRef2, Axis};

/// Moments of the weights: `w̄ = mean wᵢ` (D), `M = mean wᵢ wᵢᵀ` (D × D), now and at the start.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Statistics {
    /// α.
    pub alpha: f64,
    /// ε.
    pub curvature: f64,
    /// w̄.
    pub mean: Array1<f64>,
    /// M.
    pub second: Array2<f64>,
    /// w̄ at the start.
    pub mean_start: Array1<f64>,
    /// M at the start.
    pub second_start: Array2<f64>,
}

/// The expected squared error on new inputs in three parts (equation 6 of the paper, for any number of directions).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Decomposition {
    /// `¼ (tr(B - αε ΔM)/D)²` with `B = Σ βⱼβⱼᵀ`.
    pub variance: f64,
    /// `|αε ΔM - B|²_F / (2D²)`.
    pub misalignment: f64,
    /// `(α²/D) |Δw̄|²`: power in linear modes, which the target does not have.
    pub linear: f64,
}

impl Decomposition {
    /// The sum: the test error.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.variance + self.misalignment + self.linear
    }
}

impl Statistics {
    /// Expected squared error of the centred prediction against the target with these `directions` (J × D) over `x ~ N(0, I/D)`.
    ///
    /// # Errors
    /// When the directions have another length.
    pub fn test_error(&self, directions: &ArrayRef2<f64>) -> Result<Decomposition> {
        let d = self.mean.len();
        check_count("directions", directions.len_of(Axis(1)), d, "the machine has that many inputs")?;
        let size = d as f64;
        let mut difference = (&self.second - &self.second_start) * (self.alpha * self.curvature);
        difference -= &directions.t().dot(directions);
        let trace = difference.diag().sum() / size;
        let linear = (&self.mean - &self.mean_start).iter().map(|v| v * v).sum::<f64>();
        Ok(Decomposition {
            variance: trace * trace / 4.0,
            misalignment: difference.iter().map(|v| v * v).sum::<f64>() / (2.0 * size * size),
            linear: self.alpha * self.alpha * linear / size,
        })
    }

    /// Centred predictions from the moments alone: `α Δw̄·x + (αε/2) xᵀ ΔM x`. A second implementation of the machine.
    ///
    /// # Errors
    /// When `x` (n × D) has another number of columns.
    pub fn predict(&self, x: &ArrayRef2<f64>) -> Result<Array1<f64>> {
        check_count("x", x.len_of(Axis(1)), self.mean.len(), "the machine has that many inputs")?;
        let (mean, second) = (&self.mean - &self.mean_start, &self.second - &self.second_start);
        let quadratic = x.dot(&second);
        let rows = x.outer_iter().zip(quadratic.outer_iter());
        Ok(rows.map(|(x, q)| self.alpha * (mean.dot(&x) + self.curvature / 2.0 * q.dot(&x))).collect())
    }

    /// The tangent kernel divided by α²/N, between the rows of `a` (n × D) and `b` (m × D):
    /// `K(x, x′) = x·x′ (1 + ε w̄·(x + x′) + ε² xᵀ M x′)` (equation 5).
    ///
    /// # Errors
    /// When a width differs from D.
    pub fn tangent_kernel(&self, a: &ArrayRef2<f64>, b: &ArrayRef2<f64>) -> Result<Array2<f64>> {
        for (name, x) in [("a", a), ("b", b)] {
            check_count(name, x.len_of(Axis(1)), self.mean.len(), "the machine has that many inputs")?;
        }
        let e = self.curvature;
        let mut kernel = a.dot(&b.t());
        let second = a.dot(&self.second).dot(&b.t());
        let (from_a, from_b) = (a.dot(&self.mean), b.dot(&self.mean));
        for ((i, j), k) in kernel.indexed_iter_mut() {
            *k *= 1.0 + e * (from_a[i] + from_b[j]) + e * e * second[[i, j]];
        }
        Ok(kernel)
    }
}
