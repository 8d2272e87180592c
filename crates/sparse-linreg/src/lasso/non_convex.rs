//! Regression with MCP and SCAD penalties.

use super::elastic_net::{check_levels, geometric};
use super::non_convex_prox::{mcp_prox, scad_prox};
use crate::Design;
use crate::error::{Result, check_count, check_positive};
use crate::greedy::support_of;
use crate::reduction::Reduced;
use core_optim::descent::sweep;
use core_optim::design::{Dense, DesignMatrix, WorkingVector};
use core_optim::prox::{Proximal, Separable};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, ArrayRef1};

/// Sparse regression without shrinkage of large coefficients, by a penalty that is not convex:
///
/// ```text
/// min over w, b of   1/(2n) Σ (yᵢ - b - xᵢw)² + Σ pen(|wⱼ| ; λ pⱼ),   on columns scaled to norm √n
/// ```
///
/// Coordinate descent from large to small λ, each level from the one before. The result is a local minimum: the reported
/// violation says that it is one, nothing says that it is the global one.
///
/// | setting | default | legal |
/// | --- | --- | --- |
/// | shape | γ = 3 (MCP), a = 3.7 (SCAD) | γ > 1, a > 2 |
/// | `tolerance` | 1e-9 | > 0: change of the fit in a sweep, relative to ‖y‖ |
/// | `sweeps` | 10 000 for each level | ≥ 1 |
/// | `levels`, `ratio` | 100, 1e-2 or 1e-4 | |
/// | `intercept` | true | |
/// | `sample_weights`, `penalty_factors` | none | ≥ 0 |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NonConvex {
    penalty: Shape,
    tolerance: f64,
    sweeps: usize,
    levels: usize,
    ratio: Option<f64>,
    intercept: bool,
    sample_weights: Option<Array1<f64>>,
    penalty_factors: Option<Array1<f64>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Shape {
    Mcp { gamma: f64 },
    Scad { a: f64 },
}

/// A local minimum at one level.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct NonConvexFit {
    /// λ.
    pub lambda: f64,
    /// Coefficients (d), on the scale of the data.
    pub coefficients: Array1<f64>,
    /// b; 0 without intercept.
    pub intercept: f64,
    /// Residual sum of squares (weights scaled to sum n).
    pub rss: f64,
    /// Largest |pen′(wⱼ) - xⱼᵀr/n| on the support and excess of |xⱼᵀr/n| over λpⱼ off it, on the scaled columns.
    pub violation: f64,
    /// False when the sweeps ran out.
    pub converged: bool,
}

impl NonConvexFit {
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
}

impl NonConvex {
    /// The minimax concave penalty with shape γ > 1.
    pub fn mcp(gamma: f64) -> Self {
        Self::new(Shape::Mcp { gamma })
    }

    /// The smoothly clipped absolute deviation with shape a > 2.
    pub fn scad(a: f64) -> Self {
        Self::new(Shape::Scad { a })
    }

    fn new(penalty: Shape) -> Self {
        Self {
            penalty,
            tolerance: 1e-9,
            sweeps: 10_000,
            levels: 100,
            ratio: None,
            intercept: true,
            sample_weights: None,
            penalty_factors: None,
        }
    }

    /// Change of the fit in a sweep, relative to ‖y‖, that counts as none.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Most sweeps for a level.
    pub fn sweeps(mut self, sweeps: usize) -> Self {
        self.sweeps = sweeps;
        self
    }

    /// Number of levels of the path.
    pub fn levels(mut self, levels: usize) -> Self {
        self.levels = levels;
        self
    }

    /// Smallest level of the path, relative to the largest.
    pub fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = Some(ratio);
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

    /// Penalty factors p (d).
    pub fn penalty_factors(mut self, factors: Array1<f64>) -> Self {
        self.penalty_factors = Some(factors);
        self
    }

