//! ψ(u) = tanh u.

use crate::CompandingFunction;
use core_tensor::Scalar;

/// ψ(u) = tanh u, bounded by 1.
///
/// ```text
/// ψ' = sech²u   ψ'' = -2 tanh u sech²u   ψ⁻¹ = artanh   M = u/2 + sinh(2u)/4   P = u tanh(u)/2
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tanh;

impl<T: Scalar> CompandingFunction<T> for Tanh {
    #[inline(always)]
    fn value(&self, u: T) -> T {
        u.tanh()
    }

    #[inline(always)]
    fn derivative(&self, u: T) -> T {
        // 1 - tanh² cancels from u = 3 on; 1/cosh² does not, and is 0 when cosh overflows.
        let sech = u.cosh().recip();
        sech * sech
    }

    #[inline(always)]
    fn second_derivative(&self, u: T) -> T {
        let sech = u.cosh().recip();
        -(u.tanh() + u.tanh()) * sech * sech
    }

    #[inline(always)]
    fn inverse(&self, t: T) -> T {
        // Of the absolute value: the library's is not odd to the bit.
        t.abs().atanh().copysign(t)
    }

    #[inline(always)]
    fn supremum(&self) -> T {
        T::one()
    }

    fn critical_deviation(&self) -> T {
        T::FRAC_1_SQRT_2()
    }

    fn mirror(&self, u: T) -> T {
        u / <T as Scalar>::from_f64(2.0) + (u + u).sinh() / <T as Scalar>::from_f64(4.0)
    }

    fn potential(&self, u: T) -> T {
        u * u.tanh() / <T as Scalar>::from_f64(2.0)
    }
}
