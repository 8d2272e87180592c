//! ψ(u) = u/(1 + |u|).

use crate::CompandingFunction;
use core_tensor::Scalar;

/// ψ(u) = u/(1 + |u|), bounded by 1; the slowest to saturate.
///
/// ```text
/// ψ' = (1 + |u|)⁻²   ψ'' = -2 sign(u) (1 + |u|)⁻³   ψ⁻¹ = t/(1 - |t|)
/// M = ((1 + |u|)³ - 1)/3 · sign(u)   P = u² (1/6 + 1/(3 (1 + |u|)))
/// ```
///
/// ψ'' jumps at 0; there it is reported as 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Softsign;

impl<T: Scalar> CompandingFunction<T> for Softsign {
    #[inline(always)]
    fn value(&self, u: T) -> T {
        let t = u.abs();
        // t/(1 + t) is 1 at infinity, where the quotient is not a number.
        let value = if t == T::infinity() { T::one() } else { t / (T::one() + t) };
        value.copysign(u)
    }

    #[inline(always)]
    fn derivative(&self, u: T) -> T {
        let slope = (T::one() + u.abs()).recip();
        slope * slope
    }

    #[inline(always)]
    fn second_derivative(&self, u: T) -> T {
        let slope = (T::one() + u.abs()).recip();
        let magnitude = (slope + slope) * slope * slope;
        if u == T::zero() { T::zero() } else { magnitude.copysign(-u) }
    }

    #[inline(always)]
    fn inverse(&self, t: T) -> T {
        t / (T::one() - t.abs())
    }

    #[inline(always)]
    fn supremum(&self) -> T {
        T::one()
    }

    #[inline(always)]
    fn elasticity(&self, u: T) -> T {
        let slope = (T::one() + u.abs()).recip();
        <Self as CompandingFunction<T>>::value(self, u) * slope
    }

    fn critical_deviation(&self) -> T {
        // The slope has a corner at zero: every deviation is above.
        T::zero()
    }

    fn mirror(&self, u: T) -> T {
        // ((1 + t)³ - 1)/3 without the cancellation.
        let t = u.abs();
        (t * (T::one() + t * (T::one() + t / <T as Scalar>::from_f64(3.0)))).copysign(u)
    }

    fn potential(&self, u: T) -> T {
        let t = u.abs();
        let three = <T as Scalar>::from_f64(3.0);
        t * t * ((three + three).recip() + (three * (T::one() + t)).recip())
    }
}
