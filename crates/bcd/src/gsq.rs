//! Variable blocks of size τ for the quadratic model (section 3.2).

use crate::block_solver::{BlockSolver, resize};
use crate::number::constant;
use crate::objective::{Curvature, Objective};
use crate::step::Problem;
use crate::top::top;
use crate::{Result, State};
use core_tensor::Scalar;
use core_tensor::linalg::SymmetricEigen;
use core_tensor::operator::{Limits, LinearOperator, extreme_eigenvalues};
use ndarray::{Array1, Array2, ArrayRef1};
use std::cell::RefCell;

/// `½ ∇_bᵀ H_b⁺ ∇_b`: the progress that an update with `H_b` guarantees. The gradient must be in the state.
///
/// # Errors
/// A Hessian block with negative curvature or entries that are not finite.
pub fn block_value<T: Scalar>(objective: &dyn Objective<T>, state: &mut State<T>, block: &[usize]) -> Result<T> {
    let mut solver = BlockSolver::new();
    let mut h = Array2::zeros((0, 0));
    value_with(objective, state, block, Curvature::Bound, &mut solver, &mut h).map(|v| constant::<T>(0.5) * v)
}

/// `∇_bᵀ H_b⁺ ∇_b`.
pub(crate) fn value_with<T: Scalar>(
    objective: &dyn Objective<T>,
    state: &mut State<T>,
    block: &[usize],
    curvature: Curvature,
    solver: &mut BlockSolver<T>,
    h: &mut Array2<T>,
) -> Result<T> {
    if block.is_empty() {
        return Ok(T::zero());
    }
    resize(h, block.len());
    objective.hessian_into(state, block, curvature, h)?;
    solver.quadratic_form(h, block.iter().map(|&i| state.gradient[i]), block)
}

/// Searches for good blocks; keeps λmax(H) and its memory.
#[derive(Debug, Clone)]
pub(crate) struct BlockSearch<T: Scalar> {
    largest: Option<T>,
    d: Array1<T>,
    image: Array1<T>,
    next: Array1<T>,
    scores: Vec<T>,
    scratch: Vec<usize>,
    support: Vec<usize>,
}

/// Up to this many variables λmax(H) comes from the whole matrix.
const DENSE: usize = 400;

impl<T: Scalar> BlockSearch<T> {
    pub(crate) fn new() -> Self {
        Self {
            largest: None,
            d: Array1::zeros(0),
            image: Array1::zeros(0),
            next: Array1::zeros(0),
            scores: Vec::new(),
            scratch: Vec::new(),
            support: Vec::new(),
        }
    }

    /// λmax of the bound H, exact for few variables, a Lanczos value (from below, to 10⁻⁶) otherwise.
    fn largest_eigenvalue(&mut self, problem: &Problem<'_, T>, state: &mut State<T>) -> Result<T> {
        if let Some(largest) = self.largest {
            return Ok(largest);
        }
        let p = problem.objective.variables();
        let found = if p <= DENSE {
            let mut h = Array2::zeros((p, p));
            let mut column = Array1::zeros(p);
            for i in 0..p {
                problem.objective.bound_column_into(state, i, &mut column)?;
                h.column_mut(i).assign(&column);
            }
            let mut eigen = SymmetricEigen::new(p);
            eigen.factorise(&h)?;
            eigen.values()?[p - 1]
        } else {
            let operator = Bound { objective: problem.objective, state: RefCell::new(state) };
            let limits = Limits { tolerance: 1e-6, iterations: 100 };
            let found = extreme_eigenvalues(&operator, limits)?;
            found.largest
        };
        let found = if found > T::zero() { found } else { T::one() };
        self.largest = Some(found);
        Ok(found)
    }

    /// Iterative hard thresholding `d ← HT_τ(d - (g + H d)/λmax)`, ten sweeps from the reference's start +gᵢ/√Lᵢ.
    pub(crate) fn thresholding(
        &mut self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        tau: usize,
        block: &mut Vec<usize>,
    ) -> Result<()> {
        let largest = self.largest_eigenvalue(problem, state)?;
        self.start(problem, state);
        for _ in 0..10 {
            problem.objective.bound_product_into(state, &self.d, &mut self.image)?;
            for (i, next) in self.next.iter_mut().enumerate() {
                *next = self.d[i] - (state.gradient[i] + self.image[i]) / largest;
            }
            let change = self.keep_largest(tau, block)?;
            if change < constant::<T>(1e-10) {
                break;
            }
        }
        Ok(())
    }

    /// `GsqCluster`: thresholded power sweeps of I - H/λmax from g/√L.
    pub(crate) fn cluster(
        &mut self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        tau: usize,
        sweeps: usize,
        block: &mut Vec<usize>,
    ) -> Result<()> {
        let largest = self.largest_eigenvalue(problem, state)?;
        self.start(problem, state);
        for _ in 0..sweeps {
            problem.objective.bound_product_into(state, &self.d, &mut self.image)?;
            for (i, next) in self.next.iter_mut().enumerate() {
                *next = self.d[i] - self.image[i] / largest;
            }
            self.keep_largest(tau, block)?;
        }
        Ok(())
    }

    /// d ← g/√L, in memory that is kept.
    fn start(&mut self, problem: &Problem<'_, T>, state: &State<T>) {
        let p = state.x.len();
        for v in [&mut self.d, &mut self.image, &mut self.next] {
            if v.len() != p {
                *v = Array1::zeros(p);
            }
        }
        for (i, d) in self.d.iter_mut().enumerate() {
            let l = problem.curvatures[i];
            *d = if l > T::zero() { state.gradient[i] / l.sqrt() } else { T::zero() };
        }
    }

