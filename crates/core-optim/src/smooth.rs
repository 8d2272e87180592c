//! What the smooth solvers minimise.

use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// A differentiable function of a vector of [`dimension`](Self::dimension) entries.
///
/// The methods take `&mut self` so that an implementation can keep scratch memory between calls; the values must not
/// depend on it. Outside the function's domain return NaN or +∞: solvers then shorten their step. The gradient may
/// hold anything in that case.
///
/// Solvers pass vectors of length `dimension()` only.
pub trait SmoothObjective<T: Scalar> {
    /// Number of variables.
    fn dimension(&self) -> usize;

    /// f(x).
    fn value(&mut self, x: &ArrayRef1<T>) -> T;

    /// Returns f(x) and writes ∇f(x) to `gradient`, whose old contents must not be read.
    fn value_and_gradient_into(&mut self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> T;
}

/// A function whose Hessian can be multiplied with a vector.
pub trait TwiceDifferentiable<T: Scalar>: SmoothObjective<T> {
    /// Writes ∇²f(x) v to `out`, whose old contents must not be read.
    fn hessian_vector_into(&mut self, x: &ArrayRef1<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>);
}

/// What a smooth solver reports besides the point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Summary<T> {
    /// The objective at the returned point (with the penalty, for a composite objective).
    pub value: T,
    /// The certificate: ‖∇f‖ at the returned point; for a composite objective the norm of the prox-gradient mapping at
    /// the point from which the last step was taken, which bounds the one at the returned point.
    pub gradient_norm: T,
    /// The duality gap, when the method last computed it: an upper bound on how far the objective there was above its minimum.
    pub gap: Option<T>,
    /// Completed iterations.
    pub iterations: usize,
    /// Evaluations of the objective, with or without gradient.
    pub evaluations: usize,
    /// Why the run ended.
    pub stopped: crate::Stopped,
}

/// A point and what is known of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Minimum<T> {
    /// The point.
    pub x: ndarray::Array1<T>,
    /// Objective, certificate, effort and reason to stop.
    pub summary: Summary<T>,
}

/// The state of a smooth solver after an iteration, for an [`Observer`](crate::Observer).
#[derive(Debug)]
#[non_exhaustive]
pub struct SolverState<'a, T> {
    /// The iteration just completed, from 1.
    pub iteration: usize,
    /// The objective, when the method has computed it anyway.
    pub value: Option<T>,
    /// The certificate, as in [`Summary::gradient_norm`].
    pub gradient_norm: T,
    /// The step length: a multiple of the direction (L-BFGS), or 1 / L (FISTA).
    pub step: T,
    /// Evaluations so far.
    pub evaluations: usize,
    /// The point.
    pub x: &'a ArrayRef1<T>,
}
