//! Ridge regression: scalar, grouped or separate penalties.

use super::line;
use super::spectral::{Score, Smoother};
use super::{BOX, LOOKS, check_box};
use crate::{Exact, Maid, Result};
use core_tensor::linalg::Llt;
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

/// What the penalties are chosen by; each is half a mean of squares.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub enum RidgeCriterion {
    /// Errors on other rows.
    Validation {
        /// n' × p.
        x: Array2<f64>,
        /// n'.
        y: Array1<f64>,
    },
    /// Errors of each row under a fit without it, rᵢ/(1 - hᵢᵢ): exact, from one fit.
    #[default]
    LeaveOneOut,
    /// r/(1 - tr H/n): leave-one-out with the average leverage.
    GeneralisedCrossValidation,
}

/// `w(θ) = argmin ½ ‖X w - y‖² + ½ Σ e^(θ_group(j)) wⱼ²`, with a criterion and its derivatives.
#[derive(Debug, Clone)]
pub struct Ridge {
    x: Array2<f64>,
    y: Array1<f64>,
    groups: Vec<usize>,
    count: usize,
    criterion: RidgeCriterion,
}

/// A tuned ridge regression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RidgeFit {
    /// Logarithms of the penalties, per group.
    pub theta: Array1<f64>,
    /// Coefficients.
    pub coefficients: Array1<f64>,
    /// The criterion there.
    pub value: f64,
}

impl Ridge {
    /// X (n × p), y (n) and the group of each feature, counted from 0 (all 0: one penalty; 0, 1, …, p - 1: one each).
    ///
    /// # Errors
    /// No rows or features, shapes that do not fit, entries that are not finite, groups with gaps.
    pub fn new(x: Array2<f64>, y: Array1<f64>, groups: &[usize], criterion: RidgeCriterion) -> Result<Self> {
        check_design(&x, &y)?;
        check_shape("groups", &Array1::from(groups.to_vec()), &[x.ncols()], "there is one per feature")?;
        let count = groups.iter().max().map_or(0, |&g| g.saturating_add(1));
        let gap = (0..count.min(groups.len() + 1)).find(|g| !groups.contains(g));
        check_range("groups", gap.map_or(0.0, |g| g as f64), gap.is_none(), "a group that some feature is in")?;
        if let RidgeCriterion::Validation { x: other, y: target } = &criterion {
            check_shape("x_validation", other, &[target.len(), x.ncols()], "it has the features of `x`")?;
            check_design(other, target)?;
        }
        Ok(Self { x, y, groups: groups.to_vec(), count, criterion })
    }

    /// The number of groups.
    #[must_use]
    pub fn penalties(&self) -> usize {
        self.count
    }

    /// w(θ) (p), the criterion, and its gradient (one per group).
    ///
    /// # Errors
    /// Another length, entries that are not finite or whose exponential is not.
    pub fn evaluate(&self, theta: &ArrayRef1<f64>) -> Result<(Array1<f64>, f64, Array1<f64>)> {
        check_shape("theta", theta, &[self.count], "there is one per group")?;
        check_finite("theta", theta)?;
        let extreme = theta.iter().copied().find(|t| t.abs() > 700.0);
        check_range("theta", extreme.unwrap_or(0.0), extreme.is_none(), "between -700 and 700")?;
        let penalty = Array1::from_iter(self.groups.iter().map(|&g| theta[g].exp()));
        let pull = self.pull(&penalty)?;
        let w = pull.t().dot(&self.y);
        let n = self.y.len() as f64;
        // Per feature, then summed over groups.
        let mut slopes = Array1::<f64>::zeros(self.x.ncols());
        let value = match &self.criterion {
            RidgeCriterion::Validation { x, y } => {
                let residual = x.dot(&w) - y;
                let rows = y.len() as f64;
                // H q = ∇g.
                let q = self.solve(&penalty, &(x.t().dot(&residual) / rows))?;
                ndarray::Zip::from(&mut slopes).and(&penalty).and(&w).and(&q).for_each(|s, e, w, q| *s = -e * w * q);
                0.5 * residual.dot(&residual) / rows
            }
            RidgeCriterion::LeaveOneOut => {
                let residual = &self.y - &self.x.dot(&w);
                let mut value = 0.0;
                for ((row, c), r) in self.x.axis_iter(Axis(0)).zip(pull.axis_iter(Axis(0))).zip(&residual) {
                    let free = 1.0 - row.dot(&c);
                    let left = r / free;
                    value += left * left;
                    ndarray::Zip::from(&mut slopes).and(&penalty).and(&w).and(&c).for_each(|s, e, w, c| {
                        *s += left * e * (c * w / free - r * c * c / (free * free));
                    });
                }
                slopes /= n;
                0.5 * value / n
            }
            RidgeCriterion::GeneralisedCrossValidation => {
                let residual = &self.y - &self.x.dot(&w);
                let trace: f64 = self.x.iter().zip(&pull).map(|(x, c)| x * c).sum();
                let (free, square) = (1.0 - trace / n, residual.dot(&residual));
                let along = pull.t().dot(&residual);
                for (j, s) in slopes.iter_mut().enumerate() {
                    let squares: f64 = pull.column(j).iter().map(|c| c * c).sum();
                    *s = penalty[j] * (along[j] * w[j] / n / (free * free) - square / n * (squares / n) / free.powi(3));
                }
                0.5 * square / n / (free * free)
            }
        };
        let mut gradient = Array1::zeros(self.count);
        for (&group, s) in self.groups.iter().zip(&slopes) {
            gradient[group] += s;
        }
        Ok((w, value, gradient))
    }

