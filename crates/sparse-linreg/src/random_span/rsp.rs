//! The random-span preconditioned Lasso: its configuration.

use super::preconditioner::Preconditioner;
use super::projected::{Projected, Solved};
use super::rsp_fit::{RspFit, RspLevel, RspPath, RspResponses};
use super::span::RandomSpan;
use crate::design::Columns;
use crate::error::{Result, check_count, check_fraction, check_not_negative, check_positive, check_sparsity};
use crate::greedy::{htp_support, pursue};
use crate::lasso::{FitEnd, check_levels, geometric};
use crate::lasso::{fixed_point, universal_level};
use crate::reduction::Reduced;
use crate::subset_qr::SubsetQr;
use crate::{Design, parallel};
use core_tensor::{check_range, check_shape};
use ndarray::{Array1, ArrayRef1, ArrayRef2, Axis};

/// The random-span preconditioned Lasso (RSP): project a random span of columns out of X and y, solve the Lasso on what is
/// left, scaled to equal length, and put least squares on the span beside it.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `preconditioner` | peel for five coefficients | phase 1: the span |
/// | `level` | square-root Lasso | phase 2: how λ is chosen |
/// | `intercept` | true | centre X and y first |
/// | `sample_weights` | none | weights of the rows |
/// | `tolerance` | 1e-8 | relative duality gap of phase 2 |
/// | `levels`, `ratio` | 100, 1e-2 or 1e-4 | grid of a path |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rsp {
    pub(crate) preconditioner: Preconditioner,
    pub(crate) level: Level,
    pub(crate) intercept: bool,
    pub(crate) sample_weights: Option<Array1<f64>>,
    pub(crate) tolerance: f64,
    pub(crate) levels: usize,
    pub(crate) ratio: Option<f64>,
}

/// How λ is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Level {
    /// This one.
    Given(f64),
    /// σ √(2 log(2d/q) / n) for a known noise level σ: Theorem B.
    Noise {
        /// Standard deviation of the noise.
        sigma: f64,
        /// Probability that the level is too low.
        q: f64,
    },
    /// The same with the σ̂ of the square-root Lasso.
    SquareRoot {
        /// Probability that the level is too low.
        q: f64,
    },
}

/// A greedy method for phase 2 in place of the Lasso.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Greedy {
    /// Orthogonal matching pursuit.
    Omp,
    /// Hard thresholding pursuit.
    Htp,
    /// Splicing.
    Splicing,
}

impl Default for Rsp {
    /// The adaptive preconditioner for five coefficients.
    fn default() -> Self {
        Self::new(Preconditioner::default())
    }
}

impl Rsp {
    /// With the given phase 1.
    pub fn new(preconditioner: Preconditioner) -> Self {
        Self {
            preconditioner,
            level: Level::SquareRoot { q: 0.05 },
            intercept: true,
            sample_weights: None,
            tolerance: 1e-8,
            levels: 100,
            ratio: None,
        }
    }

    /// How λ is chosen by [`fit`](Self::fit).
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
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

    /// Relative duality gap of phase 2.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Number of levels of a path.
    pub fn levels(mut self, levels: usize) -> Self {
        self.levels = levels;
        self
    }

