//! Constants of the scalar type.

use core_tensor::Scalar;

/// The constant `value` in the type `T`.
#[inline]
pub(crate) fn constant<T: Scalar>(value: f64) -> T {
    <T as Scalar>::from_f64(value)
}

/// aᵀb.
#[inline]
pub(crate) fn dot<T: Scalar>(a: &[T], b: &[T]) -> T {
    let mut lanes = [T::zero(); 8];
    let (a_chunks, a_rest) = a.as_chunks::<8>();
    let (b_chunks, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for l in 0..8 {
            lanes[l] += a[l] * b[l];
        }
    }
    let rest: T = a_rest.iter().zip(b_rest).map(|(&a, &b)| a * b).sum();
    ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7])) + rest
}

/// Σ a².
#[inline]
pub(crate) fn norm_squared<T: Scalar>(a: &[T]) -> T {
    dot(a, a)
}

/// The largest absolute value, 0 for none; NaN where there is one.
pub(crate) fn largest_abs<'a, T: Scalar>(a: impl IntoIterator<Item = &'a T>) -> T {
    a.into_iter().fold(T::zero(), |m, v| {
        let v = v.abs();
        if v > m || v.is_nan() { v } else { m }
    })
}
