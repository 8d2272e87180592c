//! Elementary functions that vectorise: straight-line code without tables or calls, for the inner loops of kernels.
//!
//! The standard library's functions are calls into the system's library, one number at a time. These are compiled into
//! the loop around them: inside [`vectorised`](crate::vectorised) they run on four `f64` or eight `f32` at once, and
//! give the same bits on every machine.
//!
//! ```
//! use core_tensor::elementary::atan;
//!
//! assert_eq!(atan(1.0_f64), std::f64::consts::FRAC_PI_4);
//! assert_eq!(atan(f32::NEG_INFINITY), -std::f32::consts::FRAC_PI_2);
//! ```

mod atan;
mod erf;
mod exp;
#[cfg(test)]
mod random_bits;

use crate::Scalar;

/// Arc tangent, within 2 units in the last place. Odd to the bit; `±∞` give `±π/2`, NaN gives NaN.
#[inline(always)]
pub fn atan<T: Scalar>(x: T) -> T {
    x.elementary_atan()
}

/// Exponential function, within 1 unit in the last place where the result is a normal number, and within 1 smallest number
/// below. Overflow gives `∞`, `-∞` gives 0, NaN gives NaN.
#[inline(always)]
pub fn exp<T: Scalar>(x: T) -> T {
    x.elementary_exp()
}

/// Error function `2/√π ∫₀ˣ exp(-t²) dt`, within 16 units in the last place. Odd to the bit; NaN gives NaN.
#[inline(always)]
pub fn erf<T: Scalar>(x: T) -> T {
    x.elementary_erf()
}

/// The functions for one type, written for each by hand: a polynomial of the right degree is a matter of the type.
pub trait Elementary: exp::Exponential + erf::ErrorFunction + Sized {
    #[doc(hidden)]
    fn elementary_atan(self) -> Self;
}
