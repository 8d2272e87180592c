//! The threshold θ with Σ max(uᵢ - θ, 0) = r, on which the projections to the simplex and to the 1-ball rest.

use crate::reduce::constant;
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// Solves Σ max(f(vᵢ) - θ, 0) = `total` > 0 for θ and returns it as (top, θ - top) with top = max f(vᵢ): the two parts
/// keep `(f(v) - top) - (θ - top)` exact where θ itself would be rounded. Works with `scratch` (as long as `v`, not empty) overwritten.
///
/// Exact up to rounding. On contiguous scratch by repeated selection of the median, O(n) in the worst case; otherwise by
/// Michelot's fixed point, O(n) per round and rarely more than ten rounds.
pub(super) fn threshold<T: Scalar>(
    v: &ArrayRef1<T>,
    f: impl Fn(T) -> T,
    total: T,
    scratch: &mut ArrayRef1<T>,
) -> (T, T) {
    debug_assert!(v.len() == scratch.len() && !v.is_empty());
    // Only differences count: working below the maximum keeps the sums small and finite, and -0.0 apart from nothing.
    let top = v.iter().fold(T::neg_infinity(), |m, &v| if f(v).is_nan() { f(v) } else { m.max(f(v)) });
    if !top.is_finite() || v.iter().any(|&v| f(v).is_nan()) {
        return (T::nan(), T::nan());
    }
    let below = |v: T| f(v) - top;
    let guess = match scratch.as_slice_mut() {
        Some(values) => {
            for (slot, &v) in values.iter_mut().zip(v) {
                *slot = below(v);
            }
            by_selection(values, total)
        }
        None => -total,
    };
    // A fixed point from the guess downwards in error: one round at the solution makes the sum exact in the order of
    // `v`, so that both ways agree bit for bit.
    (top, michelot(v, below, total, guess))
}

/// Duchi and others (2008), algorithm of expected linear time, with a selection of guaranteed linear time.
fn by_selection<T: Scalar>(mut rest: &mut [T], total: T) -> T {
    let (mut sum, mut count) = (T::zero(), 0_usize);
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        rest.select_nth_unstable_by(middle, |a, b| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
        let pivot = rest[middle];
        let head: T = rest[..=middle].iter().copied().sum();
        // The pivot is in the support exactly if the entries above it do not use up the total: Σ (u - pivot) < total.
        let above = sum + head - constant::<T>((count + middle + 1) as f64) * pivot;
        if above < total {
            (sum, count) = (sum + head, count + middle + 1);
            rest = &mut rest[middle + 1..];
        } else {
            rest = &mut rest[..middle];
        }
    }
    if count == 0 { -total } else { (sum - total) / constant::<T>((count) as f64) }
}

/// θ ← (Σ_{u > θ} u - total) / #{u > θ} until the set is stable. From any start, the second value is at most the
/// solution and the sequence then rises to it.
fn michelot<T: Scalar>(v: &ArrayRef1<T>, below: impl Fn(T) -> T, total: T, guess: T) -> T {
    let mut theta = guess;
    let mut size = 0_usize;
    for _ in 0..=v.len() + 1 {
        let (mut sum, mut count) = (T::zero(), 0_usize);
        for &v in v {
            let u = below(v);
            if u > theta {
                sum += u;
                count += 1;
            }
        }
        if count == 0 {
            // The guess was rounded past the maximum, which is 0.
            theta = -total;
            size = 0;
            continue;
        }
        let next = (sum - total) / constant::<T>(count as f64);
        if count == size {
            return next;
        }
        (theta, size) = (next, count);
    }
    theta
}