    /// X (XᵀX + D)⁻¹ (n × p), by the smaller of both systems.
    fn pull(&self, penalty: &Array1<f64>) -> Result<Array2<f64>> {
        let (n, p) = self.x.dim();
        if p <= n {
            let mut gram = self.x.t().dot(&self.x);
            gram.diag_mut().zip_mut_with(penalty, |g, d| *g += d);
            let mut factor = Llt::new(p);
            factor.factorise(&gram)?;
            let mut pull = self.x.t().to_owned();
            factor.solve_in_place(&mut pull)?;
            return Ok(pull.reversed_axes());
        }
        // (X D⁻¹ Xᵀ + I)⁻¹ X D⁻¹.
        let mut scaled = &self.x / penalty;
        let mut kernel = scaled.dot(&self.x.t());
        kernel.diag_mut().mapv_inplace(|k| k + 1.0);
        let mut factor = Llt::new(n);
        factor.factorise(&kernel)?;
        factor.solve_in_place(&mut scaled)?;
        Ok(scaled)
    }

    /// (XᵀX + D)⁻¹ b.
    fn solve(&self, penalty: &Array1<f64>, b: &Array1<f64>) -> Result<Array1<f64>> {
        let (n, p) = self.x.dim();
        if p <= n {
            let mut gram = self.x.t().dot(&self.x);
            gram.diag_mut().zip_mut_with(penalty, |g, d| *g += d);
            let mut factor = Llt::new(p);
            factor.factorise(&gram)?;
            let mut q = b.clone();
            factor.solve_in_place(&mut q)?;
            return Ok(q);
        }
        // Woodbury: D⁻¹ (b - Xᵀ (X D⁻¹ Xᵀ + I)⁻¹ X D⁻¹ b).
        let scaled = b / penalty;
        let inner = self.pull(penalty)?.dot(b);
        Ok(scaled - &(self.x.t().dot(&inner) / penalty))
    }
}

/// Rows, features, matching lengths, finite entries.
pub(super) fn check_design(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>) -> Result<()> {
    if x.is_empty() {
        return Err(core_tensor::Error::Empty { argument: "x", expected: "row with a feature" }.into());
    }
    check_shape("y", y, &[x.nrows()], "there is one per row")?;
    check_finite("x", x)?;
    Ok(check_finite("y", y)?)
}

/// Chooses the penalties of a ridge regression: one by a look at the whole interval and safeguarded secants, several by descent from
/// `start`, or from the best single one.
///
/// # Errors
/// As [`Ridge::new`]; a box or a start out of range.
pub fn tune_ridge(ridge: &Ridge, bounds: Option<(f64, f64)>, start: Option<&ArrayRef1<f64>>) -> Result<RidgeFit> {
    let bounds = bounds.unwrap_or(BOX);
    check_box(bounds)?;
    let single = |t: f64| Array1::from_elem(ridge.count, t);
    let theta = if let Some(start) = start { start.to_owned() } else { single(best_single(ridge, bounds)?) };
    if ridge.count == 1 && start.is_none() {
        let (coefficients, value, _) = ridge.evaluate(&theta)?;
        return Ok(RidgeFit { theta, coefficients, value });
    }
    let mut oracle = Exact::new(ridge.count, |theta: &ArrayRef1<f64>| {
        let (_, value, gradient) = ridge.evaluate(theta)?;
        Ok((value, gradient))
    });
    let descent = Maid::fast().box_constraints(bounds.0, bounds.1).accuracies(1.0, 1.0).gradient_tolerance(1e-9);
    let theta = descent.max_iterations(2000).minimise(&mut oracle, &theta)?.theta;
    let (coefficients, value, _) = ridge.evaluate(&theta)?;
    Ok(RidgeFit { theta, coefficients, value })
}

/// The best penalty that all groups share.
fn best_single(ridge: &Ridge, bounds: (f64, f64)) -> Result<f64> {
    let score = match &ridge.criterion {
        RidgeCriterion::LeaveOneOut => Score::LeaveOneOut,
        RidgeCriterion::GeneralisedCrossValidation => Score::Generalised,
        RidgeCriterion::Validation { x, y } => {
            let (smoother, v, s) = Smoother::of_design(&ridge.x, &ridge.y)?;
            let (turned, rows) = (x.dot(&v), y.len() as f64);
            let projected = smoother.projected();
            let found = line::minimise(bounds, LOOKS, 1e-10, |t, _| {
                let penalty = t.exp();
                let part = |f: &dyn Fn(f64) -> f64| ndarray::Zip::from(projected).and(&s).map_collect(|p, s| p * f(*s));
                let residual = turned.dot(&part(&|s| s / (s * s + penalty))) - y;
                let moved = turned.dot(&part(&|s| -s * penalty / (s * s + penalty).powi(2)));
                Ok((0.5 * residual.dot(&residual) / rows, residual.dot(&moved) / rows))
            })?;
            return Ok(found.0);
        }
    };
    let (smoother, ..) = Smoother::of_design(&ridge.x, &ridge.y)?;
    Ok(line::minimise(bounds, LOOKS, 1e-10, |t, _| Ok(smoother.value_and_slope(t, score)))?.0)
}
