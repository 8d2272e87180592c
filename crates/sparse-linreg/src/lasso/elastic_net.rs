//! The estimator: its configuration.

use super::prepared::Prepared;
use super::{LinearFit, Path, PathProgress};
use crate::Design;
use crate::design::Columns;
use crate::error::{Error, Result, check_count, check_not_negative};
use core_optim::working_set::{SparsePenalty, WorkingSet};
use core_optim::{Observer, Unobserved};
use core_tensor::{Error as Argument, check_finite, check_range, check_shape};
use ndarray::{Array1, ArrayRef1};

/// Lasso, ridge and what lies between:
///
/// ```text
/// min over w, b of   1/(2W) Σ sᵢ (yᵢ - b - xᵢw)² + λ Σ pⱼ (α |wⱼ| + (1 - α)/2 wⱼ²),   W = Σ sᵢ
/// ```
///
/// | setting | default | purpose | legal |
/// | --- | --- | --- | --- |
/// | `alpha` α | 1 | 1 is the Lasso, 0 is ridge | [0, 1] |
/// | `intercept` | true | fit b, which is not penalised | |
/// | `standardise` | false | the penalty sees columns divided by their population standard deviations | |
/// | `sample_weights` s | all 1 | | ≥ 0, not all 0 |
/// | `penalty_factors` p | all 1 | used as given; 0 leaves a column unpenalised | ≥ 0 |
/// | `positive`, `bounds` | none | coefficients ≥ 0, or between bounds that contain 0 | |
/// | `tolerance` | 1e-6 | duality gap, relative to the objective at w = 0 | ≥ 0 |
/// | `rounds` | 200 | certificates the solver may ask for | ≥ 1 |
/// | `strict` | false | an unmet tolerance is an error instead of a flag | |
/// | `levels`, `ratio` | 100, 1e-2 or 1e-4 | grid of a path: how many, smallest to largest | |
/// | `explained`, `largest_support` | none | where a path may end early | |
///
/// λ is scikit-learn's `alpha` and glmnet's `lambda`. (glmnet rescales penalty factors to mean 1 first; here they count as
/// given.) Coefficients always come back on the scale of the data.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ElasticNet {
    pub(crate) alpha: f64,
    pub(crate) intercept: bool,
    pub(crate) standardise: bool,
    pub(crate) sample_weights: Option<Array1<f64>>,
    pub(crate) penalty_factors: Option<Array1<f64>>,
    pub(crate) bounds: Bounds,
    pub(crate) tolerance: f64,
    pub(crate) rounds: usize,
    pub(crate) strict: bool,
    pub(crate) levels: usize,
    pub(crate) ratio: Option<f64>,
    pub(crate) explained: Option<f64>,
    pub(crate) largest_support: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Bounds {
    Free,
    Positive,
    Between(Array1<f64>, Array1<f64>),
}

impl Default for ElasticNet {
    /// [`ElasticNet::lasso`].
    fn default() -> Self {
        Self::lasso()
    }
}

impl ElasticNet {
    /// The Lasso, α = 1.
    pub fn lasso() -> Self {
        Self::new(1.0)
    }

    /// Ridge regression, α = 0.
    pub fn ridge() -> Self {
        Self::new(0.0)
    }

    /// The elastic net with mixing α.
    pub fn new(alpha: f64) -> Self {
        Self {
            alpha,
            intercept: true,
            standardise: false,
            sample_weights: None,
            penalty_factors: None,
            bounds: Bounds::Free,
            tolerance: 1e-6,
            rounds: 200,
            strict: false,
            levels: 100,
            ratio: None,
            explained: None,
            largest_support: None,
        }
    }

    /// With or without intercept.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Penalise columns of unit variance, or the columns as they are.
    pub fn standardise(mut self, standardise: bool) -> Self {
        self.standardise = standardise;
        self
    }

    /// Sample weights s (n).
    pub fn sample_weights(mut self, weights: Array1<f64>) -> Self {
        self.sample_weights = Some(weights);
        self
    }

