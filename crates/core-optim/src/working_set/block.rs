//! The coordinates of a working set, and sweeps over them.

use super::SparsePenalty;
use super::quadratic::Quadratic;
use crate::reduce::constant;
use core_tensor::{Kernel, Scalar, vectorised};

/// Parallel arrays, one entry per coordinate of the working set.
#[derive(Debug, Clone, Default)]
pub(super) struct Block<T> {
    pub(super) features: Vec<usize>,
    pub(super) slots: Vec<usize>,
    pub(super) w: Vec<T>,
    /// ‖x̂‖².
    pub(super) norms: Vec<T>,
    /// λ₁ p and λ₂ p.
    pub(super) thresholds: Vec<T>,
    pub(super) ridges: Vec<T>,
    pub(super) lower: Vec<T>,
    pub(super) upper: Vec<T>,
}

impl<T: Scalar> Block<T> {
    pub(super) fn clear(&mut self) {
        self.features.clear();
        self.slots.clear();
        self.w.clear();
        self.norms.clear();
        self.thresholds.clear();
        self.ridges.clear();
        self.lower.clear();
        self.upper.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.features.len()
    }

    pub(super) fn push(&mut self, feature: usize, slot: usize, w: T, norm: T, penalty: &SparsePenalty<T>) {
        let p = penalty.factor(feature);
        let (lower, upper) = penalty.interval(feature);
        self.features.push(feature);
        self.slots.push(slot);
        self.w.push(w);
        self.norms.push(norm);
        self.thresholds.push(penalty.l1() * p);
        self.ridges.push(penalty.l2() * p);
        self.lower.push(lower);
        self.upper.push(upper);
    }

    /// True if coordinate `k` can move both ways without meeting a kink or a bound.
    pub(super) fn is_free(&self, k: usize) -> bool {
        let w = self.w[k];
        (w != T::zero() || self.thresholds[k] == T::zero())
            && self.lower[k] < w
            && w < self.upper[k]
            && self.norms[k] + self.ridges[k] > T::zero()
    }

    /// Number of free coordinates.
    pub(super) fn free(&self) -> usize {
        (0..self.len()).filter(|&k| self.is_free(k)).count()
    }

    /// The interval around w on which the penalty is smooth.
    #[inline]
    pub(super) fn face(&self, k: usize) -> (T, T) {
        let (lower, upper) = (self.lower[k], self.upper[k]);
        if self.thresholds[k] == T::zero() {
            (lower, upper)
        } else if self.w[k] > T::zero() {
            (T::zero(), upper)
        } else {
            (lower, T::zero())
        }
    }

    /// -∂(penalty)/∂w + pull on the face of coordinate `k`.
    #[inline]
    pub(super) fn slope(&self, k: usize, pull: T) -> T {
        let w = self.w[k];
        let kink = if w > T::zero() { self.thresholds[k] } else { -self.thresholds[k] };
        pull - kink - self.ridges[k] * w
    }

    /// The penalty of the block.
    pub(super) fn penalty(&self) -> T {
        let half = constant::<T>(0.5);
        (0..self.len()).map(|k| self.w[k].abs() * (self.thresholds[k] + half * self.ridges[k] * self.w[k].abs())).sum()
    }

    /// One pass of exact minimisation over each coordinate in turn.
    pub(super) fn sweep<Q: Quadratic<T>>(&mut self, quadratic: &mut Q) -> SweepReport<T> {
        vectorised(Sweep { block: self, quadratic })
    }
}

/// What a sweep did.
#[derive(Debug, Clone, Copy)]
pub(super) struct SweepReport<T> {
    /// Σ ½ L Δw²: the objective fell by at least this.
    pub(super) decrease: T,
    /// Coordinates that left or reached zero.
    pub(super) flips: usize,
}

struct Sweep<'a, T, Q> {
    block: &'a mut Block<T>,
    quadratic: &'a mut Q,
}

impl<T: Scalar, Q: Quadratic<T>> Kernel for Sweep<'_, T, Q> {
    type Output = SweepReport<T>;

    #[inline(always)]
    fn run(self) -> SweepReport<T> {
        let Block { slots, w, norms, thresholds, ridges, lower, upper, .. } = self.block;
        let mut report = SweepReport { decrease: T::zero(), flips: 0 };
        let half = constant::<T>(0.5);
        for (k, &slot) in slots.iter().enumerate() {
            let l = norms[k];
            let total = l + ridges[k];
            if !(total > T::zero()) {
                continue;
            }
            let old = w[k];
            let v = self.quadratic.pull(slot) + l * old;
            let t = thresholds[k];
            let soft = if v > t {
                v - t
            } else if v < -t {
                v + t
            } else {
                T::zero()
            };
            let mut new = soft / total;
            new = if new < lower[k] { lower[k] } else { new };
            new = if new > upper[k] { upper[k] } else { new };
            let moved = new - old;
            if moved != T::zero() {
                w[k] = new;
                self.quadratic.add(slot, moved);
                report.decrease += half * total * moved * moved;
                if (old == T::zero()) != (new == T::zero()) {
                    report.flips += 1;
                }
            }
        }
        report
    }
}
