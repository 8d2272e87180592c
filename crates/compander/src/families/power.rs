//! ψ(u) = sign(u) |u|^α.

use crate::{CompandingFunction, Result};
use core_tensor::{Scalar, check_range};

/// ψ(u) = sign(u) |u|^α, the opposite of companding: for α > 1 large weights move fast and small ones freeze, which makes
/// networks sparse ("powerpropagation"). Unbounded.
///
/// ```text
/// ψ' = α |u|^(α-1)   ψ'' = sign(u) α (α-1) |u|^(α-2)   ψ⁻¹ = sign(t) |t|^(1/α)
/// M = sign(u) |u|^(2-α) / (α (2-α))   P = u² / (2 (2-α))     for α < 2; both infinite otherwise
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Power {
    exponent: f64,
}

impl Power {
    /// The sparsifying power α ≥ 1; 1 is the identity.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when `exponent` is not finite and ≥ 1. (For less, see [`Power::companding`].)
    pub fn new(exponent: f64) -> Result<Self> {
        check_range("exponent", exponent, exponent >= 1.0 && exponent.is_finite(), "finite and >= 1")?;
        Ok(Self { exponent })
    }

    /// A power 0 < α < 1, which compands, but with an infinite slope at zero: a latent weight that is exactly 0 gives
    /// gradients that are infinite or not a number.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when `exponent` is not in (0, 1).
    pub fn companding(exponent: f64) -> Result<Self> {
        check_range("exponent", exponent, exponent > 0.0 && exponent < 1.0, "> 0 and < 1")?;
        Ok(Self { exponent })
    }

    /// The exponent α.
    pub fn exponent(&self) -> f64 {
        self.exponent
    }
}

impl<T: Scalar> CompandingFunction<T> for Power {
    #[inline(always)]
    fn value(&self, u: T) -> T {
        u.abs().powf(<T as Scalar>::from_f64(self.exponent)).copysign(u)
    }

    #[inline(always)]
    fn derivative(&self, u: T) -> T {
        <T as Scalar>::from_f64(self.exponent) * u.abs().powf(<T as Scalar>::from_f64(self.exponent - 1.0))
    }

    #[inline(always)]
    fn second_derivative(&self, u: T) -> T {
        let factor = self.exponent * (self.exponent - 1.0);
        if factor == 0.0 || u == T::zero() {
            return T::zero();
        }
        <T as Scalar>::from_f64(factor) * u.abs().powf(<T as Scalar>::from_f64(self.exponent - 2.0)).copysign(u)
    }

    #[inline(always)]
    fn inverse(&self, t: T) -> T {
        t.abs().powf(<T as Scalar>::from_f64(self.exponent.recip())).copysign(t)
    }

    #[inline(always)]
    fn supremum(&self) -> T {
        T::infinity()
    }

    #[inline(always)]
    fn elasticity(&self, u: T) -> T {
        <T as Scalar>::from_f64(self.exponent) * <Self as CompandingFunction<T>>::value(self, u)
    }

    fn critical_deviation(&self) -> T {
        // The density diverges at zero (exponent above 1) or is that of the identity; below 1 it vanishes there.
        if self.exponent < 1.0 { T::zero() } else { T::infinity() }
    }

    fn mirror(&self, u: T) -> T {
        let rest = 2.0 - self.exponent;
        if rest <= 0.0 {
            return if u == T::zero() { u } else { T::infinity().copysign(u) };
        }
        let magnitude = u.abs().powf(<T as Scalar>::from_f64(rest)) / <T as Scalar>::from_f64(self.exponent * rest);
        magnitude.copysign(u)
    }

    fn potential(&self, u: T) -> T {
        let rest = 2.0 - self.exponent;
        if rest <= 0.0 {
            return if u == T::zero() { T::zero() } else { T::infinity() };
        }
        u * u / <T as Scalar>::from_f64(2.0 * rest)
    }

    fn inverse_mirror(&self, m: T) -> T {
        let rest = 2.0 - self.exponent;
        if rest <= 0.0 {
            return T::zero();
        }
        let base = m.abs() * <T as Scalar>::from_f64(self.exponent * rest);
        base.powf(<T as Scalar>::from_f64(rest.recip())).copysign(m)
    }
}
