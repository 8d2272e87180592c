//! Hard-thresholding methods: what they share.

use super::{cosamp, htp, niht, subspace_pursuit};
use crate::error::{Result, check_count, check_not_negative, check_sparsity};
use crate::reduction::Reduced;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use std::fmt;

/// A method that keeps k coefficients by size in each step.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `sparsity` k | | nonzero coefficients, at most min(n, d) |
/// | `max_iterations` | 500 | |
/// | `tolerance` | 1e-8 | relative change of the coefficients that counts as none |
/// | `step` | backed off | step size of normalised iterative hard thresholding |
/// | `refit` | true | least squares on the support at the end |
/// | `intercept` | true | centre columns and response |
/// | `normalise` | true | work on columns of unit norm; coefficients come back on the original scale |
/// | `sample_weights` | none | weights of the rows |
///
/// They are fast and exact on well-conditioned designs and fail, sometimes badly, on others: the status says how.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Thresholding {
    method: Method,
    sparsity: usize,
    max_iterations: usize,
    tolerance: f64,
    step: ThresholdingStep,
    refit: bool,
    intercept: bool,
    normalise: bool,
    sample_weights: Option<Array1<f64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Method {
    Niht,
    Htp,
    CoSaMp,
    SubspacePursuit,
}

/// How the normalised step is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ThresholdingStep {
    /// Shrunk until it cannot raise the residual when the support changes.
    #[default]
    BackedOff,
    /// As it comes.
    Plain,
}

/// What a thresholding method found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ThresholdingFit {
    /// Coefficients (d), at most k of them not zero.
    pub coefficients: Array1<f64>,
    /// The intercept; 0 without one.
    pub intercept: f64,
    /// The support, ascending.
    pub support: Vec<usize>,
    /// Residual sum of squares (weights scaled to sum n).
    pub rss: f64,
    /// Why it ended.
    pub status: ThresholdingStatus,
    /// Supports of the iterations, each ascending.
    pub supports: Vec<Vec<usize>>,
    /// Step sizes, for the methods that have one.
    pub steps: Vec<f64>,
}

/// Why a thresholding method ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ThresholdingStatus {
    /// The support, or the coefficients, no longer change; the residual no longer falls.
    Converged,
    /// The supports repeat in a cycle; the best of them is returned.
    Cycled,
    /// The residual grew without end; the best iterate is returned.
    Diverged,
    /// The iteration limit is reached; the best or last iterate is returned.
    IterationLimit,
}

impl fmt::Display for ThresholdingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "converged: another iteration changes nothing",
            Self::Cycled => "cycled: the supports repeat; the best of them is returned",
            Self::Diverged => "diverged: the residual grew without end; the best iterate is returned",
            Self::IterationLimit => "stopped at the iteration limit",
        })
    }
}

/// The settings and data as the methods see them.
pub(super) struct Task<'a> {
    pub(super) x: &'a Array2<f64>,
    pub(super) y: &'a Array1<f64>,
    pub(super) k: usize,
    pub(super) max_iterations: usize,
    pub(super) tolerance: f64,
    pub(super) step: ThresholdingStep,
}

/// What a method returns to the shared part.
pub(super) struct Outcome {
    pub(super) w: Array1<f64>,
    pub(super) status: ThresholdingStatus,
    pub(super) supports: Vec<Vec<usize>>,
    pub(super) steps: Vec<f64>,
}

impl Thresholding {
    /// Normalised iterative hard thresholding (Blumensath and Davies).
    pub fn niht(sparsity: usize) -> Self {
        Self::new(Method::Niht, sparsity)
    }

    /// Hard thresholding pursuit (Foucart).
    pub fn htp(sparsity: usize) -> Self {
        Self::new(Method::Htp, sparsity)
    }

    /// Compressive sampling matching pursuit (Needell and Tropp).
    pub fn cosamp(sparsity: usize) -> Self {
        Self::new(Method::CoSaMp, sparsity)
    }

    /// Subspace pursuit (Dai and Milenkovic).
    pub fn subspace_pursuit(sparsity: usize) -> Self {
        Self::new(Method::SubspacePursuit, sparsity)
    }

    fn new(method: Method, sparsity: usize) -> Self {
        Self {
            method,
            sparsity,
            max_iterations: 500,
            tolerance: 1e-8,
            step: ThresholdingStep::default(),
            refit: true,
            intercept: true,
            normalise: true,
            sample_weights: None,
        }
    }

    /// Most iterations.
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Relative change of the coefficients that counts as none.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// How the step of NIHT and HTP is used.
    pub fn step(mut self, step: ThresholdingStep) -> Self {
        self.step = step;
        self
    }

    /// Least squares on the support at the end, or the last iterate as it is.
    pub fn refit(mut self, refit: bool) -> Self {
        self.refit = refit;
        self
    }

