//! The order-restricted problem: for a fixed topological order the score plus l1 norm is convex and h = 0.
//!
//! The d columns are lassos on the Gram matrix, coupled only through the noise scales. On a fixed support with fixed
//! signs the mean squared residual is `q(σ) = A + B σ²`, so two evaluations give the scale's fixed point
//! `σ² = A / (1 − B)` in closed form; a handful of rounds reach the optimum.

use crate::column::{ColumnProblem, ColumnReport, ColumnWorkspace, solve_column};
use crate::problem::{Problem, State};
use crate::score::NoiseModel;
use ndarray::Array2;

/// The minimiser for one order.
pub(crate) struct Polished {
    pub(crate) state: State,
    /// Largest violation of the optimality conditions, in units of the gradient of the score.
    pub(crate) kkt: f64,
    pub(crate) ridged: bool,
}

/// Changes of the noise scales below this (relative) end the rounds.
const SCALE_TOLERANCE: f64 = 1e-13;
const MAXIMUM_ROUNDS: usize = 60;
const COLUMN_TOLERANCE: f64 = 1e-11;

/// Which edges a convex problem may use; together they must be acyclic.
pub(crate) enum Allowed<'a> {
    /// Those from earlier to later variables, by each variable's place in the order.
    Order(Vec<usize>),
    /// The non-zeros of a graph (d × d).
    Support(&'a Array2<f64>),
}

impl<'a> Allowed<'a> {
    pub(crate) fn order(order: &[usize]) -> Self {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(position, &variable)| place[variable] = position);
        Self::Order(place)
    }

    pub(crate) fn support(graph: &'a Array2<f64>) -> Self {
        Self::Support(graph)
    }

    fn edge(&self, cause: usize, effect: usize) -> bool {
        match self {
            Self::Order(place) => place[cause] < place[effect],
            Self::Support(graph) => graph[[cause, effect]] != 0.0,
        }
    }
}

/// Minimises score + l1 norm over all W with non-zeros only where `allowed`, from the warm start `warm` (its other
/// entries are ignored).
pub(crate) fn polish(problem: &Problem, allowed: &Allowed<'_>, warm: Option<&Array2<f64>>) -> Polished {
    let d = problem.variables();
    // λ where an edge is allowed, infinite elsewhere.
    let mut l1 = problem.l1.clone();
    for ((i, j), l1) in l1.indexed_iter_mut() {
        if !allowed.edge(i, j) {
            *l1 = f64::INFINITY;
        }
    }
    let mut state = State::start(problem);
    if let Some(warm) = warm {
        ndarray::Zip::from(&mut state.w).and(warm).and(&l1).for_each(|w, &warm, &l1| {
            *w = if l1.is_finite() { warm } else { 0.0 };
        });
        state.refresh(problem);
    }
    let mut solver = OrderSolver::new(problem, l1);
    let report = match (problem.model, problem.known_scales.is_some()) {
        (NoiseModel::EqualVariance, false) => solver.common_scale(&mut state),
        _ => solver.separate_scales(&mut state),
    };
    state.refresh(problem);
    let kkt = solver.violation(&state);
    Polished { state, kkt, ridged: report.ridged }
}

struct OrderSolver<'a> {
    problem: &'a Problem,
    l1: Array2<f64>,
    column: ColumnWorkspace,
}

impl<'a> OrderSolver<'a> {
    fn new(problem: &'a Problem, l1: Array2<f64>) -> Self {
        Self { problem, l1, column: ColumnWorkspace::new(problem.variables()) }
    }

