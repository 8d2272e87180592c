//! Kernel ridge regression with one penalty.

use super::line;
use super::spectral::{Score, Smoother};
use super::{BOX, LOOKS, RidgeCriterion, check_box};
use crate::{Error, Result};
use core_tensor::{check_finite, check_shape, check_symmetric};
use ndarray::{Array1, ArrayRef1, ArrayRef2};

/// A tuned kernel ridge regression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct KernelRidgeFit {
    /// Logarithm of the penalty.
    pub theta: f64,
    /// α = (K + e^θ I)⁻¹ y: predictions are k(x)ᵀ α.
    pub dual: Array1<f64>,
    /// The criterion there.
    pub value: f64,
}

/// Chooses the penalty of kernel ridge regression by leave-one-out or generalised cross-validation. One eigendecomposition of the symmetric
/// positive semidefinite kernel matrix (n × n); O(n²) per candidate.
///
/// # Errors
/// A kernel that is not square, symmetric and finite; another length of y; a criterion with validation rows; a box out of range.
pub fn tune_kernel_ridge(
    kernel: &ArrayRef2<f64>,
    y: &ArrayRef1<f64>,
    criterion: &RidgeCriterion,
    bounds: Option<(f64, f64)>,
) -> Result<KernelRidgeFit> {
    check_symmetric("kernel", kernel, 1e-10)?;
    check_finite("kernel", kernel)?;
    check_shape("y", y, &[kernel.nrows()], "there is one per row of the kernel")?;
    check_finite("y", y)?;
    let bounds = bounds.unwrap_or(BOX);
    check_box(bounds)?;
    let score = match criterion {
        RidgeCriterion::LeaveOneOut => Score::LeaveOneOut,
        RidgeCriterion::GeneralisedCrossValidation => Score::Generalised,
        RidgeCriterion::Validation { .. } => {
            return Err(Error::Missing {
                what: "RidgeCriterion::Validation",
                needed: "the kernel between the rows and others",
            });
        }
    };
    let smoother = Smoother::of_kernel(kernel, y)?;
    let (theta, value) = line::minimise(bounds, LOOKS, 1e-10, |t, _| Ok(smoother.value_and_slope(t, score)))?;
    Ok(KernelRidgeFit { theta, dual: smoother.dual(theta), value })
}
