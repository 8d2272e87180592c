//! Normalised iterative hard thresholding.

use super::thresholding::{Outcome, Task, ThresholdingStatus, ThresholdingStep, largest, settled, support_of};
use crate::error::Result;
use crate::reduction::apply;
use core_tensor::linalg::{Accumulate, gemv_into};
use ndarray::Array1;

/// Shrinks the step below ‖Δw‖² / ‖X Δw‖² by this margin.
const MARGIN: f64 = 0.01;

/// One step from w with residual r: the new w and the step size; `None` when the gradient on the support vanishes.
///
/// ```text
/// g = Xᵀr,   S = support (the k largest |g| when w = 0),   μ = ‖g_S‖² / ‖X g_S‖²,   w ← the k largest of w + μ g
/// ```
pub(super) fn step(task: &Task<'_>, w: &Array1<f64>, residual: &Array1<f64>) -> Result<Option<(Array1<f64>, f64)>> {
    let mut gradient = Array1::zeros(w.len());
    gemv_into(&mut gradient, Accumulate::Replace, 1.0, &task.x.t(), residual)?;
    let support = support_of(w);
    let from_zero = support.is_empty();
    let support = if from_zero { largest(&gradient, task.k) } else { support };
    let on = kept(&gradient, &support);
    let image = apply(task.x, &on);
    let (top, bottom) = (on.dot(&on), image.dot(&image));
    if !(top > 0.0 && bottom > 0.0) {
        return Ok(None);
    }
    let mut mu = top / bottom;
    let moved = |mu: f64| {
        let far = w + &(&gradient * mu);
        let chosen = largest(&far, task.k);
        (kept(&far, &chosen), chosen)
    };
    let (mut new, mut chosen) = moved(mu);
    if task.step == ThresholdingStep::BackedOff && !from_zero {
        while chosen != support {
            let change = &new - w;
            let image = apply(task.x, &change);
            let bound = (1.0 - MARGIN) * change.dot(&change) / image.dot(&image);
            if !(mu > bound) {
                break;
            }
            mu /= 2.0 * (1.0 - MARGIN);
            (new, chosen) = moved(mu);
        }
    }
    Ok(Some((new, mu)))
}

fn kept(v: &Array1<f64>, support: &[usize]) -> Array1<f64> {
    let mut out = Array1::zeros(v.len());
    support.iter().for_each(|&j| out[j] = v[j]);
    out
}

pub(super) fn run(task: &Task<'_>) -> Result<Outcome> {
    let mut w = Array1::zeros(task.x.ncols());
    let (mut supports, mut steps) = (Vec::new(), Vec::new());
    let mut status = ThresholdingStatus::IterationLimit;
    for _ in 0..task.max_iterations {
        let residual = task.y - &apply(task.x, &w);
        let Some((new, mu)) = step(task, &w, &residual)? else {
            status = ThresholdingStatus::Converged;
            break;
        };
        supports.push(support_of(&new));
        steps.push(mu);
        let done = settled(&new, &w, task.tolerance);
        w = new;
        if done {
            status = ThresholdingStatus::Converged;
            break;
        }
    }
    Ok(Outcome { w, status, supports, steps })
}
