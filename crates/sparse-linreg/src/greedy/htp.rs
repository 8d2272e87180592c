//! Hard thresholding pursuit.

use super::niht;
use super::thresholding::{Outcome, Task, ThresholdingStatus, support_of};
use crate::error::Result;
use crate::subset_qr::least_squares;
use ndarray::Array1;

/// A NIHT step, then least squares on its support, until a support repeats; the best support seen is returned.
pub(super) fn run(task: &Task<'_>) -> Result<Outcome> {
    let mut w = Array1::zeros(task.x.ncols());
    let mut residual = task.y.clone();
    let mut best = (w.clone(), residual.dot(&residual));
    let mut supports: Vec<Vec<usize>> = Vec::new();
    let mut steps = Vec::new();
    let mut status = ThresholdingStatus::IterationLimit;
    for _ in 0..task.max_iterations {
        let Some((new, mu)) = niht::step(task, &w, &residual)? else {
            status = ThresholdingStatus::Converged;
            break;
        };
        let support = support_of(&new);
        steps.push(mu);
        let repeats = supports.last() == Some(&support);
        let cycles = !repeats && supports.contains(&support);
        supports.push(support.clone());
        if repeats || cycles {
            status = if repeats { ThresholdingStatus::Converged } else { ThresholdingStatus::Cycled };
            break;
        }
        let coefficients;
        (coefficients, residual) = least_squares(task.x, task.y, &support)?;
        w.fill(0.0);
        support.iter().zip(coefficients).for_each(|(&j, c)| w[j] = c);
        let rss = residual.dot(&residual);
        if rss < best.1 {
            best = (w.clone(), rss);
        }
    }
    Ok(Outcome { w: best.0, status, supports, steps })
}
