//! Symmetric indefinite factorisation.

use super::gram::mirror_lower;
use super::memory::Memory;
use super::right_hand_side::{RightHandSide, check_factorised, check_right_hand_side, solve_parallelism};
use super::swaps::Swaps;
use super::view::{faer_mut, faer_ref};
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::diag::Diag;
use faer::linalg::cholesky::lblt;
use faer::linalg::triangular_solve::{solve_unit_lower_triangular_in_place, solve_unit_upper_triangular_in_place};
use faer::perm::PermRef;
use faer::{Mat, MatMut, Par};
use ndarray::{ArrayRef, ArrayRef2};

/// P A Pᵀ = L D Lᵀ for a symmetric A (n × n), definite or not: permutation P, unit lower triangular L, and D with
/// diagonal blocks of one or two rows (Bunch and Kaufman 1977).
///
/// For saddle-point systems and quasi-definite matrices; [`Llt`](super::Llt) is faster for positive definite ones. The
/// signs of D count the eigenvalues' signs ([`inertia`](Ldlt::inertia)).
#[derive(Debug, Clone)]
pub struct Ldlt<T: Scalar> {
    factor: Mat<T>,
    diagonal: Diag<T>,
    subdiagonal: Diag<T>,
    permutation: Vec<usize>,
    inverse_permutation: Vec<usize>,
    swaps: Swaps,
    memory: Memory,
    par: Par,
    ready: bool,
}

/// How many eigenvalues of a nonsingular symmetric matrix have each sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inertia {
    /// Number of positive eigenvalues.
    pub positive: usize,
    /// Number of negative eigenvalues.
    pub negative: usize,
}

/// A diagonal block of D.
enum Pivot<T> {
    One(T),
    /// Diagonal entries and the entry between them.
    Two(T, T, T),
}

