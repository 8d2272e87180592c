//! One row of any loss of the family, in `f64`, for any target: exact where the fast kernels give up, and the only code for label
//! smoothing, heavy tails and Taylor softmax.
//!
//! All shares are exponentials of differences of g = log s. With targets aₖ ≥ 0 and A = Σ aₖ the loss is -Σ aₖ log pₖ and
//! `dL/dzₖ = g′(zₖ)(A pₖ - aₖ)`; with all weight on the label this is -g′(z_y) A (1 - p_y), with 1 - p_y taken from the rest mass.

use super::rest_mass_row::label_loss;
use crate::error::{Error, Result};
use crate::link::{Link, check_logit};
use core_tensor::Scalar;

/// What a row should be.
pub(super) struct RowTarget<'a> {
    pub(super) label: usize,
    /// Reduction and weight of the row.
    pub(super) scale: f64,
    pub(super) smoothing: f64,
    pub(super) weights: Option<&'a [f64]>,
}

impl RowTarget<'_> {
    pub(super) fn weight(&self, class: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[class])
    }

    /// aₖ, when `open` classes are not masked.
    pub(super) fn share(&self, class: usize, open: usize) -> f64 {
        let hard = if class == self.label { 1.0 - self.smoothing } else { 0.0 };
        self.scale * self.weight(class) * (hard + self.smoothing / open as f64)
    }
}

/// Shares of a row relative to its label.
pub(super) struct Shares {
    /// Largest g of the other classes; -∞ when there is none.
    pub(super) largest: f64,
    /// -log p_y.
    pub(super) label_loss: f64,
    /// 1 - p_y.
    pub(super) miss: f64,
    /// Multiplies exp(gₖ - largest) to give pₖ, k ≠ y.
    pub(super) unit: f64,
    /// Classes that are not masked.
    pub(super) open: usize,
}

/// Checks a row and computes its shares; `z(k)` is the scaled logit.
pub(super) fn shares(
    link: &Link,
    row: usize,
    label: usize,
    classes: usize,
    z: impl Fn(usize) -> f64,
) -> Result<Shares> {
    let (mut largest, mut open) = (f64::NEG_INFINITY, 0);
    for k in 0..classes {
        check_logit(row, k, z(k))?;
        if z(k) > f64::NEG_INFINITY {
            open += 1;
            if k != label {
                largest = largest.max(link.log_score(z(k)));
            }
        }
    }
    if open == 0 {
        return Err(Error::AllMasked { row });
    }
    if z(label) == f64::NEG_INFINITY {
        return Err(Error::InfiniteLoss { row, class: label });
    }
    if largest == f64::NEG_INFINITY {
        return Ok(Shares { largest, label_loss: 0.0, miss: 0.0, unit: 0.0, open });
    }
    let mut rest = 0.0;
    for k in (0..classes).filter(|&k| k != label && z(k) > f64::NEG_INFINITY) {
        rest += (link.log_score(z(k)) - largest).exp();
    }
    let (label_loss, miss) = label_loss(largest, link.log_score(z(label)), rest);
    Ok(Shares { largest, label_loss, miss, unit: miss / rest, open })
}

/// The scaled loss; `work` becomes the gradient. `inverse` is 1/temperature, `logit(k)` the logit of class k before it.
pub(super) fn general_row<T: Scalar>(
    link: &Link,
    row: usize,
    target: &RowTarget<'_>,
    inverse: f64,
    work: &mut [T],
    logit: &dyn Fn(usize) -> f64,
) -> Result<f64> {
    let z = |k: usize| if inverse == 1.0 { logit(k) } else { logit(k) * inverse };
    let (label, classes) = (target.label, work.len());
    let s = shares(link, row, label, classes, z)?;
    let share_of = |k: usize| s.unit * (link.log_score(z(k)) - s.largest).exp();
    if target.smoothing == 0.0 {
        let factor = target.scale * target.weight(label);
        for (k, w) in work.iter_mut().enumerate() {
            let x = z(k);
            let value = if k == label {
                -s.miss * link.log_score_derivative(x)
            } else if x == f64::NEG_INFINITY {
                0.0
            } else {
                share_of(k) * link.log_score_derivative(x)
            };
            *w = <T as Scalar>::from_f64(factor * inverse * value);
        }
        return Ok(factor * s.label_loss);
    }
    let is_open = |k: usize| z(k) > f64::NEG_INFINITY;
    let total: f64 = (0..classes).filter(|&k| is_open(k)).map(|k| target.share(k, s.open)).sum();
    let normaliser = link.log_score(z(label)) + s.label_loss;
    let mut loss = 0.0;
    for (k, w) in work.iter_mut().enumerate() {
        if !is_open(k) {
            *w = T::zero();
            continue;
        }
        let a = target.share(k, s.open);
        let (p, minus_log) =
            if k == label { (1.0 - s.miss, s.label_loss) } else { (share_of(k), normaliser - link.log_score(z(k))) };
        if a > 0.0 {
            loss += a * minus_log.min(f64::MAX);
        }
        *w = <T as Scalar>::from_f64(inverse * link.log_score_derivative(z(k)) * (total * p - a));
    }
    Ok(loss)
}
