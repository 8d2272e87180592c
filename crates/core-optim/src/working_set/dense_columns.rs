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
    /// The columns of a Gram matrix, one after the other.
    #[cfg(feature = "linalg")]
    gathered: Vec<T>,
    saved: [Vec<T>; 2],
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

    fn save(&mut self, mark: usize) {
        self.saved[mark].clone_from(&self.residual);
    }

    fn restore(&mut self, mark: usize) {
        self.residual.copy_from_slice(&self.saved[mark]);
    }

    fn gram_row_into(&mut self, slot: usize, slots: &[usize], out: &mut [T]) {
        core_tensor::vectorised(GramRow { columns: self, slot, slots, out });
    }

    fn gram_rows_into(&mut self, slots: &[usize], first: usize, out: &mut [T]) {
        core_tensor::vectorised(GramRows { columns: self, slots, first, out });
    }

    #[cfg(feature = "linalg")]
    fn gram_into(&mut self, slots: &[usize], out: &mut Vec<T>) {
        use core_tensor::linalg::{Accumulate, gram_into};
        use ndarray::{ArrayView2, ArrayViewMut2};
        let (n, k) = (self.rows, slots.len());
        // Consecutive slots stand one after the other already.
        let consecutive = slots.iter().enumerate().all(|(i, &slot)| i == slot);
        self.gathered.clear();
        for &slot in slots.iter().filter(|_| !consecutive) {
            self.gathered.extend_from_slice(&self.columns[slot * n..(slot + 1) * n]);
        }
        out.clear();
        out.resize(k * k, T::zero());
        if let (Ok(x), Ok(mut gram)) = (
            ArrayView2::from_shape((k, n), if consecutive { &self.columns[..k * n] } else { &self.gathered }),
            ArrayViewMut2::from_shape((k, k), out.as_mut_slice()),
        ) {
            // The shapes fit by construction.
            let _ = gram_into(&mut gram, Accumulate::Replace, T::one(), &x.t());
        }
    }

    fn column_cost(&self) -> usize {
        self.rows
    }

    fn gram_cost(&self, k: usize) -> usize {
        k * k * self.rows / if cfg!(feature = "linalg") { 8 } else { 2 }
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

/// Four rows at a time: each column is read a quarter as often.
struct GramRows<'a, T> {
    columns: &'a DenseColumns<T>,
    slots: &'a [usize],
    first: usize,
    out: &'a mut [T],
}

impl<T: Scalar> core_tensor::Kernel for GramRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let k = self.slots.len();
        let mut m = self.first;
        while m < k {
            let row = m - self.first;
            if m + 3 < k {
                let new = [0, 1, 2, 3].map(|o| self.columns.column(self.slots[m + o]));
                for (i, &other) in self.slots[..m + 4].iter().enumerate() {
                    let values = four_dots(new, self.columns.column(other));
                    for o in 0..4 {
                        self.out[(row + o) * k + i] = values[o];
                    }
                }
                m += 4;
            } else {
                let column = self.columns.column(self.slots[m]);
                for (i, &other) in self.slots[..=m].iter().enumerate() {
                    self.out[row * k + i] = sum_pairs(column, self.columns.column(other), |x, y| x * y);
                }
                m += 1;
            }
        }
    }
}

const LANES: usize = 8;

/// aᵀv of four columns.
#[inline(always)]
fn four_dots<T: Scalar>(columns: [&[T]; 4], v: &[T]) -> [T; 4] {
    let mut lanes = [[T::zero(); LANES]; 4];
    let n = v.len() - v.len() % LANES;
    let (a, b, c, d) = (&columns[0][..v.len()], &columns[1][..v.len()], &columns[2][..v.len()], &columns[3][..v.len()]);
    let mut i = 0;
    while i < n {
        let v = &v[i..i + LANES];
        let (a, b, c, d) = (&a[i..i + LANES], &b[i..i + LANES], &c[i..i + LANES], &d[i..i + LANES]);
        for l in 0..LANES {
            lanes[0][l] += a[l] * v[l];
            lanes[1][l] += b[l] * v[l];
            lanes[2][l] += c[l] * v[l];
            lanes[3][l] += d[l] * v[l];
        }
        i += LANES;
    }
    let mut out = lanes
        .map(|lanes| ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7])));
    for i in n..v.len() {
        for (out, column) in out.iter_mut().zip(columns) {
            *out += column[i] * v[i];
        }
    }
    out
}
