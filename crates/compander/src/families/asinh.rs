//! ψ(u) = arsinh u.

use super::{hypotenuse, inverse_hypotenuse};
use crate::CompandingFunction;
use core_tensor::Scalar;

/// ψ(u) = arsinh u: compands, but does not bound.
///
/// ```text
/// ψ' = (1 + u²)^-¹ᐟ²   ψ'' = -u (1 + u²)^-³ᐟ²   ψ⁻¹ = sinh
/// M = (u √(1 + u²) + asinh u)/2   P = (u² + asinh²u)/4
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Asinh;

impl<T: Scalar> CompandingFunction<T> for Asinh {
    #[inline(always)]
    fn value(&self, u: T) -> T {
        // Written out because the standard form squares: exact for small u by ln_1p, and no overflow for large u.
        let t = u.abs();
        let value = if t > T::one() / T::epsilon() {
            t.ln() + T::LN_2()
        } else {
            (t + t * t / (T::one() + hypotenuse(t))).ln_1p()
        };
        value.copysign(u)
    }

    #[inline(always)]
    fn derivative(&self, u: T) -> T {
        inverse_hypotenuse(u)
    }

    #[inline(always)]
    fn second_derivative(&self, u: T) -> T {
        let inverse = inverse_hypotenuse(u);
        // u/√(1 + u²) first: u alone may be huge.
        let bounded = if u.abs() > T::one() / T::epsilon() { T::one().copysign(u) } else { u * inverse };
        -bounded * inverse * inverse
    }

    #[inline(always)]
    fn inverse(&self, t: T) -> T {
        t.sinh()
    }

    #[inline(always)]
    fn supremum(&self) -> T {
        T::infinity()
    }

    #[inline(always)]
    fn elasticity(&self, u: T) -> T {
        if u.abs() > T::one() / T::epsilon() { T::one().copysign(u) } else { u * inverse_hypotenuse(u) }
    }

    fn critical_deviation(&self) -> T {
        T::one()
    }

    fn mirror(&self, u: T) -> T {
        (u * hypotenuse(u) + <Self as CompandingFunction<T>>::value(self, u)) / <T as Scalar>::from_f64(2.0)
    }

    fn potential(&self, u: T) -> T {
        let value = <Self as CompandingFunction<T>>::value(self, u);
        (u * u + value * value) / <T as Scalar>::from_f64(4.0)
    }
}