    /// Penalty factors p (d).
    pub fn penalty_factors(mut self, factors: Array1<f64>) -> Self {
        self.penalty_factors = Some(factors);
        self
    }

    /// Coefficients ≥ 0, or free ones.
    pub fn positive(mut self, positive: bool) -> Self {
        self.bounds = if positive { Bounds::Positive } else { Bounds::Free };
        self
    }

    /// Coefficients between `lower` ≤ 0 and `upper` ≥ 0 (d each, infinities allowed), on the scale of the data.
    pub fn bounds(mut self, lower: Array1<f64>, upper: Array1<f64>) -> Self {
        self.bounds = Bounds::Between(lower, upper);
        self
    }

    /// Relative duality gap to reach.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Certificates the solver may ask for before it gives up.
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// Makes an unmet tolerance an error.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
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

    /// Ends a path when this fraction of the variance is explained.
    pub fn explained(mut self, fraction: f64) -> Self {
        self.explained = Some(fraction);
        self
    }

    /// Ends a path when more coefficients than this are not zero.
    pub fn largest_support(mut self, columns: usize) -> Self {
        self.largest_support = Some(columns);
        self
    }

    /// Fits `x` (n × d, dense or sparse) and `y` (n) at level `lambda` ≥ 0; λ = 0 is least squares, of smallest norm where
    /// there are many.
    ///
    /// # Errors
    /// Data that are empty, not finite or of unequal lengths, settings outside their ranges; in strict mode
    /// [`Error::NotConverged`].
    pub fn fit(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>, lambda: f64) -> Result<LinearFit> {
        check_not_negative("lambda", lambda)?;
        let prepared = self.prepare(x.as_columns(), y)?;
        let fit = self.level(&prepared, lambda, None)?.0;
        self.accept(&fit)?;
        Ok(fit)
    }

