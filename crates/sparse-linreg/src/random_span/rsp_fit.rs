//! What the preconditioned Lasso returns.

use super::span::RandomSpan;
use crate::Design;
use crate::design::Columns;
use crate::error::Result;
use crate::greedy::support_of;
use crate::lasso::{FitEnd, r_squared};
use core_tensor::Error as Argument;
use ndarray::{Array1, Array2, ArrayRef1};

/// One fit of the preconditioned Lasso.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RspFit {
    /// The span that was projected out.
    pub span: RandomSpan,
    /// The fit outside it, carried back to the data.
    pub level: RspLevel,
}

/// A path of the preconditioned Lasso: one span, many levels.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RspPath {
    /// The span that was projected out.
    pub span: RandomSpan,
    /// One fit per level, in the order of the levels.
    pub levels: Vec<RspLevel>,
}

/// Fits of many responses on one span.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RspResponses {
    /// The span that was projected out.
    pub span: RandomSpan,
    /// One fit per response, in the order of the columns of Y.
    pub levels: Vec<RspLevel>,
}

/// A model of the preconditioned Lasso at one level.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RspLevel {
    /// λ, in units of the directions ζ.
    pub lambda: f64,
    /// z (d): coefficients on the directions ζᵢ = √n rᵢ / ρᵢ.
    pub z: Array1<f64>,
    /// w (d) on the columns of X. Where columns nearly depend on one another they are huge and cancel: see
    /// [`predict_via_span`](Self::predict_via_span).
    pub coefficients: Array1<f64>,
    /// b; 0 without intercept.
    pub intercept: f64,
    /// Fitted values (n), not computed through `coefficients`; NaN for rows of weight 0.
    pub fitted: Array1<f64>,
    /// 1/(2n) ‖y_⊥ - Σ zᵢ ζᵢ‖² + λ ‖z‖₁.
    pub objective: f64,
    /// Duality gap of that problem.
    pub gap: f64,
    /// The gap relative to the objective at z = 0.
    pub relative_gap: f64,
    /// True when the gap is within the tolerance.
    pub converged: bool,
    /// Why the solver ended.
    pub end: FitEnd,
    /// Residual sum of squares (weights scaled to sum n).
    pub rss: f64,
    /// σ̂ of the square-root Lasso, where that chose the level.
    pub sigma: Option<f64>,
    pub(crate) support: Vec<usize>,
    /// √n zᵢ / ρᵢ of the support.
    pub(crate) steps: Vec<f64>,
    /// Columns of X_S⁺ X that belong to the support.
    pub(crate) support_coefficients: Array2<f64>,
    /// X_S⁺ y.
    pub(crate) span_coefficients: Array1<f64>,
    pub(crate) set: Vec<usize>,
    pub(crate) x_mean: Array1<f64>,
    pub(crate) y_mean: f64,
}

impl RspLevel {
    /// The columns with a coefficient on X, ascending: those of z and those of S.
    pub fn support(&self) -> Vec<usize> {
        support_of(&self.coefficients)
    }

    /// |support of z| + m: the number of coefficients that were fitted.
    pub fn degrees_of_freedom(&self) -> f64 {
        (self.support.len() + self.set.len()) as f64
    }

    /// b + X w for the rows of `x` (m × d).
    ///
    /// # Errors
    /// Another number of columns.
    pub fn predict(&self, x: &(impl Design + ?Sized)) -> Result<Array1<f64>> {
        x.as_columns().predict(&self.coefficients, self.intercept)
    }

    /// The same predictions through the span: x_S a + Σ √n zᵢ/ρᵢ (xᵢ - x_S Bᵢ) with a = X_S⁺ y and Bᵢ = X_S⁺ xᵢ, which avoids
    /// the cancellation of huge coefficients.
    ///
    /// # Errors
    /// Another number of columns.
    pub fn predict_via_span(&self, x: &(impl Design + ?Sized)) -> Result<Array1<f64>> {
        let columns = x.as_columns();
        let (n, d) = columns.dim();
        if d != self.coefficients.len() {
            let (found, expected) = (vec![n, d], vec![n, self.coefficients.len()]);
            let reason = "the model has that many coefficients";
            return Err(Argument::Shape { argument: "x", found, expected, reason }.into());
        }
        let x = match columns {
            Columns::Dense(x) => x.to_owned(),
            Columns::Sparse(x) => x.to_dense(),
        };
        let centred = |j: usize| x.column(j).mapv(|v| v - self.x_mean[j]);
        let base: Vec<Array1<f64>> = self.set.iter().map(|&j| centred(j)).collect();
        let mut out = Array1::from_elem(n, self.y_mean);
        for (column, &a) in base.iter().zip(&self.span_coefficients) {
            out.scaled_add(a, column);
        }
        for ((&j, &step), b) in self.support.iter().zip(&self.steps).zip(self.support_coefficients.columns()) {
            let mut direction = centred(j);
            for (column, &b) in base.iter().zip(b) {
                direction.scaled_add(-b, column);
            }
            out.scaled_add(step, &direction);
        }
        Ok(out)
    }

    /// R² of [`predict_via_span`](Self::predict_via_span) for `x` (m × d) and `y` (m).
    ///
    /// # Errors
    /// Lengths that do not fit.
    pub fn score(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<f64> {
        r_squared(y, &self.predict_via_span(x)?)
    }
}
