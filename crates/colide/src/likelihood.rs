//! The Gaussian likelihood of W, for comparison with the concomitant score.
//!
//! ```text
//! equal variances:      L(W) = (d/2) log Σ_j q_j  −  log |det (I − W)|
//! non-equal variances:  L(W) = ½ Σ_j log q_j      −  log |det (I − W)|
//! ```
//!
//! the negative log-likelihood for each sample, up to a constant, with the noise variances at their optimum (the score of
//! GOLEM). For a DAG the determinant is 1. Unlike the concomitant score it is a likelihood: without a penalty, the lowest
//! value over all orders is that of the true one when all noise variances are equal.

use crate::{NoiseModel, Result, check_covariance, mean_squared_residuals_into, residual_covariance_into};
use core_tensor::linalg::Lu;
use core_tensor::{check_finite, check_shape};
use ndarray::{Array1, Array2, ArrayRef2};

/// L(W) of the module documentation for a covariance and weights (both d × d; W may have cycles). Infinite when I − W is
/// singular, negative infinite when a residual vanishes. O(d³).
///
/// # Errors
/// A covariance that is none; `w` of another shape or not finite.
pub fn negative_log_likelihood(model: NoiseModel, covariance: &ArrayRef2<f64>, w: &ArrayRef2<f64>) -> Result<f64> {
    let d = check_covariance("covariance", covariance)?;
    check_shape("w", w, &[d, d], "it must have the shape of `covariance`")?;
    check_finite("w", w)?;
    let (mut residual, mut q) = (Array2::zeros((d, d)), Array1::zeros(d));
    residual_covariance_into(covariance, w, &mut residual)?;
    mean_squared_residuals_into(w, &residual, &mut q)?;
    let mut lu = Lu::new(d);
    let log_det = match lu.factorise(&(Array2::eye(d) - w)) {
        Ok(()) => lu.log_abs_det()?.0,
        Err(core_tensor::Error::Singular { .. }) => f64::NEG_INFINITY,
        Err(other) => return Err(other.into()),
    };
    let fit = match model {
        NoiseModel::EqualVariance => 0.5 * d as f64 * q.sum().ln(),
        NoiseModel::NonEqualVariance => 0.5 * q.iter().map(|q| q.ln()).sum::<f64>(),
    };
    Ok(if log_det == f64::NEG_INFINITY { f64::INFINITY } else { fit - log_det })
}
