//! ψ(u) = arctan u.

use crate::CompandingFunction;
use core_tensor::Scalar;
use core_tensor::elementary::atan;

/// ψ(u) = arctan u, bounded by π/2: the method's default.
///
/// ```text
/// ψ' = 1/(1 + u²)   ψ'' = -2u/(1 + u²)²   ψ⁻¹ = tan   M = u + u³/3   P = u²/6 + ln(1 + u²)/3
/// ```
///
/// Values are within 2 units in the last place; for |u| > 1 the derivatives are written in 1/u, so that nothing
/// overflows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Arctan;

/// The smaller of |u| and 1/|u|, and which of the two it is.
#[inline(always)]
fn ratio<T: Scalar>(u: T) -> (T, bool) {
    // Both are computed, then one is chosen: a choice between numbers vectorises, a jump does not.
    let (t, inverse) = (u.abs(), u.abs().recip());
    let large = t > T::one();
    (if large { inverse } else { t }, large)
}

impl<T: Scalar> CompandingFunction<T> for Arctan {
    #[inline(always)]
    fn value(&self, u: T) -> T {
        atan(u)
    }

    #[inline(always)]
    fn derivative(&self, u: T) -> T {
        let (r, large) = ratio(u);
        let squared = r * r;
        let derivative = (T::one() + squared).recip();
        if large { squared * derivative } else { derivative }
    }

    #[inline(always)]
    fn second_derivative(&self, u: T) -> T {
        let (r, large) = ratio(u);
        let squared = r * r;
        let derivative = (T::one() + squared).recip();
        let magnitude = (r + r) * derivative * derivative;
        let magnitude = if large { magnitude * squared } else { magnitude };
        magnitude.copysign(-u)
    }

    #[inline(always)]
    fn inverse(&self, t: T) -> T {
        t.tan()
    }

    #[inline(always)]
    fn supremum(&self) -> T {
        T::FRAC_PI_2()
    }

    #[inline(always)]
    fn elasticity(&self, u: T) -> T {
        let (r, _) = ratio(u);
        // u/(1 + u²) is the same in u and in 1/u.
        (r * (T::one() + r * r).recip()).copysign(u)
    }

    fn critical_deviation(&self) -> T {
        T::FRAC_1_SQRT_2()
    }

    fn mirror(&self, u: T) -> T {
        u * (T::one() + u * u / <T as Scalar>::from_f64(3.0))
    }

    fn potential(&self, u: T) -> T {
        let squared = u * u;
        if squared == T::infinity() {
            squared
        } else {
            squared / <T as Scalar>::from_f64(6.0) + squared.ln_1p() / <T as Scalar>::from_f64(3.0)
        }
    }

    /// The only real root of t + t³/3 = m: t = s - 1/s with s³ = r + √(r² + 1), r = 3m/2.
    fn inverse_mirror(&self, m: T) -> T {
        let r = m.abs() * <T as Scalar>::from_f64(1.5);
        let s = (r + super::hypotenuse(r)).cbrt();
        // s - 1/s cancels near s = 1; one Newton step on the polynomial itself restores the digits.
        let t = s - s.recip();
        let correction = (t * (T::one() + t * t / <T as Scalar>::from_f64(3.0)) - m.abs()) / (T::one() + t * t);
        let refined = if correction.is_finite() { t - correction } else { t };
        refined.copysign(m)
    }
}
