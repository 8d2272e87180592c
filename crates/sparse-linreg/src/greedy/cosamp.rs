//! Compressive sampling matching pursuit.

use super::thresholding::{Outcome, Task, ThresholdingStatus, largest, settled, support_of};
use crate::error::Result;
use crate::reduction::apply;
use crate::subset_qr::least_squares;
use core_tensor::linalg::{Accumulate, gemv_into};
use ndarray::Array1;

/// Residuals above this many times ‖y‖² count as divergence.
const DIVERGED: f64 = 1e6;

/// Least squares (of smallest norm) on the support and the 2k columns most correlated with the residual; keep the k
/// largest coefficients as they are; repeat. The best iterate is returned when the last one is not it.
pub(super) fn run(task: &Task<'_>) -> Result<Outcome> {
    let d = task.x.ncols();
    let mut w = Array1::zeros(d);
    let start = task.y.dot(task.y);
    let mut best = (w.clone(), start);
    let mut correlations = Array1::zeros(d);
    let mut supports = Vec::new();
    let mut status = ThresholdingStatus::IterationLimit;
    for _ in 0..task.max_iterations {
        let residual = task.y - &apply(task.x, &w);
        gemv_into(&mut correlations, Accumulate::Replace, 1.0, &task.x.t(), &residual)?;
        let mut union = largest(&correlations, 2 * task.k);
        union.extend(support_of(&w));
        union.sort_unstable();
        union.dedup();
        let (coefficients, _) = least_squares(task.x, task.y, &union)?;
        let mut wide = Array1::zeros(d);
        union.iter().zip(coefficients).for_each(|(&j, c)| wide[j] = c);
        let mut new = Array1::zeros(d);
        largest(&wide, task.k).into_iter().for_each(|j| new[j] = wide[j]);
        let residual = task.y - &apply(task.x, &new);
        let rss = residual.dot(&residual);
        supports.push(support_of(&new));
        let done = settled(&new, &w, task.tolerance);
        if rss <= best.1 {
            best = (new.clone(), rss);
        }
        w = new;
        if !(rss <= DIVERGED * start) {
            status = ThresholdingStatus::Diverged;
            break;
        }
        if done {
            status = ThresholdingStatus::Converged;
            break;
        }
    }
    let w = if status == ThresholdingStatus::Converged { w } else { best.0 };
    Ok(Outcome { w, status, supports, steps: Vec::new() })
}