    /// d ← the τ largest entries of the next d; returns ‖change‖.
    fn keep_largest(&mut self, tau: usize, block: &mut Vec<usize>) -> Result<T> {
        let next = &self.next;
        self.scores.clear();
        self.scores.extend(next.iter().map(|v| v.abs()));
        top(&self.scores, tau, &mut self.scratch, block)?;
        block.retain(|&i| next[i] != T::zero());
        let mut change = T::zero();
        self.support.clear();
        self.support.extend((0..self.d.len()).filter(|&i| self.d[i] != T::zero()));
        for &i in &self.support {
            let kept = if block.binary_search(&i).is_ok() { next[i] } else { T::zero() };
            change += (kept - self.d[i]) * (kept - self.d[i]);
        }
        for &i in block.iter().filter(|&&i| self.d[i] == T::zero()) {
            change += next[i] * next[i];
        }
        self.support.iter().for_each(|&i| self.d[i] = T::zero());
        block.iter().for_each(|&i| self.d[i] = next[i]);
        Ok(change.sqrt())
    }
}

/// Grows a block one coordinate at a time by the exact gain rⱼ²/(Hⱼⱼ - `H_jb H_bb⁻¹ H_bj`): a pivoted Cholesky factorisation whose
/// pivots are chosen by gain. O(p τ²) and τ columns of H.
pub(crate) fn greedy_growth<T: Scalar>(
    problem: &Problem<'_, T>,
    state: &mut State<T>,
    tau: usize,
    memory: &mut Growth<T>,
    block: &mut Vec<usize>,
) -> Result<()> {
    let p = state.x.len();
    block.clear();
    memory.load(problem, state, tau.min(p));
    let Growth { schur, residual, rows, column, inside } = memory;
    let floor = |j: usize| problem.curvatures[j] * constant::<T>(p as f64) * T::epsilon();
    for _ in 0..tau.min(p) {
        let mut best: Option<(T, usize)> = None;
        for j in (0..p).filter(|&j| !inside[j]) {
            if residual[j].is_nan() {
                return Err(crate::Error::NotANumber { what: "score", coordinate: j });
            }
            let gain = if schur[j] > floor(j) { residual[j] * residual[j] / schur[j] } else { T::zero() };
            if best.is_none_or(|(most, _)| gain > most) {
                best = Some((gain, j));
            }
        }
        let Some((_, k)) = best.filter(|(gain, _)| *gain > T::zero()) else { break };
        inside[k] = true;
        block.push(k);
        problem.objective.bound_column_into(state, k, column)?;
        // The true diagonal may lie below Lᵢ for objectives whose bound depends on the block.
        let pivot = schur[k].sqrt();
        for row in rows.outer_iter().take(block.len() - 1) {
            let factor = row[k];
            if factor != T::zero() {
                column.scaled_add(-factor, &row);
            }
        }
        column.mapv_inplace(|v| v / pivot);
        let change = residual[k] / pivot;
        for j in (0..p).filter(|&j| !inside[j]) {
            schur[j] -= column[j] * column[j];
            residual[j] -= column[j] * change;
        }
        rows.row_mut(block.len() - 1).assign(column);
    }
    block.sort_unstable();
    Ok(())
}

/// Memory of [`greedy_growth`].
#[derive(Debug, Clone)]
pub(crate) struct Growth<T> {
    /// Schur complements, residual gradients, and the rows of the factor (τ × p).
    schur: Array1<T>,
    residual: Array1<T>,
    rows: Array2<T>,
    column: Array1<T>,
    inside: Vec<bool>,
}

impl<T: Scalar> Growth<T> {
    pub(crate) fn new() -> Self {
        let empty = || Array1::zeros(0);
        let rows = Array2::zeros((0, 0));
        Self { schur: empty(), residual: empty(), rows, column: empty(), inside: Vec::new() }
    }

    /// The start: nothing inside.
    fn load(&mut self, problem: &Problem<'_, T>, state: &State<T>, tau: usize) {
        let p = state.x.len();
        if self.rows.dim() != (tau, p) {
            self.rows = Array2::zeros((tau, p));
            (self.schur, self.residual, self.column) = (Array1::zeros(p), Array1::zeros(p), Array1::zeros(p));
        }
        self.schur.assign(&problem.curvatures);
        self.residual.assign(&state.gradient);
        self.inside.clear();
        self.inside.resize(p, false);
    }
}

/// v ↦ H v.
struct Bound<'a, 'b, T: Scalar> {
    objective: &'a dyn Objective<T>,
    state: RefCell<&'b mut State<T>>,
}

impl<T: Scalar> LinearOperator<T> for Bound<'_, '_, T> {
    fn rows(&self) -> usize {
        self.objective.variables()
    }

    fn columns(&self) -> usize {
        self.objective.variables()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> core_tensor::Result<()> {
        self.objective.bound_product_into(&mut self.state.borrow_mut(), x, out).map_err(|error| match error {
            crate::Error::Argument(error) => error,
            _ => core_tensor::Error::NoConvergence { argument: "H", what: "product" },
        })
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> core_tensor::Result<()> {
        LinearOperator::apply_into(self, x, out)
    }
}
