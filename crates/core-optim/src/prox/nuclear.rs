//! The nuclear norm of a matrix.

use super::Proximal;
use super::proximal::{check_prox_arguments, scale_into};
use super::soft_threshold;
use crate::Result;
use crate::error::{check_count, check_non_negative};
use core_tensor::Scalar;
use core_tensor::linalg::{Accumulate, Svd, gemm_into};
use ndarray::{Array2, ArrayRef1};

/// g(X) = λ Σ singular values of X (m × n), the convex surrogate of the rank; X is passed as its m n entries, row by row.
///
/// prox(V) = U diag(soft(s, step λ)) Wᵀ for V = U diag(s) Wᵀ; the conjugate is the indicator of a largest singular value ≤ λ. Every call
/// costs a singular value decomposition, in memory that is kept. A decomposition that fails (NaN, overflow) gives NaN from
/// `value` and an error from `prox_into`.
#[derive(Debug, Clone)]
pub struct NuclearNorm<T: Scalar> {
    level: T,
    svd: Svd<T>,
    matrix: Array2<T>,
    scaled: Array2<T>,
}

impl<T: Scalar> NuclearNorm<T> {
    /// λ = `level` ≥ 0 for matrices with `rows` rows and `columns` columns.
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn new(level: T, rows: usize, columns: usize) -> Result<Self> {
        check_non_negative("level", Scalar::to_f64(level))?;
        Ok(Self {
            level,
            svd: Svd::new(rows, columns),
            matrix: Array2::zeros((rows, columns)),
            scaled: Array2::zeros((rows, rows.min(columns))),
        })
    }

    /// Decomposes the matrix with the given entries.
    fn factorise(&mut self, x: &ArrayRef1<T>) -> Result<()> {
        self.check_dimension(x.len())?;
        for (slot, &x) in self.matrix.iter_mut().zip(x) {
            *slot = x;
        }
        Ok(self.svd.factorise(&self.matrix)?)
    }

    /// The largest singular value of `y`; NaN if there is none to be had.
    fn spectral_norm(&mut self, y: &ArrayRef1<T>) -> T {
        match self.factorise(y).and_then(|()| Ok(self.svd.singular_values()?)) {
            Ok(values) => values.first().copied().unwrap_or(T::zero()),
            Err(_) => T::nan(),
        }
    }
}

impl<T: Scalar> Proximal<T> for NuclearNorm<T> {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        match self.factorise(x).and_then(|()| Ok(self.svd.singular_values()?)) {
            Ok(values) => self.level * values.iter().copied().sum::<T>(),
            Err(_) => T::nan(),
        }
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        self.factorise(v)?;
        let t = step * self.level;
        self.scaled.assign(&self.svd.u()?);
        for (mut column, &s) in self.scaled.columns_mut().into_iter().zip(self.svd.singular_values()?) {
            let s = soft_threshold(s, t);
            column.mapv_inplace(|u| u * s);
        }
        gemm_into(&mut self.matrix, Accumulate::Replace, T::one(), &self.scaled, &self.svd.v()?.t())?;
        for (out, &x) in out.iter_mut().zip(&self.matrix) {
            *out = x;
        }
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> Result<()> {
        check_count("v", n, self.matrix.len(), "the matrix has that many entries")
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        // NaN is not inside.
        Some(if self.spectral_norm(y) <= self.level { T::zero() } else { T::infinity() })
    }

    fn dual_scale(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        Some(scale_into(self.level, self.spectral_norm(y)))
    }
}
