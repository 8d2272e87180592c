//! When iterations stop, and what they say then.

use crate::{Result, Scalar, check_range};

/// When an iteration gives up or is content.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Relative tolerance, in [0, 1); what it is relative to stands at each method. Default 1e-10.
    pub tolerance: f64,
    /// Largest number of iterations. Default 1000.
    pub iterations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { tolerance: 1e-10, iterations: 1000 }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<()> {
        check_range("tolerance", self.tolerance, self.tolerance >= 0.0 && self.tolerance < 1.0, "in [0, 1)")
    }

    pub(super) fn tolerance<T: Scalar>(&self) -> T {
        <T as Scalar>::from_f64(self.tolerance)
    }
}

/// Why an iteration stopped. Hitting a limit is a result, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stopped {
    /// The tolerance was reached.
    Converged,
    /// The Krylov space is exhausted: the result is as exact as rounding allows.
    Exhausted,
    /// The limit of iterations was reached first.
    IterationLimit,
    /// A direction p with pᵀ A p ≤ 0 showed up: the operator is not positive definite.
    NegativeCurvature,
    /// The preconditioner gave rᵀ M⁻¹ r ≤ 0: it is not positive definite.
    IndefinitePreconditioner,
    /// A product was not finite.
    Breakdown,
}

/// Report of a linear solver.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Solved<T> {
    /// Number of iterations, each one product with the operator.
    pub iterations: usize,
    /// ‖b − A x‖, computed anew from the final x.
    pub residual: T,
    /// Why it stopped.
    pub stopped: Stopped,
}
