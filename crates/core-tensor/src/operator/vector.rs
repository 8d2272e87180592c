//! What iterations do with vectors; sums in a fixed order.

use crate::{Error, Result, Scalar, check_shape};
use ndarray::{Array1, ArrayRef1, Zip};

use super::LinearOperator;

/// `y ← y + α x`.
pub(super) fn add_scaled<T: Scalar>(y: &mut ArrayRef1<T>, alpha: T, x: &ArrayRef1<T>) {
    Zip::from(y).and(x).for_each(|y, &x| *y += alpha * x);
}

pub(super) fn norm<T: Scalar>(x: &ArrayRef1<T>) -> T {
    // Scaled so that squares neither overflow nor vanish.
    let largest = x.iter().fold(T::zero(), |m, v| if v.is_nan() { *v } else { m.max(v.abs()) });
    if !(largest > T::zero()) || !largest.is_finite() {
        return largest;
    }
    largest * x.iter().map(|&v| (v / largest) * (v / largest)).sum::<T>().sqrt()
}

/// Subtracts from `x` its components along the first `count` of the orthonormal `basis`, twice for full accuracy
/// (Giraud, Langou and Rozložník 2005).
pub(super) fn orthogonalise<T: Scalar>(x: &mut Array1<T>, basis: &[Array1<T>], count: usize) {
    for _ in 0..2 {
        for q in &basis[..count] {
            let component = q.dot(&*x);
            add_scaled(x, -component, q);
        }
    }
}

/// A start vector without symmetry that a structured matrix could annihilate; the same on every call.
pub(super) fn start<T: Scalar>(n: usize) -> Array1<T> {
    // The fractional parts of multiples of the golden ratio, shifted to [0.5, 1.5) with alternating blocks of signs.
    let mut x = Array1::from_shape_fn(n, |i| {
        let fraction = ((i as f64 + 1.0) * 0.618_033_988_749_894_9).fract() + 0.5;
        <T as Scalar>::from_f64(if (i * i / 3) % 2 == 0 { fraction } else { -fraction })
    });
    let length = norm(&x);
    if length > T::zero() {
        x.iter_mut().for_each(|v| *v /= length);
    }
    x
}

/// Accepts a square operator and returns its size.
pub(super) fn check_square_operator<T: Scalar, A: LinearOperator<T> + ?Sized>(a: &A) -> Result<usize> {
    let (m, n) = (a.rows(), a.columns());
    if m == n {
        return Ok(n);
    }
    Err(Error::Shape { argument: "a", found: vec![m, n], expected: vec![m, m], reason: "the operator must be square" })
}

/// Accepts a vector of length `n`.
pub(super) fn check_length<T: Scalar>(argument: &'static str, x: &ArrayRef1<T>, n: usize) -> Result<()> {
    check_shape(argument, x, &[n], "it has an entry per row of the operator")
}
