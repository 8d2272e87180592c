//! Subspace pursuit.

use super::thresholding::{Outcome, Task, ThresholdingStatus, largest};
use crate::error::Result;
use crate::subset_qr::least_squares;
use core_tensor::linalg::{Accumulate, gemv_into};
use ndarray::Array1;

/// Least squares on the support and the k columns most correlated with the residual; keep the k largest; refit; stop when
/// the residual does not fall.
pub(super) fn run(task: &Task<'_>) -> Result<Outcome> {
    let d = task.x.ncols();
    let mut correlations = Array1::zeros(d);
    gemv_into(&mut correlations, Accumulate::Replace, 1.0, &task.x.t(), task.y)?;
    let mut support = largest(&correlations, task.k);
    let (mut coefficients, mut residual) = least_squares(task.x, task.y, &support)?;
    let mut supports = vec![support.clone()];
    let mut status = ThresholdingStatus::IterationLimit;
    for _ in 0..task.max_iterations {
        gemv_into(&mut correlations, Accumulate::Replace, 1.0, &task.x.t(), &residual)?;
        let mut union = largest(&correlations, task.k);
        union.extend(&support);
        union.sort_unstable();
        union.dedup();
        let (wide, _) = least_squares(task.x, task.y, &union)?;
        let kept = largest(&Array1::from(wide), task.k);
        let new: Vec<usize> = kept.into_iter().filter_map(|at| union.get(at).copied()).collect();
        let (new_coefficients, new_residual) = least_squares(task.x, task.y, &new)?;
        // A relative margin of rounding, so that equal supports end the loop.
        if !(new_residual.dot(&new_residual) < residual.dot(&residual) * (1.0 - 1e-14)) {
            status = ThresholdingStatus::Converged;
            break;
        }
        (support, coefficients, residual) = (new, new_coefficients, new_residual);
        supports.push(support.clone());
    }
    let mut w = Array1::zeros(d);
    support.iter().zip(coefficients).for_each(|(&j, c)| w[j] = c);
    Ok(Outcome { w, status, supports, steps: Vec::new() })
}