impl<T: Scalar> Ldlt<T> {
    /// Memory for n × n matrices.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let par = parallelism_for(n.saturating_mul(n).saturating_mul(n) / 6);
        let memory = Memory::for_any_of(&[
            lblt::factor::cholesky_in_place_scratch::<usize, T>(n, par, Default::default()),
            lblt::inverse::inverse_scratch::<usize, T>(n, par),
        ]);
        Self {
            factor: Mat::zeros(n, n),
            diagonal: Diag::zeros(n),
            subdiagonal: Diag::zeros(n),
            permutation: vec![0; n],
            inverse_permutation: vec![0; n],
            swaps: Swaps::new(n),
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

    /// Factorises `a` (n × n). Only its lower triangle is used, but all entries must be finite.
    ///
    /// # Errors
    /// `a` not n × n or not finite; [`Error::Singular`] with the first pivot whose determinant is zero or overflowed.
    /// Afterwards the value holds no factorisation.
    pub fn factorise(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        let n = self.n();
        check_shape("a", a, &[n, n], "the factorisation was made for that many rows and columns")?;
        check_finite("a", a)?;
        if n > 0 {
            self.factor.copy_from_triangular_lower(faer_ref(a));
            // faer does not write the entries of columns that need no elimination.
            self.subdiagonal.as_mut().fill(T::zero());
            lblt::factor::cholesky_in_place(
                self.factor.as_mut(),
                self.subdiagonal.as_mut(),
                &mut self.permutation,
                &mut self.inverse_permutation,
                self.par,
                self.memory.stack(),
                Default::default(),
            );
            self.swaps.set(&self.permutation);
            for i in 0..n {
                self.diagonal[i] = self.factor[(i, i)];
            }
            if let Some((pivot, _)) = self.pivots().find(|(_, pivot)| {
                let det = pivot.determinant();
                !(det != T::zero() && det.is_finite())
            }) {
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
        check_factorised(self.ready, "Ldlt")?;
        check_right_hand_side(b, self.n())?;
        let mut b = D::matrix_mut(b);
        let par = solve_parallelism(self.n(), b.ncols());
        self.swaps.apply(b.as_mut());
        solve_unit_lower_triangular_in_place(self.factor.as_ref(), b.as_mut(), par);
        self.solve_diagonal(b.as_mut());
        solve_unit_upper_triangular_in_place(self.factor.transpose(), b.as_mut(), par);
        self.swaps.undo(b);
        Ok(())
    }

    /// log |det A| and the sign of det A (1 or −1); (0, 1) for n = 0.
    ///
    /// # Errors
    /// Nothing factorised.
    pub fn log_abs_det(&self) -> Result<(T, T)> {
        check_factorised(self.ready, "Ldlt")?;
        let (mut log, mut sign) = (T::zero(), T::one());
        for (_, pivot) in self.pivots() {
            let det = pivot.determinant();
            log += det.abs().ln();
            sign *= det.signum();
        }
        Ok((log, sign))
    }

    /// Numbers of positive and negative eigenvalues, by Sylvester's law of inertia.
    ///
    /// # Errors
    /// Nothing factorised.
    pub fn inertia(&self) -> Result<Inertia> {
        check_factorised(self.ready, "Ldlt")?;
        let mut inertia = Inertia { positive: 0, negative: 0 };
        for (_, pivot) in self.pivots() {
            match pivot {
                Pivot::One(d) if d > T::zero() => inertia.positive += 1,
                Pivot::One(_) => inertia.negative += 1,
                Pivot::Two(first, second, _) => {
                    let positive =
                        if pivot.determinant() < T::zero() { 1 } else { 2 * usize::from(first + second > T::zero()) };
                    inertia.positive += positive;
                    inertia.negative += 2 - positive;
                }
            }
        }
        Ok(inertia)
    }

    /// Writes A⁻¹ to `out` (n × n), exactly symmetric.
    ///
    /// # Errors
    /// Nothing factorised; `out` not n × n.
    pub fn inverse_into(&mut self, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "Ldlt")?;
        let n = self.n();
        check_shape("out", out, &[n, n], "the inverse is as large as the matrix")?;
        if n > 0 {
            lblt::inverse::inverse(
                faer_mut(out),
                self.factor.as_ref(),
                self.diagonal.as_ref(),
                self.subdiagonal.as_ref(),
                PermRef::new_checked(&self.permutation, &self.inverse_permutation, n),
                self.par,
                self.memory.stack(),
            );
            clear_upper_halves();
            mirror_lower(out);
        }
        Ok(())
    }

    /// The blocks of D with their first rows.
    fn pivots(&self) -> impl Iterator<Item = (usize, Pivot<T>)> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            let i = next;
            if i >= self.n() {
                return None;
            }
            let between = self.subdiagonal[i];
            if between == T::zero() || i + 1 == self.n() {
                next += 1;
                Some((i, Pivot::One(self.diagonal[i])))
            } else {
                next += 2;
                Some((i, Pivot::Two(self.diagonal[i], self.diagonal[i + 1], between)))
            }
        })
    }

    fn solve_diagonal(&self, b: MatMut<'_, T>) {
        for mut column in b.col_iter_mut() {
            for (i, pivot) in self.pivots() {
                match pivot {
                    Pivot::One(d) => column[i] /= d,
                    Pivot::Two(first, second, between) => {
                        // Scaled by the off-diagonal entry, which dominates a two-row pivot.
                        let (first, second) = (first / between, second / between);
                        let (x, y) = (column[i] / between, column[i + 1] / between);
                        let scale = T::one() / (first * second - T::one());
                        column[i] = (second * x - y) * scale;
                        column[i + 1] = (first * y - x) * scale;
                    }
                }
            }
        }
    }
}

impl<T: Scalar> Pivot<T> {
    fn determinant(&self) -> T {
        match *self {
            Pivot::One(d) => d,
            Pivot::Two(first, second, between) => first * second - between * between,
        }
    }
}
