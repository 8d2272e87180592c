//! The problems beneath a fit, one at a time: a stage of the central path, and the convex problem of a given order.
//!
//! Researchers call these to run one solver from one point; [`Colide::fit`](crate::Colide::fit) composes them.

use crate::acyclicity::LogDet;
use crate::adam::{self, AdamOptions, AdamWorkspace};
use crate::colide::NewtonOptions;
use crate::knowledge::{Constraints, Diagonal};
use crate::newton::{self, NewtonWorkspace};
use crate::polish::{self, Allowed};
use crate::problem::{Problem, State};
use crate::score::NoiseModel;
use crate::trace::StageEnd;
use crate::{Error, Result, check_covariance};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use std::ops::ControlFlow;

/// `min_W μ [S(W, σ̂(W)) + λ ‖W‖₁] + h_s(W)` for a fixed covariance, noise model and λ.
///
/// ```
/// use colide::{NewtonOptions, NoiseModel, StageProblem};
/// use ndarray::{Array2, array};
///
/// let covariance = array![[1.0, 2.0], [2.0, 5.0]];
/// let problem = StageProblem::new(&covariance, NoiseModel::EqualVariance, 0.01)?;
/// let found = problem.proximal_newton(0.001, 0.7, &Array2::zeros((2, 2)), NewtonOptions::default())?;
/// assert!(found.weights[[0, 1]] > 1.5 && found.weights[[1, 0]].abs() < 0.1);
/// # Ok::<(), colide::Error>(())
/// ```
pub struct StageProblem {
    problem: Problem,
}

/// A point W with everything that the stage problem says about it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StagePoint {
    /// W (d × d).
    pub weights: Array2<f64>,
    /// σ̂(W) (d standard deviations).
    pub noise_scales: Array1<f64>,
    /// S(W, σ̂).
    pub score: f64,
    /// h_s(W).
    pub h: f64,
    /// μ (S + λ ‖W‖₁) + h_s.
    pub objective: f64,
    /// Largest violation of the optimality conditions: with g the gradient of the smooth part, |g + μ λ sign(w)| where
    /// w ≠ 0 and (|g| − μ λ)₊ where w = 0.
    pub violation: f64,
}

/// What a solver made of a stage.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StageOutcome {
    /// The last point. (After [`StageEnd::LeftDomain`] it lies outside the domain.)
    pub weights: Array2<f64>,
    /// Noise scales at that point (d standard deviations).
    pub noise_scales: Array1<f64>,
    /// Steps or iterations that were completed.
    pub iterations: usize,
    /// The iteration (from 1) at whose start the domain was first left; reference solver only.
    pub first_violation: Option<usize>,
    /// Why it ended.
    pub end: StageEnd,
}

/// The optimum of the convex problem that a topological order leaves.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OrderOptimum {
    /// W (d × d), non-zero only from earlier to later variables.
    pub weights: Array2<f64>,
    /// σ̂ (d standard deviations).
    pub noise_scales: Array1<f64>,
    /// S(W, σ̂).
    pub score: f64,
    /// S(W, σ̂) + λ ‖W‖₁.
    pub objective: f64,
    /// Largest violation of the optimality conditions of the problem.
    pub violation: f64,
}

impl StageProblem {
    /// The problem of a covariance (d × d, divisor n) with weight λ = `sparsity` of the l1 norm. The diagonal of W is
    /// free, the floor of the noise scales is 1e-8 of the smallest standard deviation.
    ///
    /// # Errors
    /// A covariance that is none; λ not finite or negative.
    pub fn new(covariance: &ArrayRef2<f64>, model: NoiseModel, sparsity: f64) -> Result<Self> {
        let d = check_covariance("covariance", covariance)?;
        check_range("sparsity", sparsity, sparsity >= 0.0 && sparsity.is_finite(), "finite and >= 0")?;
        let smallest = covariance.diag().iter().copied().filter(|&v| v > 0.0).fold(f64::INFINITY, f64::min);
        let floor = if smallest.is_finite() { 1e-8 * smallest.sqrt() } else { 1e-8 };
        let l1 = Constraints::free(d).l1(sparsity, None, Diagonal::Free)?;
        Ok(Self { problem: Problem::new(covariance, model, Array1::from_elem(d, floor), l1) })
    }

    /// Pins the diagonal of W to zero.
    #[must_use]
    pub fn pinned_diagonal(mut self) -> Self {
        self.problem.l1.diag_mut().fill(f64::INFINITY);
        self
    }

    /// Sets the lower bounds of the noise scales (d standard deviations; for equal variances all the same).
    ///
    /// # Errors
    /// A wrong length; a value that is not finite and positive.
    pub fn floor(mut self, floor: &ArrayRef1<f64>) -> Result<Self> {
        check_shape("floor", floor, &[self.problem.variables()], "there is one for each variable")?;
        for &value in floor {
            check_range("floor", value, value > 0.0 && value.is_finite(), "finite and > 0")?;
        }
        self.problem.floor.assign(floor);
        Ok(self)
    }

