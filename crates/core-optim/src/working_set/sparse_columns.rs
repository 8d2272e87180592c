//! Sparse columns of a working set with implicit centring and weights, and the residual.

use super::quadratic::Quadratic;
use crate::reduce::constant;
use core_tensor::Scalar;

/// Slots hold the rows and values of x, and s∘x. The weighted residual ρ = s∘(y - b - X w) is stored as u + o s, so that a centred
/// column costs its entries:
///
/// ```text
/// x̂ᵀr̂ = xᵀu + o xᵀs - m Σρ,      w + a:   u ← u - a s∘x,   o ← o + a m,   Σρ ← Σρ - a (xᵀs - m Σs)
/// ```
#[derive(Debug, Clone, Default)]
pub(super) struct SparseColumns<T> {
    pub(super) starts: Vec<usize>,
    pub(super) entries: Vec<u32>,
    pub(super) values: Vec<T>,
    pub(super) weighted: Vec<T>,
    /// m and xᵀs of each slot.
    pub(super) means: Vec<T>,
    pub(super) sums: Vec<T>,
    /// s, and Σ s.
    pub(super) weights: Vec<T>,
    pub(super) total: T,
    pub(super) residual: Vec<T>,
    pub(super) offset: T,
    pub(super) sum: T,
    scratch: Vec<T>,
    saved: [(Vec<T>, T, T); 2],
}

impl<T: Scalar> SparseColumns<T> {
    pub(super) fn clear(&mut self, rows: usize) {
        self.starts.clear();
        self.starts.push(0);
        self.entries.clear();
        self.values.clear();
        self.weighted.clear();
        self.means.clear();
        self.sums.clear();
        self.weights.clear();
        self.weights.resize(rows, T::one());
        self.total = constant::<T>(rows as f64);
        self.residual.clear();
        self.residual.resize(rows, T::zero());
        (self.offset, self.sum) = (T::zero(), T::zero());
        self.scratch.clear();
        self.scratch.resize(rows, T::zero());
    }

    /// Appends a slot: rows and values of x, its weighted mean or shift m.
    pub(super) fn push(&mut self, rows: &[usize], values: &[T], factor: T, mean: T) {
        let mut sum = T::zero();
        for (&i, &v) in rows.iter().zip(values) {
            let v = factor * v;
            let weighted = v * self.weights[i];
            self.entries.push(i as u32);
            self.values.push(v);
            self.weighted.push(weighted);
            sum += weighted;
        }
        self.starts.push(self.entries.len());
        self.means.push(mean);
        self.sums.push(sum);
    }

    /// [`push`](Self::push) for a model whose weights change: the mean is the weighted one if `centred`, else `mean`. Returns ‖x̂‖².
    pub(super) fn push_model_column(&mut self, rows: &[usize], values: &[T], factor: T, centred: bool, mean: T) -> T {
        let slot = self.means.len();
        self.push(rows, values, factor, mean);
        if centred {
            self.means[slot] = self.sums[slot] / self.total;
        }
        let (mean, range) = (self.means[slot], self.range(slot));
        let (mut covered, mut norm) = (T::zero(), T::zero());
        for e in range {
            let s = self.weights[self.entries[e] as usize];
            let off = self.values[e] - mean;
            covered += s;
            norm += s * off * off;
        }
        norm + (self.total - covered).max(T::zero()) * mean * mean
    }

    /// ρ, with the offset added in.
    pub(super) fn rho(&self, i: usize) -> T {
        self.residual[i] + self.offset * self.weights[i]
    }

    /// Adds the offset in and forgets the rounding of the running sum.
    pub(super) fn settle(&mut self) {
        let offset = self.offset;
        if offset != T::zero() {
            for (r, &s) in self.residual.iter_mut().zip(&self.weights) {
                *r += offset * s;
            }
            self.offset = T::zero();
        }
        self.sum = self.residual.iter().copied().sum();
    }

    #[inline(always)]
    fn range(&self, slot: usize) -> std::ops::Range<usize> {
        self.starts[slot]..self.starts[slot + 1]
    }

    #[inline(always)]
    fn gather(&self, slot: usize, v: &[T]) -> T {
        let range = self.range(slot);
        let (rows, values) = (&self.entries[range.clone()], &self.values[range]);
        let mut lanes = [T::zero(); 4];
        let (row_chunks, row_rest) = rows.as_chunks::<4>();
        let (value_chunks, value_rest) = values.as_chunks::<4>();
        for (rows, values) in row_chunks.iter().zip(value_chunks) {
            for l in 0..4 {
                lanes[l] += values[l] * v[rows[l] as usize];
            }
        }
        for (l, (&row, &value)) in row_rest.iter().zip(value_rest).enumerate() {
            lanes[l] += value * v[row as usize];
        }
        (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
    }
}

impl<T: Scalar> Quadratic<T> for SparseColumns<T> {
    #[inline(always)]
    fn pull(&self, slot: usize) -> T {
        self.gather(slot, &self.residual) + self.offset * self.sums[slot] - self.means[slot] * self.sum
    }

    #[inline(always)]
    fn add(&mut self, slot: usize, a: T) {
        let range = self.range(slot);
        for (&i, &x) in self.entries[range.clone()].iter().zip(&self.weighted[range]) {
            self.residual[i as usize] -= a * x;
        }
        let mean = self.means[slot];
        if mean != T::zero() {
            self.offset += a * mean;
        }
        self.sum -= a * (self.sums[slot] - mean * self.total);
    }

    fn energy(&self) -> T {
        let mut sum = T::zero();
        for (i, &s) in self.weights.iter().enumerate() {
            if s > T::zero() {
                let rho = self.rho(i);
                sum += rho * rho / s;
            }
        }
        sum
    }

    fn save(&mut self, mark: usize) {
        let saved = &mut self.saved[mark];
        saved.0.clone_from(&self.residual);
        (saved.1, saved.2) = (self.offset, self.sum);
    }

    fn restore(&mut self, mark: usize) {
        let saved = &self.saved[mark];
        self.residual.copy_from_slice(&saved.0);
        (self.offset, self.sum) = (saved.1, saved.2);
    }

    fn gram_row_into(&mut self, slot: usize, slots: &[usize], out: &mut [T]) {
        for e in self.range(slot) {
            self.scratch[self.entries[e] as usize] = self.weighted[e];
        }
        let (mean, sum) = (self.means[slot], self.sums[slot]);
        for (out, &other) in out.iter_mut().zip(slots) {
            let plain = self.gather(other, &self.scratch);
            let m = self.means[other];
            *out = plain - m * sum - mean * self.sums[other] + mean * m * self.total;
        }
        for e in self.range(slot) {
            self.scratch[self.entries[e] as usize] = T::zero();
        }
    }

    fn column_cost(&self) -> usize {
        2 * self.entries.len() / (self.starts.len() - 1).max(1)
    }
}
