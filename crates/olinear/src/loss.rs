//! The weighted training loss.

use crate::Result;
use core_tensor::{Scalar, check_range, check_shape};
use ndarray::{Array1, Array3, ArrayRef3};

/// What is done to each error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum LossMode {
    /// `|e|`; its derivative at 0 counts as 0.
    #[default]
    L1,
    /// `e²`.
    L2,
    /// `|e| + e²`.
    L1L2,
}

/// `loss = (1/count) Σ t^(-α) term(pred - y)`, t = 1..H: far steps weigh less (section 4.1 of the paper).
///
/// The mean is plain, not divided by the sum of weights. Missing targets (NaN) are left out of sum and count.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Loss {
    /// The term. Default L1.
    pub mode: LossMode,
    /// Exponent α ≥ 0. Default 0.5, the paper's in every experiment.
    pub alpha: f64,
}

impl Default for Loss {
    fn default() -> Self {
        Self { mode: LossMode::L1, alpha: 0.5 }
    }
}

impl Loss {
    /// The mean squared error.
    pub fn mean_squared() -> Self {
        Self { mode: LossMode::L2, alpha: 0.0 }
    }

    /// Weight `t^(-α)` of each step (H).
    ///
    /// # Errors
    /// α negative or not finite.
    pub fn weights<T: Scalar>(&self, horizon: usize) -> Result<Array1<T>> {
        check_range("alpha", self.alpha, self.alpha >= 0.0 && self.alpha.is_finite(), "finite and >= 0")?;
        Ok(Array1::from_shape_fn(horizon, |t| <T as Scalar>::from_f64((t as f64 + 1.0).powf(-self.alpha))))
    }

    /// The loss of `prediction` against `target` (both B × H × N) and its gradient by the prediction. With no target
    /// observed both are 0.
    ///
    /// # Errors
    /// Shapes that differ, a bad α.
    pub fn value_and_gradient<T: Scalar>(
        &self,
        prediction: &ArrayRef3<T>,
        target: &ArrayRef3<T>,
    ) -> Result<(f64, Array3<T>)> {
        check_shape("target", target, prediction.shape(), "there is a target per prediction")?;
        let weights = self.weights::<T>(prediction.dim().1)?;
        let mut gradient = Array3::zeros(prediction.dim());
        let mut sum = 0.0;
        let mut count = 0_usize;
        for ((index, &p), &y) in prediction.indexed_iter().zip(target.iter()) {
            if let Some((term, slope)) = self.term(p, y) {
                let weight = weights[index.1];
                sum += Scalar::to_f64(weight * term);
                gradient[index] = weight * slope;
                count += 1;
            }
        }
        let scale = 1.0 / count.max(1) as f64;
        gradient.mapv_inplace(|g| g * <T as Scalar>::from_f64(scale));
        Ok((sum * scale, gradient))
    }

    /// Term of a forecast and its derivative; `None` when there is no target. A forecast that is NaN has the term NaN.
    #[inline(always)]
    pub(crate) fn term<T: Scalar>(&self, forecast: T, target: T) -> Option<(T, T)> {
        if target.is_nan() {
            return None;
        }
        let e = forecast - target;
        let sign = if e > T::zero() {
            T::one()
        } else if e < T::zero() {
            -T::one()
        } else {
            T::zero()
        };
        Some(match self.mode {
            LossMode::L1 => (e.abs(), sign),
            LossMode::L2 => (e * e, e + e),
            LossMode::L1L2 => (e.abs() + e * e, sign + e + e),
        })
    }
}
