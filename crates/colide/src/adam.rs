//! The reference inner solver: block coordinate descent with one Adam step for W and the closed form for σ.
//!
//! One iteration, in this order: domain check and M = (s I − W∘W)⁻¹; G = μ ∇S + μ λ sign(W) + 2 W∘Mᵀ with the current σ;
//! a bias-corrected Adam step (ε outside the root); σ at its closed form. See [`AdamOptions`] for what happens when W
//! leaves the domain.

use crate::Result;
use crate::acyclicity::{Acyclicity, LogDet};
use crate::column::Sign;
use crate::problem::{Problem, State};
use crate::trace::{StageEnd, Step};
use core_tensor::{Kernel, check_range, vectorised};
use ndarray::{Array2, ShapeBuilder, Zip};
use std::ops::ControlFlow;

/// Options of the reference solver; the defaults are the paper's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdamOptions {
    /// Step size, default 3e-4. When an iterate leaves the domain the step is undone and the size halved for the rest of
    /// the stage; in the first iteration of a stage, or when s ≤ 0.9, the stage fails instead and is started again with
    /// half the step size and s + 0.1.
    pub learning_rate: f64,
    /// Decay of the first moment, default 0.99, in [0, 1).
    pub beta1: f64,
    /// Decay of the second moment, default 0.999, in [0, 1).
    pub beta2: f64,
    /// Iterations of each stage but the last, default 20 000.
    pub warm_iterations: usize,
    /// Iterations of the last stage, default 70 000.
    pub final_iterations: usize,
    /// Iterations between two looks at the objective, default 1000.
    pub checkpoint: usize,
    /// Relative change of the objective between two looks below which a stage ends, default 1e-6.
    pub tolerance: f64,
}

impl Default for AdamOptions {
    fn default() -> Self {
        Self {
            learning_rate: 3e-4,
            beta1: 0.99,
            beta2: 0.999,
            warm_iterations: 20_000,
            final_iterations: 70_000,
            checkpoint: 1000,
            tolerance: 1e-6,
        }
    }
}

impl AdamOptions {
    pub(crate) fn validate(&self) -> Result<()> {
        let fraction = |name, value: f64| check_range(name, value, (0.0..1.0).contains(&value), ">= 0 and < 1");
        let count = |name, value: usize| check_range(name, value as f64, value > 0, ">= 1");
        let (rate, tolerance) = (self.learning_rate, self.tolerance);
        check_range("learning_rate", rate, rate > 0.0 && rate.is_finite(), "finite and > 0")?;
        fraction("beta1", self.beta1)?;
        fraction("beta2", self.beta2)?;
        check_range("tolerance", tolerance, tolerance >= 0.0 && tolerance.is_finite(), "finite and >= 0")?;
        count("checkpoint", self.checkpoint)?;
        count("warm_iterations", self.warm_iterations)?;
        Ok(count("final_iterations", self.final_iterations)?)
    }
}

/// Added to the root of the second moment.
const EPSILON: f64 = 1e-8;
/// Halvings of the step size end here; the point before the step is then the result.
const SMALLEST_LEARNING_RATE: f64 = 1e-16;

/// Memory of the solver for d variables.
pub(crate) struct AdamWorkspace {
    log_det: LogDet,
    first: Array2<f64>,
    second: Array2<f64>,
    /// The last step, without the step size, so that it can be undone.
    last: Array2<f64>,
}

impl AdamWorkspace {
    pub(crate) fn new(problem: &Problem) -> Self {
        let d = problem.variables();
        let zeros = || Array2::zeros((d, d).f());
        Self { log_det: LogDet::with_form(d, problem.acyclicity), first: zeros(), second: zeros(), last: zeros() }
    }
}

/// How one stage ended.
pub(crate) struct AdamOutcome {
    pub(crate) end: StageEnd,
    /// Iterations that were completed, and at whose start the domain was first left.
    pub(crate) iterations: usize,
    pub(crate) first_violation: Option<usize>,
}

