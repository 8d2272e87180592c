//! The threshold θ with Σ max(uᵢ - θ, 0) = r, on which the projections to the simplex and to the 1-ball rest.

use crate::reduce::{constant, largest_by, sum_by};
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// Solves Σ max(f(vᵢ) - θ, 0) = `total` > 0 for θ and returns it as (top, θ - top) with top = max f(vᵢ): the two parts
/// keep `(f(v) - top) - (θ - top)` exact where θ itself would be rounded. Works with `scratch` (as long as `v`, not empty).
///
/// Exact up to rounding: Michelot's fixed point (1986), which drops in each round what cannot be in the support. On
/// contiguous scratch the rounds shrink, and after a few the rest is settled by selection: O(n) in the worst case. On
/// strided scratch each round costs O(n); the bits are the same unless the selection was needed.
pub(super) fn threshold<T: Scalar>(
    v: &ArrayRef1<T>,
    f: impl Fn(T) -> T + Copy,
    total: T,
    scratch: &mut ArrayRef1<T>,
) -> (T, T) {
    debug_assert!(v.len() == scratch.len() && !v.is_empty());
    // The sum of 0 x is NaN exactly when some entry is not finite.
    if !(sum_by(v, |v| f(v) * T::zero()) == T::zero()) {
        return (T::nan(), T::nan());
    }
    let top = largest_by(v, f);
    // Only differences count: below the maximum they are small where it matters, and never overflow upwards.
    let below = move |v: T| f(v) - top;
    // The largest entry alone gives this; more entries only raise it.
    let first = -total;
    let theta = match scratch.as_slice_mut() {
        Some(scratch) => shrinking(v, below, total, first, scratch),
        None => michelot(v, below, total, first),
    };
    (top, theta)
}

/// Rounds of the fixed point that are tried before the selection; each at least drops one entry, most drop half.
const ROUNDS: usize = 12;

/// θ ← (Σ_{u > θ} u - total) / #{u > θ} until no entry is dropped, on ever fewer entries, in their order.
fn shrinking<T: Scalar>(v: &ArrayRef1<T>, below: impl Fn(T) -> T, total: T, first: T, scratch: &mut [T]) -> T {
    let mut theta = first;
    let mut kept = 0;
    let mut sum = T::zero();
    for &v in v {
        let u = below(v);
        // Written always, kept only if it counts: no branch to mispredict.
        scratch[kept] = u;
        let counts = u > theta;
        kept += usize::from(counts);
        sum += if counts { u } else { T::zero() };
    }
    let mut count = kept;
    for _ in 0..ROUNDS {
        theta = (sum - total) / constant::<T>(count as f64);
        kept = 0;
        sum = T::zero();
        for i in 0..count {
            let u = scratch[i];
            scratch[kept] = u;
            let counts = u > theta;
            kept += usize::from(counts);
            sum += if counts { u } else { T::zero() };
        }
        if kept == count || kept == 0 {
            return theta;
        }
        count = kept;
    }
    let guess = by_selection(&mut scratch[..count], total);
    michelot(v, below, total, guess)
}

/// Duchi and others (2008), with a selection of guaranteed linear time.
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
    if count == 0 { -total } else { (sum - total) / constant::<T>(count as f64) }
}

/// The fixed point without memory, from a `guess` at or below the solution (up to rounding).
fn michelot<T: Scalar>(v: &ArrayRef1<T>, below: impl Fn(T) -> T, total: T, guess: T) -> T {
    let mut theta = guess;
    let mut size = usize::MAX;
    for _ in 0..=v.len() {
        let (mut sum, mut count) = (T::zero(), 0_usize);
        for &v in v {
            let u = below(v);
            let counts = u > theta;
            count += usize::from(counts);
            sum += if counts { u } else { T::zero() };
        }
        // The set is stable, or the guess was rounded past the maximum.
        if count == size || count == 0 {
            return theta;
        }
        (theta, size) = ((sum - total) / constant::<T>(count as f64), count);
    }
    theta
}
