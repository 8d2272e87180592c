//! Power iteration.

use super::vector::{add_scaled, check_square_operator, norm, start};
use super::{Limits, LinearOperator, Stopped};
use crate::{Result, Scalar};
use ndarray::Array1;

/// The eigenvalue of largest absolute value of a symmetric operator.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DominantEigenvalue<T> {
    /// The eigenvalue, with its sign (a Rayleigh quotient). Zero for n = 0.
    pub value: T,
    /// A unit eigenvector (n).
    pub vector: Array1<T>,
    /// ‖A v − λ v‖: some eigenvalue lies within this distance of `value`.
    pub residual: T,
    /// Number of products.
    pub iterations: usize,
    /// Why it stopped.
    pub stopped: Stopped,
}

/// The dominant eigenvalue of a symmetric `a` (n × n) by repeated products, from a fixed start vector.
///
/// Converges when the residual is at most tolerance · |λ|. Slow when the two largest absolute values are close, and
/// when they are equal with opposite signs it does not converge: [`extreme_eigenvalues`](super::extreme_eigenvalues)
/// does, for more memory. Allocates two vectors.
///
/// # Errors
/// `a` not square, limits out of range, and errors of the operator.
pub fn power_iteration<T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &A,
    limits: Limits,
) -> Result<DominantEigenvalue<T>> {
    limits.check()?;
    let n = check_square_operator(a)?;
    let mut vector = start::<T>(n);
    let mut product = Array1::zeros(n);
    let (mut value, mut residual) = (T::zero(), T::zero());
    let mut iterations = 0;
    let stopped = loop {
        if n == 0 {
            break Stopped::Converged;
        }
        if iterations == limits.iterations {
            break Stopped::IterationLimit;
        }
        a.apply_into(&vector, &mut product)?;
        iterations += 1;
        value = vector.dot(&product);
        let length = norm(&product);
        if !(value.is_finite() && length.is_finite()) {
            break Stopped::Breakdown;
        }
        add_scaled(&mut product, -value, &vector);
        residual = norm(&product);
        if residual <= limits.tolerance::<T>() * value.abs() {
            break Stopped::Converged;
        }
        // A v again, from the residual; length is positive, for otherwise value and residual would be zero.
        add_scaled(&mut product, value, &vector);
        vector.iter_mut().zip(&product).for_each(|(v, &p)| *v = p / length);
    };
    Ok(DominantEigenvalue { value, vector, residual, iterations, stopped })
}