    /// With or without intercept.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// On columns of unit norm, or on the columns as they are.
    pub fn normalise(mut self, normalise: bool) -> Self {
        self.normalise = normalise;
        self
    }

    /// Weights of the rows (n).
    pub fn sample_weights(mut self, weights: Array1<f64>) -> Self {
        self.sample_weights = Some(weights);
        self
    }

    /// Fits `x` (n × d) and `y` (n); an iteration costs one product Xᵀr and a factorisation of at most 3k columns.
    ///
    /// # Errors
    /// Data that are empty, not finite or of unequal lengths; k above min(n, d); a setting outside its range.
    pub fn fit(&self, x: &ArrayRef2<f64>, y: &ArrayRef1<f64>) -> Result<ThresholdingFit> {
        check_count("max_iterations", self.max_iterations)?;
        check_not_negative("tolerance", self.tolerance)?;
        let mut reduced = Reduced::new(x, Some(y), self.sample_weights.as_deref(), self.intercept)?;
        check_sparsity("sparsity", self.sparsity, reduced.dim())?;
        let factors = if self.normalise { unit_columns(&mut reduced.x) } else { Array1::ones(reduced.dim().1) };
        let outcome = self.run(&reduced.x, &reduced.y)?;
        let support = support_of(&outcome.w);
        let mut w = outcome.w;
        if self.refit {
            let (coefficients, _) = crate::subset_qr::least_squares(&reduced.x, &reduced.y, &support)?;
            support.iter().zip(coefficients).for_each(|(&j, c)| w[j] = c);
        }
        let residual = &reduced.y - &crate::reduction::apply(&reduced.x, &w);
        let coefficients = &w * &factors;
        Ok(ThresholdingFit {
            intercept: reduced.intercept(&coefficients),
            coefficients,
            support,
            rss: residual.dot(&residual),
            status: outcome.status,
            supports: outcome.supports,
            steps: outcome.steps,
        })
    }

    fn run(&self, x: &Array2<f64>, y: &Array1<f64>) -> Result<Outcome> {
        if self.sparsity == 0 {
            let w = Array1::zeros(x.ncols());
            return Ok(Outcome { w, status: ThresholdingStatus::Converged, supports: Vec::new(), steps: Vec::new() });
        }
        let task = Task {
            x,
            y,
            k: self.sparsity,
            max_iterations: self.max_iterations,
            tolerance: self.tolerance,
            step: self.step,
        };
        match self.method {
            Method::Niht => niht::run(&task),
            Method::Htp => htp::run(&task),
            Method::CoSaMp => cosamp::run(&task),
            Method::SubspacePursuit => subspace_pursuit::run(&task),
        }
    }
}

/// HTP on data as they are, for other methods that need a support to start from.
pub(crate) fn htp_support(x: &Array2<f64>, y: &Array1<f64>, k: usize) -> Result<Vec<usize>> {
    if k == 0 {
        return Ok(Vec::new());
    }
    let step = ThresholdingStep::BackedOff;
    Ok(support_of(&htp::run(&Task { x, y, k, max_iterations: 100, tolerance: 1e-8, step })?.w))
}

/// Divides the columns by their norms and returns the factors; a zero column keeps 1.
pub(crate) fn unit_columns(x: &mut Array2<f64>) -> Array1<f64> {
    let mut factors = Array1::ones(x.ncols());
    for (mut column, factor) in x.columns_mut().into_iter().zip(&mut factors) {
        let norm = column.dot(&column).sqrt();
        if norm > 0.0 && norm.is_finite() && norm.recip().is_finite() {
            *factor = norm.recip();
            column.mapv_inplace(|v| v / norm);
        }
    }
    factors
}

/// Indices of the k largest |vⱼ|, ascending; the lower index wins ties.
pub(crate) fn largest(v: &ArrayRef1<f64>, k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..v.len()).collect();
    order.sort_by(|&a, &b| v[b].abs().total_cmp(&v[a].abs()).then(a.cmp(&b)));
    order.truncate(k);
    order.sort_unstable();
    order
}

/// Indices of the entries that are not zero.
pub(crate) fn support_of(w: &ArrayRef1<f64>) -> Vec<usize> {
    w.iter().enumerate().filter(|(_, w)| **w != 0.0).map(|(j, _)| j).collect()
}

/// ‖a - b‖ ≤ tolerance ‖a‖.
pub(super) fn settled(new: &ArrayRef1<f64>, old: &ArrayRef1<f64>, tolerance: f64) -> bool {
    let change: f64 = new.iter().zip(old).map(|(a, b)| (a - b) * (a - b)).sum();
    change.sqrt() < tolerance * new.dot(new).sqrt() || change == 0.0
}
