//! Householder reflectors as QR factorisations store them.

use super::memory::Memory;
use super::view::faer_mut;
use crate::{Result, Scalar, check_shape};
use faer::dyn_stack::{MemStack, StackReq};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
    apply_block_householder_sequence_transpose_on_the_left_in_place_scratch,
    apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj,
};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::{Conj, Mat, MatMut, Par};
use ndarray::ArrayRef2;

/// Right-hand sides are treated this many at a time, so that scratch does not grow with their number.
pub(super) const COLUMNS: usize = 32;

/// R on and above the diagonal of `basis`, the reflectors below it, their block coefficients, and room for right-hand
/// sides.
#[derive(Debug, Clone)]
pub(super) struct Reflectors<T: Scalar> {
    pub(super) basis: Mat<T>,
    pub(super) coefficients: Mat<T>,
    pub(super) work: Mat<T>,
}

impl<T: Scalar> Reflectors<T> {
    pub(super) fn new(m: usize, n: usize) -> Self {
        let block = recommended_block_size::<T>(m, n);
        Self { basis: Mat::zeros(m, n), coefficients: Mat::zeros(block, m.min(n)), work: Mat::zeros(m, COLUMNS) }
    }

    pub(super) fn shape(&self) -> (usize, usize) {
        (self.basis.nrows(), self.basis.ncols())
    }

    pub(super) fn block(&self) -> usize {
        self.coefficients.nrows()
    }

    /// Scratch to apply the reflectors.
    pub(super) fn scratch(&self) -> StackReq {
        let (m, n) = self.shape();
        StackReq::any_of(&[
            apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(m, self.block(), n.max(COLUMNS)),
            apply_block_householder_sequence_transpose_on_the_left_in_place_scratch::<T>(m, self.block(), COLUMNS),
        ])
    }

    /// max(m, n) ε.
    pub(super) fn default_tolerance(&self) -> T {
        <T as Scalar>::from_f64(self.basis.nrows().max(self.basis.ncols()) as f64) * T::epsilon()
    }

    /// Number of diagonal entries of R above `tolerance` times the largest one.
    pub(super) fn rank(&self, tolerance: T) -> usize {
        let size = self.coefficients.ncols();
        let largest = (0..size).fold(T::zero(), |m, i| m.max(self.basis[(i, i)].abs()));
        (0..size).filter(|&i| self.basis[(i, i)].abs() > tolerance * largest).count()
    }

    /// `x ← Qᵀ x` with the full Q.
    pub(super) fn apply_transposed(
        basis: &Mat<T>,
        coefficients: &Mat<T>,
        x: MatMut<'_, T>,
        par: Par,
        stack: &mut MemStack,
    ) {
        let (basis, coefficients) = (basis.as_ref().subcols(0, coefficients.ncols()), coefficients.as_ref());
        apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj(
            basis,
            coefficients,
            Conj::No,
            x,
            par,
            stack,
        );
    }

    /// The first min(m, n) columns of Q.
    pub(super) fn q_into(&self, out: &mut ArrayRef2<T>, par: Par, memory: &mut Memory) -> Result<()> {
        let (m, size) = (self.basis.nrows(), self.coefficients.ncols());
        check_shape("out", out, &[m, size], "the thin Q has a column per row or column of the matrix")?;
        out.fill(T::zero());
        out.diag_mut().fill(T::one());
        if size > 0 {
            apply_block_householder_sequence_on_the_left_in_place_with_conj(
                self.basis.as_ref().subcols(0, size),
                self.coefficients.as_ref(),
                Conj::No,
                faer_mut(out),
                par,
                memory.stack(),
            );
        }
        Ok(())
    }

    /// The first min(m, n) rows of R.
    pub(super) fn r_into(&self, out: &mut ArrayRef2<T>) -> Result<()> {
        let (size, n) = (self.coefficients.ncols(), self.basis.ncols());
        check_shape("out", out, &[size, n], "the thin R has a row per column of the thin Q")?;
        for ((i, j), v) in out.indexed_iter_mut() {
            *v = if i <= j { self.basis[(i, j)] } else { T::zero() };
        }
        Ok(())
    }
}
