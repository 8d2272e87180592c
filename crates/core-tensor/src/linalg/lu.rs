//! LU factorisation with partial pivoting.

use super::memory::Memory;
use super::right_hand_side::{RightHandSide, check_factorised, check_right_hand_side, solve_parallelism};
use super::swaps::Swaps;
use super::view::{faer_mut, faer_ref};
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::linalg::lu::partial_pivoting as lu;
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place, solve_unit_upper_triangular_in_place,
    solve_upper_triangular_in_place,
};
use faer::perm::PermRef;
use faer::{Mat, Par};
use ndarray::{ArrayRef, ArrayRef2};

/// P A = L U for a square A (n × n): row permutation P, unit lower triangular L, upper triangular U.
///
/// Made once for n, then used for any number of matrices without allocating: 2n³/3 flops to factorise, 2n² per
/// right-hand side, 4n³/3 for the inverse.
#[derive(Debug, Clone)]
pub struct Lu<T: Scalar> {
    factor: Mat<T>,
    permutation: Vec<usize>,
    inverse_permutation: Vec<usize>,
    swaps: Swaps,
    odd: bool,
    memory: Memory,
    par: Par,
    ready: bool,
}

impl<T: Scalar> Lu<T> {
    /// Memory for n × n matrices.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let par = parallelism_for(n.saturating_mul(n).saturating_mul(n) / 3);
        let memory = Memory::for_any_of(&[
            lu::factor::lu_in_place_scratch::<usize, T>(n, n, par, Default::default()),
            lu::inverse::inverse_scratch::<usize, T>(n, par),
        ]);
        Self {
            factor: Mat::zeros(n, n),
            permutation: vec![0; n],
            inverse_permutation: vec![0; n],
            swaps: Swaps::new(n),
            odd: false,
            memory,
            par,
            ready: false,
        }
    }

    /// Number of rows and columns.
    #[must_use]
    pub fn n(&self) -> usize {
        self.factor.nrows()
    }

    /// Factorises `a` (n × n).
    ///
    /// # Errors
    /// `a` not n × n or not finite; [`Error::Singular`] with the first pivot that is exactly zero or overflowed (a nearly
    /// singular matrix passes: see [`Svd`](super::Svd) for the numerical rank). Afterwards the value holds no
    /// factorisation.
    pub fn factorise(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        let n = self.n();
        check_shape("a", a, &[n, n], "the factorisation was made for that many rows and columns")?;
        check_finite("a", a)?;
        if n > 0 {
            self.factor.copy_from(faer_ref(a));
            let (info, _) = lu::factor::lu_in_place(
                self.factor.as_mut(),
                &mut self.permutation,
                &mut self.inverse_permutation,
                self.par,
                self.memory.stack(),
                Default::default(),
            );
            self.odd = info.transposition_count % 2 == 1;
            self.swaps.set(&self.permutation);
            let bad = |&i: &usize| !(self.factor[(i, i)] != T::zero() && self.factor[(i, i)].is_finite());
            if let Some(pivot) = (0..n).find(bad) {
                return Err(Error::Singular { argument: "a", pivot });
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
        self.check(b)?;
        let mut b = D::matrix_mut(b);
        let par = solve_parallelism(self.n(), b.ncols());
        self.swaps.apply(b.as_mut());
        solve_unit_lower_triangular_in_place(self.factor.as_ref(), b.as_mut(), par);
        solve_upper_triangular_in_place(self.factor.as_ref(), b, par);
        Ok(())
    }

    /// Overwrites `b` (n, or n × k) with the solution of Aᵀ X = B.
    ///
    /// # Errors
    /// Nothing factorised; `b` without n rows or not finite.
    pub fn solve_transposed_in_place<D: RightHandSide>(&self, b: &mut ArrayRef<T, D>) -> Result<()> {
        self.check(b)?;
        let mut b = D::matrix_mut(b);
        let par = solve_parallelism(self.n(), b.ncols());
        solve_lower_triangular_in_place(self.factor.transpose(), b.as_mut(), par);
        solve_unit_upper_triangular_in_place(self.factor.transpose(), b.as_mut(), par);
        self.swaps.undo(b);
        Ok(())
    }

    /// log |det A| and the sign of det A (1 or −1); (0, 1) for n = 0.
    ///
    /// # Errors
    /// Nothing factorised.
    pub fn log_abs_det(&self) -> Result<(T, T)> {
        check_factorised(self.ready, "Lu")?;
        let (mut log, mut negative) = (T::zero(), self.odd && self.n() > 0);
        for i in 0..self.n() {
            let pivot = self.factor[(i, i)];
            log += pivot.abs().ln();
            negative ^= pivot < T::zero();
        }
        Ok((log, if negative { -T::one() } else { T::one() }))
    }

    /// Writes A⁻¹ to `out` (n × n).
    ///
    /// # Errors
    /// Nothing factorised; `out` not n × n.
    pub fn inverse_into(&mut self, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "Lu")?;
        let n = self.n();
        check_shape("out", out, &[n, n], "the inverse is as large as the matrix")?;
        if n > 0 {
            let factor = self.factor.as_ref();
            let permutation = PermRef::new_checked(&self.permutation, &self.inverse_permutation, n);
            lu::inverse::inverse(faer_mut(out), factor, factor, permutation, self.par, self.memory.stack());
            clear_upper_halves();
        }
        Ok(())
    }

    fn check<D: RightHandSide>(&self, b: &ArrayRef<T, D>) -> Result<()> {
        check_factorised(self.ready, "Lu")?;
        check_right_hand_side(b, self.n())
    }
}