/// Runs at most `iterations` iterations of one stage on `state`.
///
/// The step size starts at `learning_rate`; `options` gives the rest.
#[expect(clippy::too_many_arguments, reason = "the stage's numbers, its point, its options and its observer")]
pub(crate) fn run_stage(
    problem: &Problem,
    mu: f64,
    s: f64,
    learning_rate: f64,
    iterations: usize,
    options: &AdamOptions,
    state: &mut State,
    work: &mut AdamWorkspace,
    observe: &mut dyn FnMut(&Step<'_>) -> ControlFlow<()>,
) -> AdamOutcome {
    work.first.fill(0.0);
    work.second.fill(0.0);
    let mut rate = learning_rate;
    let mut previous_objective = 1e16;
    let mut first_violation = None;
    let outcome = |end, iterations, first_violation| AdamOutcome { end, iterations, first_violation };
    let (mut power1, mut power2) = (1.0, 1.0);

    for t in 1..=iterations {
        let mut h = work.log_det.value_unchecked(&state.w, s);
        while h.is_none() {
            first_violation.get_or_insert(t);
            if t == 1 || s <= 0.9 {
                return outcome(StageEnd::LeftDomain, t - 1, first_violation);
            }
            state.w.scaled_add(rate, &work.last);
            rate *= 0.5;
            if rate <= SMALLEST_LEARNING_RATE {
                state.refresh(problem);
                return outcome(StageEnd::Stationary, t - 1, first_violation);
            }
            state.w.scaled_add(-rate, &work.last);
            state.refresh(problem);
            h = work.log_det.value_unchecked(&state.w, s);
        }
        work.log_det.invert();
        (power1, power2) = (power1 * options.beta1, power2 * options.beta2);
        step(problem, mu, rate, (1.0 / (1.0 - power1), 1.0 / (1.0 - power2)), options, state, work);
        state.refresh(problem);

        if t % options.checkpoint == 0 || t == iterations {
            let Some(h) = work.log_det.value_unchecked(&state.w, s) else { continue };
            let objective = mu * state.penalised_score(problem) + h;
            let view =
                Step { iteration: t, mu, s, objective, h, step: rate, column_violation: f64::NAN, weights: &state.w };
            if observe(&view).is_break() {
                return outcome(StageEnd::Stopped, t, first_violation);
            }
            if ((previous_objective - objective) / previous_objective).abs() <= options.tolerance {
                return outcome(StageEnd::Converged, t, first_violation);
            }
            previous_objective = objective;
        }
    }
    outcome(StageEnd::IterationLimit, iterations, first_violation)
}

/// One fused pass: gradient, moments, step.
fn step(
    problem: &Problem,
    mu: f64,
    rate: f64,
    correction: (f64, f64),
    options: &AdamOptions,
    state: &mut State,
    work: &mut AdamWorkspace,
) {
    let inverse = work.log_det.inverse_transposed();
    for j in 0..problem.variables() {
        let pull = if problem.scored[j] && state.scales[j] > 0.0 { mu / state.scales[j] } else { 0.0 };
        let columns = (
            state.w.column_mut(j).into_slice(),
            state.residual.column(j).to_slice(),
            problem.l1.column(j).to_slice(),
            inverse.column(j).to_slice(),
            work.first.column_mut(j).into_slice(),
            work.second.column_mut(j).into_slice(),
            work.last.column_mut(j).into_slice(),
        );
        let (Some(w), Some(r), Some(l1), Some(m), Some(first), Some(second), Some(last)) = columns else {
            debug_assert!(false, "all seven are column-major");
            continue;
        };
        let acyclicity = problem.acyclicity;
        vectorised(ColumnStep { w, r, l1, m, first, second, last, pull, mu, rate, correction, options, acyclicity });
    }
    if let Some(signs) = &problem.signs {
        Zip::from(&mut state.w).and(signs).for_each(|w, sign| match sign {
            Sign::Free => {}
            Sign::NonNegative => *w = w.max(0.0),
            Sign::NonPositive => *w = w.min(0.0),
        });
    }
}

/// The step of one column, without branches.
struct ColumnStep<'a> {
    w: &'a mut [f64],
    r: &'a [f64],
    l1: &'a [f64],
    m: &'a [f64],
    first: &'a mut [f64],
    second: &'a mut [f64],
    last: &'a mut [f64],
    /// μ / σ_j.
    pull: f64,
    mu: f64,
    rate: f64,
    correction: (f64, f64),
    options: &'a AdamOptions,
    acyclicity: Acyclicity,
}

impl Kernel for ColumnStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let d = self.w.len();
        let (w, r, l1, m) = (self.w, &self.r[..d], &self.l1[..d], &self.m[..d]);
        let (first, second, last) = (&mut self.first[..d], &mut self.second[..d], &mut self.last[..d]);
        let (beta1, beta2) = (self.options.beta1, self.options.beta2);
        for i in 0..d {
            let sign = f64::from(u8::from(w[i] > 0.0)) - f64::from(u8::from(w[i] < 0.0));
            // A forbidden weight is zero and never moves.
            let free = l1[i] < f64::INFINITY;
            let penalty = if free { self.mu * l1[i] * sign } else { 0.0 };
            let gradient = -self.pull * r[i] + penalty + self.acyclicity.slope(w[i]) * m[i];
            first[i] = beta1 * first[i] + (1.0 - beta1) * gradient;
            second[i] = beta2 * second[i] + (1.0 - beta2) * gradient * gradient;
            let step = (first[i] * self.correction.0) / ((second[i] * self.correction.1).sqrt() + EPSILON);
            last[i] = if free { step } else { 0.0 };
            w[i] -= self.rate * last[i];
        }
    }
}
