//! Björck and Bowie's iteration.

use crate::Result;
use core_tensor::linalg::{Accumulate, Svd, gemm_into, gram_into};
use core_tensor::{Scalar, check_range, check_shape};
use ndarray::{Array2, ArrayRef2};

/// `iterations` steps W ← 3/2 W - 1/2 W Wᵀ W from A/‖A‖₂: approaches the polar factor, quadratically once singular values are near 1.
/// 12 are usual in training, 25 give single precision.
///
/// # Errors
/// Entries that are not finite; a zero matrix.
pub fn bjorck<T: Scalar>(a: &ArrayRef2<T>, iterations: usize) -> Result<Array2<T>> {
    let mut svd = Svd::new(a.nrows(), a.ncols());
    svd.factorise(a)?;
    let norm = svd.singular_values()?.first().copied().unwrap_or_else(T::zero);
    check_range("‖a‖", Scalar::to_f64(norm), norm > T::zero(), "> 0: a zero matrix has no direction")?;
    let mut w = a.mapv(|v| v / norm);
    let mut scratch = Array2::zeros((0, 0));
    let mut next = w.clone();
    for _ in 0..iterations {
        bjorck_step_into(&w, &mut scratch, &mut next)?;
        std::mem::swap(&mut w, &mut next);
    }
    Ok(w)
}

/// Writes 3/2 W - 1/2 W Wᵀ W (m × n) to `next`: one step. `scratch` grows to min(m, n)² on the first call and is reused then.
///
/// # Errors
/// Another shape of `next`.
pub fn bjorck_step_into<T: Scalar>(w: &ArrayRef2<T>, scratch: &mut Array2<T>, next: &mut ArrayRef2<T>) -> Result<()> {
    check_shape("next", next, w.shape(), "`w` has that shape")?;
    let wide = w.nrows() <= w.ncols();
    let small = w.nrows().min(w.ncols());
    if scratch.dim() != (small, small) {
        *scratch = Array2::zeros((small, small));
    }
    let half = <T as Scalar>::from_f64(-0.5);
    next.zip_mut_with(w, |next, &w| *next = w * <T as Scalar>::from_f64(1.5));
    if wide {
        gram_into(scratch, Accumulate::Replace, T::one(), &w.t())?;
        gemm_into(next, Accumulate::Add, half, scratch, w)?;
    } else {
        gram_into(scratch, Accumulate::Replace, T::one(), w)?;
        gemm_into(next, Accumulate::Add, half, w, scratch)?;
    }
    Ok(())
}
