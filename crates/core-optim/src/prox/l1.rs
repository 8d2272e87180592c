//! The (weighted) 1-norm.

use super::proximal::{check_prox_arguments, scale_into};
use super::weights::Weights;
use super::{Proximal, Separable};
use crate::Result;
use crate::error::check_non_negative;
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// sign(v) max(|v| - t, 0) for t ≥ 0; NaN stays NaN.
#[inline]
#[must_use]
pub fn soft_threshold<T: Scalar>(v: T, t: T) -> T {
    // Two selections instead of sign and maximum: vectorises, gives an exact 0 at |v| = t, and keeps NaN.
    let inner = if v > t { t } else { v };
    let inner = if inner < -t { -t } else { inner };
    v - inner
}

/// g(x) = λ Σ pⱼ |xⱼ|.
///
/// The proximal operator is the soft threshold at step · λ pⱼ; the conjugate is the indicator of |yⱼ| ≤ λ pⱼ.
#[derive(Debug, Clone, PartialEq)]
pub struct L1<T> {
    level: T,
    weights: Weights<T>,
}

impl<T: Scalar> L1<T> {
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

impl<T: Scalar> Proximal<T> for L1<T> {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        self.level * self.weights.sum(x, |x, p| p * x.abs())
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        let t = step * self.level;
        self.weights.map_into(v, out, |v, p| soft_threshold(v, t * p));
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> Result<()> {
        self.weights.check_dimension(n)
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let level = self.level;
        let excess = self.weights.largest(y, |y, p| {
            let excess = y.abs() - level * p;
            if excess > T::zero() { T::infinity() } else { excess }
        });
        Some(excess)
    }

    fn dual_scale(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        // pⱼ = 0 allows only yⱼ = 0.
        let largest = self.weights.largest(y, |y, p| if y == T::zero() { y } else { y.abs() / p });
        Some(scale_into(self.level, largest))
    }
}

impl<T: Scalar> Separable<T> for L1<T> {
    #[inline]
    fn coordinate_value(&self, j: usize, x: T) -> T {
        self.level * self.weights.get(j) * x.abs()
    }

    #[inline]
    fn coordinate_prox(&self, j: usize, v: T, step: T) -> T {
        soft_threshold(v, threshold(self.level * self.weights.get(j), step))
    }

    #[inline]
    fn subdifferential(&self, j: usize, x: T) -> (T, T) {
        let slope = self.level * self.weights.get(j);
        sign_interval(slope, x)
    }
}

/// step · slope, with 0 · ∞ = 0: a coordinate without penalty stays where it is.
#[inline]
pub(super) fn threshold<T: Scalar>(slope: T, step: T) -> T {
    if slope == T::zero() { slope } else { step * slope }
}

/// slope · ∂|x|.
#[inline]
pub(super) fn sign_interval<T: Scalar>(slope: T, x: T) -> (T, T) {
    if x > T::zero() {
        (slope, slope)
    } else if x < T::zero() {
        (-slope, -slope)
    } else {
        (-slope, slope)
    }
}

#[cfg(test)]
mod tests {
    use super::soft_threshold;

    #[test]
    fn the_threshold_is_exact_at_ties_and_keeps_nan() {
        for (v, t, expected) in [(2.0, 1.0, 1.0), (-2.0, 1.0, -1.0), (1.0, 1.0, 0.0), (-1.0, 1.0, 0.0), (0.5, 0.0, 0.5)]
        {
            assert_eq!(soft_threshold(v, t), expected);
        }
        assert!(soft_threshold(f64::NAN, 1.0).is_nan());
        assert_eq!(soft_threshold(f64::INFINITY, 1.0), f64::INFINITY);
        assert_eq!(soft_threshold(5.0, f64::INFINITY), 0.0);
        assert!(soft_threshold(-1.0_f64, 1.0).is_sign_positive());
    }
}
