//! Rank-revealing QR with column pivoting.

use super::memory::Memory;
use super::reflectors::{COLUMNS, Reflectors};
use super::right_hand_side::{RightHandSide, check_factorised, check_right_hand_side, check_rows};
use super::view::faer_ref;
use crate::parallelism::parallelism_for;
use crate::{Error, Result, Scalar, check_finite, check_range, check_shape};
use faer::Par;
use faer::linalg::qr::col_pivoting::factor::{qr_in_place, qr_in_place_scratch};
use faer::linalg::triangular_solve::solve_upper_triangular_in_place;
use ndarray::{ArrayRef, ArrayRef2};

/// A P = Q R for any A (m × n): column j of A P is column [`permutation`](PivotedQr::permutation)`()[j]` of A, and the
/// diagonal of R does not increase in absolute value.
///
/// Reveals the numerical rank in all but contrived cases at a fraction of the cost of an [`Svd`](super::Svd), and gives
/// basic least-squares solutions (as many nonzero entries as the rank). With k = min(m, n), the thin Q is m × k and R is
/// k × n.
#[derive(Debug, Clone)]
pub struct PivotedQr<T: Scalar> {
    reflectors: Reflectors<T>,
    permutation: Vec<usize>,
    inverse_permutation: Vec<usize>,
    memory: Memory,
    par: Par,
    ready: bool,
}

impl<T: Scalar> PivotedQr<T> {
    /// Memory for m × n matrices.
    #[must_use]
    pub fn new(m: usize, n: usize) -> Self {
        let par = parallelism_for(m.saturating_mul(n).saturating_mul(n));
        let reflectors = Reflectors::new(m, n);
        let memory = Memory::for_any_of(&[
            qr_in_place_scratch::<usize, T>(m, n, reflectors.block(), par, Default::default()),
            reflectors.scratch(),
        ]);
        Self { reflectors, permutation: vec![0; n], inverse_permutation: vec![0; n], memory, par, ready: false }
    }

    /// Rows and columns (m, n).
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.reflectors.shape()
    }

    /// Factorises `a` (m × n).
    ///
    /// # Errors
    /// `a` not m × n or not finite.
    pub fn factorise(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        let (m, n) = self.shape();
        check_shape("a", a, &[m, n], "the factorisation was made for that many rows and columns")?;
        check_finite("a", a)?;
        if m > 0 && n > 0 {
            self.reflectors.basis.copy_from(faer_ref(a));
            qr_in_place(
                self.reflectors.basis.as_mut(),
                self.reflectors.coefficients.as_mut(),
                &mut self.permutation,
                &mut self.inverse_permutation,
                self.par,
                self.memory.stack(),
                Default::default(),
            );
        } else {
            self.permutation.iter_mut().enumerate().for_each(|(i, p)| *p = i);
        }
        self.ready = true;
        Ok(())
    }

    /// The relative tolerance that rounding suggests: max(m, n) ε.
    #[must_use]
    pub fn default_tolerance(&self) -> T {
        self.reflectors.default_tolerance()
    }

    /// Number of diagonal entries of R above `tolerance` times the largest: the numerical rank.
    ///
    /// # Errors
    /// Nothing factorised; `tolerance` not in [0, 1).
    pub fn rank(&self, tolerance: T) -> Result<usize> {
        check_factorised(self.ready, "PivotedQr")?;
        check_tolerance("tolerance", tolerance)?;
        Ok(self.reflectors.rank(tolerance))
    }

    /// Writes a basic X that minimises ‖A X − B‖ to `out` (n, or n × k) for `b` (m, or m × k), and returns the rank r:
    /// the r leading pivot columns carry the solution, the other rows of X are zero.
    ///
    /// # Errors
    /// Nothing factorised; `tolerance` not in [0, 1); `b` without m rows or not finite; `out` of another shape.
    pub fn least_squares_into<D: RightHandSide>(
        &mut self,
        tolerance: T,
        b: &ArrayRef<T, D>,
        out: &mut ArrayRef<T, D>,
    ) -> Result<usize> {
        let rank = self.rank(tolerance)?;
        let (m, n) = self.shape();
        check_right_hand_side(b, m)?;
        check_rows("out", out, n, "`out` has a row per column of the factorised matrix")?;
        let (b, mut out) = (D::matrix(b), D::matrix_mut(out));
        if out.ncols() != b.ncols() {
            return Err(Error::Shape {
                argument: "out",
                found: vec![n, out.ncols()],
                expected: vec![n, b.ncols()],
                reason: "`out` has the columns of `b`",
            });
        }
        out.fill(T::zero());
        if rank == 0 {
            return Ok(0);
        }
        for start in (0..b.ncols()).step_by(COLUMNS) {
            let width = COLUMNS.min(b.ncols() - start);
            let Reflectors { basis, coefficients, work, .. } = &mut self.reflectors;
            let mut work = work.as_mut().subcols_mut(0, width);
            work.copy_from(b.subcols(start, width));
            Reflectors::apply_transposed(basis, coefficients, work.as_mut(), Par::Seq, self.memory.stack());
            let mut top = work.subrows_mut(0, rank);
            solve_upper_triangular_in_place(basis.as_ref().submatrix(0, 0, rank, rank), top.as_mut(), Par::Seq);
            let mut target = out.as_mut().subcols_mut(start, width);
            for j in 0..width {
                for (i, &row) in self.permutation[..rank].iter().enumerate() {
                    target[(row, j)] = top[(i, j)];
                }
            }
        }
        Ok(rank)
    }

    /// The columns of A in the order in which they were chosen.
    ///
    /// # Errors
    /// Nothing factorised.
    pub fn permutation(&self) -> Result<&[usize]> {
        check_factorised(self.ready, "PivotedQr")?;
        Ok(&self.permutation)
    }

    /// Writes the thin Q (m × k) to `out`.
    ///
    /// # Errors
    /// Nothing factorised; `out` not m × k.
    pub fn q_into(&mut self, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "PivotedQr")?;
        self.reflectors.q_into(out, self.par, &mut self.memory)
    }

    /// Writes R (k × n) to `out`, zeros below the diagonal.
    ///
    /// # Errors
    /// Nothing factorised; `out` not k × n.
    pub fn r_into(&self, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "PivotedQr")?;
        self.reflectors.r_into(out)
    }
}

/// Accepts a relative tolerance or cut-off.
pub(super) fn check_tolerance<T: Scalar>(argument: &'static str, tolerance: T) -> Result<()> {
    check_range(argument, Scalar::to_f64(tolerance), tolerance >= T::zero() && tolerance < T::one(), "in [0, 1)")
}
