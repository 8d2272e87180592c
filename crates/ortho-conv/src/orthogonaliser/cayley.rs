//! Cayley's map.

use super::skew::check_skew;
use crate::Result;
use core_tensor::linalg::Lu;
use core_tensor::{Scalar, check_shape};
use ndarray::{Array2, ArrayRef2};

/// (I + A/2)⁻¹ (I - A/2) of a skew matrix A (n × n): orthogonal, determinant 1. Never singular.
///
/// # Errors
/// A matrix that is not square, not finite, or not skew.
pub fn cayley<T: Scalar>(a: &ArrayRef2<T>) -> Result<Array2<T>> {
    check_skew(a)?;
    let (lu, minus) = factors(a)?;
    let mut q = minus;
    lu.solve_in_place(&mut q)?;
    Ok(q)
}

/// The gradient with respect to A of a function of Q = [`cayley`]`(A)`: `-½ (I + A/2)⁻ᵀ G (I + Q)ᵀ` for the gradient G = `upstream`.
///
/// # Errors
/// As [`cayley`]; another shape.
pub fn cayley_pullback<T: Scalar>(a: &ArrayRef2<T>, upstream: &ArrayRef2<T>) -> Result<Array2<T>> {
    check_shape("upstream", upstream, a.shape(), "`a` has that shape")?;
    check_skew(a)?;
    let (lu, minus) = factors(a)?;
    let mut q = minus;
    lu.solve_in_place(&mut q)?;
    q.diag_mut().iter_mut().for_each(|q| *q += T::one());
    let mut gradient = upstream.dot(&q.t());
    lu.solve_transposed_in_place(&mut gradient)?;
    gradient.mapv_inplace(|g| g * <T as Scalar>::from_f64(-0.5));
    Ok(gradient)
}

/// The factors of I + A/2, and I - A/2.
fn factors<T: Scalar>(a: &ArrayRef2<T>) -> Result<(Lu<T>, Array2<T>)> {
    let half = a.mapv(|v| v * <T as Scalar>::from_f64(0.5));
    let (mut plus, mut minus) = (half.clone(), -half);
    for matrix in [&mut plus, &mut minus] {
        matrix.diag_mut().iter_mut().for_each(|d| *d += T::one());
    }
    let mut lu = Lu::new(a.nrows());
    lu.factorise(&plus)?;
    Ok((lu, minus))
}