    /// Fits the grid of levels from [`lambda_max`](Self::lambda_max) down, each level from the one before.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_path(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<Path> {
        self.fit_path_observed(x, y, &mut Unobserved)
    }

    /// [`fit_path`](Self::fit_path) under the eyes of an observer, which sees every fit and may end the path
    /// ([`PathEnd::Observer`](crate::PathEnd::Observer)).
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_path_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        observer: &mut dyn for<'a> Observer<PathProgress<'a>>,
    ) -> Result<Path> {
        let prepared = self.prepare(x.as_columns(), y)?;
        let grid = self.grid(&prepared)?;
        self.walk_observed(&prepared, &grid, observer)
    }

    /// Fits the given levels, best in decreasing order.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_levels(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>, lambdas: &ArrayRef1<f64>) -> Result<Path> {
        self.fit_levels_observed(x, y, lambdas, &mut Unobserved)
    }

    /// [`fit_levels`](Self::fit_levels) under the eyes of an observer, like [`fit_path_observed`](Self::fit_path_observed).
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_levels_observed(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        lambdas: &ArrayRef1<f64>,
        observer: &mut dyn for<'a> Observer<PathProgress<'a>>,
    ) -> Result<Path> {
        check_levels(lambdas)?;
        let prepared = self.prepare(x.as_columns(), y)?;
        self.walk_observed(&prepared, lambdas, observer)
    }

    /// The smallest λ at which all penalised coefficients are zero; for ridge, that of α = 1e-3, as glmnet does.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn lambda_max(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<f64> {
        self.prepare(x.as_columns(), y)?.lambda_max(self)
    }

    pub(crate) fn prepare<'a>(&self, x: Columns<'a>, y: &ArrayRef1<f64>) -> Result<Prepared<'a>> {
        x.check()?;
        self.validate(x.dim().1)?;
        Prepared::new(self, x, y)
    }

    /// The geometric grid below λ_max.
    pub(crate) fn grid(&self, prepared: &Prepared<'_>) -> Result<Array1<f64>> {
        let (n, d) = prepared.dim();
        let ratio = self.ratio.unwrap_or(if n < d { 1e-2 } else { 1e-4 });
        Ok(geometric(prepared.lambda_max(self)?, ratio, self.levels))
    }

    pub(crate) fn accept(&self, fit: &LinearFit) -> Result<()> {
        if self.strict && !fit.converged {
            let (tolerance, iterations) = (self.tolerance, fit.rounds);
            return Err(Error::NotConverged { gap: fit.relative_gap, tolerance, iterations });
        }
        Ok(())
    }

    /// What people call the method for this α.
    pub(crate) fn name(&self) -> &'static str {
        match self.alpha {
            1.0 => "lasso",
            0.0 => "ridge",
            _ => "elastic net",
        }
    }

    pub(crate) fn solver(&self) -> WorkingSet<f64> {
        WorkingSet::new().tolerance(self.tolerance).outer_limit(self.rounds)
    }

    /// The penalty on columns that were multiplied by `factors`, with λ₁ = λ₂ = 0.
    pub(crate) fn penalty(
        &self,
        factors: &ArrayRef1<f64>,
        penalty_factors: Option<&Array1<f64>>,
    ) -> Result<SparsePenalty<f64>> {
        let mut penalty = SparsePenalty::new(0.0, 0.0)?;
        if let Some(p) = penalty_factors {
            penalty = penalty.factors(p)?;
        }
        Ok(match &self.bounds {
            Bounds::Free => penalty,
            Bounds::Positive => penalty.non_negative(),
            Bounds::Between(lower, upper) => {
                let scaled = |bound: &Array1<f64>| {
                    let pairs = bound.iter().zip(factors);
                    // A constant column has the factor 0 and the coefficient 0: any bound will do.
                    pairs.map(|(&b, &f)| if b == 0.0 || f == 0.0 { b } else { b / f }).collect::<Array1<f64>>()
                };
                penalty.bounds(&scaled(lower), &scaled(upper))?
            }
        })
    }

    pub(crate) fn validate(&self, d: usize) -> Result<()> {
        check_range("alpha", self.alpha, (0.0..=1.0).contains(&self.alpha), "in [0, 1]")?;
        check_not_negative("tolerance", self.tolerance)?;
        check_count("rounds", self.rounds)?;
        check_count("levels", self.levels)?;
        if let Some(ratio) = self.ratio {
            check_range("ratio", ratio, ratio > 0.0 && ratio <= 1.0, "above 0 and at most 1")?;
        }
        if let Some(explained) = self.explained {
            check_range("explained", explained, (0.0..=1.0).contains(&explained), "in [0, 1]")?;
        }
        if let Some(p) = &self.penalty_factors {
            check_shape("penalty_factors", p, &[d], "`x` has that many columns")?;
            check_finite("penalty_factors", p)?;
            p.iter().try_for_each(|&p| check_range("penalty_factors", p, p >= 0.0, "finite and >= 0"))?;
        }
        if let Bounds::Between(lower, upper) = &self.bounds {
            check_shape("lower", lower, &[d], "`x` has that many columns")?;
            check_shape("upper", upper, &[d], "`x` has that many columns")?;
            lower.iter().try_for_each(|&b| check_range("lower", b, b <= 0.0, "<= 0"))?;
            upper.iter().try_for_each(|&b| check_range("upper", b, b >= 0.0, ">= 0"))?;
        }
        Ok(())
    }
}

/// Accepts levels of a path.
pub(crate) fn check_levels(lambdas: &ArrayRef1<f64>) -> Result<()> {
    if lambdas.is_empty() {
        return Err(Argument::Empty { argument: "lambdas", expected: "level" }.into());
    }
    lambdas.iter().try_for_each(|&lambda| check_not_negative("lambdas", lambda))
}

/// `count` levels from `largest` down to `ratio` times it.
pub(crate) fn geometric(largest: f64, ratio: f64, count: usize) -> Array1<f64> {
    let last = count.max(2) as f64 - 1.0;
    Array1::from_shape_fn(count, |i| if i == 0 { largest } else { largest * ratio.powf(i as f64 / last) })
}
