//! A fitted linear model.

use super::FitEnd;
use crate::Design;
use crate::error::Result;
use crate::greedy::support_of;
use core_tensor::check_shape;
use ndarray::{Array1, ArrayRef1};

/// A linear model with its certificate.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LinearFit {
    /// w (d), on the scale of the data.
    pub coefficients: Array1<f64>,
    /// b; 0 without intercept.
    pub intercept: f64,
    /// λ.
    pub lambda: f64,
    /// α.
    pub alpha: f64,
    /// The objective.
    pub objective: f64,
    /// Duality gap: the objective exceeds the optimum by at most this.
    pub gap: f64,
    /// The gap relative to the objective at w = 0; 0 when that is 0.
    pub relative_gap: f64,
    /// Largest violation of the optimality conditions |xⱼᵀr/n - λ(1-α)pⱼwⱼ| ≤ λαpⱼ (equality with sign on the support), in
    /// units of the penalty's pull xⱼᵀr/n.
    pub violation: f64,
    /// True when the gap is within the tolerance.
    pub converged: bool,
    /// Why the solver ended.
    pub end: FitEnd,
    /// Certificates the solver asked for.
    pub rounds: usize,
    /// Residual sum of squares (weights scaled to sum n).
    pub rss: f64,
    /// Effective number of coefficients, without the intercept: |support| for the Lasso,
    /// tr X_A (X_AᵀX_A + nλ(1-α)D)⁻¹ X_Aᵀ for the elastic net.
    pub degrees_of_freedom: f64,
}

impl LinearFit {
    /// The columns with a coefficient, ascending.
    pub fn support(&self) -> Vec<usize> {
        support_of(&self.coefficients)
    }

    /// Predictions for the rows of `x` (m × d).
    ///
    /// # Errors
    /// Another number of columns.
    pub fn predict(&self, x: &(impl Design + ?Sized)) -> Result<Array1<f64>> {
        x.as_columns().predict(&self.coefficients, self.intercept)
    }

    /// R² of the predictions for `x` (m × d) and `y` (m); see [`r_squared`].
    ///
    /// # Errors
    /// Lengths that do not fit.
    pub fn score(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<f64> {
        r_squared(y, &self.predict(x)?)
    }
}

/// 1 - Σ(yᵢ - fᵢ)² / Σ(yᵢ - ȳ)²; 1 for a perfect fit of a constant y, else -∞ for one.
///
/// # Errors
/// Lengths that differ.
pub fn r_squared(y: &ArrayRef1<f64>, fitted: &ArrayRef1<f64>) -> Result<f64> {
    check_shape("fitted", fitted, &[y.len()], "`y` has that many entries")?;
    let mean = y.mean().unwrap_or(0.0);
    let total: f64 = y.iter().map(|y| (y - mean) * (y - mean)).sum();
    let left: f64 = y.iter().zip(fitted).map(|(y, f)| (y - f) * (y - f)).sum();
    Ok(if left == 0.0 { 1.0 } else { 1.0 - left / total })
}
