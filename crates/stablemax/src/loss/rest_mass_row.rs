//! One row of softmax cross-entropy in its rest-mass form.
//!
//! With M the largest of the other logits and R = Σ exp(zₖ - M) over them, x = R exp(M - z_y) is the odds against the label:
//! loss = log1p(x), 1 - p_y = x/(1 + x). The rounding error of M - z_y is recovered, since the exponential would multiply it.

use crate::lanes::sum_lanes;
use core_tensor::Scalar;
use core_tensor::elementary::exp;

const LANES: usize = 16;

/// The loss times `factor`; `row` holds logits and becomes the gradient times `slope`. `None` where a logit is not a number.
#[inline(always)]
pub(super) fn rest_mass_row<T: Scalar>(row: &mut [T], label: usize, factor: f64, slope: f64) -> Option<f64> {
    let at_label = row[label];
    row[label] = T::neg_infinity();
    let largest = largest(row);
    if !at_label.is_finite() {
        return None;
    }
    if largest == T::neg_infinity() {
        // The label is alone, or every other class is masked or NaN.
        if row.iter().any(|z| z.is_nan()) {
            return None;
        }
        row.fill(T::zero());
        return Some(0.0);
    }
    let rest = Scalar::to_f64(exponentials(row, largest));
    if !(rest < f64::INFINITY) {
        return None;
    }
    let (loss, miss) = label_loss(Scalar::to_f64(largest), Scalar::to_f64(at_label), rest);
    let inverse = <T as Scalar>::from_f64(slope * (miss / rest));
    row.iter_mut().for_each(|e| *e *= inverse);
    row[label] = <T as Scalar>::from_f64(-slope * miss);
    Some(factor * loss)
}

/// Loss and 1 - p_y, from the largest other logit, the label's and the sum R.
#[inline]
pub(super) fn label_loss(largest: f64, at_label: f64, rest: f64) -> (f64, f64) {
    let gap = largest - at_label;
    // What the difference lost (Knuth's exact sum).
    let virtual_label = largest - gap;
    let lost = (largest - (gap + virtual_label)) + (virtual_label - at_label);
    let lost = if lost.is_finite() { lost } else { 0.0 };
    if gap <= 0.0 {
        let odds = gap.exp() * (1.0 + lost) * rest;
        (odds.ln_1p(), odds / (1.0 + odds))
    } else {
        let odds_for = (-gap).exp() * (1.0 - lost) / rest;
        // Beyond the largest number the loss stays there.
        ((gap + (lost + rest.ln() + odds_for.ln_1p())).min(f64::MAX), 1.0 / (1.0 + odds_for))
    }
}

/// The largest entry, NaN left out.
#[inline(always)]
pub(super) fn largest<T: Scalar>(row: &[T]) -> T {
    let mut lanes = [T::neg_infinity(); LANES];
    let (chunks, remainder) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] = if chunk[l] > lanes[l] { chunk[l] } else { lanes[l] };
        }
    }
    let mut largest = T::neg_infinity();
    for &z in lanes.iter().chain(remainder) {
        largest = if z > largest { z } else { largest };
    }
    largest
}

/// Replaces each logit by `exp(z - largest)`; returns their sum.
#[inline(always)]
pub(super) fn exponentials<T: Scalar>(row: &mut [T], largest: T) -> T {
    // Two loops: the compiler widens the first only without the lanes of the second.
    row.iter_mut().for_each(|z| *z = exp(*z - largest));
    let mut lanes = [T::zero(); LANES];
    let (chunks, remainder) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] += chunk[l];
        }
    }
    for (l, &e) in remainder.iter().enumerate() {
        lanes[l] += e;
    }
    sum_lanes(lanes)
}
