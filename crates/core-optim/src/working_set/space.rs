//! The columns of working sets as they are kept: dense or sparse.

use super::dense_columns::DenseColumns;
use super::reduced::Reduced;
use super::sparse_columns::SparseColumns;
use crate::Result;
use crate::design::DesignMatrix;
use core_tensor::Scalar;

const NO_SLOT: u32 = u32::MAX;

/// Which feature has which slot, and the slots' columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Space<T> {
    slots: Vec<u32>,
    count: usize,
    pub(super) dense: DenseColumns<T>,
    pub(super) sparse: SparseColumns<T>,
    pub(super) is_sparse: bool,
    /// √s; empty for all 1.
    roots: Vec<T>,
}

impl<T: Scalar> Space<T> {
    pub(super) fn clear<X: DesignMatrix<T> + ?Sized>(&mut self, reduced: &Reduced<'_, T, X>) {
        self.slots.clear();
        self.slots.resize(reduced.columns, NO_SLOT);
        self.count = 0;
        self.is_sparse = reduced.x.sparse_column(0).is_some() && u32::try_from(reduced.rows).is_ok();
        self.roots.clear();
        if let Some(weights) = &reduced.weights {
            self.roots.extend(weights.iter().map(|s| s.sqrt()));
        }
        if self.is_sparse {
            self.sparse.clear(reduced.rows);
            if let Some(weights) = &reduced.weights {
                self.sparse.weights.copy_from_slice(weights);
                self.sparse.total = reduced.total;
            }
        } else {
            self.dense.clear(reduced.rows);
        }
    }

    /// The slot of feature j, made when there is none.
    pub(super) fn slot<X: DesignMatrix<T> + ?Sized>(&mut self, reduced: &Reduced<'_, T, X>, j: usize) -> Result<usize> {
        if self.slots[j] != NO_SLOT {
            return Ok(self.slots[j] as usize);
        }
        let mean = reduced.mean(j);
        if self.is_sparse {
            if let Some((rows, values, factor)) = reduced.x.sparse_column(j) {
                self.sparse.push(rows, values, factor, mean);
            }
        } else {
            let n = reduced.rows;
            let from = self.count * n;
            self.dense.columns.resize(from + n, T::zero());
            let column = &mut self.dense.columns[from..];
            reduced.x.stored_column_into(j, column)?;
            if mean != T::zero() {
                column.iter_mut().for_each(|x| *x -= mean);
            }
            for (x, &root) in column.iter_mut().zip(&self.roots) {
                *x *= root;
            }
        }
        self.slots[j] = self.count as u32;
        self.count += 1;
        Ok(self.count - 1)
    }

    /// Takes r = y - b - X w (n).
    pub(super) fn set_residual(&mut self, r: &[T]) {
        if self.is_sparse {
            let SparseColumns { residual, weights, offset, .. } = &mut self.sparse;
            for ((u, &r), &s) in residual.iter_mut().zip(r).zip(weights.iter()) {
                *u = s * r;
            }
            *offset = T::zero();
            self.sparse.settle();
        } else {
            self.dense.residual.copy_from_slice(r);
            for (r, &root) in self.dense.residual.iter_mut().zip(&self.roots) {
                *r *= root;
            }
        }
    }

    /// Writes r̂ and ρ = √s ∘ r̂ to the buffers and returns Σρ.
    pub(super) fn read_residual(&mut self, reduced: &mut Vec<T>, rho: &mut Vec<T>) -> T {
        reduced.clear();
        rho.clear();
        if self.is_sparse {
            self.sparse.settle();
            rho.extend_from_slice(&self.sparse.residual);
            if self.roots.is_empty() {
                reduced.extend_from_slice(rho);
            } else {
                let divided = |(&rho, &root): (&T, &T)| if root > T::zero() { rho / root } else { T::zero() };
                reduced.extend(rho.iter().zip(&self.roots).map(divided));
            }
            self.sparse.sum
        } else {
            reduced.extend_from_slice(&self.dense.residual);
            rho.extend_from_slice(reduced);
            for (rho, &root) in rho.iter_mut().zip(&self.roots) {
                *rho *= root;
            }
            rho.iter().copied().sum()
        }
    }
}
