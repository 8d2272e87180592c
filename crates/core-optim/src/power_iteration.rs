//! The largest curvature of a function, for step sizes.

use crate::error::check_length;
use crate::reduce::{dot, norm};
use crate::{Error, Result, TwiceDifferentiable};
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{Array1, ArrayRef1};

/// Estimates the largest eigenvalue of ∇²f(x) in absolute value by `products` Hessian-vector products.
///
/// The estimate (a Rayleigh quotient) approaches the eigenvalue from below: as a Lipschitz constant, inflate it (5 % after 20 products is
/// usual) and keep a safeguard; it is not a bound. The start vector is fixed, so the result repeats bit for bit.
///
/// # Errors
/// `products` = 0, a shape that does not match, NaN in `x`, or a Hessian that is not finite there.
pub fn largest_curvature<T: Scalar>(
    f: &mut (impl TwiceDifferentiable<T> + ?Sized),
    x: &ArrayRef1<T>,
    products: usize,
) -> Result<T> {
    let n = f.dimension();
    check_range("products", products as f64, products > 0, ">= 1")?;
    check_length("x", x, n, "the objective has that many variables")?;
    check_finite("x", x)?;
    if n == 0 {
        return Ok(T::zero());
    }
    // All signs and magnitudes: not orthogonal to the leading vector of any structured Hessian one meets.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut v =
        Array1::from_shape_simple_fn(n, || <T as Scalar>::from_f64(crate::split_mix::uniform(&mut state) - 0.5));
    let mut image = Array1::zeros(n);
    let mut eigenvalue = T::zero();
    for _ in 0..products {
        let length = norm(&v);
        if length == T::zero() {
            return Ok(T::zero());
        }
        v.mapv_inplace(|e| e / length);
        f.hessian_vector_into(x, &v, &mut image);
        eigenvalue = dot(&v, &image).abs();
        if !eigenvalue.is_finite() {
            let value = Scalar::to_f64(f.value(x));
            return Err(Error::StartNotFinite { value, gradient_norm: Scalar::to_f64(eigenvalue) });
        }
        std::mem::swap(&mut v, &mut image);
    }
    Ok(eigenvalue)
}
