//! Linear smoothers with one penalty, in their own basis: every candidate costs O(n r).

use crate::Result;
use core_tensor::linalg::{Svd, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

/// ŷ(t) = Q diag(λ/(λ + eᵗ)) Qᵀ y.
#[derive(Debug, Clone)]
pub(super) struct Smoother {
    /// Orthonormal columns (n × r).
    q: Array2<f64>,
    /// λ ≥ 0 (r).
    eigenvalues: Array1<f64>,
    /// Qᵀ y.
    projected: Array1<f64>,
    y: Array1<f64>,
}

/// Leave-one-out or generalised cross-validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Score {
    LeaveOneOut,
    Generalised,
}

impl Smoother {
    /// Of ridge regression on `x` (n × p); also V and the singular values, for the coefficients.
    pub(super) fn of_design(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>) -> Result<(Self, Array2<f64>, Array1<f64>)> {
        let mut svd = Svd::new(x.nrows(), x.ncols());
        svd.factorise(x)?;
        let (q, s, v) = (svd.u()?.to_owned(), svd.singular_values()?.to_owned(), svd.v()?.to_owned());
        Ok((Self::new(q, s.mapv(|s| s * s), y), v, s))
    }

    /// Of kernel ridge regression with a symmetric positive semidefinite kernel matrix (n × n).
    pub(super) fn of_kernel(kernel: &ArrayRef2<f64>, y: &ArrayRef1<f64>) -> Result<Self> {
        let mut eigen = SymmetricEigen::new(kernel.nrows());
        eigen.factorise(kernel)?;
        // Rounding of a semidefinite matrix.
        let values = eigen.values()?.mapv(|v| v.max(0.0));
        Ok(Self::new(eigen.vectors()?.to_owned(), values, y))
    }

    fn new(q: Array2<f64>, eigenvalues: Array1<f64>, y: &ArrayRef1<f64>) -> Self {
        let projected = q.t().dot(y);
        Self { q, eigenvalues, projected, y: y.to_owned() }
    }

    /// Qᵀ y.
    pub(super) fn projected(&self) -> &Array1<f64> {
        &self.projected
    }

    /// Q diag(1/(λ + eᵗ)) Qᵀ y, the dual coefficients of a full basis.
    pub(super) fn dual(&self, t: f64) -> Array1<f64> {
        let penalty = t.exp();
        self.q.dot(&ndarray::Zip::from(&self.projected).and(&self.eigenvalues).map_collect(|p, l| p / (l + penalty)))
    }

    /// Half the mean squared score and its derivative in t.
    pub(super) fn value_and_slope(&self, t: f64, score: Score) -> (f64, f64) {
        let penalty = t.exp();
        let share = self.eigenvalues.mapv(|l| l / (l + penalty));
        // d/dt λ/(λ + eᵗ) = -λ eᵗ/(λ + eᵗ)².
        let slope = self.eigenvalues.mapv(|l| -l * penalty / (l + penalty).powi(2));
        let residual = &self.y - &self.q.dot(&(&share * &self.projected));
        let moved = self.q.dot(&(&slope * &self.projected));
        let n = self.y.len() as f64;
        match score {
            Score::LeaveOneOut => {
                let (mut value, mut derivative) = (0.0, 0.0);
                for ((row, r), dy) in self.q.axis_iter(Axis(0)).zip(&residual).zip(&moved) {
                    let (mut h, mut dh) = (0.0, 0.0);
                    for ((q, s), d) in row.iter().zip(&share).zip(&slope) {
                        h += q * q * s;
                        dh += q * q * d;
                    }
                    let left = r / (1.0 - h);
                    value += left * left;
                    derivative += left * (-dy / (1.0 - h) + r * dh / (1.0 - h).powi(2));
                }
                (0.5 * value / n, derivative / n)
            }
            Score::Generalised => {
                let (trace, trace_slope) = (share.sum(), slope.sum());
                let free = 1.0 - trace / n;
                let square = residual.dot(&residual);
                let value = 0.5 * square / n / (free * free);
                let derivative =
                    -residual.dot(&moved) / n / (free * free) + square / n * (trace_slope / n) / free.powi(3);
                (value, derivative)
            }
        }
    }
}
