//! The proximal-Newton solver of one stage of the central path.
//!
//! At W, with the noise scales frozen at their closed form and h replaced by its linearisation in W∘W, the stage
//! problem `μ (S + λ ‖W‖₁) + h_s` separates into one elastic net on the Gram matrix for each column
//! ([`crate::column`]). Their solutions give a direction of descent, because the model has the true gradient and a
//! positive definite quadratic part; a backtracking step along it keeps the point inside the domain and lowers the
//! profile objective.

use crate::acyclicity::{Acyclicity, LogDet};
use crate::colide::NewtonOptions;
use crate::column::{ColumnProblem, ColumnReport, ColumnWorkspace, Linearised, solve_column};
use crate::problem::{Problem, State};
use crate::trace::{StageEnd, Step};
use ndarray::{Array2, Axis, Zip};
use std::ops::ControlFlow;

/// Memory of the solver for d variables.
pub(crate) struct NewtonWorkspace {
    log_det: LogDet,
    candidate: State,
    direction: Array2<f64>,
    columns: Vec<ColumnWorkspace>,
}

/// Below this number of variables a column is too little work for a thread of its own.
const PARALLEL_FROM: usize = 48;

impl NewtonWorkspace {
    pub(crate) fn new(problem: &Problem) -> Self {
        let d = problem.variables();
        Self {
            log_det: LogDet::with_form(d, problem.acyclicity),
            candidate: State::zeros(d),
            direction: Array2::zeros((d, d)),
            columns: (0..if d >= PARALLEL_FROM { 8 } else { 1 }).map(|_| ColumnWorkspace::new(d)).collect(),
        }
    }
}

/// Minimises one stage from `state`, which must lie in the domain of s.
pub(crate) fn solve_stage(
    problem: &Problem,
    mu: f64,
    s: f64,
    state: &mut State,
    options: NewtonOptions,
    work: &mut NewtonWorkspace,
    observe: &mut dyn FnMut(&Step<'_>) -> ControlFlow<()>,
) -> StageEnd {
    let Some(mut h) = work.log_det.value_unchecked(&state.w, s) else { return StageEnd::LeftDomain };
    let mut objective = mu * state.penalised_score(problem) + h;
    for iteration in 1..=options.maximum_steps {
        work.log_det.invert();
        let violation = propose(problem, mu, state, options.column_tolerance, work);
        let step = match line_search(problem, mu, s, state, objective, work) {
            Some(accepted) => accepted,
            None => return StageEnd::Stationary,
        };
        std::mem::swap(state, &mut work.candidate);
        let decrease = (objective - step.objective) / objective.abs().max(f64::MIN_POSITIVE);
        (objective, h) = (step.objective, step.h);
        let view =
            Step { iteration, mu, s, objective, h, step: step.length, column_violation: violation, weights: &state.w };
        if observe(&view).is_break() {
            return StageEnd::Stopped;
        }
        if decrease <= options.tolerance {
            return StageEnd::Converged;
        }
    }
    StageEnd::IterationLimit
}

/// Solves all column problems at `state`; the solution goes to the candidate's weights and residuals. Returns the
/// largest violation of optimality that was left.
fn propose(problem: &Problem, mu: f64, state: &State, tolerance: f64, work: &mut NewtonWorkspace) -> f64 {
    let d = problem.variables();
    let candidate = &mut work.candidate;
    candidate.w.assign(&state.w);
    candidate.residual.assign(&state.residual);
    let inverse = work.log_det.inverse_transposed();
    let solve = |j: usize, w: &mut [f64], residual: &mut [f64], memory: &mut ColumnWorkspace| {
        if !problem.scored[j] || state.scales[j] <= 0.0 {
            return ColumnReport::default();
        }
        // The l1 weight is μ λ; dividing the whole problem by μ keeps its numbers of order one.
        let (l1, weights) = (problem.l1.column(j), inverse.column(j));
        let (weights, factor) = (weights.to_slice().unwrap_or(&[]), 1.0 / mu);
        let signs = problem.signs.as_ref().map(|signs| signs.column(j));
        let column = ColumnProblem {
            covariance: problem.covariance_slice(j),
            target: j,
            curvature: 1.0 / state.scales[j],
            acyclicity: match problem.acyclicity {
                Acyclicity::Squared => Linearised::Quadratic { weights, factor },
                Acyclicity::NonNegative => Linearised::Linear { weights, factor },
            },
            l1: l1.as_slice().unwrap_or(&[]),
            signs: signs.as_ref().and_then(|signs| signs.as_slice()),
            ridge: problem.ridge,
        };
        solve_column(&column, w, residual, tolerance, memory)
    };
    let chunk = d.div_ceil(work.columns.len()).max(1);
    let chunks = candidate
        .w
        .axis_chunks_iter_mut(Axis(1), chunk)
        .zip(candidate.residual.axis_chunks_iter_mut(Axis(1), chunk))
        .zip(work.columns.iter_mut());
    let reports = crate::parallel::map(chunks, |index, ((mut w, mut residual), memory)| {
        let mut worst = 0.0_f64;
        for local in 0..w.ncols() {
            let (mut w, mut residual) = (w.column_mut(local), residual.column_mut(local));
            if let (Some(w), Some(residual)) = (w.as_slice_mut(), residual.as_slice_mut()) {
                worst = worst.max(solve(index * chunk + local, w, residual, memory).violation);
            }
        }
        worst
    });
    reports.into_iter().fold(0.0, f64::max)
}

struct Accepted {
    length: f64,
    objective: f64,
    h: f64,
}

/// Steps of 1, 1/2, 1/4, … towards the candidate until the point is inside the domain and the objective is lower; the
/// candidate becomes the accepted point. `None` when no step down to 1e-6 is.
fn line_search(
    problem: &Problem,
    mu: f64,
    s: f64,
    state: &State,
    objective: f64,
    work: &mut NewtonWorkspace,
) -> Option<Accepted> {
    let mut length = 1.0;
    while length >= 1e-6 {
        if length < 1.0 {
            if length == 0.5 {
                work.direction.assign(&work.candidate.w);
                work.direction -= &state.w;
            }
            Zip::from(&mut work.candidate.w)
                .and(&state.w)
                .and(&work.direction)
                .for_each(|c, &w, &p| *c = w + length * p);
            work.candidate.refresh(problem);
        } else {
            work.candidate.refresh_scales(problem);
        }
        if let Some(h) = work.log_det.value_unchecked(&work.candidate.w, s) {
            let trial = mu * work.candidate.penalised_score(problem) + h;
            if trial < objective {
                return Some(Accepted { length, objective: trial, h });
            }
        }
        length *= 0.5;
    }
    None
}
