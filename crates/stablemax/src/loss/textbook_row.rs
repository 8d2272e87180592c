//! One row of softmax cross-entropy as libraries compute it: it collapses, faithfully.

use super::rest_mass_row::{exponentials, largest};
use crate::FloatType;
use crate::error::{Error, Result};
use crate::link::check_logit;
use core_tensor::Scalar;

/// In the arithmetic of `T` itself: log-softmax minus its label, softmax minus one-hot.
#[inline(always)]
pub(super) fn textbook_row<T: Scalar>(row: &mut [T], label: usize, factor: f64, slope: f64) -> Option<f64> {
    let at_label = row[label];
    let top = largest(row);
    if !at_label.is_finite() || !top.is_finite() {
        return None;
    }
    let sum = exponentials(row, top);
    if !sum.is_finite() {
        return None;
    }
    let loss = sum.ln() - (at_label - top);
    let inverse = T::one() / sum;
    let slope = <T as Scalar>::from_f64(slope);
    row.iter_mut().for_each(|e| *e *= inverse);
    row[label] -= T::one();
    row.iter_mut().for_each(|e| *e *= slope);
    Some(factor * Scalar::to_f64(loss).min(f64::MAX))
}

/// In the arithmetic of another type, every operation rounded; sums of the half types run in `f32` and are rounded at the end, as
/// processors and libraries do it.
pub(crate) fn emulated_row<T: Scalar>(
    row: usize,
    z: &mut [T],
    label: usize,
    float: FloatType,
    factor: f64,
    slope: f64,
) -> Result<f64> {
    let round = |v: f64| float.round(v);
    let cast = |k: usize, z: T| -> Result<f64> {
        let found = Scalar::to_f64(z);
        check_logit(row, k, found)?;
        let value = round(found);
        if value.is_infinite() && found.is_finite() {
            return Err(Error::Overflow { row, class: k, found, float: float.name() });
        }
        Ok(value)
    };
    let mut top = f64::NEG_INFINITY;
    for (k, &v) in z.iter().enumerate() {
        top = top.max(cast(k, v)?);
    }
    if top == f64::NEG_INFINITY {
        return Err(Error::AllMasked { row });
    }
    let at_label = cast(label, z[label])?;
    if at_label == f64::NEG_INFINITY {
        return Err(Error::InfiniteLoss { row, class: label });
    }
    let exponential = |v: T| round(round(round(Scalar::to_f64(v)) - top).exp());
    let sum = rounded_sum(float, z.iter().map(|&v| exponential(v)));
    for (k, v) in z.iter_mut().enumerate() {
        let p = round(exponential(*v) / sum);
        let one_hot = if k == label { 1.0 } else { 0.0 };
        *v = <T as Scalar>::from_f64(slope * round(p - one_hot));
    }
    let loss = round(round(sum.ln()) - round(at_label - top));
    Ok(factor * loss.min(f64::MAX))
}

/// Sum in class order in the accumulator that goes with the type.
pub(crate) fn rounded_sum(float: FloatType, terms: impl Iterator<Item = f64>) -> f64 {
    let accumulator = if float == FloatType::F64 { FloatType::F64 } else { FloatType::F32 };
    float.round(terms.fold(0.0, |sum, e| accumulator.round(sum + e)))
}
