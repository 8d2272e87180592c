//! Collapse of a batch.

use super::row::{RowCollapse, rows};
use crate::FloatType;
use crate::error::{Error, Result};
use core_tensor::Scalar;
use ndarray::ArrayRef2;

/// What softmax cross-entropy in one float type makes of a batch; fractions are of all rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CollapseReport {
    /// The type.
    pub float: FloatType,
    /// Number of rows.
    pub rows: usize,
    /// Fraction of rows whose rest mass is at most ε/2, whatever their label: the reference code's metric.
    pub collapsed: f64,
    /// The same by the sum in class order.
    pub collapsed_sequential: f64,
    /// Fraction of rows that are collapsed and right: these have stopped learning.
    pub collapsed_correct: f64,
    /// Fraction of rows with a textbook loss of exactly 0.
    pub zero_loss: f64,
    /// Fraction of rows with a gradient of exactly 0 at the label.
    pub zero_label_gradient: f64,
    /// Fraction of exact zeros among all entries of the gradient.
    pub zero_gradient: f64,
    /// Fraction of rows with a logit beyond the range of the type; they count as nothing else.
    pub overflowed: f64,
    /// Fraction of rows whose largest logit is the label's.
    pub accuracy: f64,
    /// Smallest, lower quartile, median, upper quartile and largest margin to collapse, in powers of two (NaN without rows): at a
    /// median of 0 half of the rows are collapsed.
    pub margin: [f64; 5],
}

/// The collapse of `logits` (n × C) with their `labels` (n) in the arithmetic of `float`.
///
/// # Errors
/// As for [`rows`], and on an empty batch.
pub fn report<T: Scalar>(logits: &ArrayRef2<T>, labels: &[usize], float: FloatType) -> Result<CollapseReport> {
    let found = rows(logits, labels, float)?;
    if found.is_empty() {
        return Err(Error::EmptyBatch { rows: 0 });
    }
    let n = found.len() as f64;
    let fraction = |holds: &dyn Fn(&RowCollapse) -> bool| found.iter().filter(|r| holds(r)).count() as f64 / n;
    let right = found.iter().zip(labels).filter(|(r, label)| r.argmax == **label);
    let collapsed_right = right.clone().filter(|(r, _)| r.collapsed).count();
    let zeros: usize = found.iter().map(|r| r.zero_gradients).sum();
    let mut margins: Vec<f64> = found.iter().filter(|r| !r.overflowed).map(|r| r.margin).collect();
    margins.sort_by(f64::total_cmp);
    Ok(CollapseReport {
        float,
        rows: found.len(),
        collapsed: fraction(&|r| r.collapsed),
        collapsed_sequential: fraction(&|r| r.sum_is_one),
        collapsed_correct: collapsed_right as f64 / n,
        zero_loss: fraction(&|r| r.zero_loss),
        zero_label_gradient: fraction(&|r| r.zero_label_gradient),
        zero_gradient: zeros as f64 / logits.len() as f64,
        overflowed: fraction(&|r| r.overflowed),
        accuracy: right.count() as f64 / n,
        margin: [0.0, 0.25, 0.5, 0.75, 1.0].map(|q| quantile(&margins, q)),
    })
}

/// The order statistic at or below the quantile: never an average of numbers of which one may be infinite.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n => sorted[((n - 1) as f64 * q).floor() as usize],
    }
}