    /// The path from the level at which nothing enters down, for `x` (n × d) and `y` (n).
    ///
    /// # Errors
    /// Data that are empty, not finite or of unequal lengths; a setting outside its range.
    pub fn fit_path(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<Vec<NonConvexFit>> {
        self.run(x, y, None)
    }

    /// The given levels, best in decreasing order.
    ///
    /// # Errors
    /// As [`fit_path`](Self::fit_path); levels that are negative or not finite.
    pub fn fit_levels(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        lambdas: &ArrayRef1<f64>,
    ) -> Result<Vec<NonConvexFit>> {
        check_levels(lambdas)?;
        self.run(x, y, Some(lambdas.to_owned()))
    }

    fn validate(&self, d: usize) -> Result<()> {
        match self.penalty {
            Shape::Mcp { gamma } => check_range("gamma", gamma, gamma > 1.0 && gamma.is_finite(), "finite and > 1")?,
            Shape::Scad { a } => check_range("a", a, a > 2.0 && a.is_finite(), "finite and > 2")?,
        }
        check_positive("tolerance", self.tolerance)?;
        check_count("sweeps", self.sweeps)?;
        check_count("levels", self.levels)?;
        if let Some(ratio) = self.ratio {
            check_range("ratio", ratio, ratio > 0.0 && ratio <= 1.0, "above 0 and at most 1")?;
        }
        if let Some(p) = &self.penalty_factors {
            check_shape("penalty_factors", p, &[d], "`x` has that many columns")?;
            check_finite("penalty_factors", p)?;
            p.iter().try_for_each(|&p| check_range("penalty_factors", p, p >= 0.0, "finite and >= 0"))?;
        }
        Ok(())
    }

    fn run(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        lambdas: Option<Array1<f64>>,
    ) -> Result<Vec<NonConvexFit>> {
        let columns = x.as_columns();
        columns.check()?;
        self.validate(columns.dim().1)?;
        let mut reduced = Reduced::of_columns(columns, Some(y), self.sample_weights.as_deref(), self.intercept)?;
        let (rows, d) = reduced.dim();
        let n = rows as f64;
        let factors = crate::greedy::unit_columns(&mut reduced.x) * n.sqrt();
        reduced.x.mapv_inplace(|v| v * n.sqrt());
        let design = Dense::new(&reduced.x)?;
        let norms = design.column_norms_squared()?;
        let p = self.penalty_factors.clone().unwrap_or_else(|| Array1::ones(d));
        let mut residual = WorkingVector::new(&reduced.y)?;
        let mut correlations = Array1::zeros(d);
        design.correlations_into(&residual, &mut correlations)?;
        let entry = |(c, &p): (&f64, &f64)| if p > 0.0 { c.abs() / (p * n) } else { 0.0 };
        let top = correlations.iter().zip(&p).map(entry).fold(0.0, f64::max);
        let ratio = self.ratio.unwrap_or(if rows < d { 1e-2 } else { 1e-4 });
        let lambdas = lambdas.unwrap_or_else(|| geometric(top, ratio, self.levels));
        let limit = self.tolerance * reduced.y.dot(&reduced.y).sqrt();
        let mut w = Array1::zeros(d);
        let mut fits = Vec::with_capacity(lambdas.len());
        for &lambda in &lambdas {
            let penalty = Penalty { shape: self.penalty, lambda, factors: &p, n };
            let mut converged = false;
            let mut left = self.sweeps;
            while left > 0 && !converged {
                left -= 1;
                let all = sweep(&design, &norms, &penalty, 0..d, &mut w, &mut residual)?;
                converged = all.largest <= limit;
                while left > 0 && !converged {
                    left -= 1;
                    let support = support_of(&w);
                    if sweep(&design, &norms, &penalty, support, &mut w, &mut residual)?.largest <= limit {
                        break;
                    }
                }
            }
            // Forget the rounding of the updates.
            residual.assign(&(&reduced.y - &crate::reduction::apply(&reduced.x, &w)))?;
            design.correlations_into(&residual, &mut correlations)?;
            let rss = residual.norm_squared();
            let coefficients = &w * &factors;
            fits.push(NonConvexFit {
                lambda,
                intercept: reduced.intercept(&coefficients),
                coefficients,
                rss,
                violation: (0..d).map(|j| penalty.violation(j, w[j], correlations[j] / n)).fold(0.0, f64::max),
                converged,
            });
        }
        Ok(fits)
    }
}

/// n pen(|wⱼ|; λ pⱼ), as coordinate descent on ½ ‖y - X w‖² sees it.
struct Penalty<'a> {
    shape: Shape,
    lambda: f64,
    factors: &'a Array1<f64>,
    n: f64,
}

impl Penalty<'_> {
    fn level(&self, j: usize) -> f64 {
        self.lambda * self.factors[j]
    }

    /// pen′(|w|).
    fn slope(&self, j: usize, size: f64) -> f64 {
        let level = self.level(j);
        match self.shape {
            Shape::Mcp { gamma } => (level - size / gamma).max(0.0),
            Shape::Scad { a } => {
                if size <= level {
                    level
                } else {
                    ((a * level - size) / (a - 1.0)).max(0.0)
                }
            }
        }
    }

    fn violation(&self, j: usize, w: f64, pull: f64) -> f64 {
        if w == 0.0 {
            (pull.abs() - self.level(j)).max(0.0)
        } else {
            (w.signum() * self.slope(j, w.abs()) - pull).abs()
        }
    }
}

impl Proximal<f64> for Penalty<'_> {
    fn value(&mut self, x: &ArrayRef1<f64>) -> f64 {
        x.iter().enumerate().map(|(j, &x)| self.coordinate_value(j, x)).sum()
    }

    fn prox_into(&mut self, v: &ArrayRef1<f64>, step: f64, out: &mut ArrayRef1<f64>) -> core_optim::Result<()> {
        for (j, (out, &v)) in out.iter_mut().zip(v).enumerate() {
            *out = self.coordinate_prox(j, v, step);
        }
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> core_optim::Result<()> {
        Ok(check_shape("factors", self.factors, &[n], "there is a factor per coordinate")?)
    }
}

impl Separable<f64> for Penalty<'_> {
    fn coordinate_value(&self, j: usize, x: f64) -> f64 {
        let (level, size) = (self.level(j), x.abs());
        self.n
            * match self.shape {
                Shape::Mcp { gamma } => {
                    let end = size.min(gamma * level);
                    level * end - end * end / (2.0 * gamma)
                }
                Shape::Scad { a } => {
                    let first = size.min(level);
                    let second = size.min(a * level) - first;
                    level * first + level * second - second * second / (2.0 * (a - 1.0))
                }
            }
    }

    /// For a column of norm √n the step is 1/n; a zero column (infinite step) keeps 0.
    fn coordinate_prox(&self, j: usize, v: f64, step: f64) -> f64 {
        if !step.is_finite() {
            return 0.0;
        }
        match self.shape {
            Shape::Mcp { gamma } => mcp_prox(v, self.level(j), gamma),
            Shape::Scad { a } => scad_prox(v, self.level(j), a),
        }
    }

    fn subdifferential(&self, j: usize, x: f64) -> (f64, f64) {
        if x == 0.0 {
            (-self.n * self.level(j), self.n * self.level(j))
        } else {
            let slope = self.n * x.signum() * self.slope(j, x.abs());
            (slope, slope)
        }
    }
}
