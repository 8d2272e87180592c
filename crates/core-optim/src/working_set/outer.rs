//! What every outer iteration does, whatever the loss: correlations, certificate, screening, choice of the working set.

use super::certificate::{DualScale, Pull, dual_scale};
use super::correlations::Correlations;
use super::reduced::Reduced;
use super::{Options, SparsePenalty};
use crate::Result;
use crate::design::DesignMatrix;
use crate::prox::Separable;
use crate::reduce::constant;
use core_tensor::Scalar;
use std::cmp::Ordering;

/// The coefficients and what is known of the columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Outer<T> {
    pub(super) w: Vec<T>,
    pub(super) correlations: Correlations<T>,
    /// Columns that are zero at the optimum for certain.
    screened: Vec<bool>,
    /// Columns with a coefficient, or whose correlation may reach its threshold.
    pub(super) list: Vec<usize>,
    stale: Vec<usize>,
    values: Vec<T>,
    pulls: Vec<Pull<T>>,
    candidates: Vec<(T, usize)>,
    /// The features of the next working set.
    pub(super) chosen: Vec<usize>,
    /// u/√s and u = -∇f, and Σ u.
    pub(super) reduced_slopes: Vec<T>,
    pub(super) slopes: Vec<T>,
    pub(super) slope_sum: T,
    /// Whether the slopes have changed since the correlations were computed.
    pub(super) moved: bool,
}

impl<T: Scalar> Outer<T> {
    pub(super) fn clear<X: DesignMatrix<T> + ?Sized>(
        &mut self,
        reduced: &Reduced<'_, T, X>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
    ) {
        self.w.clear();
        self.w.resize(reduced.columns, T::zero());
        if let Some(start) = options.start {
            for (j, (w, &start)) in self.w.iter_mut().zip(start).enumerate() {
                let (lower, upper) = penalty.interval(j);
                // A zero column is left alone by the sweeps.
                *w = if reduced.norms[j] > T::zero() { start.max(lower).min(upper) } else { T::zero() };
            }
        }
        self.correlations.clear(reduced.rows, reduced.columns);
        self.moved = true;
    }

    pub(super) fn is_zero(&self) -> bool {
        self.w.iter().all(|&w| w == T::zero())
    }

    /// Forgets what was screened: the penalty is another one.
    pub(super) fn begin(&mut self, columns: usize) {
        self.screened.clear();
        self.screened.resize(columns, false);
    }

    /// Fills `list`, with the correlations of its columns up to date.
    pub(super) fn evaluate<X: DesignMatrix<T> + ?Sized>(
        &mut self,
        reduced: &Reduced<'_, T, X>,
        penalty: &SparsePenalty<T>,
    ) -> Result<()> {
        if self.moved {
            self.correlations.look_at(&self.reduced_slopes);
            self.moved = false;
        }
        let l1 = penalty.l1() * (T::one() - constant::<T>(1e-9).max(constant::<T>(64.0) * T::epsilon()));
        self.list.clear();
        self.stale.clear();
        for j in 0..reduced.columns {
            let needed = self.w[j] != T::zero()
                || (!self.screened[j] && self.correlations.bound(j, reduced.roots[j]) >= l1 * penalty.factor(j));
            if needed && reduced.norms[j] > T::zero() {
                self.list.push(j);
                if !self.correlations.is_current(j) {
                    self.stale.push(j);
                }
            }
        }
        self.values.clear();
        self.values.resize(self.stale.len(), T::zero());
        reduced.dots_into(&self.stale, &self.slopes, self.slope_sum, &mut self.values)?;
        for (&j, &value) in self.stale.iter().zip(&self.values) {
            self.correlations.set(j, value);
        }
        Ok(())
    }

    /// max |cⱼ| / pⱼ over the penalised columns that may move that way.
    pub(super) fn largest_pull<X: DesignMatrix<T> + ?Sized>(
        &mut self,
        reduced: &Reduced<'_, T, X>,
        penalty: &SparsePenalty<T>,
    ) -> Result<T> {
        self.begin(reduced.columns);
        self.evaluate(reduced, &penalty.with_l1(T::zero())?)?;
        let mut largest = T::zero();
        for &j in &self.list {
            let (p, c) = (penalty.factor(j), self.correlations.values[j]);
            if p > T::zero() && may_leave_zero(penalty, j, c) {
                largest = largest.max(c.abs() / p);
            }
        }
        Ok(largest)
    }

