//! The squared loss.

use super::Loss;
use crate::reduce::constant;
use core_tensor::Scalar;

/// ℓ(z, y) = ½ (z - y)²; conjugate ½ u² + u y.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Squared;

impl<T: Scalar> Loss<T> for Squared {
    #[inline]
    fn value(&self, z: T, y: T) -> T {
        let r = z - y;
        constant::<T>(0.5) * r * r
    }

    #[inline]
    fn derivatives(&self, z: T, y: T) -> (T, T) {
        (z - y, T::one())
    }

    fn curvature_bound(&self) -> T {
        T::one()
    }

    #[inline]
    fn conjugate(&self, u: T, y: T) -> T {
        u * (constant::<T>(0.5) * u + y)
    }

    fn reject_target(&self, y: T) -> Option<(&'static str, &'static str)> {
        (!y.is_finite()).then_some(("squared", "a finite number"))
    }
}
