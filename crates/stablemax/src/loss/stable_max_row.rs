//! One row of StableMax cross-entropy: no exponential, one division per class, one logarithm.
//!
//! With R = Σ s(zₖ) over the other classes: loss = log1p(R/s(z_y)), `dL/dzₖ = s′(zₖ)/(R + s(z_y))`,
//! `dL/dz_y = -g′(z_y) R/(R + s(z_y))`. Nothing is ever subtracted.

use crate::lanes::sum_lanes;
use core_tensor::Scalar;

const LANES: usize = 16;

/// The loss times `factor`; `row` holds logits and becomes the gradient times `slope`. `None`, with `row` destroyed, where the
/// sums leave the range in which this is accurate, or a logit is not a number: the general code decides then.
#[inline(always)]
pub(super) fn stable_max_row<T: Scalar>(row: &mut [T], label: usize, factor: f64, slope: f64) -> Option<f64> {
    let at_label = row[label];
    // Masked, the label adds exactly nothing to the sum over the others.
    row[label] = T::neg_infinity();
    let mut lanes = [T::zero(); LANES];
    let (chunks, remainder) = row.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for l in 0..LANES {
            let (score, derivative) = score(chunk[l]);
            lanes[l] += score;
            chunk[l] = derivative;
        }
    }
    for (l, z) in remainder.iter_mut().enumerate() {
        let (score, derivative) = score(*z);
        lanes[l] += score;
        *z = derivative;
    }
    let rest = Scalar::to_f64(sum_lanes(lanes));
    let size = Scalar::to_f64(at_label.abs());
    let label_score = if at_label >= T::zero() { 1.0 + size } else { 1.0 / (1.0 + size) };
    let total = rest + label_score;
    let odds = rest / label_score;
    // Squares of scores must not underflow, sums and odds not overflow; NaN fails all.
    let ordinary = total >= 0.000_976_562_5 && total <= Scalar::to_f64(T::max_value()).sqrt();
    let safe = ordinary && odds < f64::INFINITY && at_label > T::neg_infinity();
    if !safe {
        return None;
    }
    let inverse = <T as Scalar>::from_f64(slope / total);
    row.iter_mut().for_each(|derivative| *derivative *= inverse);
    row[label] = <T as Scalar>::from_f64(-slope * (rest / total) / (1.0 + size));
    Some(factor * odds.ln_1p())
}

/// s and s′.
#[inline(always)]
fn score<T: Scalar>(z: T) -> (T, T) {
    let above = z >= T::zero();
    let larger = T::one() + if above { z } else { -z };
    let inverse = T::one() / larger;
    if above { (larger, T::one()) } else { (inverse, inverse * inverse) }
}
