//! The concomitant score: residual variances, closed-form noise scales, score, profile score and gradient.
//!
//! With C the covariance (d × d, divisor n), D = I − W and R = C D, everything follows from R and from the mean squared
//! residuals q_j = D_jᵀ C D_j = Σ_i D_ij R_ij:
//!
//! ```text
//! S(W, σ)      = Σ_j [ q_j / (2 σ_j) + σ_j / 2 ]        (equal variances: σ_j = σ for all j)
//! ∂S/∂W_ij     = −R_ij / σ_j
//! σ̂            = max(√(Σ_j q_j / d), σ0)                (equal variances)
//! σ̂_j          = max(√q_j, σ0_j)                        (non-equal variances)
//! ```

use crate::Result;
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::{check_shape, check_square};
use ndarray::{Array1, ArrayRef1, ArrayRef2, Zip};

/// Whether the noise terms share one standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NoiseModel {
    /// One standard deviation for all variables (CoLiDE-EV, homoscedastic).
    EqualVariance,
    /// One standard deviation for each variable (CoLiDE-NV, heteroscedastic).
    NonEqualVariance,
}

/// Writes R = C (I − W) to `out`; all three d × d.
///
/// # Errors
/// Shapes that do not fit.
pub fn residual_covariance_into(
    covariance: &ArrayRef2<f64>,
    w: &ArrayRef2<f64>,
    out: &mut ArrayRef2<f64>,
) -> Result<()> {
    check_shape("out", out, covariance.shape(), "it is as large as `covariance`")?;
    out.assign(covariance);
    Ok(gemm_into(out, Accumulate::Add, -1.0, covariance, w)?)
}

/// Writes the mean squared residual q_j = Σ_i D_ij R_ij of each variable to `out` (d), from R = C (I − W).
///
/// Rounding can make a residual of a singular covariance slightly negative; it is clamped at zero.
///
/// # Errors
/// Shapes that do not fit.
pub fn mean_squared_residuals_into(
    w: &ArrayRef2<f64>,
    residual_covariance: &ArrayRef2<f64>,
    out: &mut ArrayRef1<f64>,
) -> Result<()> {
    let d = check_square("w", w)?;
    check_shape("residual_covariance", residual_covariance, &[d, d], "it is as large as `w`")?;
    check_shape("out", out, &[d], "there is one residual for each variable")?;
    for j in 0..d {
        out[j] = mean_squared_residual(w, residual_covariance, j);
    }
    Ok(())
}

pub(crate) fn mean_squared_residual(w: &ArrayRef2<f64>, r: &ArrayRef2<f64>, j: usize) -> f64 {
    let (w, r_column) = (w.column(j), r.column(j));
    let explained = match (w.as_slice(), r_column.as_slice()) {
        (Some(w), Some(r)) => crate::updated_cholesky::dot(w, r),
        _ => w.dot(&r_column),
    };
    (r[[j, j]] - explained).max(0.0)
}

/// The noise scales (standard deviations, d) that minimise the score for mean squared residuals `q` (d), not below
/// `floor` (d): the closed form of the module documentation.
///
/// # Errors
/// Shapes that do not fit.
pub fn noise_scales(model: NoiseModel, q: &ArrayRef1<f64>, floor: &ArrayRef1<f64>) -> Result<Array1<f64>> {
    check_shape("floor", floor, q.shape(), "there is one floor for each variable")?;
    let mut scales = Array1::zeros(q.len());
    noise_scales_of(model, q, floor, |_| true, &mut scales);
    Ok(scales)
}

/// [`noise_scales`] where only the `scored` variables share the common scale; the others keep their own deviation.
pub(crate) fn noise_scales_of(
    model: NoiseModel,
    q: &ArrayRef1<f64>,
    floor: &ArrayRef1<f64>,
    scored: impl Fn(usize) -> bool,
    out: &mut ArrayRef1<f64>,
) {
    match model {
        NoiseModel::EqualVariance => {
            let (mut sum, mut count) = (0.0, 0.0_f64);
            for (_, &q) in q.iter().enumerate().filter(|&(j, _)| scored(j)) {
                sum += q.max(0.0);
                count += 1.0;
            }
            let common = (sum / count.max(1.0)).sqrt();
            Zip::indexed(out).and(q).and(floor).for_each(|j, scale, &q, &floor| {
                *scale = if scored(j) { common } else { q.max(0.0).sqrt() }.max(floor);
            });
        }
        NoiseModel::NonEqualVariance => {
            Zip::from(out).and(q).and(floor).for_each(|scale, &q, &floor| *scale = q.max(0.0).sqrt().max(floor));
        }
    }
}

/// S(W, σ) from the mean squared residuals `q` (d) and the noise scales (d, all positive).
///
/// # Errors
/// Shapes that do not fit.
pub fn score(q: &ArrayRef1<f64>, scales: &ArrayRef1<f64>) -> Result<f64> {
    check_shape("scales", scales, q.shape(), "there is one scale for each variable")?;
    Ok(score_of(q, scales, |_| true))
}

/// [`score`] over the `scored` variables alone.
pub(crate) fn score_of(q: &ArrayRef1<f64>, scales: &ArrayRef1<f64>, scored: impl Fn(usize) -> bool) -> f64 {
    // A variable without variance has q = σ = 0 and costs nothing.
    let term = |(&q, &s): (&f64, &f64)| if s > 0.0 { 0.5 * (q / s + s) } else { 0.0 };
    q.iter().zip(scales).enumerate().filter(|&(j, _)| scored(j)).map(|(_, pair)| term(pair)).sum()
}

/// The profile score min_σ S(W, σ) subject to σ ≥ `floor`: the score at [`noise_scales`].
///
/// # Errors
/// Shapes that do not fit.
pub fn profile_score(model: NoiseModel, q: &ArrayRef1<f64>, floor: &ArrayRef1<f64>) -> Result<f64> {
    Ok(score_of(q, &noise_scales(model, q, floor)?, |_| true))
}

/// Writes the gradient of the score with respect to W, −R_ij / σ_j, to `out` (d × d). At the scales of
/// [`noise_scales`] it is the gradient of the profile score (envelope theorem).
///
/// # Errors
/// Shapes that do not fit.
pub fn score_gradient_into(
    residual_covariance: &ArrayRef2<f64>,
    scales: &ArrayRef1<f64>,
    out: &mut ArrayRef2<f64>,
) -> Result<()> {
    let d = check_square("residual_covariance", residual_covariance)?;
    check_shape("scales", scales, &[d], "there is one scale for each variable")?;
    check_shape("out", out, &[d, d], "it is as large as `residual_covariance`")?;
    for j in 0..d {
        let factor = if scales[j] > 0.0 { -1.0 / scales[j] } else { 0.0 };
        Zip::from(out.column_mut(j)).and(residual_covariance.column(j)).for_each(|g, &r| *g = factor * r);
    }
    Ok(())
}
