//! Columns of a working set, one after the other in memory, and the residual.

use super::quadratic::Quadratic;
use crate::reduce::sum_pairs;
use core_tensor::Scalar;

/// x̂ of each slot, and r̂.
#[derive(Debug, Clone, Default)]
pub(super) struct DenseColumns<T> {
    pub(super) rows: usize,
    pub(super) columns: Vec<T>,
    pub(super) residual: Vec<T>,
    gathered: Vec<T>,
}

impl<T: Scalar> DenseColumns<T> {
    pub(super) fn clear(&mut self, rows: usize) {
        self.rows = rows;
        self.columns.clear();
        self.residual.clear();
        self.residual.resize(rows, T::zero());
    }

    #[inline(always)]
    pub(super) fn column(&self, slot: usize) -> &[T] {
        &self.columns[slot * self.rows..(slot + 1) * self.rows]
    }
}

impl<T: Scalar> Quadratic<T> for DenseColumns<T> {
    #[inline(always)]
    fn pull(&self, slot: usize) -> T {
        sum_pairs(self.column(slot), &self.residual, |x, r| x * r)
    }

    #[inline(always)]
    fn add(&mut self, slot: usize, a: T) {
        let column = &self.columns[slot * self.rows..(slot + 1) * self.rows];
        for (r, &x) in self.residual.iter_mut().zip(column) {
            *r -= a * x;
        }
    }

    fn energy(&self) -> T {
        sum_pairs(&self.residual, &self.residual, |a, b| a * b)
    }

    fn gram_row_into(&mut self, slot: usize, slots: &[usize], out: &mut [T]) {
        core_tensor::vectorised(GramRow { columns: self, slot, slots, out });
    }

    #[cfg(feature = "linalg")]
    fn gram_into(&mut self, slots: &[usize], out: &mut Vec<T>) {
        use core_tensor::linalg::{Accumulate, gram_into};
        use ndarray::{ArrayView2, ArrayViewMut2};
        let (n, k) = (self.rows, slots.len());
        self.gathered.clear();
        for &slot in slots {
            self.gathered.extend_from_slice(&self.columns[slot * n..(slot + 1) * n]);
        }
        out.clear();
        out.resize(k * k, T::zero());
        if let (Ok(x), Ok(mut gram)) =
            (ArrayView2::from_shape((k, n), &self.gathered), ArrayViewMut2::from_shape((k, k), out.as_mut_slice()))
        {
            // The shapes fit by construction.
            let _ = gram_into(&mut gram, Accumulate::Replace, T::one(), &x.t());
        }
    }

    fn column_cost(&self) -> usize {
        self.rows
    }
}

struct GramRow<'a, T> {
    columns: &'a DenseColumns<T>,
    slot: usize,
    slots: &'a [usize],
    out: &'a mut [T],
}

impl<T: Scalar> core_tensor::Kernel for GramRow<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let column = self.columns.column(self.slot);
        for (out, &other) in self.out.iter_mut().zip(self.slots) {
            *out = sum_pairs(column, self.columns.column(other), |x, y| x * y);
        }
    }
}
