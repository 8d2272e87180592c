//! Householder QR without pivoting.

use super::memory::Memory;
use super::reflectors::{COLUMNS, Reflectors};
use super::right_hand_side::{RightHandSide, check_factorised, check_right_hand_side, check_rows};
use super::view::faer_ref;
use crate::parallelism::parallelism_for;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::Par;
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch};
use faer::linalg::triangular_solve::solve_upper_triangular_in_place;
use ndarray::{ArrayRef, ArrayRef2};

/// A = Q R for a tall A (m × n, m ≥ n) of full rank: Q (m × n) with orthonormal columns, R (n × n) upper triangular.
///
/// The workhorse for well-posed least squares. Made once for m × n, then used for any number of matrices without
/// allocating; 2mn² − 2n³/3 flops. For matrices that may be rank deficient use [`PivotedQr`](super::PivotedQr) or
/// [`Svd`](super::Svd).
#[derive(Debug, Clone)]
pub struct Qr<T: Scalar> {
    reflectors: Reflectors<T>,
    memory: Memory,
    par: Par,
    ready: bool,
}

impl<T: Scalar> Qr<T> {
    /// Memory for m × n matrices.
    #[must_use]
    pub fn new(m: usize, n: usize) -> Self {
        let par = parallelism_for(m.saturating_mul(n).saturating_mul(n));
        let reflectors = Reflectors::new(m, n);
        let memory = Memory::for_any_of(&[
            qr_in_place_scratch::<T>(m, n, reflectors.block(), par, Default::default()),
            reflectors.scratch(),
        ]);
        Self { reflectors, memory, par, ready: false }
    }

    /// Rows and columns (m, n).
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.reflectors.shape()
    }

    /// Factorises `a` (m × n).
    ///
    /// # Errors
    /// `a` not m × n, wider than tall, or not finite; [`Error::RankDeficient`] when a diagonal entry of R is not above
    /// max(m, n) ε times the largest. Afterwards the value holds no factorisation.
    pub fn factorise(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        let (m, n) = self.shape();
        check_shape("a", a, &[m, n], "the factorisation was made for that many rows and columns")?;
        if m < n {
            let reason = "a QR factorisation without pivoting has at least as many rows as columns";
            return Err(Error::Shape { argument: "a", found: vec![m, n], expected: vec![n, n], reason });
        }
        check_finite("a", a)?;
        if n > 0 {
            self.reflectors.basis.copy_from(faer_ref(a));
            let info = qr_in_place(
                self.reflectors.basis.as_mut(),
                self.reflectors.coefficients.as_mut(),
                self.par,
                self.memory.stack(),
                Default::default(),
            );
            let rank = info.rank.min(self.reflectors.rank(self.reflectors.default_tolerance()));
            if rank < n {
                let reason = "there is no unique least-squares solution otherwise";
                return Err(Error::RankDeficient { argument: "a", rank, needed: n, reason });
            }
        }
        self.ready = true;
        Ok(())
    }

    /// Writes the X that minimises ‖A X − B‖ to `out` (n, or n × k) for `b` (m, or m × k).
    ///
    /// # Errors
    /// Nothing factorised; `b` without m rows or not finite; `out` of another shape.
    pub fn least_squares_into<D: RightHandSide>(&mut self, b: &ArrayRef<T, D>, out: &mut ArrayRef<T, D>) -> Result<()> {
        check_factorised(self.ready, "Qr")?;
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
        if n == 0 {
            return Ok(());
        }
        for start in (0..b.ncols()).step_by(COLUMNS) {
            let width = COLUMNS.min(b.ncols() - start);
            let Reflectors { basis, coefficients, work, .. } = &mut self.reflectors;
            let mut work = work.as_mut().subcols_mut(0, width);
            work.copy_from(b.subcols(start, width));
            Reflectors::apply_transposed(basis, coefficients, work.as_mut(), Par::Seq, self.memory.stack());
            let mut top = work.subrows_mut(0, n);
            solve_upper_triangular_in_place(basis.as_ref().subrows(0, n), top.as_mut(), Par::Seq);
            out.as_mut().subcols_mut(start, width).copy_from(top.as_ref());
        }
        Ok(())
    }

    /// Writes Q (m × n) to `out`.
    ///
    /// # Errors
    /// Nothing factorised; `out` not m × n.
    pub fn q_into(&mut self, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "Qr")?;
        self.reflectors.q_into(out, self.par, &mut self.memory)
    }

    /// Writes R (n × n) to `out`, zeros below the diagonal.
    ///
    /// # Errors
    /// Nothing factorised; `out` not n × n.
    pub fn r_into(&self, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "Qr")?;
        self.reflectors.r_into(out)
    }
}
