//! Cholesky factorisation.

use super::gram::mirror_lower;
use super::memory::Memory;
use super::right_hand_side::{RightHandSide, check_factorised, check_right_hand_side, solve_parallelism};
use super::view::{faer_mut, faer_ref, ndarray_ref};
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::linalg::cholesky::llt;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, Par};
use ndarray::{ArrayRef, ArrayRef2, ArrayView2};

/// A = L Lᵀ for a symmetric positive definite A (n × n), L lower triangular with a positive diagonal.
///
/// Made once for n, then used for any number of matrices without allocating: n³/3 flops to factorise, 2n² per
/// right-hand side, 2n³/3 more for the inverse.
///
/// ```
/// use core_tensor::linalg::Llt;
/// use ndarray::array;
///
/// let mut llt = Llt::new(2);
/// llt.factorise(&array![[4.0, 2.0], [2.0, 3.0]])?;
/// let mut x = array![8.0, 7.0];
/// llt.solve_in_place(&mut x)?;
/// assert_eq!(x, array![1.25, 1.5]);
/// # Ok::<(), core_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Llt<T: Scalar> {
    factor: Mat<T>,
    memory: Memory,
    par: Par,
    ready: bool,
}

impl<T: Scalar> Llt<T> {
    /// Memory for n × n matrices.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let par = parallelism_for(n.saturating_mul(n).saturating_mul(n) / 6);
        let memory = Memory::for_any_of(&[
            llt::factor::cholesky_in_place_scratch::<T>(n, par, Default::default()),
            llt::inverse::inverse_scratch::<T>(n, par),
        ]);
        Self { factor: Mat::zeros(n, n), memory, par, ready: false }
    }

    /// Number of rows and columns.
    #[must_use]
    pub fn n(&self) -> usize {
        self.factor.nrows()
    }

    /// Factorises `a` (n × n). Only its lower triangle is used, but all entries must be finite.
    ///
    /// # Errors
    /// `a` not n × n or not finite; [`Error::NotPositiveDefinite`] with the first pivot that is not positive. Afterwards
    /// the value holds no factorisation.
    pub fn factorise(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        let n = self.n();
        check_shape("a", a, &[n, n], "the factorisation was made for that many rows and columns")?;
        check_finite("a", a)?;
        if n > 0 {
            self.factor.copy_from_triangular_lower(faer_ref(a));
            llt::factor::cholesky_in_place(
                self.factor.as_mut(),
                Default::default(),
                self.par,
                self.memory.stack(),
                Default::default(),
            )
            .map_err(|llt::factor::LltError::NonPositivePivot { index }| Error::NotPositiveDefinite {
                argument: "a",
                pivot: index,
            })?;
            // faer leaves scratch above the diagonal.
            for j in 1..n {
                self.factor.col_mut(j).subrows_mut(0, j).fill(T::zero());
            }
        }
        self.ready = true;
        Ok(())
    }

    /// Overwrites `b` (n, or n × k) with the solution of A X = B.
    ///
    /// # Errors
    /// Nothing factorised; `b` without n rows or not finite.
    pub fn solve_in_place<D: RightHandSide>(&self, b: &mut ArrayRef<T, D>) -> Result<()> {
        self.solve_lower_in_place(b)?;
        self.solve_upper_unchecked(b);
        Ok(())
    }

    /// Writes the solution of A X = B to `out`, for `b` and `out` of the same shape (n, or n × k).
    ///
    /// # Errors
    /// Nothing factorised; `b` without n rows or not finite; `out` of another shape.
    pub fn solve_into<D: RightHandSide>(&self, b: &ArrayRef<T, D>, out: &mut ArrayRef<T, D>) -> Result<()> {
        check_shape("out", out, b.shape(), "the solution is as large as `b`")?;
        out.assign(b);
        self.solve_in_place(out)
    }

    /// Overwrites `b` (n, or n × k) with L⁻¹ B: for a covariance A, whitens the columns.
    ///
    /// # Errors
    /// Nothing factorised; `b` without n rows or not finite.
    pub fn solve_lower_in_place<D: RightHandSide>(&self, b: &mut ArrayRef<T, D>) -> Result<()> {
        check_factorised(self.ready, "Llt")?;
        check_right_hand_side(b, self.n())?;
        let b = D::matrix_mut(b);
        let par = solve_parallelism(self.n(), b.ncols());
        solve_lower_triangular_in_place(self.factor.as_ref(), b, par);
        Ok(())
    }

    /// Overwrites `b` (n, or n × k) with L⁻ᵀ B: for a precision A, gives white noise the covariance A⁻¹.
    ///
    /// # Errors
    /// Nothing factorised; `b` without n rows or not finite.
    pub fn solve_lower_transposed_in_place<D: RightHandSide>(&self, b: &mut ArrayRef<T, D>) -> Result<()> {
        check_factorised(self.ready, "Llt")?;
        check_right_hand_side(b, self.n())?;
        self.solve_upper_unchecked(b);
        Ok(())
    }

    /// log det A = 2 Σ log Lᵢᵢ; zero for n = 0.
    ///
    /// # Errors
    /// Nothing factorised.
    pub fn log_det(&self) -> Result<T> {
        check_factorised(self.ready, "Llt")?;
        let half: T = (0..self.n()).map(|i| self.factor[(i, i)].ln()).sum();
        Ok(half + half)
    }

    /// Writes A⁻¹ to `out` (n × n), exactly symmetric.
    ///
    /// # Errors
    /// Nothing factorised; `out` not n × n.
    pub fn inverse_into(&mut self, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "Llt")?;
        let n = self.n();
        check_shape("out", out, &[n, n], "the inverse is as large as the matrix")?;
        llt::inverse::inverse(faer_mut(out), self.factor.as_ref(), self.par, self.memory.stack());
        clear_upper_halves();
        mirror_lower(out);
        Ok(())
    }

    /// L (n × n); zero above the diagonal.
    ///
    /// # Errors
    /// Nothing factorised.
    pub fn lower(&self) -> Result<ArrayView2<'_, T>> {
        check_factorised(self.ready, "Llt")?;
        Ok(ndarray_ref(self.factor.as_ref()))
    }

    fn solve_upper_unchecked<D: RightHandSide>(&self, b: &mut ArrayRef<T, D>) {
        let b = D::matrix_mut(b);
        let par = solve_parallelism(self.n(), b.ncols());
        solve_upper_triangular_in_place(self.factor.transpose(), b, par);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn the_upper_triangle_stays_zero() {
        for n in [1, 5, 64, 200] {
            let a = Array2::from_shape_fn((n, n), |(i, j)| if i == j { n as f64 } else { 1.0 / (1 + i + j) as f64 });
            let mut llt = Llt::new(n);
            for _ in 0..2 {
                llt.factorise(&a).unwrap();
                let lower = llt.lower().unwrap();
                assert!(lower.indexed_iter().all(|((i, j), &v)| j <= i || v == 0.0), "n = {n}");
            }
        }
    }
}
