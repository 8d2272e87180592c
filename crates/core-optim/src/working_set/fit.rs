//! What comes out.

use crate::Stopped;
use ndarray::{Array1, ArrayRef1};

/// A sparse linear model and its certificate.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SparseFit<T> {
    /// λ₁ of the penalty.
    pub l1: T,
    /// w (d).
    pub coefficients: Array1<T>,
    /// b; 0 without intercept.
    pub intercept: T,
    /// The objective, loss + penalty, at (w, b).
    pub primal: T,
    /// The best lower bound of the optimum that was found; -∞ if there is none.
    pub dual: T,
    /// primal - dual ≥ 0, computed without cancellation: the objective exceeds the optimum by at most this.
    pub gap: T,
    /// The gap is within the tolerance times this: the objective at w = 0 with the best b.
    pub scale: T,
    /// The largest distance of a negative gradient entry xⱼᵀ(-∇f) to the subdifferential of its penalty (in units of λ₁).
    pub violation: T,
    /// How it went.
    pub effort: Effort,
    /// Why it ended. [`Stopped::Converged`]: the gap is within the tolerance; [`Stopped::Settled`]: no dual bound could be had or it
    /// is beyond the precision of the numbers, but the coefficients satisfy the optimality conditions up to rounding.
    pub stopped: Stopped,
}

impl<T> SparseFit<T> {
    /// True if the gap is within the tolerance.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.stopped == Stopped::Converged
    }
}

/// Work done for a fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effort {
    /// Rounds of certificate and new working set.
    pub outer_iterations: usize,
    /// Passes over a working set.
    pub inner_iterations: usize,
    /// Newton steps on the support.
    pub newton_steps: usize,
    /// Sizes of the working sets, one per outer iteration that needed one.
    pub working_sets: Vec<usize>,
    /// Columns that were proved to be zero at the optimum and not touched again.
    pub screened: usize,
}

/// The state of a run after an outer iteration, for an [`Observer`](crate::Observer).
#[derive(Debug)]
#[non_exhaustive]
pub struct WorkingSetState<'a, T> {
    /// The outer iteration just certified, from 1.
    pub iteration: usize,
    /// λ₁ of the penalty.
    pub l1: T,
    /// The objective.
    pub primal: T,
    /// The gap.
    pub gap: T,
    /// Size of the working set of the iteration before; 0 in the first.
    pub working_set: usize,
    /// The coefficients.
    pub coefficients: &'a ArrayRef1<T>,
}
