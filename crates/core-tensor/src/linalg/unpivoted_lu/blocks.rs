//! The recursion over blocks: everything above the smallest block is a matrix product or a triangular solve.
//!
//! The inverse multiplies with the inverses of the diagonal blocks instead of solving with them. For the triangular
//! factors of an M-matrix these are nonnegative and free of cancellation.

use super::BadPivot;
use super::small::{self, BLOCK};
use crate::Scalar;
use crate::linalg::gemm::gemm_parallelism;
use crate::vectorised::clear_upper_halves;
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place};
use faer::{Accum, Mat, MatMut, MatRef};

/// Inverses of the diagonal blocks of L and U side by side, and memory for one block row.
#[derive(Debug, Clone)]
pub(super) struct Blocks<T> {
    lower: Mat<T>,
    upper: Mat<T>,
    rows: Mat<T>,
}

impl<T: Scalar> Blocks<T> {
    pub(super) fn new(n: usize) -> Self {
        Self { lower: Mat::zeros(BLOCK, n), upper: Mat::zeros(BLOCK, n), rows: Mat::zeros(BLOCK, n) }
    }

    /// Factorises the square `a` in place; it stands at row and column `first` of the whole matrix.
    pub(super) fn factorise(
        mut a: MatMut<'_, T>,
        first: usize,
        good: impl Fn(T) -> bool + Copy,
    ) -> Result<(), BadPivot> {
        let n = a.nrows();
        if n <= BLOCK {
            return small::factorise(a, first, good);
        }
        let half = split(n);
        let (mut a00, mut a01, mut a10, mut a11) = a.as_mut().split_at_mut(half, half);
        Self::factorise(a00.as_mut(), first, good)?;
        let par = gemm_parallelism(half, half, n - half);
        solve_unit_lower_triangular_in_place(a00.as_ref(), a01.as_mut(), par);
        // A10 ← A10 U00⁻¹, as U00ᵀ X = A10ᵀ.
        solve_lower_triangular_in_place(a00.transpose(), a10.as_mut().transpose_mut(), par);
        subtract_product(a11.as_mut(), a10.as_ref(), a01.as_ref());
        Self::factorise(a11, first + half, good)
    }

    /// Stores the inverses of the diagonal blocks of both factors, which everything below needs: call it once after
    /// [`factorise`](Self::factorise).
    pub(super) fn invert_diagonal(&mut self, factor: MatRef<'_, T>) {
        for first in (0..factor.nrows()).step_by(BLOCK) {
            let n = BLOCK.min(factor.nrows() - first);
            let lower = self.lower.as_mut().submatrix_mut(0, first, n, n);
            let upper = self.upper.as_mut().submatrix_mut(0, first, n, n);
            small::invert(factor.submatrix(first, first, n, n), lower, upper);
        }
    }

    /// Writes L⁻¹ to the lower triangle of `out`, whose upper triangle holds zeros.
    pub(super) fn invert_lower(&mut self, factor: MatRef<'_, T>, first: usize, mut out: MatMut<'_, T>) {
        let n = factor.nrows();
        if n <= BLOCK {
            out.copy_from(self.lower.as_ref().submatrix(0, first, n, n));
            return;
        }
        let half = split(n);
        let (mut out00, _, mut out10, out11) = out.as_mut().split_at_mut(half, half);
        let (factor00, _, factor10, factor11) = factor.split_at(half, half);
        self.invert_lower(factor00, first, out00.as_mut());
        // −L10 L00⁻¹, a strip of columns at a time: the rows above the strip are zero.
        const STRIP: usize = 8 * BLOCK;
        for start in (0..half).step_by(STRIP) {
            let width = STRIP.min(half - start);
            product(
                out10.as_mut().subcols_mut(start, width),
                Accum::Replace,
                factor10.subcols(start, half - start),
                out00.as_ref().submatrix(start, start, half - start, width),
                -T::one(),
            );
        }
        self.solve_lower(factor11, first + half, out10);
        self.invert_lower(factor11, first + half, out11);
    }

    /// `b ← L⁻¹ b`.
    pub(super) fn solve_lower(&mut self, factor: MatRef<'_, T>, first: usize, mut b: MatMut<'_, T>) {
        let n = factor.nrows();
        if n <= BLOCK {
            let inverse = self.lower.as_ref().submatrix(0, first, n, n);
            multiply_left(inverse, b, self.rows.as_mut());
            return;
        }
        let half = split(n);
        let (factor00, _, factor10, factor11) = factor.split_at(half, half);
        let (mut top, mut bottom) = b.as_mut().split_at_row_mut(half);
        self.solve_lower(factor00, first, top.as_mut());
        subtract_product(bottom.as_mut(), factor10, top.as_ref());
        self.solve_lower(factor11, first + half, bottom);
    }

    /// `b ← U⁻¹ b`.
    pub(super) fn solve_upper(&mut self, factor: MatRef<'_, T>, first: usize, mut b: MatMut<'_, T>) {
        let n = factor.nrows();
        if n <= BLOCK {
            let inverse = self.upper.as_ref().submatrix(0, first, n, n);
            multiply_left(inverse, b, self.rows.as_mut());
            return;
        }
        let half = split(n);
        let (factor00, factor01, _, factor11) = factor.split_at(half, half);
        let (mut top, mut bottom) = b.as_mut().split_at_row_mut(half);
        self.solve_upper(factor11, first + half, bottom.as_mut());
        subtract_product(top.as_mut(), factor01, bottom.as_ref());
        self.solve_upper(factor00, first, top);
    }
}

/// Rows of the leading part: full blocks, so that only the last block of a matrix is smaller.
fn split(n: usize) -> usize {
    (n / 2).next_multiple_of(BLOCK)
}

/// `b ← inverse · b`, by way of `scratch` (as wide as the whole matrix; a wider `b` is cut).
fn multiply_left<T: Scalar>(inverse: MatRef<'_, T>, mut b: MatMut<'_, T>, mut scratch: MatMut<'_, T>) {
    let (rows, columns) = (b.nrows(), b.ncols());
    for start in (0..columns).step_by(scratch.ncols().max(1)) {
        let width = scratch.ncols().min(columns - start);
        let mut copy = scratch.as_mut().submatrix_mut(0, 0, rows, width);
        let target = b.as_mut().subcols_mut(start, width);
        copy.copy_from(target.as_ref());
        product(target, Accum::Replace, inverse, copy.as_ref(), T::one());
    }
}

fn subtract_product<T: Scalar>(out: MatMut<'_, T>, a: MatRef<'_, T>, b: MatRef<'_, T>) {
    product(out, Accum::Add, a, b, -T::one());
}

fn product<T: Scalar>(out: MatMut<'_, T>, accumulate: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>, alpha: T) {
    let par = gemm_parallelism(a.nrows(), a.ncols(), b.ncols());
    matmul(out, accumulate, a, b, alpha, par);
    clear_upper_halves();
}
