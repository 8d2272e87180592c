//! Extreme singular values (Golub and Kahan 1965), with full reorthogonalisation.

use super::tridiagonal::eigenvalues;
use super::vector::{add_scaled, norm, orthogonalise, start};
use super::{Limits, LinearOperator, Stopped};
use crate::{Error, Result, Scalar};
use ndarray::Array1;

/// Both ends of the singular spectrum: of min(m, n) singular values, the largest and the smallest. All zero for an empty
/// operator.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ExtremeSingularValues<T> {
    /// The largest singular value; the true one is not smaller than this (up to rounding).
    pub largest: T,
    /// The smallest of the min(m, n) singular values; the true one is not larger than this (up to rounding).
    pub smallest: T,
    /// A singular value lies within this distance of `largest`.
    pub largest_residual: T,
    /// A singular value (or zero, for an operator that is not square) lies within this distance of `smallest`.
    pub smallest_residual: T,
    /// Number of iterations, each one product with A and one with Aᵀ.
    pub iterations: usize,
    /// Why it stopped.
    pub stopped: Stopped,
}

/// The largest and the smallest of the min(m, n) singular values of `a` (m × n), from a fixed start vector.
///
/// Bidiagonalises, so that small singular values keep an absolute accuracy of ε ‖A‖ (working with Aᵀ A would keep √ε ‖A‖
/// only). Converges when both residual bounds are at most tolerance · `largest`; the smallest value usually takes many
/// more steps than the largest. Allocates 2 min(m, n, `limits.iterations`) vectors in advance.
///
/// # Errors
/// Limits out of range, `limits.iterations` = 0, and errors of the operator.
pub fn extreme_singular_values<T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &A,
    limits: Limits,
) -> Result<ExtremeSingularValues<T>> {
    limits.check()?;
    if limits.iterations == 0 {
        return Err(Error::OutOfRange { argument: "iterations", found: 0.0, expected: ">= 1" });
    }
    // The right vectors live on the shorter side, so that the projection has no singular values of its own.
    let wide = a.columns() > a.rows();
    let (m, n) = if wide { (a.columns(), a.rows()) } else { (a.rows(), a.columns()) };
    let forward = |x: &Array1<T>, out: &mut Array1<T>| {
        if wide { a.apply_transposed_into(x, out) } else { a.apply_into(x, out) }
    };
    let backward = |x: &Array1<T>, out: &mut Array1<T>| {
        if wide { a.apply_into(x, out) } else { a.apply_transposed_into(x, out) }
    };
    let zero = T::zero();
    let mut found = ExtremeSingularValues {
        largest: zero,
        smallest: zero,
        largest_residual: zero,
        smallest_residual: zero,
        iterations: 0,
        stopped: Stopped::Exhausted,
    };
    if n == 0 {
        return Ok(found);
    }
    let steps = n.min(limits.iterations);
    let mut right = vec![Array1::<T>::zeros(n); steps];
    let mut left = vec![Array1::<T>::zeros(m); steps];
    right[0] = start(n);
    let (mut u, mut v) = (Array1::zeros(m), Array1::zeros(n));
    // Off-diagonal of the tridiagonal matrix [[0, B], [Bᵀ, 0]] in interleaved order: α₁, β₁, α₂, ….
    let mut entries: Vec<f64> = Vec::with_capacity(2 * steps);
    let mut beta = zero;
    for k in 0..steps {
        forward(&right[k], &mut u)?;
        found.iterations = k + 1;
        if k > 0 {
            add_scaled(&mut u, -beta, &left[k - 1]);
        }
        orthogonalise(&mut u, &left, k);
        let alpha = norm(&u);
        if alpha > T::epsilon() * <T as Scalar>::from_f64(entries.iter().fold(0.0_f64, |m, v| m.max(*v))) {
            left[k].iter_mut().zip(&u).for_each(|(to, &u)| *to = u / alpha);
        }
        // A vanishing α leaves a zero left vector: A v is in the span already, and zero is a singular value.
        backward(&left[k], &mut v)?;
        add_scaled(&mut v, -alpha, &right[k]);
        orthogonalise(&mut v, &right, k + 1);
        beta = norm(&v);
        if !(alpha.is_finite() && beta.is_finite()) {
            found.stopped = Stopped::Breakdown;
            return Ok(found);
        }
        entries.push(Scalar::to_f64(alpha));
        let scale = entries.iter().fold(0.0_f64, |m, v| m.max(*v)).max(Scalar::to_f64(beta));
        let exhausted = Scalar::to_f64(beta) <= 4.0 * Scalar::to_f64(T::epsilon()) * scale || k + 1 == n;
        if exhausted || k + 1 == steps || k < 16 || k % 8 == 0 {
            // Eigenvalues are ± the singular values of B (k + 1 of them), so the upper half of the list is wanted. The
            // order v₁, u₁, v₂, u₂, … ends with the last left vector, and Aᵀ u − σ v = β times the component there: √2
            // times that of the unit eigenvector, for it holds both halves of a singular pair.
            let size = 2 * (k + 1);
            let Some(pairs) = eigenvalues(&vec![0.0; size], &entries) else {
                return Err(Error::NoConvergence { argument: "a", what: "bidiagonal singular value iteration" });
            };
            let (last, first) = (pairs[size - 1], pairs[size / 2]);
            let bound = |pair: (f64, f64)| {
                <T as Scalar>::from_f64(Scalar::to_f64(beta) * (pair.1.abs() * std::f64::consts::SQRT_2).min(1.0))
            };
            found.largest = <T as Scalar>::from_f64(last.0);
            found.smallest = <T as Scalar>::from_f64(first.0.max(0.0));
            (found.largest_residual, found.smallest_residual) = (bound(last), bound(first));
            if exhausted {
                found.stopped = Stopped::Exhausted;
                return Ok(found);
            }
            if found.largest_residual.max(found.smallest_residual) <= limits.tolerance::<T>() * found.largest {
                found.stopped = Stopped::Converged;
                return Ok(found);
            }
        }
        if k + 1 < steps {
            right[k + 1].iter_mut().zip(&v).for_each(|(to, &v)| *to = v / beta);
            entries.push(Scalar::to_f64(beta));
        }
    }
    found.stopped = Stopped::IterationLimit;
    Ok(found)
}
