//! Least squares on chosen columns, one model per size.

use crate::Design;
use crate::error::{Error, Result};
use crate::lasso::r_squared;
use crate::selection::Criterion;
use ndarray::{Array1, ArrayRef1};
use std::fmt;

/// The best models found, one per size.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SubsetPath {
    /// Ascending in size.
    pub models: Vec<SubsetModel>,
    /// n.
    pub rows: usize,
    /// d.
    pub columns: usize,
}

/// Least squares on one support.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SubsetModel {
    /// The columns, ascending.
    pub support: Vec<usize>,
    /// Coefficients (d).
    pub coefficients: Array1<f64>,
    /// b; 0 without intercept.
    pub intercept: f64,
    /// Residual sum of squares (weights scaled to sum n).
    pub rss: f64,
    /// What is known about it.
    pub certificate: Certificate,
}

/// What is known about a model of its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Certificate {
    /// No support of this size has a smaller residual sum of squares (up to 1e-12 of it).
    Optimal,
    /// No exchange of a few columns helps.
    LocalOptimum,
    /// The exhaustive search reached its limit of nodes; the best model until then.
    NodeLimit,
    /// An observer ended the exhaustive search; the best model until then.
    Stopped,
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Optimal => "optimal: no model of this size fits better",
            Self::LocalOptimum => "locally optimal: no exchange of a few columns helps",
            Self::NodeLimit => "not certified: the search reached its limit of nodes",
            Self::Stopped => "not certified: an observer ended the search",
        })
    }
}

impl SubsetModel {
    /// Predictions for the rows of `x` (m × d).
    ///
    /// # Errors
    /// Another number of columns.
    pub fn predict(&self, x: &(impl Design + ?Sized)) -> Result<Array1<f64>> {
        x.as_columns().predict(&self.coefficients, self.intercept)
    }

    /// R² of the predictions for `x` (m × d) and `y` (m).
    ///
    /// # Errors
    /// Lengths that do not fit.
    pub fn score(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<f64> {
        r_squared(y, &self.predict(x)?)
    }
}

impl SubsetPath {
    /// The value of a criterion for each model; the number of coefficients is the size of the support.
    pub fn criterion(&self, criterion: Criterion) -> Vec<f64> {
        let value = |m: &SubsetModel| criterion.value(m.rss, self.rows, m.support.len() as f64, self.columns);
        self.models.iter().map(value).collect()
    }

    /// The model with the smallest value of a criterion, the smaller one on ties.
    ///
    /// # Errors
    /// No model.
    pub fn best(&self, criterion: Criterion) -> Result<&SubsetModel> {
        let values = self.criterion(criterion);
        crate::selection::first_smallest(&values)
            .and_then(|at| self.models.get(at))
            .ok_or(Error::NotPossible { what: "the best of a path of subsets", reason: "the path has no model" })
    }
}

/// log log n, 0 where that is not positive.
pub(crate) fn log_log(n: f64) -> f64 {
    let value = n.ln().ln();
    if value > 0.0 { value } else { 0.0 }
}
