//! Thin singular value decomposition.

use super::memory::Memory;
use super::pivoted_qr::check_tolerance;
use super::reflectors::COLUMNS;
use super::right_hand_side::{RightHandSide, check_factorised, check_right_hand_side, check_rows};
use super::view::{faer_mut, faer_ref};
use super::{Accumulate, gemm_into};
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::diag::Diag;
use faer::linalg::matmul::matmul;
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Accum, Mat, Par};
use ndarray::{Array1, Array2, ArrayRef, ArrayRef2, ArrayView1, ArrayView2, ShapeBuilder};

/// A = U diag(s) Vᵀ for any A (m × n), with k = min(m, n): U (m × k) and V (n × k, not transposed) with orthonormal
/// columns, s (k) descending and not negative.
///
/// Made once for m × n, then used for any number of matrices without allocating.
#[derive(Debug, Clone)]
pub struct Svd<T: Scalar> {
    u: Array2<T>,
    s: Array1<T>,
    v: Array2<T>,
    values: Diag<T>,
    scaled: Array2<T>,
    work: Mat<T>,
    memory: Memory,
    par: Par,
    ready: bool,
}

impl<T: Scalar> Svd<T> {
    /// Memory for m × n matrices.
    #[must_use]
    pub fn new(m: usize, n: usize) -> Self {
        let k = m.min(n);
        let par = parallelism_for(m.saturating_mul(n).saturating_mul(k));
        let thin = ComputeSvdVectors::Thin;
        Self {
            u: Array2::zeros((m, k).f()),
            s: Array1::zeros(k),
            v: Array2::zeros((n, k).f()),
            values: Diag::zeros(k),
            scaled: Array2::zeros((n, k).f()),
            work: Mat::zeros(k, COLUMNS),
            memory: Memory::for_any_of(&[svd_scratch::<T>(m, n, thin, thin, par, Default::default())]),
            par,
            ready: false,
        }
    }

    /// Rows and columns (m, n).
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.u.nrows(), self.v.nrows())
    }

    /// Decomposes `a` (m × n).
    ///
    /// # Errors
    /// `a` not m × n or not finite; [`Error::NoConvergence`], also when singular values overflow. Afterwards the value
    /// holds no decomposition.
    pub fn factorise(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        let (m, n) = self.shape();
        check_shape("a", a, &[m, n], "the decomposition was made for that many rows and columns")?;
        check_finite("a", a)?;
        if m > 0 && n > 0 {
            let outcome = svd(
                faer_ref(a),
                self.values.as_mut(),
                Some(faer_mut(&mut self.u)),
                Some(faer_mut(&mut self.v)),
                self.par,
                self.memory.stack(),
                Default::default(),
            );
            self.s.iter_mut().enumerate().for_each(|(i, s)| *s = self.values[i]);
            if outcome.is_err() || !self.s.iter().all(|s| s.is_finite()) {
                return Err(Error::NoConvergence { argument: "a", what: "singular value decomposition" });
            }
        }
        self.ready = true;
        Ok(())
    }

    /// U (m × k).
    ///
    /// # Errors
    /// Nothing decomposed.
    pub fn u(&self) -> Result<ArrayView2<'_, T>> {
        check_factorised(self.ready, "Svd")?;
        Ok(self.u.view())
    }

    /// The singular values (k), descending.
    ///
    /// # Errors
    /// Nothing decomposed.
    pub fn singular_values(&self) -> Result<ArrayView1<'_, T>> {
        check_factorised(self.ready, "Svd")?;
        Ok(self.s.view())
    }

    /// V (n × k), not transposed.
    ///
    /// # Errors
    /// Nothing decomposed.
    pub fn v(&self) -> Result<ArrayView2<'_, T>> {
        check_factorised(self.ready, "Svd")?;
        Ok(self.v.view())
    }

    /// The relative cut-off that rounding suggests: max(m, n) ε.
    #[must_use]
    pub fn default_cutoff(&self) -> T {
        <T as Scalar>::from_f64(self.u.nrows().max(self.v.nrows()) as f64) * T::epsilon()
    }

    /// Number of singular values above `cutoff` times the largest: the numerical rank.
    ///
    /// # Errors
    /// Nothing decomposed; `cutoff` not in [0, 1).
    pub fn rank(&self, cutoff: T) -> Result<usize> {
        check_factorised(self.ready, "Svd")?;
        check_tolerance("cutoff", cutoff)?;
        let Some(&largest) = self.s.first() else { return Ok(0) };
        Ok(self.s.iter().take_while(|&&s| s > cutoff * largest).count())
    }

    /// Writes the least-squares solution of smallest norm, A⁺ B, to `out` (n, or n × k) for `b` (m, or m × k), and
    /// returns the rank: singular values of at most `cutoff` times the largest count as zero.
    ///
    /// # Errors
    /// Nothing decomposed; `cutoff` not in [0, 1); `b` without m rows or not finite; `out` of another shape.
    pub fn solve_into<D: RightHandSide>(
        &mut self,
        cutoff: T,
        b: &ArrayRef<T, D>,
        out: &mut ArrayRef<T, D>,
    ) -> Result<usize> {
        let rank = self.rank(cutoff)?;
        let (m, n) = self.shape();
        check_right_hand_side(b, m)?;
        check_rows("out", out, n, "`out` has a row per column of the decomposed matrix")?;
        let (b, mut out) = (D::matrix(b), D::matrix_mut(out));
        if out.ncols() != b.ncols() {
            return Err(Error::Shape {
                argument: "out",
                found: vec![n, out.ncols()],
                expected: vec![n, b.ncols()],
                reason: "`out` has the columns of `b`",
            });
        }
        let u = faer_ref(&self.u).subcols(0, rank);
        let v = faer_ref(&self.v).subcols(0, rank);
        for start in (0..b.ncols()).step_by(COLUMNS) {
            let width = COLUMNS.min(b.ncols() - start);
            let mut work = self.work.as_mut().submatrix_mut(0, 0, rank, width);
            matmul(work.as_mut(), Accum::Replace, u.transpose(), b.subcols(start, width), T::one(), Par::Seq);
            clear_upper_halves();
            for column in work.as_mut().col_iter_mut() {
                column.iter_mut().zip(&self.s).for_each(|(x, &s)| *x /= s);
            }
            matmul(out.as_mut().subcols_mut(start, width), Accum::Replace, v, work.as_ref(), T::one(), Par::Seq);
        }
        clear_upper_halves();
        Ok(rank)
    }

    /// Writes the pseudo-inverse A⁺ (n × m) to `out` and returns the rank: singular values of at most `cutoff` times the
    /// largest count as zero.
    ///
    /// # Errors
    /// Nothing decomposed; `cutoff` not in [0, 1); `out` not n × m.
    pub fn pseudo_inverse_into(&mut self, cutoff: T, out: &mut ArrayRef2<T>) -> Result<usize> {
        let rank = self.rank(cutoff)?;
        let (m, n) = self.shape();
        check_shape("out", out, &[n, m], "the pseudo-inverse has the shape of the transpose")?;
        for (j, mut column) in self.scaled.columns_mut().into_iter().enumerate() {
            // Directions that count as zero are multiplied by zero.
            let scale = if j < rank { T::one() / self.s[j] } else { T::zero() };
            column.iter_mut().zip(self.v.column(j)).for_each(|(to, &v)| *to = v * scale);
        }
        gemm_into(out, Accumulate::Replace, T::one(), &self.scaled, &self.u.t())?;
        Ok(rank)
    }
}
