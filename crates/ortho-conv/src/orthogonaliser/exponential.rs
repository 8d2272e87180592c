//! The matrix exponential.

use super::skew::check_skew;
use crate::Result;
use core_tensor::{Scalar, check_shape};
use ndarray::{Array2, ArrayRef2, Axis, Slice};

/// exp A of a skew matrix (n × n): a rotation; every rotation is one.
///
/// Scaling and squaring: Taylor's polynomial of degree 18 of A/2ˢ with a norm of at most 1/2 (truncation below 1e-22), then s squarings.
///
/// # Errors
/// A matrix that is not square, not finite, or not skew.
pub fn exponential<T: Scalar>(a: &ArrayRef2<T>) -> Result<Array2<T>> {
    check_skew(a)?;
    Ok(of_any(a))
}

/// The gradient with respect to A of a function of [`exponential`]`(A)`: the derivative of the exponential at Aᵀ in the direction of
/// `upstream`, read off the exponential of the block matrix [[Aᵀ, G], [0, Aᵀ]].
///
/// # Errors
/// As [`exponential`]; another shape; an upstream gradient that is not finite.
pub fn exponential_pullback<T: Scalar>(a: &ArrayRef2<T>, upstream: &ArrayRef2<T>) -> Result<Array2<T>> {
    check_shape("upstream", upstream, a.shape(), "`a` has that shape")?;
    core_tensor::check_finite("upstream", upstream)?;
    check_skew(a)?;
    let n = a.nrows();
    // The derivative is linear in G: a G of size one keeps the block's norm that of A.
    let size = upstream.iter().fold(T::zero(), |size, v| size.max(num_abs(*v)));
    let by = if size > T::zero() { size } else { T::one() };
    let mut block = Array2::zeros((2 * n, 2 * n));
    for ((i, j), &v) in a.indexed_iter() {
        block[[j, i]] = v;
        block[[n + j, n + i]] = v;
    }
    for ((i, j), &g) in upstream.indexed_iter() {
        block[[i, n + j]] = g / by;
    }
    let whole = of_any(&block);
    let corner = whole.slice_axis(Axis(0), Slice::from(..n));
    Ok(corner.slice_axis(Axis(1), Slice::from(n..)).mapv(|v| v * by))
}

fn num_abs<T: Scalar>(v: T) -> T {
    if v < T::zero() { -v } else { v }
}

fn of_any<T: Scalar>(a: &ArrayRef2<T>) -> Array2<T> {
    const DEGREE: u32 = 18;
    let norm = a
        .columns()
        .into_iter()
        .map(|c| c.iter().map(|&v| Scalar::to_f64(v).abs()).sum::<f64>())
        .fold(0.0_f64, f64::max);
    let squarings = if norm > 0.5 { (2.0 * norm).log2().ceil() as i32 } else { 0 };
    let scaled = a.mapv(|v| v * <T as Scalar>::exp2_integer(-squarings));
    let identity = Array2::<T>::eye(a.nrows());
    let mut sum = identity.clone();
    for k in (1..=DEGREE).rev() {
        sum = scaled.dot(&sum) * <T as Scalar>::from_f64(f64::from(k).recip()) + &identity;
    }
    for _ in 0..squarings {
        sum = sum.dot(&sum);
    }
    sum
}
