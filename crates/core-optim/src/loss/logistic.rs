//! The logistic loss.

use super::Loss;
use crate::reduce::constant;
use core_tensor::Scalar;

/// ℓ(z, y) = log(1 + exp(-y z)) for labels y = ±1, without overflow for any z.
///
/// With a = -u y in [0, 1] the conjugate is a log a + (1 - a) log(1 - a).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Logistic;

/// exp(-|t|), and whether t is negative.
#[inline]
fn decay<T: Scalar>(t: T) -> (T, bool) {
    ((-t.abs()).exp(), t < T::zero())
}

/// log(1 + exp(-t)) from e = exp(-|t|).
#[inline]
fn softplus<T: Scalar>(t: T, e: T, negative: bool) -> T {
    if negative { e.ln_1p() - t } else { e.ln_1p() }
}

/// σ(-t) = 1 / (1 + exp(t)) from e = exp(-|t|).
#[inline]
fn sigmoid<T: Scalar>(e: T, negative: bool) -> T {
    let denominator = T::one() + e;
    if negative { T::one() / denominator } else { e / denominator }
}

impl<T: Scalar> Loss<T> for Logistic {
    #[inline]
    fn value(&self, z: T, y: T) -> T {
        let t = y * z;
        let (e, negative) = decay(t);
        softplus(t, e, negative)
    }

    #[inline]
    fn derivatives(&self, z: T, y: T) -> (T, T) {
        let (e, negative) = decay(y * z);
        let denominator = T::one() + e;
        (-y * sigmoid(e, negative), e / (denominator * denominator))
    }

    fn curvature_bound(&self) -> T {
        constant::<T>(0.25)
    }

    #[inline]
    fn conjugate(&self, u: T, y: T) -> T {
        let a = -u * y;
        if a < T::zero() || a > T::one() {
            return T::infinity();
        }
        // 0 log 0 = 0; log(1 - a) through log1p, exact for small a.
        let entropy = |a: T, log: T| if a == T::zero() { T::zero() } else { a * log };
        entropy(a, a.ln()) + entropy(T::one() - a, (-a).ln_1p())
    }

    fn reject_target(&self, y: T) -> Option<(&'static str, &'static str)> {
        (y.abs() != T::one()).then_some(("logistic", "-1 or 1"))
    }

    #[inline]
    fn derivative(&self, z: T, y: T) -> T {
        let (e, negative) = decay(y * z);
        -y * sigmoid(e, negative)
    }

    #[inline]
    fn value_and_derivative(&self, z: T, y: T) -> (T, T) {
        let t = y * z;
        let (e, negative) = decay(t);
        (softplus(t, e, negative), -y * sigmoid(e, negative))
    }
}
