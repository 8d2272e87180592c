//! The log-determinant measure of cycles.
//!
//! ```text
//! h_s(W)  = d log s − log det(s I − W∘W),      ∇h_s = 2 W ∘ Mᵀ  with  M = (s I − W∘W)⁻¹
//! ```
//!
//! on the domain of all W whose elementwise square has a spectral radius below s. There h ≥ 0, and h = 0 exactly for
//! directed acyclic graphs.
//!
//! A point lies in the domain exactly when s I − W∘W is a nonsingular M-matrix, that is, when all pivots of its LU
//! factorisation *without pivoting* are positive; log det is the sum of their logarithms. A positive determinant alone
//! proves nothing: two separate 2-cycles of large weight have one.
//!
//! Where all weights are known to be non-negative, W itself can take the place of W∘W
//! ([`Acyclicity::NonNegative`]): then ∇h_s = Mᵀ.

use crate::Result;
use core_tensor::linalg::{Accumulate, UnpivotedLu, gemm_into};
use core_tensor::{check_finite, check_range, check_shape, check_square};
use ndarray::{Array2, ArrayRef2, ArrayView2, ShapeBuilder, Zip};

/// What stands in the log-determinant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Acyclicity {
    /// W∘W: weights of any sign. The paper's.
    #[default]
    Squared,
    /// W, for weights known to be non-negative. Its gradient does not vanish at W = 0, so that it prunes like an l1 norm
    /// that grows with the paths an edge would close into cycles.
    NonNegative,
}

impl Acyclicity {
    #[inline]
    fn term(self, w: f64) -> f64 {
        match self {
            Acyclicity::Squared => w * w,
            Acyclicity::NonNegative => w,
        }
    }

    /// Derivative of [`Acyclicity::term`].
    #[inline]
    pub(crate) fn slope(self, w: f64) -> f64 {
        match self {
            Acyclicity::Squared => 2.0 * w,
            Acyclicity::NonNegative => 1.0,
        }
    }
}

/// h_s and its derivatives at one point after another, without allocating in between.
pub struct LogDet {
    form: Acyclicity,
    matrix: Array2<f64>,
    lu: UnpivotedLu<f64>,
    inverse: Array2<f64>,
    scratch: Array2<f64>,
}

impl LogDet {
    /// Memory for d variables of any sign.
    pub fn new(d: usize) -> Self {
        Self::with_form(d, Acyclicity::Squared)
    }

    /// Memory for d variables and either form of h.
    pub fn with_form(d: usize, form: Acyclicity) -> Self {
        Self {
            form,
            matrix: Array2::zeros((d, d)),
            lu: UnpivotedLu::new(d),
            // Column-major like the weights it is multiplied with.
            inverse: Array2::zeros((d, d).f()),
            scratch: Array2::zeros((0, 0)),
        }
    }

    /// h_s(W), or `None` when W (d × d) is outside the domain. The derivatives below refer to the last point inside.
    ///
    /// # Errors
    /// `w` not d × d, not finite, or negative somewhere for [`Acyclicity::NonNegative`]; s not finite and positive.
    pub fn value(&mut self, w: &ArrayRef2<f64>, s: f64) -> Result<Option<f64>> {
        check_range("s", s, s > 0.0 && s.is_finite(), "finite and > 0")?;
        check_shape("w", w, self.matrix.shape(), "the workspace was made for that many variables")?;
        check_finite("w", w)?;
        if self.form == Acyclicity::NonNegative {
            w.iter().try_for_each(|&w| check_range("w", w, w >= 0.0, ">= 0 in this form of acyclicity"))?;
        }
        Ok(self.value_unchecked(w, s))
    }

