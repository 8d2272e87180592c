//! The convex problem of a fixed order or graph: score plus l1 norm over the edges that it allows, with h = 0.
//!
//! The d columns are lassos on the Gram matrix, coupled only through the noise scales. On a fixed support with fixed
//! signs the mean squared residual is `q(σ) = A + B σ²`, so two evaluations give the scale's fixed point
//! `σ² = A / (1 − B)` in closed form; a handful of rounds reach the optimum.

use crate::column::{ColumnProblem, ColumnWorkspace, Linearised, solve_column};
use crate::problem::{Problem, State};
use crate::score::NoiseModel;
use ndarray::{Array2, Axis};

/// The minimiser for one order.
pub(crate) struct Polished {
    pub(crate) state: State,
    /// Largest violation of the optimality conditions, in units of the gradient of the score.
    pub(crate) violation: f64,
    /// True when a ridge had to be added for collinear variables.
    pub(crate) ridged: bool,
}

/// Changes of the noise scales below this (relative) end the rounds.
const SCALE_TOLERANCE: f64 = 1e-13;
const MAXIMUM_ROUNDS: usize = 60;
const COLUMN_TOLERANCE: f64 = 1e-11;
/// Parts into which the columns are divided among threads: more than threads, since late columns of an order have
/// larger problems than early ones.
const PARTS: usize = 16;
/// Below this number of variables a column is too little work for a thread of its own.
const PARALLEL_FROM: usize = 48;

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
    let columns = Columns { problem, l1 };
    let ridged = match (problem.model, problem.known_scales.is_some()) {
        (NoiseModel::EqualVariance, false) => columns.solve_with_common_scale(&mut state),
        _ => columns.solve_with_own_scales(&mut state),
    };
    state.refresh(problem);
    let violation = problem.violation(&state, &columns.l1, 1.0, |_, _| 0.0);
    Polished { state, violation, ridged }
}

struct Columns<'a> {
    problem: &'a Problem,
    /// Column-major; infinite where no edge is allowed.
    l1: Array2<f64>,
}

/// One column of W with its residuals C (e_j − w), as slices.
struct Column<'s> {
    index: usize,
    w: &'s mut [f64],
    residual: &'s mut [f64],
}

impl Columns<'_> {
    /// Solves one column with the noise scale `scale`; returns its mean squared residual and whether it was ridged.
    fn solve(&self, column: &mut Column<'_>, scale: f64, memory: &mut ColumnWorkspace) -> (f64, bool) {
        let (problem, j) = (self.problem, column.index);
        let l1 = self.l1.column(j);
        let signs = problem.signs.as_ref().map(|signs| signs.column(j));
        let data = ColumnProblem {
            covariance: problem.covariance_slice(j),
            target: j,
            curvature: 1.0 / scale,
            acyclicity: Linearised::Nothing,
            l1: l1.as_slice().unwrap_or(&[]),
            signs: signs.as_ref().and_then(|signs| signs.as_slice()),
            ridge: problem.ridge,
        };
        let report = solve_column(&data, column.w, column.residual, COLUMN_TOLERANCE, memory);
        let explained = crate::updated_cholesky::dot(column.w, column.residual);
        ((column.residual[j] - explained).max(0.0), report.ridged)
    }

    /// Runs `task` on every scored column whose scale is positive, on threads for many of them.
    fn for_each<R: Send>(
        &self,
        state: &mut State,
        task: impl Fn(&mut Column<'_>, &mut ColumnWorkspace) -> R + Sync + Send,
    ) -> Vec<(usize, R)> {
        let d = self.problem.variables();
        let chunk = if d >= PARALLEL_FROM { d.div_ceil(PARTS) } else { d.max(1) };
        let parts =
            state.w.axis_chunks_iter_mut(Axis(1), chunk).zip(state.residual.axis_chunks_iter_mut(Axis(1), chunk));
        let scales = &state.scales;
        let results = crate::parallel::map(parts, |part, (mut w, mut residual)| {
            let mut memory = ColumnWorkspace::new(d);
            let mut results = Vec::with_capacity(chunk);
            for (local, (mut w, mut residual)) in w.columns_mut().into_iter().zip(residual.columns_mut()).enumerate() {
                let index = part * chunk + local;
                if !self.problem.scored[index] || scales[index] <= 0.0 {
                    continue;
                }
                if let (Some(w), Some(residual)) = (w.as_slice_mut(), residual.as_slice_mut()) {
                    results.push((index, task(&mut Column { index, w, residual }, &mut memory)));
                }
            }
            results
        });
        results.into_iter().flatten().collect()
    }

    /// Each column with its own scale, estimated or known.
    fn solve_with_own_scales(&self, state: &mut State) -> bool {
        let problem = self.problem;
        let starts = state.scales.clone();
        let results = self.for_each(state, |column, memory| {
            let (start, floor) = (starts[column.index], problem.floor[column.index]);
            let mut ridged = false;
            let mut solve = |scale: f64| {
                let (q, with_ridge) = self.solve(column, scale, memory);
                ridged |= with_ridge;
                q
            };
            match &problem.known_scales {
                Some(_) => {
                    solve(start);
                }
                None => {
                    fixed_point(start, floor, solve);
                }
            }
            ridged
        });
        results.iter().any(|&(_, ridged)| ridged)
    }

    /// All columns with one scale.
    fn solve_with_common_scale(&self, state: &mut State) -> bool {
        let scored = (0..self.problem.variables()).filter(|&j| self.problem.scored[j]);
        let Some(first) = scored.clone().next() else { return false };
        let (start, floor, count) = (state.scales[first], self.problem.floor[first], scored.count() as f64);
        if start <= 0.0 {
            return false;
        }
        let mut ridged = false;
        fixed_point(start, floor, |scale| {
            let results = self.for_each(state, |column, memory| self.solve(column, scale, memory));
            ridged |= results.iter().any(|(_, (_, ridged))| *ridged);
            results.iter().map(|(_, (q, _))| q).sum::<f64>() / count
        });
        ridged
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
