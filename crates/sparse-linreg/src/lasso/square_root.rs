//! The square-root Lasso, whose level does not need the noise.

use super::LinearFit;
use super::elastic_net::ElasticNet;
use crate::Design;
use crate::error::{Result, check_not_negative};
use ndarray::{Array1, ArrayRef1};
use std::fmt;

/// min ‖y - b - X w‖ / √n + λ Σ pⱼ |wⱼ|: the Lasso at level λσ̂ with σ̂ = ‖y - b - X w‖ / √n, found together.
///
/// The default level √(2 log(2d/0.05) / n) suits columns of norm √n (standardised ones) whatever the noise. Weights, penalty
/// factors, bounds and the intercept are those of the given [`ElasticNet`] with α = 1.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SquareRootLasso {
    lasso: ElasticNet,
    lambda: Option<f64>,
    max_iterations: usize,
}

/// What the square-root Lasso found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct SquareRootFit {
    /// The Lasso at level λσ̂, with its certificate.
    pub fit: LinearFit,
    /// λ.
    pub lambda: f64,
    /// σ̂, an estimate of the noise level.
    pub sigma: f64,
    /// ‖y - b - X w‖ / √n + λ Σ pⱼ |wⱼ|.
    pub objective: f64,
    /// Lasso problems solved.
    pub iterations: usize,
    /// Why it ended.
    pub end: SquareRootEnd,
}

/// Why the iteration on σ̂ ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum SquareRootEnd {
    /// σ̂ changes by less than 1e-10 of itself.
    Converged,
    /// The data are interpolated: σ̂ = 0, and the fit has no noise left to estimate.
    Interpolated,
    /// The iteration limit is reached.
    IterationLimit,
}

impl fmt::Display for SquareRootEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "converged: the noise level no longer changes",
            Self::Interpolated => "interpolated: the fit leaves no residual to estimate the noise from",
            Self::IterationLimit => "stopped at the iteration limit",
        })
    }
}

/// √(2 log(2d/q) / n): with probability 1 - q no column of norm √n correlates more with unit noise.
pub fn universal_level(rows: usize, columns: usize, q: f64) -> f64 {
    (2.0 * (2.0 * columns.max(1) as f64 / q).ln().max(0.0) / rows.max(1) as f64).sqrt()
}

impl Default for SquareRootLasso {
    fn default() -> Self {
        Self::new(ElasticNet::lasso())
    }
}

impl SquareRootLasso {
    /// With the settings of `lasso` (its α and its tolerance are replaced).
    pub fn new(lasso: ElasticNet) -> Self {
        let mut lasso = lasso.tolerance(0.0);
        lasso.alpha = 1.0;
        Self { lasso, lambda: None, max_iterations: 200 }
    }

    /// λ.
    pub fn lambda(mut self, lambda: f64) -> Self {
        self.lambda = Some(lambda);
        self
    }

    /// Most Lasso problems to solve.
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Fits `x` (n × d, dense or sparse) and `y` (n).
    ///
    /// # Errors
    /// As [`ElasticNet::fit`]; a λ that is negative or not finite.
    pub fn fit(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<SquareRootFit> {
        crate::error::check_count("max_iterations", self.max_iterations)?;
        let columns = x.as_columns();
        let prepared = self.lasso.prepare(columns, y)?;
        let (n, d) = prepared.dim();
        let lambda = self.lambda.unwrap_or_else(|| universal_level(n, d, 0.05));
        check_not_negative("lambda", lambda)?;
        let null = (2.0 * prepared.null / prepared.total).sqrt();
        let mut last = None;
        let outcome = fixed_point(null, self.max_iterations, |sigma, start| {
            let (fit, w) = self.lasso.level(&prepared, lambda * sigma, start)?;
            let noise = (fit.rss / n as f64).sqrt();
            last = Some(fit);
            Ok((w, noise))
        })?;
        let fit = match last {
            Some(fit) => fit,
            None => self.lasso.level(&prepared, 0.0, None)?.0,
        };
        let noise = (fit.rss / n as f64).sqrt();
        let penalty = self.lasso.penalty_factors.as_ref();
        let scaled =
            |j: usize| if prepared.factors[j] == 0.0 { 0.0 } else { fit.coefficients[j] / prepared.factors[j] };
        let l1: f64 = (0..d).map(|j| penalty.map_or(1.0, |p| p[j]) * scaled(j).abs()).sum();
        Ok(SquareRootFit {
            objective: noise + lambda * l1,
            fit,
            lambda,
            sigma: outcome.sigma,
            iterations: outcome.iterations,
            end: outcome.end,
        })
    }
}

/// How the iteration on σ ended.
pub(crate) struct Outcome {
    pub(crate) sigma: f64,
    pub(crate) iterations: usize,
    pub(crate) end: SquareRootEnd,
}

/// Iterates σ ← noise(σ) from σ = `null`, where `solve` solves the Lasso for σ from a starting point and returns its
/// coefficients and residual rms. The last call of `solve` is the answer.
///
/// On a fixed support σ² maps linearly, so every third step extrapolates σ² (Aitken).
pub(crate) fn fixed_point(
    null: f64,
    max_iterations: usize,
    mut solve: impl FnMut(f64, Option<&Array1<f64>>) -> Result<(Array1<f64>, f64)>,
) -> Result<Outcome> {
    const INTERPOLATED: f64 = 1e-9;
    let mut sigma = null;
    let mut start: Option<Array1<f64>> = None;
    let mut history: Vec<f64> = vec![sigma * sigma];
    for iteration in 1..=max_iterations {
        if !(sigma > INTERPOLATED * null) {
            return Ok(Outcome { sigma: 0.0, iterations: iteration - 1, end: SquareRootEnd::Interpolated });
        }
        let (w, noise) = solve(sigma, start.as_ref())?;
        start = Some(w);
        if (noise - sigma).abs() <= 1e-10 * sigma {
            return Ok(Outcome { sigma: noise, iterations: iteration, end: SquareRootEnd::Converged });
        }
        history.push(noise * noise);
        sigma = noise;
        if let [a, b, c] = history[..] {
            let bend = c - 2.0 * b + a;
            let limit = a - (b - a) * (b - a) / bend;
            // The fixed point lies below the start, where nothing is explained.
            let usable = limit.is_finite() && limit > 0.0 && limit <= null * null;
            let next = if usable { limit } else { c };
            sigma = next.sqrt();
            history = vec![next];
        }
    }
    Ok(Outcome { sigma, iterations: max_iterations, end: SquareRootEnd::IterationLimit })
}