    /// Smallest level of a path, relative to the largest.
    pub fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = Some(ratio);
        self
    }

    /// The phase 1 settings.
    pub fn preconditioner(&self) -> &Preconditioner {
        &self.preconditioner
    }

    pub(crate) fn validate(&self) -> Result<()> {
        self.preconditioner.validate()?;
        check_not_negative("tolerance", self.tolerance)?;
        check_count("levels", self.levels)?;
        if let Some(ratio) = self.ratio {
            check_range("ratio", ratio, ratio > 0.0 && ratio <= 1.0, "above 0 and at most 1")?;
        }
        match self.level {
            Level::Given(lambda) => check_not_negative("level", lambda),
            Level::Noise { sigma, q } => check_positive("sigma", sigma).and_then(|()| check_fraction("q", q)),
            Level::SquareRoot { q } => check_fraction("q", q),
        }
    }

    /// Centred and weighted data.
    pub(crate) fn reduce(&self, x: Columns<'_>, y: &ArrayRef1<f64>) -> Result<Reduced> {
        self.validate()?;
        x.check()?;
        Reduced::of_columns(x, Some(y), self.sample_weights.as_deref(), self.intercept)
    }

    /// Phase 1 alone: the span for the design `x` (n × d), centred and weighted by this configuration.
    ///
    /// # Errors
    /// A setting outside its range, an empty or non-finite design, weights that do not fit.
    pub fn span(&self, x: &(impl Design + ?Sized)) -> Result<RandomSpan> {
        let columns = x.as_columns();
        self.preconditioner.span(&self.reduce(columns, &Array1::zeros(columns.dim().0))?.x)
    }

    /// Fits `x` (n × d) and `y` (n).
    ///
    /// # Errors
    /// Data that are empty, not finite or of unequal lengths, settings outside their ranges.
    pub fn fit(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<RspFit> {
        let reduced = self.reduce(x.as_columns(), y)?;
        let span = self.preconditioner.span(&reduced.x)?;
        let level = self.phase_two(&span, &reduced)?;
        Ok(RspFit { span, level })
    }

    /// Fits with the span of the columns `set` instead of a random one.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); columns that do not exist or stand twice.
    pub fn fit_with_set(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>, set: &[usize]) -> Result<RspFit> {
        let reduced = self.reduce(x.as_columns(), y)?;
        let span = RandomSpan::from_set(&reduced.x, set)?;
        let level = self.phase_two(&span, &reduced)?;
        Ok(RspFit { span, level })
    }

    /// Fits a grid of levels from max |ζᵢᵀ y_⊥| / n down.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_path(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<RspPath> {
        let reduced = self.reduce(x.as_columns(), y)?;
        let span = self.preconditioner.span(&reduced.x)?;
        let grid = self.grid(&span, &reduced)?;
        let levels = self.walk(&span, &reduced, &grid)?;
        Ok(RspPath { span, levels })
    }

    /// Fits the given levels with the span of the columns `set`, best in decreasing order.
    ///
    /// # Errors
    /// As [`fit_with_set`](Self::fit_with_set); levels that are negative or not finite.
    pub fn fit_levels(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        set: &[usize],
        lambdas: &ArrayRef1<f64>,
    ) -> Result<RspPath> {
        check_levels(lambdas)?;
        let reduced = self.reduce(x.as_columns(), y)?;
        let span = RandomSpan::from_set(&reduced.x, set)?;
        let levels = self.walk(&span, &reduced, lambdas)?;
        Ok(RspPath { span, levels })
    }

    /// Fits every column of `y` (n × r) on one span: phase 1 depends on X alone.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_many(&self, x: &(impl Design + ?Sized), y: &ArrayRef2<f64>) -> Result<RspResponses> {
        let columns = x.as_columns();
        check_shape("y", y, &[columns.dim().0, y.ncols()], "`x` has that many rows")?;
        let base = self.reduce(columns, &Array1::zeros(columns.dim().0))?;
        let span = self.preconditioner.span(&base.x)?;
        // One copy of the design serves a chunk of responses.
        const CHUNK: usize = 64;
        let chunks = parallel::map(y.axis_chunks_iter(Axis(1), CHUNK), |_, chunk| {
            let mut reduced = base.clone();
            let mut levels = Vec::with_capacity(chunk.ncols());
            for column in chunk.columns() {
                reduced.with_response(&column, self.intercept)?;
                levels.push(self.phase_two(&span, &reduced)?);
            }
            Ok::<_, crate::Error>(levels)
        });
        let mut levels = Vec::with_capacity(y.ncols());
        for chunk in chunks {
            levels.extend(chunk?);
        }
        Ok(RspResponses { span, levels })
    }

    /// A greedy method with `sparsity` columns on the directions and y_⊥, in place of the Lasso; its λ is 0.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); more columns than min(n, d).
    pub fn fit_greedy(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        sparsity: usize,
        greedy: Greedy,
    ) -> Result<RspFit> {
        let reduced = self.reduce(x.as_columns(), y)?;
        check_sparsity("sparsity", sparsity, reduced.dim())?;
        let span = self.preconditioner.span(&reduced.x)?;
        let problem = Projected::new(&span, &reduced, self.tolerance)?;
        let d = span.rho.len();
        let free = span.inside.iter().filter(|&&inside| !inside).count();
        let k = sparsity.min(free).min(span.basis.nrows() - span.rank());
        let z = match greedy {
            Greedy::Omp => {
                let (steps, _) = pursue(&span.directions, &problem.outside, k, 0.0, &[], &span.inside)?;
                steps.last().map_or_else(|| Array1::zeros(d), |qr| qr.dense(d))
            }
            Greedy::Htp => {
                let support = htp_support(&span.directions, &problem.outside, k)?;
                SubsetQr::of(&span.directions, &problem.outside, &support).dense(d)
            }
            Greedy::Splicing => crate::subset::splice_directions(&span.directions, &problem.outside, k)?,
        };
        let level = problem.level(0.0, Solved { z, gap: f64::NAN, end: FitEnd::Settled })?;
        Ok(RspFit { span, level })
    }

    pub(crate) fn grid(&self, span: &RandomSpan, reduced: &Reduced) -> Result<Array1<f64>> {
        let (n, d) = reduced.dim();
        let ratio = self.ratio.unwrap_or(if n < d { 1e-2 } else { 1e-4 });
        Ok(geometric(Projected::new(span, reduced, self.tolerance)?.lambda_max()?, ratio, self.levels))
    }

    pub(crate) fn walk(&self, span: &RandomSpan, reduced: &Reduced, lambdas: &ArrayRef1<f64>) -> Result<Vec<RspLevel>> {
        let problem = Projected::new(span, reduced, self.tolerance)?;
        let lambda_max = problem.lambda_max()?;
        let solved = problem.solve_levels(&lambdas.to_vec(), lambda_max)?;
        lambdas.iter().zip(solved).map(|(&lambda, solved)| problem.level(lambda, solved)).collect()
    }

    fn phase_two(&self, span: &RandomSpan, reduced: &Reduced) -> Result<RspLevel> {
        let problem = Projected::new(span, reduced, self.tolerance)?;
        let lambda_max = problem.lambda_max()?;
        let (n, d) = reduced.dim();
        let at = |lambda: f64| problem.level(lambda, problem.solve(lambda, None, lambda_max)?);
        match self.level {
            Level::Given(lambda) => at(lambda),
            Level::Noise { sigma, q } => at(sigma * universal_level(n, d, q)),
            Level::SquareRoot { q } => {
                // m of the n dimensions are spent on the span: σ̂² = ‖residual‖² / (n - m).
                let left = (n - span.rank()).max(1) as f64;
                let unit = universal_level(n, d, q);
                let exact = Projected::new(span, reduced, self.tolerance.min(1e-12))?;
                let null = (problem.outside.dot(&problem.outside) / left).sqrt();
                let mut last = None;
                let outcome = fixed_point(null, 100, |sigma, start| {
                    let lambda = unit * sigma;
                    let solved = exact.solve(lambda, start, lambda_max)?;
                    let residual = exact.residual(&solved.z);
                    let z = solved.z.clone();
                    last = Some((lambda, solved));
                    Ok((z, (residual.dot(&residual) / left).sqrt()))
                })?;
                let mut level = match last {
                    Some((lambda, solved)) => exact.level(lambda, solved)?,
                    None => at(0.0)?,
                };
                level.sigma = Some(outcome.sigma);
                Ok(level)
            }
        }
    }
}
