//! What a step of gradient descent is made of, for the machine and for its linearisation.

use crate::error::{Error, Result, check_at_least, check_count, check_non_negative};
use core_tensor::check_finite;
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

/// Checks `x` (P × D), `y` (P) and the learning rate of a step.
pub(super) fn check_step(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>, rate: f64) -> Result<()> {
    check_non_negative("rate", rate)?;
    check_count("y", y.len(), x.len_of(Axis(0)), "there is one target per row of `x`")?;
    check_at_least("x", y.len(), 1, "at least one row")?;
    check_finite("x", x)?;
    Ok(check_finite("y", y)?)
}

/// The mean of the squared residuals; [`Error::Diverged`] at `step` when it is not finite.
pub(super) fn mean_squared_error(residual: &Array1<f64>, step: u64) -> Result<f64> {
    let loss = residual.iter().map(|r| r * r).sum::<f64>() / residual.len() as f64;
    if loss.is_finite() { Ok(loss) } else { Err(Error::Diverged { step, what: "the loss" }) }
}

/// r φ′(H) = r (1 + ε H) with H = X Wᵀ (P × N).
pub(super) fn slopes(x: &ArrayRef2<f64>, w: &Array2<f64>, curvature: f64, residual: &Array1<f64>) -> Array2<f64> {
    let mut slopes = x.dot(&w.t());
    for (mut row, &r) in slopes.outer_iter_mut().zip(residual) {
        row.mapv_inplace(|h| r * (1.0 + curvature * h));
    }
    slopes
}
