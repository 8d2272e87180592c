//! Orthogonal matching pursuit.

use crate::error::{Result, check_distinct, check_not_negative, check_sparsity};
use crate::reduction::Reduced;
use crate::subset_qr::SubsetQr;
use core_tensor::linalg::{Accumulate, gemv_into};
use ndarray::{Array1, ArrayRef1, ArrayRef2};
use std::fmt;

/// Orthogonal matching pursuit: takes the column most correlated with the residual, refits, repeats.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `sparsity` | | most columns, at most min(n, d) |
/// | `tolerance` | 0 | stop at this norm of the residual |
/// | `always_in` | none | columns that are taken first, in this order |
/// | `intercept` | true | centre columns and response |
/// | `sample_weights` | none | weights of the rows |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Omp {
    sparsity: usize,
    tolerance: f64,
    always_in: Vec<usize>,
    intercept: bool,
    sample_weights: Option<Array1<f64>>,
}

/// Every step of a pursuit.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OmpPath {
    /// One record per column taken, the smallest support first.
    pub steps: Vec<OmpStep>,
    /// Why it ended.
    pub status: OmpStatus,
    /// Number of columns d.
    pub columns: usize,
}

/// Least squares on the columns taken so far.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OmpStep {
    /// The columns, in order of entry.
    pub support: Vec<usize>,
    /// Their coefficients.
    pub coefficients: Vec<f64>,
    /// The intercept; 0 without one.
    pub intercept: f64,
    /// Residual sum of squares (weights scaled to sum n).
    pub rss: f64,
}

/// Why a pursuit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum OmpStatus {
    /// It has as many columns as were asked for.
    Full,
    /// The residual is within the tolerance, or no column correlates with it.
    Explained,
    /// The best column depends on those taken.
    Dependent,
}

impl fmt::Display for OmpStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full: the requested number of columns is taken",
            Self::Explained => "explained: nothing is left to explain",
            Self::Dependent => "dependent: the best remaining column is a combination of those taken",
        })
    }
}

impl Omp {
    /// At most `sparsity` columns, with an intercept.
    pub fn new(sparsity: usize) -> Self {
        Self { sparsity, tolerance: 0.0, always_in: Vec::new(), intercept: true, sample_weights: None }
    }

    /// Stops at this norm of the residual.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Columns that are taken first.
    pub fn always_in(mut self, columns: impl Into<Vec<usize>>) -> Self {
        self.always_in = columns.into();
        self
    }

    /// With or without intercept.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Weights of the rows (n).
    pub fn sample_weights(mut self, weights: Array1<f64>) -> Self {
        self.sample_weights = Some(weights);
        self
    }

    /// The pursuit on `x` (n × d) and `y` (n): O(n d) for each step.
    ///
    /// # Errors
    /// Data that are empty, not finite or of unequal lengths; more columns than min(n, d); weights or columns that do not
    /// fit.
    pub fn fit(&self, x: &ArrayRef2<f64>, y: &ArrayRef1<f64>) -> Result<OmpPath> {
        check_not_negative("tolerance", self.tolerance)?;
        let reduced = Reduced::new(x, Some(y), self.sample_weights.as_deref(), self.intercept)?;
        check_sparsity("sparsity", self.sparsity, reduced.dim())?;
        check_distinct("always_in", &self.always_in, reduced.dim().1, "columns")?;
        check_sparsity("always_in", self.always_in.len(), (self.sparsity, reduced.dim().1))?;
        let (steps, status) = pursue(&reduced.x, &reduced.y, self.sparsity, self.tolerance, &self.always_in, &[])?;
        let step = |qr: &SubsetQr| {
            let w = qr.dense(reduced.dim().1);
            OmpStep {
                support: qr.support.clone(),
                coefficients: qr.coefficients(),
                intercept: reduced.intercept(&w),
                rss: qr.rss,
            }
        };
        Ok(OmpPath { steps: steps.iter().map(step).collect(), status, columns: reduced.dim().1 })
    }
}

/// The factorisation after each step; columns marked in `excluded` (or none, when it is empty) are never taken.
pub(crate) fn pursue(
    x: &ArrayRef2<f64>,
    y: &ArrayRef1<f64>,
    sparsity: usize,
    tolerance: f64,
    always_in: &[usize],
    excluded: &[bool],
) -> Result<(Vec<SubsetQr>, OmpStatus)> {
    let d = x.ncols();
    let norms = Array1::from_shape_fn(d, |j| x.column(j).dot(&x.column(j)).sqrt());
    let mut correlations = Array1::zeros(d);
    gemv_into(&mut correlations, Accumulate::Replace, 1.0, &x.t(), y)?;
    let largest = correlations.iter().fold(0.0_f64, |m, c: &f64| m.max(c.abs()));
    let mut products = Array1::zeros(d);
    let mut qr = SubsetQr::new(y, sparsity);
    let mut steps = Vec::new();
    let mut wanted = always_in.iter().copied();
    let status = loop {
        if qr.support.len() >= sparsity {
            break OmpStatus::Full;
        }
        // Below this the residual is rounding of y.
        if qr.rss.sqrt() <= tolerance.max(1e-14 * y.dot(y).sqrt()) {
            break OmpStatus::Explained;
        }
        let best = match wanted.next() {
            Some(column) => Some(column),
            None => {
                let mut best = (None, 0.0);
                for j in 0..d {
                    let free = norms[j] > 0.0 && !excluded.get(j).copied().unwrap_or(false);
                    let score = if free { correlations[j].abs() / norms[j] } else { 0.0 };
                    if score > best.1 && !qr.support.contains(&j) {
                        best = (Some(j), score);
                    }
                }
                best.0.filter(|&j| correlations[j].abs() > 1e-15 * largest)
            }
        };
        let Some(best) = best else { break OmpStatus::Explained };
        if !qr.append(x, best) {
            break OmpStatus::Dependent;
        }
        if let Some((q, qy)) = qr.newest() {
            gemv_into(&mut products, Accumulate::Replace, 1.0, &x.t(), &q)?;
            correlations.scaled_add(-qy, &products);
        }
        steps.push(qr.clone());
    };
    Ok((steps, status))
}