    /// Solves column j with the noise scale `scale`; the state's q follows.
    fn solve(&mut self, state: &mut State, j: usize, scale: f64) -> ColumnReport {
        let problem = self.problem;
        let l1 = self.l1.column(j);
        let signs = problem.signs.as_ref().map(|signs| signs.column(j));
        let column = ColumnProblem {
            covariance: problem.covariance_slice(),
            target: j,
            curvature: 1.0 / scale,
            quadratic: None,
            l1: l1.as_slice().unwrap_or(&[]),
            signs: signs.as_ref().and_then(|signs| signs.as_slice()),
            ridge: problem.ridge,
        };
        let (mut w, mut residual) = (state.w.column_mut(j), state.residual.column_mut(j));
        let report = match (w.as_slice_mut(), residual.as_slice_mut()) {
            (Some(w), Some(residual)) => solve_column(&column, w, residual, COLUMN_TOLERANCE, &mut self.column),
            _ => ColumnReport::default(),
        };
        let explained = state.w.column(j).dot(&state.residual.column(j));
        state.q[j] = (state.residual[[j, j]] - explained).max(0.0);
        report
    }

    fn separate_scales(&mut self, state: &mut State) -> ColumnReport {
        let mut all = ColumnReport::default();
        for j in 0..self.problem.variables() {
            let floor = self.problem.floor[j];
            if let Some(known) = &self.problem.known_scales {
                all.ridged |= self.solve(state, j, known[j]).ridged;
                continue;
            }
            let start = state.scales[j];
            if start <= 0.0 {
                continue;
            }
            state.scales[j] = fixed_point(start, floor, |scale| {
                all.ridged |= self.solve(state, j, scale).ridged;
                state.q[j]
            });
        }
        all
    }

    fn common_scale(&mut self, state: &mut State) -> ColumnReport {
        let d = self.problem.variables();
        let mut all = ColumnReport::default();
        let start = state.scales.first().copied().unwrap_or(0.0);
        if start <= 0.0 {
            return all;
        }
        let floor = self.problem.floor.first().copied().unwrap_or(0.0);
        let scale = fixed_point(start, floor, |scale| {
            for j in 0..d {
                all.ridged |= self.solve(state, j, scale).ridged;
            }
            state.q.sum() / d as f64
        });
        state.scales.fill(scale);
        all
    }

    /// Largest violation of the optimality conditions of the order-restricted problem.
    fn violation(&self, state: &State) -> f64 {
        let (problem, d) = (self.problem, self.problem.variables());
        let mut worst = 0.0_f64;
        for j in 0..d {
            if state.scales[j] <= 0.0 {
                continue;
            }
            for i in (0..d).filter(|&i| self.l1[[i, j]].is_finite()) {
                let gradient = -state.residual[[i, j]] / state.scales[j];
                let (w, t) = (state.w[[i, j]], self.l1[[i, j]]);
                let sign = problem.signs.as_ref().map_or(crate::Sign::Free, |signs| signs[[i, j]]);
                let violation = if w != 0.0 {
                    (gradient + t * w.signum()).abs()
                } else {
                    let up = if sign.allows(1.0) { -gradient - t } else { 0.0 };
                    let down = if sign.allows(-1.0) { gradient - t } else { 0.0 };
                    up.max(down).max(0.0)
                };
                worst = worst.max(violation);
            }
        }
        worst
    }
}

/// The σ with σ² = max(q(σ), floor²), by the secant of q in σ².
fn fixed_point(start: f64, floor: f64, mut q: impl FnMut(f64) -> f64) -> f64 {
    let mut scale = start;
    let mut previous: Option<(f64, f64)> = None;
    for _ in 0..MAXIMUM_ROUNDS {
        let value = q(scale);
        let square = scale * scale;
        let mut next = value;
        if let Some((old_square, old_value)) = previous {
            let slope = (value - old_value) / (square - old_square);
            if (0.0..1.0).contains(&slope) {
                next = (value - slope * square) / (1.0 - slope);
            }
        }
        previous = Some((square, value));
        let next = next.max(0.0).sqrt().max(floor);
        let settled = (next - scale).abs() <= SCALE_TOLERANCE * scale;
        if next <= 0.0 {
            break;
        }
        scale = next;
        if settled {
            break;
        }
    }
    scale
}
