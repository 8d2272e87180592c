//! One-off solves; they allocate. Keep a factorisation for repeated use.

use super::{Llt, Lu, RightHandSide};
use crate::{Result, Scalar, check_square};
use ndarray::{Array, Array2, ArrayRef, ArrayRef2, ShapeBuilder};

/// The solution of A X = B for a square `a` (n × n) and `b` (n, or n × k), by [`Lu`].
///
/// # Errors
/// `a` not square, not finite or singular; `b` without n rows or not finite.
pub fn solve<T: Scalar, D: RightHandSide>(a: &ArrayRef2<T>, b: &ArrayRef<T, D>) -> Result<Array<T, D>> {
    let mut lu = Lu::new(check_square("a", a)?);
    lu.factorise(a)?;
    let mut x = b.to_owned();
    lu.solve_in_place(&mut x)?;
    Ok(x)
}

/// The solution of A X = B for a symmetric positive definite `a` (n × n) and `b` (n, or n × k), by [`Llt`].
///
/// # Errors
/// `a` not square, not finite or not positive definite; `b` without n rows or not finite.
pub fn solve_spd<T: Scalar, D: RightHandSide>(a: &ArrayRef2<T>, b: &ArrayRef<T, D>) -> Result<Array<T, D>> {
    let mut llt = Llt::new(check_square("a", a)?);
    llt.factorise(a)?;
    let mut x = b.to_owned();
    llt.solve_in_place(&mut x)?;
    Ok(x)
}

/// The inverse of a square `a` (n × n), by [`Lu`]. A solve is faster and more accurate wherever one will do.
///
/// # Errors
/// `a` not square, not finite or singular.
pub fn inverse<T: Scalar>(a: &ArrayRef2<T>) -> Result<Array2<T>> {
    let n = check_square("a", a)?;
    let mut lu = Lu::new(n);
    lu.factorise(a)?;
    let mut out = Array2::zeros((n, n).f());
    lu.inverse_into(&mut out)?;
    Ok(out)
}

/// log det A for a symmetric positive definite `a` (n × n), by [`Llt`].
///
/// # Errors
/// `a` not square, not finite or not positive definite.
pub fn log_det<T: Scalar>(a: &ArrayRef2<T>) -> Result<T> {
    let mut llt = Llt::new(check_square("a", a)?);
    llt.factorise(a)?;
    llt.log_det()
}
