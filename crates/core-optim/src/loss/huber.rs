//! Huber's robust loss.

use super::Loss;
use crate::Result;
use crate::error::check_positive;
use crate::reduce::constant;
use core_tensor::Scalar;

/// With r = z - y: ℓ = ½ r² for |r| ≤ δ, δ |r| - ½ δ² beyond; conjugate ½ u² + u y for |u| ≤ δ.
///
/// ℓ'' is 1 for |r| ≤ δ and 0 beyond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber<T> {
    delta: T,
}

impl<T: Scalar> Huber<T> {
    /// δ = `delta` > 0, in the units of the targets.
    ///
    /// # Errors
    /// A `delta` that is not finite and > 0.
    pub fn new(delta: T) -> Result<Self> {
        check_positive("delta", Scalar::to_f64(delta))?;
        Ok(Self { delta })
    }

    /// δ.
    pub fn delta(&self) -> T {
        self.delta
    }
}

impl<T: Scalar> Loss<T> for Huber<T> {
    #[inline]
    fn value(&self, z: T, y: T) -> T {
        let r = (z - y).abs();
        let half = constant::<T>(0.5);
        if r > self.delta { self.delta * (r - half * self.delta) } else { half * r * r }
    }

    #[inline]
    fn derivatives(&self, z: T, y: T) -> (T, T) {
        let r = z - y;
        if r > self.delta {
            (self.delta, T::zero())
        } else if r < -self.delta {
            (-self.delta, T::zero())
        } else {
            (r, T::one())
        }
    }

    fn curvature_bound(&self) -> T {
        T::one()
    }

    #[inline]
    fn conjugate(&self, u: T, y: T) -> T {
        if u.abs() > self.delta { T::infinity() } else { u * (constant::<T>(0.5) * u + y) }
    }

    fn reject_target(&self, y: T) -> Option<(&'static str, &'static str)> {
        (!y.is_finite()).then_some(("Huber", "a finite number"))
    }
}
