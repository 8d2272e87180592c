//! ψ(u) = u/√(1 + u²).

use super::{hypotenuse, inverse_hypotenuse};
use crate::CompandingFunction;
use core_tensor::Scalar;

/// ψ(u) = u/√(1 + u²), bounded by 1: the cheapest bounded choice, one square root.
///
/// ```text
/// ψ' = (1 + u²)^-³ᐟ²   ψ'' = -3u (1 + u²)^-⁵ᐟ²   ψ⁻¹ = t/√(1 - t²)
/// M = u (1 + u²)^³ᐟ²/4 + 3/8 (u √(1 + u²) + asinh u)   P = u²/8 + 3/8 u asinh(u)/√(1 + u²)
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Algebraic;

impl<T: Scalar> CompandingFunction<T> for Algebraic {
    #[inline(always)]
    fn value(&self, u: T) -> T {
        let t = u.abs();
        let large = t > T::one();
        let r = if large { t.recip() } else { t };
        let root = (T::one() + r * r).sqrt().recip();
        (if large { root } else { r * root }).copysign(u)
    }

    #[inline(always)]
    fn derivative(&self, u: T) -> T {
        let inverse = inverse_hypotenuse(u);
        inverse * inverse * inverse
    }

    #[inline(always)]
    fn second_derivative(&self, u: T) -> T {
        let inverse = inverse_hypotenuse(u);
        let squared = inverse * inverse;
        let three = <T as Scalar>::from_f64(3.0);
        -three * <Self as CompandingFunction<T>>::value(self, u) * squared * squared
    }

    #[inline(always)]
    fn inverse(&self, t: T) -> T {
        // (1 - t)(1 + t) keeps the digits of 1 - t² near the bound.
        t / ((T::one() - t) * (T::one() + t)).sqrt()
    }

    #[inline(always)]
    fn supremum(&self) -> T {
        T::one()
    }

    #[inline(always)]
    fn elasticity(&self, u: T) -> T {
        let inverse = inverse_hypotenuse(u);
        <Self as CompandingFunction<T>>::value(self, u) * inverse * inverse
    }

    fn critical_deviation(&self) -> T {
        <T as Scalar>::from_f64(3.0).sqrt().recip()
    }

    fn mirror(&self, u: T) -> T {
        let root = hypotenuse(u);
        let quarter = <T as Scalar>::from_f64(0.25);
        let weight = <T as Scalar>::from_f64(0.375);
        quarter * u * root * root * root + weight * (u * root + u.asinh())
    }

    fn potential(&self, u: T) -> T {
        let u = u.abs();
        let weight = <T as Scalar>::from_f64(0.375);
        <T as Scalar>::from_f64(0.125) * u * u + weight * <Self as CompandingFunction<T>>::value(self, u) * u.asinh()
    }
}
