//! Second derivatives: Hessian-vector products of a batch, the Hessian of one row.

use super::cross_entropy::CrossEntropy;
use super::general_row::{RowTarget, shares};
use super::options::{Loss, Targets};
use crate::error::{Error, Result, check_same_shape};
use core_tensor::{Scalar, check_finite};
use ndarray::{Array2, ArrayRef1, ArrayRef2, Axis};

impl CrossEntropy {
    /// Writes the product of the Hessian of the reduced loss with `v` (n × C) to `out` (n × C). Rows do not couple.
    ///
    /// For a row with targets a, A = Σ aₖ and D = diag g′(z):
    ///
    /// ```text
    /// H = A D (diag p - p pᵀ) D + diag(g″(zₖ) (A pₖ - aₖ))
    /// ```
    ///
    /// H of StableMax lies between -3/2 and 3/2 for one row of weight one (measured: between -1 and 1): it is not convex. At a
    /// logit of exactly 0 it has two values; this is the limit from the right. O(nC).
    ///
    /// # Errors
    /// As for [`CrossEntropy::evaluate_into`]; when `v` is not finite; for the textbook loss, which has no exact derivatives.
    pub fn hessian_vector_into<'a, T: Scalar>(
        &self,
        logits: &ArrayRef2<T>,
        targets: impl Into<Targets<'a>>,
        v: &ArrayRef2<T>,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        if matches!(self.loss, Loss::SoftmaxTextbook(_)) {
            return Err(Error::Unsupported { loss: "textbook softmax", what: "Hessian" });
        }
        check_same_shape("v", v.shape(), logits.shape(), "it has one entry per logit")?;
        check_same_shape("out", out.shape(), logits.shape(), "it has one entry per logit")?;
        check_finite("v", v)?;
        let plan = self.plan(logits, targets.into())?;
        let (link, inverse) = (self.loss.link(), self.temperature.recip());
        for row in 0..logits.len_of(Axis(0)) {
            let (z, v) = (logits.index_axis(Axis(0), row), v.index_axis(Axis(0), row));
            let mut out = out.index_axis_mut(Axis(0), row);
            let label = plan.targets.labels[row];
            if self.ignore == Some(label) {
                out.fill(T::zero());
                continue;
            }
            let scale = plan.row_scale(row);
            let target =
                RowTarget { label, scale, smoothing: self.label_smoothing, weights: self.class_weights.as_deref() };
            let z = |k: usize| Scalar::to_f64(z[k]) * inverse;
            let s = shares(&link, row, label, out.len(), z)?;
            let is_open = |k: usize| z(k) > f64::NEG_INFINITY;
            let classes = out.len();
            let total: f64 = (0..classes).filter(|&k| is_open(k)).map(|k| target.share(k, s.open)).sum();
            let probability = |k: usize| match k == label {
                true => 1.0 - s.miss,
                false => s.unit * (link.log_score(z(k)) - s.largest).exp(),
            };
            let moved = |k: usize| link.log_score_derivative(z(k)) * Scalar::to_f64(v[k]);
            // diag p - p pᵀ does not see a constant: measured from the label, no large share is subtracted from itself.
            let origin = moved(label);
            let others = || (0..classes).filter(|&k| k != label && is_open(k));
            let mean: f64 = others().map(|k| probability(k) * (moved(k) - origin)).sum();
            let lambda = 2.0 * self.logit_penalty * scale * target.weight(label);
            for k in 0..classes {
                if !is_open(k) {
                    out[k] = T::zero();
                    continue;
                }
                let (p, x) = (probability(k), Scalar::to_f64(v[k]));
                let residual = match k == label && self.label_smoothing == 0.0 {
                    true => -total * s.miss,
                    false => total * p - target.share(k, s.open),
                };
                let first = total * link.log_score_derivative(z(k)) * p * ((moved(k) - origin) - mean);
                let second = link.log_score_second_derivative(z(k)) * residual * x;
                out[k] = <T as Scalar>::from_f64(inverse * inverse * (first + second) + lambda * x);
            }
        }
        Ok(())
    }

    /// Allocating form of [`CrossEntropy::hessian_vector_into`].
    ///
    /// # Errors
    /// As there.
    pub fn hessian_vector<'a, T: Scalar>(
        &self,
        logits: &ArrayRef2<T>,
        targets: impl Into<Targets<'a>>,
        v: &ArrayRef2<T>,
    ) -> Result<Array2<T>> {
        let mut out = Array2::zeros(logits.raw_dim());
        self.hessian_vector_into(logits, targets, v, &mut out)?;
        Ok(out)
    }
}

/// The Hessian (C × C) of the loss of one row of `logits` (C), without weights.
///
/// # Errors
/// As for [`CrossEntropy::hessian_vector_into`].
pub fn hessian<T: Scalar>(loss: Loss, logits: &ArrayRef1<T>, label: usize) -> Result<Array2<T>> {
    let classes = logits.len();
    let loss = CrossEntropy::new(loss).reduction(super::Reduction::Sum);
    let z = logits.view().insert_axis(Axis(0));
    let mut out = Array2::zeros((classes, classes));
    let mut unit = Array2::zeros((1, classes));
    for k in 0..classes {
        unit.fill(T::zero());
        unit[[0, k]] = T::one();
        let column = loss.hessian_vector(&z, &[label], &unit)?;
        out.index_axis_mut(Axis(1), k).assign(&column.index_axis(Axis(0), 0));
    }
    if classes == 0 {
        crate::link::check_classes(0)?;
    }
    Ok(out)
}