    pub(crate) fn value_unchecked(&mut self, w: &ArrayRef2<f64>, s: f64) -> Option<f64> {
        let d = w.nrows();
        // The transpose has the same pivots' signs and the same determinant; it is row-major when W is column-major.
        let form = self.form;
        Zip::from(&mut self.matrix).and(w.t()).for_each(|m, &w| *m = -form.term(w));
        self.matrix.diag_mut().map_inplace(|v| *v += s);
        if !self.lu.factorise_m_matrix(&self.matrix) {
            return None;
        }
        let value = d as f64 * s.ln() - self.lu.log_abs_det();
        // h is not negative; tiny negative values are rounding.
        value.is_finite().then_some(value.max(0.0))
    }

    /// Computes M = (s I − W∘W)⁻¹ of the last point; [`LogDet::inverse`] shows it.
    pub(crate) fn invert(&mut self) {
        // The factor is that of the transpose, so its inverse is Mᵀ.
        let outcome = self.lu.inverse_into(&mut self.inverse);
        debug_assert!(outcome.is_ok(), "the shapes are the workspace's own");
    }

    /// Mᵀ of the last inverted point, d × d: entry (i, j) is the weight of W_ij² (or W_ij) in the linearisation of h.
    pub(crate) fn inverse_transposed(&self) -> ArrayView2<'_, f64> {
        self.inverse.view()
    }

    /// Writes ∇h_s(W) to `out` (d × d) and returns h, or returns `None` outside the domain.
    ///
    /// # Errors
    /// Shapes that do not fit; s not finite and positive.
    pub fn gradient_into(&mut self, w: &ArrayRef2<f64>, s: f64, out: &mut ArrayRef2<f64>) -> Result<Option<f64>> {
        check_shape("out", out, w.shape(), "it is as large as `w`")?;
        let Some(value) = self.value(w, s)? else { return Ok(None) };
        self.invert();
        let form = self.form;
        Zip::from(out).and(w).and(&self.inverse).for_each(|g, &w, &m| *g = form.slope(w) * m);
        Ok(Some(value))
    }

    /// Writes the Hessian of h_s at W applied to V (both d × d) to `out`:
    /// `2 V ∘ Mᵀ + 2 W ∘ (M E M)ᵀ` with `E = 2 W∘V` (non-negative form: `(M V M)ᵀ`). `None` outside the domain.
    ///
    /// # Errors
    /// Shapes that do not fit; s not finite and positive.
    pub fn hessian_vector_into(
        &mut self,
        w: &ArrayRef2<f64>,
        v: &ArrayRef2<f64>,
        s: f64,
        out: &mut ArrayRef2<f64>,
    ) -> Result<Option<()>> {
        check_shape("v", v, w.shape(), "it is as large as `w`")?;
        check_shape("out", out, w.shape(), "it is as large as `w`")?;
        if self.value(w, s)?.is_none() {
            return Ok(None);
        }
        self.invert();
        let d = w.nrows();
        if self.scratch.nrows() != d {
            self.scratch = Array2::zeros((d, d));
        }
        // (M E M)ᵀ = Mᵀ Eᵀ Mᵀ, with E as `matrix`, whose factor is no longer needed.
        let form = self.form;
        Zip::from(&mut self.matrix).and(w).and(v).for_each(|e, &w, &v| *e = form.slope(w) * v);
        gemm_into(&mut self.scratch, Accumulate::Replace, 1.0, &self.inverse, &self.matrix.t())?;
        gemm_into(&mut self.matrix, Accumulate::Replace, 1.0, &self.scratch, &self.inverse)?;
        out.assign(&self.matrix);
        if form == Acyclicity::Squared {
            Zip::from(out).and(w).and(v).and(&self.inverse).for_each(|out, &w, &v, &m| {
                *out = 2.0 * v * m + 2.0 * w * *out;
            });
        }
        Ok(Some(()))
    }
}

/// h_s(W) for a d × d matrix, or `None` outside the domain; see [`LogDet`] for repeated use.
///
/// # Errors
/// `w` not square or not finite; s not finite and positive.
pub fn log_det_acyclicity(w: &ArrayRef2<f64>, s: f64) -> Result<Option<f64>> {
    let d = check_square("w", w)?;
    LogDet::new(d).value(w, s)
}
