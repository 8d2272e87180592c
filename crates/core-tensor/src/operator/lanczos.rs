//! Extreme eigenvalues of a symmetric operator (Lanczos 1950), with full reorthogonalisation.

use super::tridiagonal::eigenvalues;
use super::vector::{add_scaled, check_square_operator, norm, orthogonalise, start};
use super::{Limits, LinearOperator, Stopped};
use crate::{Error, Result, Scalar};
use ndarray::Array1;

/// Both ends of the spectrum of a symmetric operator. All zero for n = 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ExtremeEigenvalues<T> {
    /// The smallest eigenvalue; the true one is not larger than this (up to rounding).
    pub smallest: T,
    /// The largest eigenvalue; the true one is not smaller than this (up to rounding).
    pub largest: T,
    /// An eigenvalue lies within this distance of `smallest`.
    pub smallest_residual: T,
    /// An eigenvalue lies within this distance of `largest`.
    pub largest_residual: T,
    /// Number of products.
    pub iterations: usize,
    /// Why it stopped.
    pub stopped: Stopped,
}

/// The smallest and the largest eigenvalue of a symmetric `a` (n × n), from a fixed start vector.
///
/// Converges when both residual bounds are at most tolerance · max |λ|. Allocates one vector per iteration up to
/// min(n, `limits.iterations`) vectors in advance, and costs one product and 4nk flops in iteration k.
///
/// A start vector that happens to lie in an invariant subspace hides the eigenvalues outside it; the fixed start is
/// irregular, so that no structure is likely to do so.
///
/// # Errors
/// `a` not square, limits out of range, `limits.iterations` = 0, and errors of the operator.
pub fn extreme_eigenvalues<T: Scalar, A: LinearOperator<T> + ?Sized>(
    a: &A,
    limits: Limits,
) -> Result<ExtremeEigenvalues<T>> {
    limits.check()?;
    let n = check_square_operator(a)?;
    if limits.iterations == 0 {
        return Err(Error::OutOfRange { argument: "iterations", found: 0.0, expected: ">= 1" });
    }
    let zero = T::zero();
    let mut found = ExtremeEigenvalues {
        smallest: zero,
        largest: zero,
        smallest_residual: zero,
        largest_residual: zero,
        iterations: 0,
        stopped: Stopped::Exhausted,
    };
    if n == 0 {
        return Ok(found);
    }
    let steps = n.min(limits.iterations);
    let mut basis = vec![Array1::<T>::zeros(n); steps];
    basis[0] = start(n);
    let mut next = Array1::zeros(n);
    let (mut alphas, mut betas) = (Vec::with_capacity(steps), Vec::with_capacity(steps));
    for k in 0..steps {
        a.apply_into(&basis[k], &mut next)?;
        found.iterations = k + 1;
        let alpha = basis[k].dot(&next);
        add_scaled(&mut next, -alpha, &basis[k]);
        orthogonalise(&mut next, &basis, k + 1);
        let beta = norm(&next);
        if !(alpha.is_finite() && beta.is_finite()) {
            found.stopped = Stopped::Breakdown;
            return Ok(found);
        }
        alphas.push(Scalar::to_f64(alpha));
        betas.push(Scalar::to_f64(beta));
        // Eigenvalues of the projection: at every step while that is cheap, then now and then.
        let scale = alphas.iter().chain(&betas).fold(0.0_f64, |m, v| m.max(v.abs()));
        let exhausted = betas[k] <= 4.0 * Scalar::to_f64(T::epsilon()) * scale || k + 1 == n;
        if exhausted || k + 1 == steps || k < 16 || k % 8 == 0 {
            let Some(pairs) = eigenvalues(&alphas, &betas) else {
                return Err(Error::NoConvergence { argument: "a", what: "tridiagonal eigenvalue iteration" });
            };
            let (first, last) = (pairs[0], pairs[pairs.len() - 1]);
            let bound = |pair: (f64, f64)| <T as Scalar>::from_f64(betas[k] * pair.1.abs());
            (found.smallest, found.largest) = (<T as Scalar>::from_f64(first.0), <T as Scalar>::from_f64(last.0));
            (found.smallest_residual, found.largest_residual) = (bound(first), bound(last));
            let size = found.smallest.abs().max(found.largest.abs());
            if exhausted {
                found.stopped = Stopped::Exhausted;
                return Ok(found);
            }
            if found.smallest_residual.max(found.largest_residual) <= limits.tolerance::<T>() * size {
                found.stopped = Stopped::Converged;
                return Ok(found);
            }
        }
        if k + 1 < steps {
            basis[k + 1].iter_mut().zip(&next).for_each(|(to, &v)| *to = v / beta);
        }
    }
    found.stopped = Stopped::IterationLimit;
    Ok(found)
}
