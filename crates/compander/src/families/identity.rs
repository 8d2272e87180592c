//! ψ(u) = u.

use crate::CompandingFunction;
use core_tensor::Scalar;

/// ψ(u) = u: no companding, w = (a/b) v. The plain network in the same code.
///
/// ```text
/// ψ' = 1   ψ'' = 0   ψ⁻¹ = t   M = u   P = u²/2
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Identity;

impl<T: Scalar> CompandingFunction<T> for Identity {
    #[inline(always)]
    fn value(&self, u: T) -> T {
        u
    }

    #[inline(always)]
    fn derivative(&self, u: T) -> T {
        // NaN in, NaN out.
        if u.is_nan() { u } else { T::one() }
    }

    #[inline(always)]
    fn second_derivative(&self, u: T) -> T {
        if u.is_nan() { u } else { T::zero() }
    }

    #[inline(always)]
    fn inverse(&self, t: T) -> T {
        t
    }

    #[inline(always)]
    fn supremum(&self) -> T {
        T::infinity()
    }

    #[inline(always)]
    fn elasticity(&self, u: T) -> T {
        u
    }

    fn critical_deviation(&self) -> T {
        T::infinity()
    }

    fn mirror(&self, u: T) -> T {
        u
    }

    fn potential(&self, u: T) -> T {
        u * u / <T as Scalar>::from_f64(2.0)
    }

    fn inverse_mirror(&self, m: T) -> T {
        m
    }
}
