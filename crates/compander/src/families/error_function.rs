//! ψ(u) = erf u.

use crate::CompandingFunction;
use core_tensor::Scalar;
use std::f64::consts::{FRAC_2_SQRT_PI, PI};

/// ψ(u) = erf u, bounded by 1, with slope 2/√π at zero; the fastest to saturate.
///
/// ```text
/// ψ' = 2/√π exp(-u²)   ψ'' = -2u ψ'   ψ⁻¹ = erf⁻¹   M, P by quadrature
/// ```
///
/// Evaluated in double precision for both types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ErrorFunction;

impl<T: Scalar> CompandingFunction<T> for ErrorFunction {
    #[inline(always)]
    fn value(&self, u: T) -> T {
        <T as Scalar>::from_f64(libm::erf(Scalar::to_f64(u)))
    }

    #[inline(always)]
    fn derivative(&self, u: T) -> T {
        <T as Scalar>::from_f64(FRAC_2_SQRT_PI) * (-u * u).exp()
    }

    #[inline(always)]
    fn second_derivative(&self, u: T) -> T {
        // -2 u ψ', and 0 at infinity, where the product is not a number.
        let magnitude = <Self as CompandingFunction<T>>::elasticity(self, u);
        -(magnitude + magnitude)
    }

    #[inline(always)]
    fn inverse(&self, t: T) -> T {
        <T as Scalar>::from_f64(inverse_error_function(Scalar::to_f64(t)))
    }

    #[inline(always)]
    fn supremum(&self) -> T {
        T::one()
    }

    fn critical_deviation(&self) -> T {
        T::FRAC_1_SQRT_2()
    }
}

/// The u with erf u = t, for |t| < 1: Winitzki's approximation (within 2e-3), then Halley's iteration on the complement,
/// which keeps the digits near ±1.
pub(crate) fn inverse_error_function(t: f64) -> f64 {
    let magnitude = t.abs();
    if !(magnitude < 1.0) {
        return if magnitude == 1.0 { f64::INFINITY.copysign(t) } else { f64::NAN };
    }
    // 1 - t is exact above 1/2.
    let complement = 1.0 - magnitude;
    let log = (complement * (1.0 + magnitude)).ln();
    let (a, half) = (0.147, log / 2.0);
    let first = 2.0 / (PI * a) + half;
    let mut u = ((first * first - log / a).sqrt() - first).max(0.0).sqrt();
    if u == 0.0 {
        u = magnitude / FRAC_2_SQRT_PI;
    }
    for _ in 0..3 {
        let error = if magnitude < 0.5 { libm::erf(u) - magnitude } else { complement - libm::erfc(u) };
        let newton = error / (FRAC_2_SQRT_PI * (-u * u).exp());
        if !newton.is_finite() {
            break;
        }
        // Halley: the second derivative is -2u times the first.
        u -= newton / (1.0 + u * newton);
    }
    u.copysign(t)
}

#[cfg(test)]
mod tests {
    use super::inverse_error_function;

    #[test]
    fn inverse_everywhere() {
        for exponent in -300..0 {
            let t = 10.0_f64.powi(exponent);
            let u = inverse_error_function(t);
            assert!((libm::erf(u) - t).abs() <= 4e-16 * t, "{t:e}");
        }
        for k in 1..1000 {
            let t = f64::from(k) / 1000.0;
            assert!((libm::erf(inverse_error_function(t)) - t).abs() <= 4e-16 * t, "{t}");
            assert_eq!(inverse_error_function(-t), -inverse_error_function(t));
        }
        // Towards the bound: judged by the complement, which decides there.
        for exponent in 2..53 {
            let complement = 2.0_f64.powi(-exponent);
            let u = inverse_error_function(1.0 - complement);
            assert!((libm::erfc(u) - complement).abs() <= 1e-13 * complement, "2^-{exponent}");
        }
    }
}
