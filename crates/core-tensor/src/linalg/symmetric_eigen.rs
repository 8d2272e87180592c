//! Eigendecomposition of symmetric matrices.

use super::gram::mirror_lower;
use super::memory::Memory;
use super::right_hand_side::check_factorised;
use super::view::{faer_mut, faer_ref};
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::Accum;
use faer::Par;
use faer::diag::Diag;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayView2, ShapeBuilder};

/// A = V diag(λ) Vᵀ for a symmetric A (n × n): orthonormal eigenvectors in the columns of V, λ ascending.
///
/// Made once for n, then used for any number of matrices without allocating.
#[derive(Debug, Clone)]
pub struct SymmetricEigen<T: Scalar> {
    values: Array1<T>,
    vectors: Array2<T>,
    diagonal: Diag<T>,
    scaled: Array2<T>,
    memory: Memory,
    par: Par,
    ready: bool,
}

impl<T: Scalar> SymmetricEigen<T> {
    /// Memory for n × n matrices.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let par = parallelism_for(n.saturating_mul(n).saturating_mul(n));
        // faer computes n − 1 here.
        let request = self_adjoint_evd_scratch::<T>(n.max(1), ComputeEigenvectors::Yes, par, Default::default());
        Self {
            values: Array1::zeros(n),
            vectors: Array2::zeros((n, n).f()),
            diagonal: Diag::zeros(n),
            scaled: Array2::zeros((n, n).f()),
            memory: Memory::for_any_of(&[request]),
            par,
            ready: false,
        }
    }

    /// Number of rows and columns.
    #[must_use]
    pub fn n(&self) -> usize {
        self.values.len()
    }

    /// Decomposes `a` (n × n). Only its lower triangle is used, but all entries must be finite.
    ///
    /// # Errors
    /// `a` not n × n or not finite; [`Error::NoConvergence`], also when eigenvalues overflow. Afterwards the value holds
    /// no decomposition.
    pub fn factorise(&mut self, a: &ArrayRef2<T>) -> Result<()> {
        self.ready = false;
        let n = self.n();
        check_shape("a", a, &[n, n], "the decomposition was made for that many rows and columns")?;
        check_finite("a", a)?;
        if n > 0 {
            let outcome = self_adjoint_evd(
                faer_ref(a),
                self.diagonal.as_mut(),
                Some(faer_mut(&mut self.vectors)),
                self.par,
                self.memory.stack(),
                Default::default(),
            );
            self.values.iter_mut().enumerate().for_each(|(i, v)| *v = self.diagonal[i]);
            if outcome.is_err() || !self.values.iter().all(|v| v.is_finite()) {
                return Err(Error::NoConvergence { argument: "a", what: "symmetric eigendecomposition" });
            }
        }
        self.ready = true;
        Ok(())
    }

    /// The eigenvalues (n), ascending.
    ///
    /// # Errors
    /// Nothing decomposed.
    pub fn values(&self) -> Result<ArrayView1<'_, T>> {
        check_factorised(self.ready, "SymmetricEigen")?;
        Ok(self.values.view())
    }

    /// The eigenvectors (n × n), one per column.
    ///
    /// # Errors
    /// Nothing decomposed.
    pub fn vectors(&self) -> Result<ArrayView2<'_, T>> {
        check_factorised(self.ready, "SymmetricEigen")?;
        Ok(self.vectors.view())
    }

    /// Writes f(A) = V diag(f(λ)) Vᵀ to `out` (n × n), exactly symmetric: a square root, an inverse with a floor, ….
    ///
    /// # Errors
    /// Nothing decomposed; `out` not n × n; f not finite at an eigenvalue.
    pub fn map_into(&mut self, f: impl Fn(T) -> T, out: &mut ArrayRef2<T>) -> Result<()> {
        check_factorised(self.ready, "SymmetricEigen")?;
        let n = self.n();
        check_shape("out", out, &[n, n], "a function of a matrix is as large as the matrix")?;
        for (j, mut column) in self.scaled.columns_mut().into_iter().enumerate() {
            let factor = f(self.values[j]);
            if !factor.is_finite() {
                let found = Scalar::to_f64(factor);
                return Err(Error::NotFinite { argument: "f(eigenvalues)", found, index: vec![j] });
            }
            column.iter_mut().zip(self.vectors.column(j)).for_each(|(to, &v)| *to = v * factor);
        }
        matmul(
            faer_mut(out),
            BlockStructure::TriangularLower,
            Accum::Replace,
            faer_ref(&self.scaled),
            BlockStructure::Rectangular,
            faer_ref(&self.vectors).transpose(),
            BlockStructure::Rectangular,
            T::one(),
            self.par,
        );
        clear_upper_halves();
        mirror_lower(out);
        Ok(())
    }
}
