//! ½ ‖r̂‖², r̂ = ŷ - X̂ w, seen through the columns of a working set: what coordinate descent and Newton steps need of it.

use core_tensor::{Kernel, Scalar, vectorised};

/// A quadratic in the coefficients of numbered columns ("slots").
///
/// `#[inline(always)]` on [`pull`](Self::pull) and [`add`](Self::add) lets whole sweeps run as one vectorised loop.
pub(super) trait Quadratic<T: Scalar> {
    /// x̂ᵀr̂ of a slot.
    fn pull(&self, slot: usize) -> T;

    /// The slot's coefficient grows by `a`: r̂ ← r̂ - a x̂.
    fn add(&mut self, slot: usize, a: T);

    /// ‖r̂‖².
    fn energy(&self) -> T;

    /// Remembers r̂ under a mark (0 or 1), for [`restore`](Self::restore): undoing a long step by the opposite one would leave its rounding.
    fn save(&mut self, mark: usize);

    /// Takes back the r̂ remembered under the mark.
    fn restore(&mut self, mark: usize);

    /// x̂ᵀx̂' of a slot with each of `slots`, into `out`.
    fn gram_row_into(&mut self, slot: usize, slots: &[usize], out: &mut [T]);

    /// Rows `first..` of the Gram matrix of `slots` (k columns each; at least up to the diagonal), into `out`.
    fn gram_rows_into(&mut self, slots: &[usize], first: usize, out: &mut [T]) {
        let k = slots.len();
        for (row, m) in (first..k).enumerate() {
            self.gram_row_into(slots[m], &slots[..=m], &mut out[row * k..row * k + m + 1]);
        }
    }

    /// The Gram matrix of `slots` (k × k, row-major; at least the lower triangle), into `out`.
    fn gram_into(&mut self, slots: &[usize], out: &mut Vec<T>) {
        let k = slots.len();
        out.clear();
        out.resize(k * k, T::zero());
        for (i, &slot) in slots.iter().enumerate() {
            self.gram_row_into(slot, &slots[..=i], &mut out[i * k..i * k + i + 1]);
        }
    }

    /// Multiplications of a pull, roughly.
    fn column_cost(&self) -> usize;

    /// Multiplications of the Gram matrix of k slots, roughly.
    fn gram_cost(&self, k: usize) -> usize {
        k * k * self.column_cost() / 2
    }

    /// [`pull`](Self::pull) of each slot, into `out`.
    fn pulls_into(&self, slots: &[usize], out: &mut Vec<T>)
    where
        Self: Sized,
    {
        out.clear();
        vectorised(Pulls { quadratic: self, slots, out });
    }

    /// [`add`](Self::add) for many slots.
    fn advance(&mut self, slots: &[usize], by: &[T])
    where
        Self: Sized,
    {
        vectorised(Advance { quadratic: self, slots, by });
    }
}

struct Pulls<'a, T, Q> {
    quadratic: &'a Q,
    slots: &'a [usize],
    out: &'a mut Vec<T>,
}

impl<T: Scalar, Q: Quadratic<T>> Kernel for Pulls<'_, T, Q> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for &slot in self.slots {
            self.out.push(self.quadratic.pull(slot));
        }
    }
}

struct Advance<'a, T, Q> {
    quadratic: &'a mut Q,
    slots: &'a [usize],
    by: &'a [T],
}

impl<T: Scalar, Q: Quadratic<T>> Kernel for Advance<'_, T, Q> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (&slot, &by) in self.slots.iter().zip(self.by) {
            if by != T::zero() {
                self.quadratic.add(slot, by);
            }
        }
    }
}
