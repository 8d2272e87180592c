//! What an update of a block looks like.

use crate::{Objective, Penalty, Result, State};
use core_tensor::Scalar;
use ndarray::Array1;

/// F = f + g, as selection rules and updates see it.
pub struct Problem<'a, T: Scalar> {
    /// f.
    pub objective: &'a dyn Objective<T>,
    /// g.
    pub penalty: &'a Penalty<T>,
    /// Lᵢ (p).
    pub curvatures: Array1<T>,
}

impl<'a, T: Scalar> Problem<'a, T> {
    /// Checks that g fits f, and asks f for its curvatures.
    ///
    /// # Errors
    /// A penalty for another number of variables.
    pub fn new(objective: &'a dyn Objective<T>, penalty: &'a Penalty<T>) -> Result<Self> {
        penalty.check_dimension(objective.variables())?;
        let curvatures = objective.curvatures();
        let reason = "there is one per variable";
        crate::error::check_length("curvatures", &curvatures, objective.variables(), reason)?;
        core_tensor::check_finite("curvatures", &curvatures)?;
        Ok(Self { objective, penalty, curvatures })
    }
}

/// A block, and its number if it is one of a fixed list (so that an update can keep what belongs to it).
///
/// The members of a group of a group penalty stand next to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// The coordinates, each once.
    pub indices: &'a [usize],
    /// Position in the list of fixed blocks.
    pub number: Option<usize>,
}

/// An update of one block (section 4): implement it to plug in your own.
///
/// After a step F must not have grown (beyond rounding), and the state must be that of the new x: changes go through
/// [`Objective::prepare`] and [`Objective::advance`].
pub trait Step<T: Scalar> {
    /// Refuses problems that the update cannot handle; asked once per run.
    ///
    /// # Errors
    /// [`Error::Incompatible`](crate::Error::Incompatible).
    fn check(&self, problem: &Problem<'_, T>) -> Result<()> {
        let _ = problem;
        Ok(())
    }

    /// Changes x on the block.
    ///
    /// # Errors
    /// What the block's linear algebra can meet.
    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()>;
}

/// Memory of the built-in updates, for one block.
#[derive(Debug, Clone)]
pub(crate) struct Memory<T: Scalar> {
    /// Gradient, current values, direction, candidate.
    pub(crate) g: Vec<T>,
    pub(crate) x: Vec<T>,
    pub(crate) d: Vec<T>,
    pub(crate) u: Vec<T>,
    pub(crate) h: ndarray::Array2<T>,
    pub(crate) solver: crate::block_solver::BlockSolver<T>,
}

impl<T: Scalar> Memory<T> {
    pub(crate) fn new() -> Self {
        Self {
            g: Vec::new(),
            x: Vec::new(),
            d: Vec::new(),
            u: Vec::new(),
            h: ndarray::Array2::zeros((0, 0)),
            solver: crate::block_solver::BlockSolver::new(),
        }
    }

    /// Gradient and values of the block; direction and candidate of the right length.
    pub(crate) fn load(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: &[usize]) -> Result<()> {
        for v in [&mut self.g, &mut self.d, &mut self.u] {
            v.clear();
            v.resize(block.len(), T::zero());
        }
        problem.objective.block_gradient(state, block, &mut self.g)?;
        state.gather_x(block, &mut self.x);
        Ok(())
    }

    /// The Hessian of the block.
    pub(crate) fn load_hessian(
        &mut self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        block: &[usize],
        curvature: crate::Curvature,
    ) -> Result<()> {
        crate::block_solver::resize(&mut self.h, block.len());
        problem.objective.hessian_into(state, block, curvature, &mut self.h)
    }
}

/// Moves the block by `d` and leaves it exactly at `u = x_b + d` (sums round; zeros and bounds must be exact).
pub(crate) fn move_to<T: Scalar>(
    problem: &Problem<'_, T>,
    state: &mut State<T>,
    block: &[usize],
    d: &[T],
    u: &[T],
) -> Result<()> {
    if d.iter().all(|&d| d == T::zero()) {
        return Ok(());
    }
    if !problem.objective.advances_unprepared() {
        problem.objective.prepare(state, block, d)?;
    }
    problem.objective.advance(state, block, d, T::one())?;
    block.iter().zip(u).for_each(|(&i, &u)| state.x[i] = u);
    Ok(())
}
