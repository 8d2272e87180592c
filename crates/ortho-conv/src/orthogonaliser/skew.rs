//! Skew matrices from free parameters.

use crate::Result;
use core_tensor::{Scalar, check_square};
use ndarray::{Array2, ArrayRef2};

/// Z - Zᵀ of `a` (m × n) filled up with zeros to a square.
pub fn skew<T: Scalar>(a: &ArrayRef2<T>) -> Array2<T> {
    let n = a.nrows().max(a.ncols());
    let mut z = Array2::zeros((n, n));
    for ((i, j), &v) in a.indexed_iter() {
        z[[i, j]] += v;
        z[[j, i]] -= v;
    }
    z
}

/// The gradient with respect to the m × n parameters of [`skew`], for the gradient `upstream` with respect to the skew matrix.
///
/// # Errors
/// An upstream gradient that is not square of size max(m, n).
pub fn skew_pullback<T: Scalar>(upstream: &ArrayRef2<T>, (m, n): (usize, usize)) -> Result<Array2<T>> {
    core_tensor::check_shape("upstream", upstream, &[m.max(n), m.max(n)], "the skew matrix has that shape")?;
    Ok(Array2::from_shape_fn((m, n), |(i, j)| upstream[[i, j]] - upstream[[j, i]]))
}

/// Accepts a square matrix with A = -Aᵀ up to rounding.
pub(super) fn check_skew<T: Scalar>(a: &ArrayRef2<T>) -> Result<()> {
    check_square("skew", a)?;
    core_tensor::check_finite("skew", a)?;
    let largest = a.iter().fold(0.0_f64, |largest, &v| largest.max(Scalar::to_f64(v).abs()));
    let limit = 16.0 * Scalar::to_f64(T::epsilon()) * largest;
    for ((i, j), &v) in a.indexed_iter() {
        let sum = Scalar::to_f64(v + a[[j, i]]).abs();
        core_tensor::check_range(
            "skew",
            sum,
            sum <= limit,
            "the negative of its transpose (`skew` makes it so): this is |a_ij + a_ji|",
        )?;
    }
    Ok(())
}
