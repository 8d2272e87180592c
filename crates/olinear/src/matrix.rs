//! Matrices that live in slices.

use crate::Result;
use core_tensor::Scalar;
use core_tensor::linalg::{Accumulate, gemm_into};
use ndarray::{ArrayRef2, ArrayView2, ArrayViewMut2, Axis};

/// The first rows · columns entries as a matrix. Callers pass buffers that were made that large.
pub(crate) fn matrix<T>(entries: &[T], rows: usize, columns: usize) -> ArrayView2<'_, T> {
    match ArrayView2::from_shape((rows, columns), &entries[..rows * columns]) {
        Ok(view) => view,
        Err(error) => unreachable!("a slice of that many entries has that shape: {error}"),
    }
}

/// [`matrix`], to be written.
pub(crate) fn matrix_mut<T>(entries: &mut [T], rows: usize, columns: usize) -> ArrayViewMut2<'_, T> {
    match ArrayViewMut2::from_shape((rows, columns), &mut entries[..rows * columns]) {
        Ok(view) => view,
        Err(error) => unreachable!("a slice of that many entries has that shape: {error}"),
    }
}

/// `out ← A B`.
pub(crate) fn product<T: Scalar>(out: &mut [T], a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Result<()> {
    Ok(gemm_into(&mut matrix_mut(out, a.nrows(), b.ncols()), Accumulate::Replace, T::one(), &a, &b)?)
}

/// `out ← out + A B`.
pub(crate) fn add_product<T: Scalar>(out: &mut [T], a: ArrayView2<'_, T>, b: ArrayView2<'_, T>) -> Result<()> {
    Ok(gemm_into(&mut matrix_mut(out, a.nrows(), b.ncols()), Accumulate::Add, T::one(), &a, &b)?)
}

/// Sum of the d blocks of `size` columns of a matrix, block k weighted by `factors[k]`.
pub(crate) fn collapse<T: Scalar>(matrix: &[T], size: usize, factors: &[T], out: &mut [T]) {
    crate::kernels::run(crate::kernels::Collapse { matrix, size, factors, out });
}

/// `out ← out + Σ_n a_n b_nᵀ` over the rows of `a` and `b`, which are few.
pub(crate) fn add_outer<T: Scalar>(out: &mut ArrayRef2<T>, a: &ArrayRef2<T>, b: &ArrayRef2<T>) {
    for (a, b) in a.axis_iter(Axis(0)).zip(b.axis_iter(Axis(0))) {
        for (&a, mut out) in a.iter().zip(out.axis_iter_mut(Axis(0))) {
            out.scaled_add(a, &b);
        }
    }
}
