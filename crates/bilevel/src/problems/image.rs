//! What image problems share.

use crate::Result;
use core_tensor::{check_finite, check_shape};
use ndarray::{ArrayRef1, ArrayRef2};

/// Two images of one shape with at least one pixel.
pub(crate) fn check_pair(noisy: &ArrayRef2<f64>, truth: &ArrayRef2<f64>) -> Result<()> {
    if noisy.is_empty() {
        return Err(core_tensor::Error::Empty { argument: "noisy", expected: "pixel" }.into());
    }
    check_shape("truth", truth, &[noisy.nrows(), noisy.ncols()], "it must be of the same size as `noisy`")?;
    check_finite("noisy", noisy)?;
    Ok(check_finite("truth", truth)?)
}

/// ½ ‖x - truth‖² with its gradient: the upper level of denoising.
pub(super) fn half_square_into(x: &ArrayRef1<f64>, truth: &ArrayRef2<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
    let mut sum = 0.0;
    for ((g, x), t) in gradient.iter_mut().zip(x).zip(truth) {
        *g = x - t;
        sum += *g * *g;
    }
    0.5 * sum
}
