//! Rounding weights to a uniform grid.

use crate::Result;
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{Array, ArrayRef, Dimension};

/// A symmetric uniform grid of k bits: the 2ᵏ - 1 levels `-(2ᵏ⁻¹ - 1) … 2ᵏ⁻¹ - 1` times the step. Two bits are ternary weights.
///
/// ```
/// use compander::UniformGrid;
/// use ndarray::array;
///
/// let w = array![0.9, -0.2, 0.4];
/// let grid = UniformGrid::covering(2, &w)?;
/// assert_eq!(grid.quantise(&w), array![0.9, 0.0, 0.0]);
/// # Ok::<(), compander::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UniformGrid {
    step: f64,
    levels: f64,
}

impl UniformGrid {
    /// The grid of `bits` over [-limit, limit]; for a compander's bound no weight lies outside.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) unless `bits` is 2 to 24 and `limit` is finite and ≥ 0.
    pub fn symmetric(bits: u32, limit: f64) -> Result<Self> {
        check_range("bits", f64::from(bits), (2..=24).contains(&bits), "2 to 24")?;
        check_range("limit", limit, limit >= 0.0 && limit.is_finite(), "finite and >= 0")?;
        let levels = f64::from((1_u32 << (bits - 1)) - 1);
        Ok(Self { step: limit / levels, levels })
    }

    /// The grid of `bits` over the largest absolute weight.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) unless `bits` is 2 to 24 and every weight is finite.
    pub fn covering<T: Scalar, D: Dimension>(bits: u32, weights: &ArrayRef<T, D>) -> Result<Self> {
        check_finite("weights", weights)?;
        Self::symmetric(bits, weights.iter().fold(0.0, |largest: f64, w| largest.max(Scalar::to_f64(w.abs()))))
    }

    /// The distance of two levels.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The nearest level; weights outside go to the outermost one. NaN stays.
    pub fn round<T: Scalar>(&self, w: T) -> T {
        if self.step == 0.0 {
            return w * T::zero();
        }
        let level = (Scalar::to_f64(w) / self.step).round_ties_even().clamp(-self.levels, self.levels);
        <T as Scalar>::from_f64(level * self.step)
    }

    /// Every weight on its nearest level.
    pub fn quantise<T: Scalar, D: Dimension>(&self, weights: &ArrayRef<T, D>) -> Array<T, D> {
        weights.mapv(|w| self.round(w))
    }

    /// The mean of the squared rounding errors; 0 for no weights.
    pub fn mean_squared_error<T: Scalar, D: Dimension>(&self, weights: &ArrayRef<T, D>) -> f64 {
        let squares = weights.iter().map(|&w| (Scalar::to_f64(self.round(w)) - Scalar::to_f64(w)).powi(2));
        squares.sum::<f64>() / weights.len().max(1) as f64
    }
}
