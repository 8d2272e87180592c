//! The bookkeeping of a fit: certificate so far, and when to stop.

use super::{Effort, SparseFit, SparsePenalty, WorkingSetState};
use crate::reduce::constant;
use crate::{Observer, Stopped};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayView1};

/// A fit before its first certificate.
pub(super) fn begin<T: Scalar>(penalty: &SparsePenalty<T>, scale: T, effort: Effort) -> SparseFit<T> {
    SparseFit {
        l1: penalty.l1(),
        coefficients: Array1::zeros(0),
        intercept: T::zero(),
        primal: T::infinity(),
        dual: T::neg_infinity(),
        gap: T::infinity(),
        scale,
        violation: T::infinity(),
        effort,
        stopped: Stopped::IterationLimit,
    }
}

/// Takes in a certificate: `gap` at a point of objective `primal`. The best dual bound so far counts.
pub(super) fn certify<T: Scalar>(fit: &mut SparseFit<T>, primal: T, gap: T, violation: T) {
    fit.primal = primal;
    fit.violation = violation;
    fit.dual = fit.dual.max(primal - gap);
    fit.gap = gap.min((primal - fit.dual).max(T::zero()));
}

/// Shows the state to the observer; true if it wants no more, or if the numbers have broken down.
pub(super) fn is_over<T: Scalar>(
    fit: &mut SparseFit<T>,
    w: &[T],
    observer: &mut impl for<'s> Observer<WorkingSetState<'s, T>>,
) -> bool {
    let coefficients = ArrayView1::from(w);
    let state = WorkingSetState {
        iteration: fit.effort.outer_iterations,
        l1: fit.l1,
        primal: fit.primal,
        gap: fit.gap,
        working_set: fit.effort.working_sets.last().copied().unwrap_or(0),
        coefficients: &coefficients,
    };
    if observer.iteration(&state).is_break() {
        fit.stopped = Stopped::Observer;
        return true;
    }
    if !fit.primal.is_finite() {
        fit.stopped = Stopped::NumericalBreakdown;
        return true;
    }
    false
}

/// The gap does not fall any more: whether the optimality conditions hold up to rounding, `noise` in units of λ₁.
pub(super) fn end_of_precision<T: Scalar>(fit: &SparseFit<T>, noise: T) -> Stopped {
    let noise = noise + constant::<T>(64.0) * T::epsilon() * fit.l1;
    if fit.violation <= noise { Stopped::Settled } else { Stopped::NoProgress }
}

/// What a sweep can gain by rounding alone, in an objective of this size.
pub(super) fn floor<T: Scalar>(scale: T) -> T {
    constant::<T>(256.0) * T::epsilon() * T::epsilon() * scale
}
