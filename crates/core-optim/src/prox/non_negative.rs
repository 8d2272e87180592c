//! Non-negativity, with an optional linear penalty.

use super::l1::threshold;
use super::proximal::{check_prox_arguments, scale_into};
use super::weights::Weights;
use super::{Proximal, Separable};
use crate::Result;
use crate::error::check_non_negative;
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// g(x) = λ Σ pⱼ xⱼ for x ≥ 0, +∞ otherwise: the positive Lasso's penalty; with λ = 0 the constraint alone.
///
/// prox(v) = max(v - step λ p, 0); the conjugate is the indicator of yⱼ ≤ λ pⱼ.
#[derive(Debug, Clone, PartialEq)]
pub struct NonNegative<T> {
    level: T,
    weights: Weights<T>,
}

impl<T: Scalar> NonNegative<T> {
    /// λ = `level` ≥ 0, all weights 1.
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn new(level: T) -> Result<Self> {
        check_non_negative("level", Scalar::to_f64(level))?;
        Ok(Self { level, weights: Weights::One })
    }

    /// Penalty factors pⱼ ≥ 0, one per variable.
    ///
    /// # Errors
    /// The same for `level`; a weight that is negative or not finite.
    pub fn weighted(level: T, weights: &ArrayRef1<T>) -> Result<Self> {
        Ok(Self { weights: Weights::each(weights)?, ..Self::new(level)? })
    }

    /// λ.
    pub fn level(&self) -> T {
        self.level
    }

    /// pⱼ.
    pub fn weight(&self, j: usize) -> T {
        self.weights.get(j)
    }
}

/// max(v, 0); NaN stays NaN, and the result is never -0.
#[inline]
fn positive_part<T: Scalar>(v: T) -> T {
    if v <= T::zero() { T::zero() } else { v }
}

impl<T: Scalar> Proximal<T> for NonNegative<T> {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        let outside = self.weights.largest(x, |x, _| if x < T::zero() { T::infinity() } else { T::zero() });
        if outside > T::zero() { outside } else { self.level * self.weights.sum(x, |x, p| p * x) }
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        let t = step * self.level;
        self.weights.map_into(v, out, |v, p| positive_part(v - t * p));
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> Result<()> {
        self.weights.check_dimension(n)
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let level = self.level;
        Some(self.weights.largest(y, |y, p| if y > level * p { T::infinity() } else { y * T::zero() }))
    }

    fn dual_scale(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let largest = self.weights.largest(y, |y, p| if y <= T::zero() { T::zero() } else { y / p });
        Some(scale_into(self.level, largest))
    }
}

impl<T: Scalar> Separable<T> for NonNegative<T> {
    #[inline]
    fn coordinate_value(&self, j: usize, x: T) -> T {
        if x < T::zero() { T::infinity() } else { self.level * self.weights.get(j) * x }
    }

    #[inline]
    fn coordinate_prox(&self, j: usize, v: T, step: T) -> T {
        positive_part(v - threshold(self.level * self.weights.get(j), step))
    }

    #[inline]
    fn subdifferential(&self, j: usize, x: T) -> (T, T) {
        let slope = self.level * self.weights.get(j);
        if x > T::zero() {
            (slope, slope)
        } else if x < T::zero() {
            (T::infinity(), T::neg_infinity())
        } else {
            (T::neg_infinity(), slope)
        }
    }
}
