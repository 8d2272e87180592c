//! LU factorisation without pivoting.

mod blocks;
mod small;

use super::right_hand_side::{RightHandSide, check_factorised, check_right_hand_side, solve_parallelism};
use super::view::{faer_mut, faer_ref};
use crate::{Error, Result, Scalar, check_finite, check_shape};
use blocks::Blocks;
use faer::Mat;
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place, solve_unit_upper_triangular_in_place,
    solve_upper_triangular_in_place,
};
use ndarray::{ArrayRef, ArrayRef2};

/// A = L U (n × n) with a unit lower triangular L and an upper triangular U, rows and columns in their own order.
///
/// Without pivoting the factorisation is stable only for matrices that do not need any: M-matrices, diagonally dominant
/// and positive definite ones. In exchange the pivots mean something: a matrix whose off-diagonal entries are ≤ 0 (a
/// Z-matrix) is a nonsingular M-matrix exactly when all of them are positive, which
/// [`factorise_m_matrix`](UnpivotedLu::factorise_m_matrix) decides. Use [`Lu`](super::Lu) for anything else.
///
/// Blocked and recursive: 2n³/3 flops, almost all in matrix products; 4n³/3 for the inverse. Allocates only in `new`.
#[derive(Debug, Clone)]
pub struct UnpivotedLu<T: Scalar> {
    factor: Mat<T>,
    blocks: Blocks<T>,
    ready: bool,
}

/// Where a factorisation stopped.
struct BadPivot(usize);

impl<T: Scalar> UnpivotedLu<T> {
    /// Memory for n × n matrices.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self { factor: Mat::zeros(n, n), blocks: Blocks::new(n), ready: false }
    }

    /// Number of rows and columns.
    #[must_use]
    pub fn n(&self) -> usize {
        self.factor.nrows()
    }

    /// Factorises `a` (n × n) and says whether all pivots are positive and finite; stops at the first that is not.
    ///
    /// For a Z-matrix (off-diagonal entries ≤ 0) the answer is whether it is a nonsingular M-matrix. False also for a
    /// matrix of another shape and for one with an entry that is not finite. After `false` the value holds no
    /// factorisation.
    pub fn factorise_m_matrix(&mut self, a: &ArrayRef2<T>) -> bool {
        self.ready = self.load(a).is_ok() && self.eliminate(|pivot| pivot > T::zero() && pivot.is_finite()).is_ok();
        self.ready
    }

    /// Factorises `a` (n × n).
    ///
    /// # Errors
    /// `a` not n × n or not finite; [`Error::Singular`] with the first pivot that is zero or overflowed. Afterwards the
    /// value holds no factorisation.
    pub fn factorise(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        self.load(a)?;
        self.eliminate(|pivot| pivot != T::zero() && pivot.is_finite())
            .map_err(|BadPivot(pivot)| Error::Singular { argument: "a", pivot })?;
        self.ready = true;
        Ok(())
    }

    /// log |det A| = Σ log |Uᵢᵢ|; zero for n = 0, NaN when nothing is factorised.
    #[must_use]
    pub fn log_abs_det(&self) -> T {
        if !self.ready {
            return T::nan();
        }
        (0..self.n()).map(|i| self.factor[(i, i)].abs().ln()).sum()
    }

    /// The pivots U₁₁, …, Uₙₙ, in order.
    ///
    /// # Errors
    /// Nothing factorised.
    pub fn pivots(&self) -> Result<impl Iterator<Item = T> + '_> {
        check_factorised(self.ready, "UnpivotedLu")?;
        Ok((0..self.n()).map(|i| self.factor[(i, i)]))
    }

    /// Overwrites `b` (n, or n × k) with the solution of A X = B.
    ///
    /// # Errors
    /// Nothing factorised; `b` without n rows or not finite.
    pub fn solve_in_place<D: RightHandSide>(&self, b: &mut ArrayRef<T, D>) -> Result<()> {
        check_factorised(self.ready, "UnpivotedLu")?;
        check_right_hand_side(b, self.n())?;
        let mut b = D::matrix_mut(b);
        let par = solve_parallelism(self.n(), b.ncols());
        solve_unit_lower_triangular_in_place(self.factor.as_ref(), b.as_mut(), par);
        solve_upper_triangular_in_place(self.factor.as_ref(), b, par);
        Ok(())
    }

    /// Overwrites `b` (n, or n × k) with the solution of Aᵀ X = B.
    ///
    /// # Errors
    /// Nothing factorised; `b` without n rows or not finite.
    pub fn solve_transposed_in_place<D: RightHandSide>(&self, b: &mut ArrayRef<T, D>) -> Result<()> {
        check_factorised(self.ready, "UnpivotedLu")?;
        check_right_hand_side(b, self.n())?;
        let mut b = D::matrix_mut(b);
        let par = solve_parallelism(self.n(), b.ncols());
        solve_lower_triangular_in_place(self.factor.transpose(), b.as_mut(), par);
        solve_unit_upper_triangular_in_place(self.factor.transpose(), b, par);
        Ok(())
    }

    /// Writes A⁻¹ = U⁻¹ L⁻¹ to `out` (n × n, fastest when column-major). The factorisation stays.
    ///
    /// # Errors
    /// Nothing factorised; `out` not n × n.
    pub fn inverse_into(&mut self, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "UnpivotedLu")?;
        let n = self.n();
        check_shape("out", out, &[n, n], "the inverse is as large as the matrix")?;
        if n > 0 {
            out.fill(T::zero());
            let mut out = faer_mut(out);
            self.blocks.invert_diagonal(self.factor.as_ref());
            self.blocks.invert_lower(self.factor.as_ref(), 0, out.as_mut());
            self.blocks.solve_upper(self.factor.as_ref(), 0, out);
        }
        Ok(())
    }

    fn load(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        let n = self.n();
        check_shape("a", a, &[n, n], "the factorisation was made for that many rows and columns")?;
        check_finite("a", a)?;
        self.factor.copy_from(faer_ref(a));
        Ok(())
    }

    fn eliminate(&mut self, good: impl Fn(T) -> bool + Copy) -> std::result::Result<(), BadPivot> {
        Blocks::factorise(self.factor.as_mut(), 0, good)
    }
}
