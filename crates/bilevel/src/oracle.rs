//! Inexact values and hypergradients: what the upper-level methods see of a problem.

use crate::{Cost, Result, ValueBounds};
use ndarray::{Array1, ArrayRef1};

/// Evaluates f(θ) = g(x̂(θ)) and its gradient to accuracies that the caller asks for.
///
/// It holds one accepted lower-level point, which solves begin from, and one trial.
pub trait Oracle {
    /// d.
    fn hyperparameters(&self) -> usize;

    /// Refuses hyperparameters that the problem has no meaning for.
    ///
    /// # Errors
    /// A length other than d, entries that are not finite.
    fn check(&self, theta: &ArrayRef1<f64>) -> Result<()>;

    /// Solves the lower level at `theta` to within `accuracy`, from the accepted point, which becomes the solution.
    ///
    /// # Errors
    /// What the lower solver refuses.
    fn refine(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<Evaluation>;

    /// The same into the trial, beside the accepted point.
    ///
    /// # Errors
    /// As [`refine`](Self::refine).
    fn attempt(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<Evaluation>;

    /// The trial becomes the accepted point.
    fn accept(&mut self);

    /// Writes the hypergradient z (d) at the accepted point, with the linear system solved to an absolute `residual`.
    ///
    /// # Errors
    /// What the linear solver refuses.
    fn hypergradient_into(
        &mut self,
        theta: &ArrayRef1<f64>,
        residual: f64,
        z: &mut ArrayRef1<f64>,
    ) -> Result<Hypergradient>;

    /// What was spent so far.
    fn cost(&self) -> Cost;

    /// A typical ‖x - x̂‖ to begin with, and the size of x: where defaults of the accuracies come from.
    ///
    /// # Errors
    /// As [`refine`](Self::refine).
    fn scale(&mut self, theta: &ArrayRef1<f64>) -> Result<Scale>;

    /// Everything that a continued run needs: points, adjoints, estimates.
    fn state(&self) -> Vec<Array1<f64>>;

    /// Goes back to a saved state.
    ///
    /// # Errors
    /// A state of another problem.
    fn restore(&mut self, state: &[Array1<f64>]) -> Result<()>;
}

/// A lower-level solution, seen from above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// g there, and what f(θ) lies between.
    pub bounds: ValueBounds,
    /// Whether the accuracy was reached.
    pub solved: bool,
}

/// A computed hypergradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hypergradient {
    /// A bound of its error; `None` when none is formed.
    pub error: Option<f64>,
    /// `g(x) - ⟨q, ∇ₓh⟩`: f(θ) with an error of second order. Not a bound.
    pub corrected: f64,
    /// Whether the residual was reached.
    pub solved: bool,
}

/// Magnitudes at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// A bound of ‖x₀ - x̂(θ₀)‖.
    pub error: f64,
    /// ‖x₀‖.
    pub size: f64,
}
