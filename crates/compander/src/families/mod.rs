//! The families of companding functions.

mod algebraic;
mod arctan;
mod asinh;
mod error_function;
mod identity;
mod power;
mod softsign;
mod tanh;

pub use algebraic::Algebraic;
pub use arctan::Arctan;
pub use asinh::Asinh;
pub use error_function::ErrorFunction;
pub(crate) use error_function::inverse_error_function;
pub use identity::Identity;
pub use power::Power;
pub use softsign::Softsign;
pub use tanh::Tanh;

use core_tensor::Scalar;

/// 1/√(1 + u²), without overflow.
#[inline(always)]
fn inverse_hypotenuse<T: Scalar>(u: T) -> T {
    let t = u.abs();
    let large = t > T::one();
    let r = if large { t.recip() } else { t };
    let root = (T::one() + r * r).sqrt().recip();
    if large { r * root } else { root }
}

/// √(1 + u²), without overflow before its time.
#[inline(always)]
fn hypotenuse<T: Scalar>(u: T) -> T {
    inverse_hypotenuse(u).recip()
}