    /// Everything about the point `w` (d × d), or `None` when it is outside the domain of s.
    ///
    /// # Errors
    /// A wrong shape; an entry that is not finite; μ or s not finite and positive.
    pub fn evaluate(&self, w: &ArrayRef2<f64>, mu: f64, s: f64) -> Result<Option<StagePoint>> {
        self.check(w, mu, s)?;
        let mut log_det = LogDet::new(self.problem.variables());
        let state = State::at(&self.problem, w);
        let Some(h) = log_det.value_unchecked(&state.w, s) else { return Ok(None) };
        log_det.invert();
        let violation = self.violation(&state, mu, &log_det);
        let objective = mu * state.penalised_score(&self.problem) + h;
        Ok(Some(StagePoint {
            score: state.score(&self.problem),
            weights: standard(&state.w),
            noise_scales: state.scales,
            h,
            objective,
            violation,
        }))
    }

    /// Minimises the stage by proximal Newton steps from `start` (d × d).
    ///
    /// # Errors
    /// As [`StageProblem::evaluate`].
    pub fn proximal_newton(
        &self,
        mu: f64,
        s: f64,
        start: &ArrayRef2<f64>,
        options: NewtonOptions,
    ) -> Result<StageOutcome> {
        self.check(start, mu, s)?;
        options.validate()?;
        let mut state = State::at(&self.problem, start);
        let mut work = NewtonWorkspace::new(&self.problem);
        let mut iterations = 0;
        let end = newton::solve_stage(&self.problem, mu, s, &mut state, options, &mut work, &mut |step| {
            iterations = step.iteration;
            ControlFlow::Continue(())
        });
        Ok(StageOutcome {
            weights: standard(&state.w),
            noise_scales: state.scales,
            iterations,
            first_violation: None,
            end,
        })
    }

    /// Runs at most `iterations` iterations of the paper's Adam on the stage, from `start` (d × d) with the noise scales
    /// `scales` (d), exactly as the reference code does.
    ///
    /// # Errors
    /// As [`StageProblem::evaluate`]; illegal options; a scale that is not finite and positive.
    pub fn reference_adam(
        &self,
        mu: f64,
        s: f64,
        start: (&ArrayRef2<f64>, &ArrayRef1<f64>),
        iterations: usize,
        options: &AdamOptions,
    ) -> Result<StageOutcome> {
        let (w, scales) = start;
        self.check(w, mu, s)?;
        options.validate()?;
        check_shape("scales", scales, &[self.problem.variables()], "there is one for each variable")?;
        for &scale in scales {
            check_range("scales", scale, scale > 0.0 && scale.is_finite(), "finite and > 0")?;
        }
        let mut state = State::at(&self.problem, w);
        state.scales.assign(scales);
        let mut work = AdamWorkspace::new(&self.problem);
        let rate = options.learning_rate;
        let outcome =
            adam::run_stage(&self.problem, mu, s, rate, iterations, options, &mut state, &mut work, &mut |_| {
                ControlFlow::Continue(())
            });
        Ok(StageOutcome {
            weights: standard(&state.w),
            noise_scales: state.scales,
            iterations: outcome.iterations,
            first_violation: outcome.first_violation,
            end: outcome.end,
        })
    }

    /// The unique optimum of S + λ ‖W‖₁ over all W that respect the topological order `order` (a permutation of the
    /// variables, causes first); the diagonal is zero and h vanishes.
    ///
    /// # Errors
    /// `order` is no permutation.
    pub fn order_optimum(&self, order: &[usize]) -> Result<OrderOptimum> {
        let d = self.problem.variables();
        let mut seen = vec![false; d];
        for &node in order {
            if node >= d {
                return Err(Error::UnknownNode { argument: "order", found: node, nodes: d });
            }
            check_range("order", node as f64, !std::mem::replace(&mut seen[node], true), "each variable once")?;
        }
        check_range("order.len()", order.len() as f64, order.len() == d, "the number of variables")?;
        let optimum = polish::polish(&self.problem, &Allowed::order(order), None);
        Ok(OrderOptimum {
            weights: standard(&optimum.state.w),
            score: optimum.state.score(&self.problem),
            objective: optimum.state.penalised_score(&self.problem),
            noise_scales: optimum.state.scales,
            violation: optimum.violation,
        })
    }

    fn check(&self, w: &ArrayRef2<f64>, mu: f64, s: f64) -> Result<()> {
        let d = self.problem.variables();
        check_shape("w", w, &[d, d], "the covariance has that many variables")?;
        check_finite("w", w)?;
        check_range("mu", mu, mu > 0.0 && mu.is_finite(), "finite and > 0")?;
        Ok(check_range("s", s, s > 0.0 && s.is_finite(), "finite and > 0")?)
    }

    fn violation(&self, state: &State, mu: f64, log_det: &LogDet) -> f64 {
        let (inverse, form) = (log_det.inverse_transposed(), self.problem.acyclicity);
        self.problem.violation(state, &self.problem.l1, mu, |i, j| form.slope(state.w[[i, j]]) * inverse[[i, j]])
    }
}

fn standard(w: &Array2<f64>) -> Array2<f64> {
    w.as_standard_layout().into_owned()
}
