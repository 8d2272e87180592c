//! All columns through their Gram matrix: with many more rows than columns, nothing then costs as much as a row count.

use super::quadratic::Quadratic;
use crate::reduce::constant;
use core_tensor::Scalar;

/// G = X̂ᵀX̂ (d × d) and c = X̂ᵀr̂; slots are the features.
#[derive(Debug, Clone, Default)]
pub(super) struct GramColumns<T> {
    pub(super) gram: Vec<T>,
    pub(super) pulls: Vec<T>,
    /// ‖r̂‖².
    pub(super) energy: T,
    saved: [(Vec<T>, T); 2],
}

impl<T: Scalar> GramColumns<T> {
    #[inline(always)]
    fn row(&self, slot: usize) -> &[T] {
        let d = self.pulls.len();
        &self.gram[slot * d..(slot + 1) * d]
    }
}

impl<T: Scalar> Quadratic<T> for GramColumns<T> {
    #[inline(always)]
    fn pull(&self, slot: usize) -> T {
        self.pulls[slot]
    }

    #[inline(always)]
    fn add(&mut self, slot: usize, a: T) {
        let d = self.pulls.len();
        let row = &self.gram[slot * d..(slot + 1) * d];
        self.energy += a * (a * row[slot] - constant::<T>(2.0) * self.pulls[slot]);
        for (c, &g) in self.pulls.iter_mut().zip(row) {
            *c -= a * g;
        }
    }

    fn energy(&self) -> T {
        self.energy
    }

    fn save(&mut self, mark: usize) {
        let saved = &mut self.saved[mark];
        saved.0.clone_from(&self.pulls);
        saved.1 = self.energy;
    }

    fn restore(&mut self, mark: usize) {
        let saved = &self.saved[mark];
        self.pulls.copy_from_slice(&saved.0);
        self.energy = saved.1;
    }

    fn gram_row_into(&mut self, slot: usize, slots: &[usize], out: &mut [T]) {
        let row = self.row(slot);
        for (out, &other) in out.iter_mut().zip(slots) {
            *out = row[other];
        }
    }

    fn column_cost(&self) -> usize {
        // Most coordinates of a sweep do not move, and then cost nothing.
        self.pulls.len() / 4 + 1
    }

    fn gram_cost(&self, k: usize) -> usize {
        k * k
    }
}
