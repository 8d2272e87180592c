//! The one scalar trait of the workspace.

use crate::elementary::Elementary;
use ndarray::{LinalgScalar, ScalarOperand};
use num_traits::{Float, FloatConst, FromPrimitive, NumAssign};
use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;

/// A real floating-point number: `f32` or `f64`.
///
/// The trait is sealed: every public signature of the workspace that is generic over numbers uses it, so its bounds
/// are the union of what ndarray, faer and the FFT need, and nobody writes them a second time.
pub trait Scalar:
    sealed::Field
    + Elementary
    + Float
    + FloatConst
    + FromPrimitive
    + NumAssign
    + LinalgScalar
    + ScalarOperand
    + Sum
    + Debug
    + Display
    + LowerExp
    + Default
    + Send
    + Sync
    + 'static
{
    /// The type's name as Rust spells it, for messages.
    const NAME: &'static str;

    /// The nearest number of this type to `value`.
    fn from_f64(value: f64) -> Self;

    /// `self` as `f64`; exact.
    fn to_f64(self) -> f64;

    /// `2^exponent`; saturates to zero or infinity outside the type's range.
    fn exp2_integer(exponent: i32) -> Self {
        <Self as Scalar>::from_f64(2.0_f64.powi(exponent))
    }
}

impl Scalar for f32 {
    const NAME: &'static str = "f32";

    fn from_f64(value: f64) -> Self {
        value as f32
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Scalar for f64 {
    const NAME: &'static str = "f64";

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }
}

mod sealed {
    /// What the optional back ends ask of a scalar. Sealing makes it possible to add bounds by feature: every scalar
    /// that exists has them all.
    #[cfg(feature = "linalg")]
    pub trait Field: faer::traits::RealField + FftField {}
    #[cfg(not(feature = "linalg"))]
    pub trait Field: FftField {}

    #[cfg(feature = "fft")]
    pub trait FftField: rustfft::FftNum {}
    #[cfg(not(feature = "fft"))]
    pub trait FftField {}

    impl Field for f32 {}
    impl Field for f64 {}
    impl FftField for f32 {}
    impl FftField for f64 {}
}

#[cfg(test)]
mod tests {
    use super::Scalar;

    #[test]
    fn conversions_round_to_nearest() {
        assert_eq!(<f32 as Scalar>::from_f64(0.1), 0.1_f32);
        assert_eq!(Scalar::to_f64(0.5_f32), 0.5);
        assert_eq!(<f64 as Scalar>::exp2_integer(-3), 0.125);
    }
}
