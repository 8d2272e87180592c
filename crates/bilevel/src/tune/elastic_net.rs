//! The elastic net with both levels chosen by validation.

use super::folds::split;
use super::ridge::check_design;
use super::{BOX, FoldsFit, check_box};
use crate::samples::for_each;
use crate::{Exact, Maid, Result};
use core_optim::design::Dense;
use core_optim::working_set::{Options, SparsePenalty, WorkingSet, Workspace};
use core_tensor::linalg::Llt;
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, array};

/// `β(θ) = argmin 1/(2n) ‖y - X β‖² + e^(θ₀) ‖β‖₁ + ½ e^(θ₁) ‖β‖²`, judged by `½ mean (X' β - y')²` on validation rows.
///
/// Continuous in θ, and differentiable wherever the support does not change; there the hypergradient is
/// `(-e^(θ₀) sign(β_S)·q, -e^(θ₁) β_S·q)` with `(X_SᵀX_S/n + e^(θ₁) I) q = ∇g_S`.
#[derive(Debug, Clone)]
pub struct ElasticNet {
    x: Array2<f64>,
    y: Array1<f64>,
    x_validation: Array2<f64>,
    y_validation: Array1<f64>,
    /// Without a ridge part θ has one entry.
    lasso: bool,
}

/// A tuned elastic net.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ElasticNetFit {
    /// θ₀, θ₁ (θ₀ alone for the Lasso).
    pub theta: Array1<f64>,
    /// β.
    pub coefficients: Array1<f64>,
    /// The validation loss.
    pub value: f64,
}

impl ElasticNet {
    /// X (n × p), y (n), and validation rows.
    ///
    /// # Errors
    /// No rows or features, shapes that do not fit, entries that are not finite.
    pub fn new(
        (x, y): (Array2<f64>, Array1<f64>),
        (x_validation, y_validation): (Array2<f64>, Array1<f64>),
    ) -> Result<Self> {
        check_design(&x, &y)?;
        let shape = [x_validation.nrows(), x.ncols()];
        check_shape("x_validation", &x_validation, &shape, "it has the features of `x`")?;
        check_design(&x_validation, &y_validation)?;
        Ok(Self { x, y, x_validation, y_validation, lasso: false })
    }

    /// A model for each of `folds` parts of the rows, trained on the others and validated on the part.
    ///
    /// # Errors
    /// As [`ElasticNet::new`]; fewer than two folds, or more than rows.
    pub fn folds(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, folds: usize, seed: u64) -> Result<Vec<Self>> {
        check_design(x, y)?;
        let part = |rows: &[usize]| (x.select(Axis(0), rows), y.select(Axis(0), rows));
        split(x.nrows(), folds, seed)?.iter().map(|(training, rest)| Self::new(part(training), part(rest))).collect()
    }

    /// Without the squared part.
    #[must_use]
    pub fn lasso(mut self) -> Self {
        self.lasso = true;
        self
    }

    /// The level e^(θ₀) from which on all coefficients are zero.
    #[must_use]
    pub fn largest_level(&self) -> f64 {
        self.x.t().dot(&self.y).iter().fold(0.0_f64, |m, v| m.max(v.abs())) / self.y.len() as f64
    }

    /// β(θ), from `start` if there is one.
    ///
    /// # Errors
    /// Another length of θ, entries that are not finite or whose exponential is not.
    pub fn coefficients(&self, theta: &ArrayRef1<f64>, start: Option<&ArrayRef1<f64>>) -> Result<Array1<f64>> {
        check_shape("theta", theta, &[if self.lasso { 1 } else { 2 }], "there is one per penalty")?;
        check_finite("theta", theta)?;
        let extreme = theta.iter().copied().find(|t| t.abs() > 700.0);
        check_range("theta", extreme.unwrap_or(0.0), extreme.is_none(), "between -700 and 700")?;
        let n = self.y.len() as f64;
        let ridge = if self.lasso { 0.0 } else { theta[1].exp() };
        let penalty = SparsePenalty::new(n * theta[0].exp(), n * ridge)?;
        let design = Dense::new(&self.x)?;
        let mut options = Options::default();
        if let Some(start) = start {
            options = options.start(start);
        }
        let fit = WorkingSet::new().tolerance(1e-14).squared_with(
            &design,
            &self.y,
            &penalty,
            &options,
            &mut Workspace::default(),
            &mut core_optim::Unobserved,
        )?;
        Ok(fit.coefficients)
    }

    /// The validation loss of β and the hypergradient.
    ///
    /// # Errors
    /// Another length, a singular system on the support (a Lasso with more coefficients than rows).
    pub fn value_and_hypergradient(&self, theta: &ArrayRef1<f64>, beta: &ArrayRef1<f64>) -> Result<(f64, Array1<f64>)> {
        check_shape("beta", beta, &[self.x.ncols()], "there is one per feature")?;
        let (n, rows) = (self.y.len() as f64, self.y_validation.len() as f64);
        let residual = self.x_validation.dot(beta) - &self.y_validation;
        let value = 0.5 * residual.dot(&residual) / rows;
        let support: Vec<usize> = (0..beta.len()).filter(|&j| beta[j] != 0.0).collect();
        let mut gradient = Array1::zeros(theta.len());
        if support.is_empty() {
            return Ok((value, gradient));
        }
        let columns = self.x.select(Axis(1), &support);
        let mut system = columns.t().dot(&columns) / n;
        let ridge = if self.lasso { 0.0 } else { theta[1].exp() };
        system.diag_mut().mapv_inplace(|d| d + ridge);
        let mut factor = Llt::new(support.len());
        factor.factorise(&system)?;
        let mut q = self.x_validation.select(Axis(1), &support).t().dot(&residual) / rows;
        factor.solve_in_place(&mut q)?;
        let level = theta[0].exp();
        for (&j, q) in support.iter().zip(&q) {
            gradient[0] -= level * beta[j].signum() * q;
            if !self.lasso {
                gradient[1] -= ridge * beta[j] * q;
            }
        }
        Ok((value, gradient))
    }
}

