//! The elastic net.

use super::l1::{sign_interval, threshold};
use super::proximal::{check_prox_arguments, scale_into};
use super::weights::Weights;
use super::{Proximal, Separable, soft_threshold};
use crate::Result;
use crate::error::check_non_negative;
use crate::reduce::constant;
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// g(x) = Σ pⱼ (λ₁ |xⱼ| + λ₂/2 xⱼ²).
///
/// prox(v) = soft(v, step λ₁ p) / (1 + step λ₂ p); the conjugate is Σ max(|yⱼ| - λ₁ pⱼ, 0)² / (2 λ₂ pⱼ).
#[derive(Debug, Clone, PartialEq)]
pub struct ElasticNet<T> {
    l1: T,
    l2: T,
    weights: Weights<T>,
}

impl<T: Scalar> ElasticNet<T> {
    /// λ₁ = `l1` ≥ 0 and λ₂ = `l2` ≥ 0, all weights 1.
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn new(l1: T, l2: T) -> Result<Self> {
        check_non_negative("l1", Scalar::to_f64(l1))?;
        check_non_negative("l2", Scalar::to_f64(l2))?;
        Ok(Self { l1, l2, weights: Weights::One })
    }

    /// Penalty factors pⱼ ≥ 0, one per variable.
    ///
    /// # Errors
    /// The same for the levels; a weight that is negative or not finite.
    pub fn weighted(l1: T, l2: T, weights: &ArrayRef1<T>) -> Result<Self> {
        Ok(Self { weights: Weights::each(weights)?, ..Self::new(l1, l2)? })
    }

    /// The same weights with other levels.
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn with_levels(&self, l1: T, l2: T) -> Result<Self> {
        Ok(Self { weights: self.weights.clone(), ..Self::new(l1, l2)? })
    }

    /// λ₁.
    #[inline]
    pub fn l1(&self) -> T {
        self.l1
    }

    /// λ₂.
    #[inline]
    pub fn l2(&self) -> T {
        self.l2
    }

    /// pⱼ.
    #[inline]
    pub fn weight(&self, j: usize) -> T {
        self.weights.get(j)
    }
}

impl<T: Scalar> Proximal<T> for ElasticNet<T> {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        let (l1, half) = (self.l1, self.l2 * constant::<T>(0.5));
        self.weights.sum(x, |x, p| p * (l1 * x.abs() + half * x * x))
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        let (t1, t2) = (step * self.l1, step * self.l2);
        self.weights.map_into(v, out, |v, p| soft_threshold(v, t1 * p) / (T::one() + t2 * p));
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> Result<()> {
        self.weights.check_dimension(n)
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let (l1, l2) = (self.l1, self.l2);
        Some(self.weights.sum(y, |y, p| {
            let excess = y.abs() - l1 * p;
            if excess > T::zero() { excess * excess / (constant::<T>(2.0) * l2 * p) } else { excess * T::zero() }
        }))
    }

    fn dual_scale(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let l2 = self.l2;
        // Where the square is at work the conjugate is finite everywhere.
        let largest = self
            .weights
            .largest(y, |y, p| if y == T::zero() || l2 * p > T::zero() { y * T::zero() } else { y.abs() / p });
        Some(scale_into(self.l1, largest))
    }
}

impl<T: Scalar> Separable<T> for ElasticNet<T> {
    #[inline]
    fn coordinate_value(&self, j: usize, x: T) -> T {
        self.weights.get(j) * (self.l1 * x.abs() + self.l2 * constant::<T>(0.5) * x * x)
    }

    #[inline]
    fn coordinate_prox(&self, j: usize, v: T, step: T) -> T {
        let p = self.weights.get(j);
        soft_threshold(v, threshold(self.l1 * p, step)) / (T::one() + threshold(self.l2 * p, step))
    }

    #[inline]
    fn subdifferential(&self, j: usize, x: T) -> (T, T) {
        let p = self.weights.get(j);
        let (lower, upper) = sign_interval(self.l1 * p, x);
        (lower + self.l2 * p * x, upper + self.l2 * p * x)
    }
}
