//! Solvers of the lower level.

mod adaptive;
mod fista;
mod lbfgs;
mod newton;

pub use adaptive::AdaptiveGradient;
pub use fista::{Fista, FistaStep};
pub use lbfgs::Lbfgs;
pub use newton::Newton;

use crate::{Cost, LowerLevel, Result};
use ndarray::{Array1, ArrayRef1};

/// Minimises h(·, θ) until ‖∇ₓh‖ is small enough.
pub trait LowerSolver: Send + std::fmt::Debug {
    /// Improves `x` until ‖∇ₓh(x, θ)‖ ≤ `goal`, in at most `limit` iterations; x is not touched when it meets the goal already.
    ///
    /// # Errors
    /// What the solver needs and the problem does not provide; a Hessian without positive curvature.
    fn solve(
        &mut self,
        problem: &mut dyn LowerLevel,
        theta: &ArrayRef1<f64>,
        x: &mut Array1<f64>,
        goal: f64,
        limit: usize,
    ) -> Result<Solve>;

    /// A solver of the same kind, for another sample.
    fn duplicate(&self) -> Box<dyn LowerSolver>;
}

/// How a solve ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solve {
    /// ‖∇ₓh‖ at the returned point.
    pub residual: f64,
    /// Iterations.
    pub iterations: usize,
    /// What it took.
    pub cost: Cost,
}