/// Chooses both levels: a look at a coarse grid, each level from the solution of the one above, then descent on the validation loss from the
/// two best points (or from `start` alone). The loss is only piecewise smooth, with a kink wherever the support changes: nothing is certified
/// but its descent.
///
/// # Errors
/// A box or a start out of range, errors of the solver.
pub fn tune_elastic_net(
    net: &ElasticNet,
    bounds: Option<(f64, f64)>,
    start: Option<&ArrayRef1<f64>>,
) -> Result<ElasticNetFit> {
    let FoldsFit { theta, value, .. } = tune_elastic_net_folds(std::slice::from_ref(net), bounds, start)?;
    let coefficients = net.coefficients(&theta, None)?;
    Ok(ElasticNetFit { theta, coefficients, value })
}

/// The same for the mean loss of several models with the same features, such as [`ElasticNet::folds`], solved in parallel.
///
/// # Errors
/// No model; as [`tune_elastic_net`].
pub fn tune_elastic_net_folds(
    nets: &[ElasticNet],
    bounds: Option<(f64, f64)>,
    start: Option<&ArrayRef1<f64>>,
) -> Result<FoldsFit> {
    let Some(first) = nets.first() else {
        return Err(core_tensor::Error::Empty { argument: "folds", expected: "model" }.into());
    };
    let top = nets.iter().map(ElasticNet::largest_level).fold(f64::MIN_POSITIVE, f64::max).ln();
    let bounds = bounds.unwrap_or((BOX.0.max(top - 20.0), top.clamp(BOX.0 + 1.0, BOX.1)));
    check_box(bounds)?;
    let mut folds: Vec<Fold<'_>> = nets.iter().map(|net| Fold { net, beta: None, value: f64::NAN }).collect();
    let starts = match start {
        Some(start) => vec![start.to_owned()],
        None => looks(&mut folds, first.lasso, top, bounds)?,
    };
    let mut best: Option<FoldsFit> = None;
    for start in starts {
        folds.iter_mut().for_each(|fold| fold.beta = None);
        let mut oracle = Exact::new(start.len(), |theta: &ArrayRef1<f64>| mean(&mut folds, theta));
        let descent = Maid::fast().box_constraints(bounds.0, bounds.1).accuracies(1.0, 1.0).gradient_tolerance(1e-7);
        let theta = descent.value_tolerance(1e-9, 5).max_iterations(200).minimise(&mut oracle, &start)?.theta;
        let (value, _) = mean(&mut folds, &theta)?;
        if best.as_ref().is_none_or(|best| value < best.value) {
            best = Some(FoldsFit { theta, value, values: folds.iter().map(|fold| fold.value).collect() });
        }
    }
    best.ok_or(crate::Error::NotFinite { what: "the validation loss" })
}

/// A model with its last solution, which the next solve begins at.
struct Fold<'a> {
    net: &'a ElasticNet,
    beta: Option<Array1<f64>>,
    value: f64,
}

/// Mean loss and hypergradient.
fn mean(folds: &mut [Fold<'_>], theta: &ArrayRef1<f64>) -> Result<(f64, Array1<f64>)> {
    let found = for_each(folds, |fold| {
        let beta = fold.net.coefficients(theta, fold.beta.as_deref())?;
        let found = fold.net.value_and_hypergradient(theta, &beta)?;
        (fold.beta, fold.value) = (Some(beta), found.0);
        Ok(found)
    })?;
    let share = 1.0 / found.len() as f64;
    let mut gradient = Array1::zeros(theta.len());
    found.iter().for_each(|(_, part)| gradient.scaled_add(share, part));
    Ok((found.iter().map(|(value, _)| share * value).sum(), gradient))
}

/// The two best points of a grid: twelve levels over ten powers of e (the last nearly ridge regression), and four weights of the squared part.
fn looks(folds: &mut [Fold<'_>], lasso: bool, top: f64, bounds: (f64, f64)) -> Result<Vec<Array1<f64>>> {
    let ridges: &[f64] = if lasso { &[1.0] } else { &[1.0, 0.1, 0.01, 0.001] };
    let mut found: Vec<(f64, Array1<f64>)> = Vec::new();
    for &share in ridges {
        folds.iter_mut().for_each(|fold| fold.beta = None);
        for step in 1..=12 {
            let level = (top - 0.8 * f64::from(step)).clamp(bounds.0, bounds.1);
            let ridge = (top + share.ln()).clamp(bounds.0, bounds.1);
            let theta = if lasso { array![level] } else { array![level, ridge] };
            found.push((mean(folds, &theta)?.0, theta));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(found.into_iter().take(2).map(|(_, theta)| theta).collect())
}