    /// Dual scale and gap of the penalty terms for the correlations in `list`, and the largest violation. `noise` is the rounding of
    /// a correlation per ‖x̂‖; for `curvature` see [`dual_scale`].
    pub(super) fn certify<X: DesignMatrix<T> + ?Sized>(
        &mut self,
        reduced: &Reduced<'_, T, X>,
        penalty: &SparsePenalty<T>,
        curvature: T,
        noise: T,
    ) -> (DualScale<T>, T) {
        self.pulls.clear();
        let mut violation = T::zero();
        for &j in &self.list {
            let (c, w) = (self.correlations.values[j], self.w[j]);
            violation = violation.max(penalty.violation(j, w, -c));
            if w != T::zero() || c.abs() >= penalty.l1() * penalty.factor(j) {
                self.pulls.push(Pull { j, c, w, noise: noise * reduced.roots[j] });
            }
        }
        (dual_scale(penalty, &self.pulls, curvature, T::one()), violation)
    }

    /// Marks what is zero at the optimum for certain: the dual optimum lies within `radius` of σ times the slopes. Returns the
    /// number of columns marked so far.
    pub(super) fn screen<X: DesignMatrix<T> + ?Sized>(
        &mut self,
        reduced: &Reduced<'_, T, X>,
        penalty: &SparsePenalty<T>,
        sigma: T,
        radius: T,
    ) -> usize {
        let margin = T::one() - constant::<T>(1e-10).max(constant::<T>(64.0) * T::epsilon());
        let mut count = 0;
        for j in 0..reduced.columns {
            if !self.screened[j] && self.w[j] == T::zero() {
                let root = reduced.roots[j];
                let bound = sigma * self.correlations.bound(j, root) + root * radius;
                self.screened[j] = bound < penalty.l1() * penalty.factor(j) * margin;
            }
            count += usize::from(self.screened[j]);
        }
        count
    }

    /// Chooses the support, all that is unpenalised, and the columns nearest to entering, up to twice the support. Returns how
    /// many of those outside the support violate their condition.
    pub(super) fn choose<X: DesignMatrix<T> + ?Sized>(
        &mut self,
        reduced: &Reduced<'_, T, X>,
        penalty: &SparsePenalty<T>,
    ) -> usize {
        self.chosen.clear();
        self.candidates.clear();
        for &j in &self.list {
            let threshold = penalty.l1() * penalty.factor(j);
            if self.w[j] != T::zero() || threshold == T::zero() {
                self.chosen.push(j);
                continue;
            }
            let c = self.correlations.values[j];
            if may_leave_zero(penalty, j, c) {
                self.candidates.push(((threshold - c.abs()) / reduced.roots[j], j));
            }
        }
        let room = self.chosen.len().max(10);
        let nearest =
            |a: &(T, usize), b: &(T, usize)| a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1));
        if self.candidates.len() > room {
            self.candidates.select_nth_unstable_by(room, nearest);
            self.candidates.truncate(room);
        }
        self.candidates.sort_unstable_by(nearest);
        self.chosen.extend(self.candidates.iter().map(|&(_, j)| j));
        self.candidates.iter().filter(|(key, _)| *key < T::zero()).count()
    }

    pub(super) fn penalty_value(&self, penalty: &SparsePenalty<T>) -> T {
        let support = self.w.iter().enumerate().filter(|(_, w)| **w != T::zero());
        support.map(|(j, &w)| penalty.coordinate_value(j, w)).sum()
    }
}

fn may_leave_zero<T: Scalar>(penalty: &SparsePenalty<T>, j: usize, c: T) -> bool {
    let (lower, upper) = penalty.interval(j);
    (c > T::zero() && upper > T::zero()) || (c < T::zero() && lower < T::zero())
}
