//! Steps with a block matrix: the fixed bound, Newton's method, exact minimisation.

use crate::line_search::LineSearch;
use crate::number::{dot, largest_abs};
use crate::step::{Block, Memory, Problem, Step, move_to};
use crate::{Curvature, Result, State};
use core_tensor::Scalar;

const IGNORES: &str = "this update solves a linear system and ignores the penalty; use ProxNewton";

/// Item 3: `x_b - H_b⁺ ∇_b` with the fixed bound. Exact for quadratics.
#[derive(Debug, Clone)]
pub(crate) struct MatrixStep<T: Scalar> {
    memory: Memory<T>,
}

impl<T: Scalar> MatrixStep<T> {
    pub(crate) fn new() -> Self {
        Self { memory: Memory::new() }
    }
}

impl<T: Scalar> Step<T> for MatrixStep<T> {
    fn check(&self, problem: &Problem<'_, T>) -> Result<()> {
        if problem.penalty.is_none() { Ok(()) } else { Err(problem.penalty.incompatible("update Matrix", IGNORES)) }
    }

    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let (indices, memory) = (block.indices, &mut self.memory);
        memory.load(problem, state, indices)?;
        memory.load_hessian(problem, state, indices, Curvature::Bound)?;
        newton_direction(memory, indices)?;
        move_to(problem, state, indices, &memory.d, &memory.u)
    }
}

/// d ← -H⁺ g, u ← x + d.
pub(crate) fn newton_direction<T: Scalar>(memory: &mut Memory<T>, block: &[usize]) -> Result<()> {
    let Memory { g, x, d, u, h, solver } = memory;
    d.iter_mut().zip(&*g).for_each(|(d, &g)| *d = -g);
    solver.solve(h, d, block)?;
    for k in 0..block.len() {
        u[k] = x[k] + d[k];
    }
    Ok(())
}

/// Items 4 and 6: Newton's method with a line search, one step or until the block is optimal.
#[derive(Debug, Clone)]
pub(crate) struct NewtonStep<T: Scalar> {
    memory: Memory<T>,
    search: LineSearch,
    most: usize,
}

impl<T: Scalar> NewtonStep<T> {
    /// At most `most` Newton steps per update.
    pub(crate) fn new(search: LineSearch, most: usize) -> Self {
        Self { memory: Memory::new(), search, most }
    }
}

impl<T: Scalar> Step<T> for NewtonStep<T> {
    fn check(&self, problem: &Problem<'_, T>) -> Result<()> {
        if problem.penalty.is_none() { Ok(()) } else { Err(problem.penalty.incompatible("update Newton", IGNORES)) }
    }

    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let (indices, memory) = (block.indices, &mut self.memory);
        let mut first = None;
        for _ in 0..self.most {
            memory.load(problem, state, indices)?;
            let size = largest_abs(&memory.g);
            let goal = *first.get_or_insert(size) * T::epsilon() * <T as Scalar>::from_f64(64.0);
            if size == T::zero() || (self.most > 1 && size <= goal) {
                break;
            }
            memory.load_hessian(problem, state, indices, Curvature::AtPoint)?;
            newton_direction(memory, indices)?;
            if problem.objective.is_quadratic() {
                return move_to(problem, state, indices, &memory.d, &memory.u);
            }
            let slope = dot(&memory.g, &memory.d);
            let found = self.search.search(problem, state, indices, &memory.d, slope, |_| T::zero())?;
            let Some(a) = found else { break };
            problem.objective.advance(state, indices, &memory.d, a)?;
        }
        Ok(())
    }
}
