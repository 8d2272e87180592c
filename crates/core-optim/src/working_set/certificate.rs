//! The duality gap by Fenchel-Young terms, which are all ≥ 0: nothing cancels, and tiny gaps keep their digits.

use super::SparsePenalty;
use crate::prox::Separable;
use crate::reduce::constant;
use core_tensor::Scalar;

/// One coordinate of a certificate: cⱼ = xⱼᵀu with u = -∇f, wⱼ, and what rounding can make of cⱼ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pull<T> {
    pub(super) j: usize,
    pub(super) c: T,
    pub(super) w: T,
    pub(super) noise: T,
}

/// What multiplies the dual point u, and the gap of the penalty terms there.
#[derive(Debug, Clone, Copy)]
pub(super) struct DualScale<T> {
    pub(super) scale: T,
    pub(super) penalty_gap: T,
}

/// The σ ≥ 0 that minimises `curvature`/2 (1 - σ)² + Σ [gⱼ(wⱼ) + gⱼ*(σ cⱼ) - σ cⱼ wⱼ], at most `largest`.
///
/// `pulls` holds every coordinate with wⱼ ≠ 0 or |cⱼ| > λ₁ pⱼ; the others contribute nothing for σ ≤ 1 (and for σ up to the
/// reciprocal of the largest |cⱼ| / (λ₁ pⱼ) among them, which the caller puts into `largest`).
pub(super) fn dual_scale<T: Scalar>(
    penalty: &SparsePenalty<T>,
    pulls: &[Pull<T>],
    curvature: T,
    largest: T,
) -> DualScale<T> {
    let mut limit = largest;
    let mut kinked = false;
    let mut slope = T::zero();
    for pull in pulls {
        slope += pull.c * pull.w;
        let p = penalty.factor(pull.j);
        let (lower, upper) = penalty.interval(pull.j);
        let end = if pull.c > T::zero() { upper } else { lower };
        if penalty.l2() * p > T::zero() || end.is_finite() {
            kinked = true;
        } else if pull.c.abs() > pull.noise {
            let ratio = penalty.l1() * p / pull.c.abs();
            if !(ratio >= limit) {
                limit = ratio;
            }
        }
    }
    let derivative = |sigma: T| {
        let mut sum = -(T::one() - sigma) * curvature;
        for pull in pulls {
            let at = attained(penalty, pull, sigma);
            sum += pull.c * (at - pull.w);
        }
        sum
    };
    let scale = if kinked {
        let (mut low, mut high) = (T::zero(), limit);
        if high > T::zero() && derivative(high) > T::zero() {
            for _ in 0..60 {
                let middle = constant::<T>(0.5) * (low + high);
                if derivative(middle) > T::zero() { high = middle } else { low = middle }
            }
            // 1 is the answer at the optimum: exactly, not up to the bisection.
            if low <= T::one() && T::one() <= high { T::one() } else { low }
        } else {
            high
        }
    } else if curvature > T::zero() {
        (T::one() + slope / curvature).max(T::zero()).min(limit)
    } else {
        limit.min(T::one())
    };
    let penalty_gap = pulls.iter().map(|pull| fenchel_young(penalty, pull, scale)).sum();
    DualScale { scale, penalty_gap }
}

/// Where gⱼ*(σ cⱼ) is attained; a pull of pure rounding counts as 0.
fn attained<T: Scalar>(penalty: &SparsePenalty<T>, pull: &Pull<T>, sigma: T) -> T {
    let (value, at) = penalty.conjugate_at(pull.j, sigma * pull.c);
    if value.is_infinite() { T::zero() } else { at }
}

/// gⱼ(wⱼ) + gⱼ*(σ cⱼ) - σ cⱼ wⱼ ≥ 0.
fn fenchel_young<T: Scalar>(penalty: &SparsePenalty<T>, pull: &Pull<T>, sigma: T) -> T {
    let c = sigma * pull.c;
    let (value, at) = penalty.conjugate_at(pull.j, c);
    let conjugate = if value.is_infinite() { T::zero() } else { value };
    if !value.is_infinite() && at == pull.w {
        // Equality: the terms would only leave their rounding.
        let (lower, upper) = penalty.subdifferential(pull.j, pull.w);
        if lower <= c && c <= upper {
            return T::zero();
        }
    }
    (penalty.coordinate_value(pull.j, pull.w) + conjugate - c * pull.w).max(T::zero())
}
