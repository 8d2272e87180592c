//! Families of positive functions s whose shares s(zₖ)/Σ s(zⱼ) are class probabilities.

use crate::error::{Error, Result, check_positive, check_same_shape};
use core_tensor::{Scalar, check_range};
use ndarray::{Array2, ArrayRef2, Axis};

/// A positive, usually increasing function s; class k of a row z has probability `s(zₖ) / Σⱼ s(zⱼ)`.
///
/// | link | s(x) for x ≥ 0 | s(x) for x < 0 |
/// | --- | --- | --- |
/// | `StableMax` | 1 + x | 1/(1 - x) |
/// | `HeavyTail { q }` | (1 + x/q)^q | (1 - x/q)^(-q) |
/// | `Softmax` | eˣ | eˣ |
/// | `Taylor { order }` | Σ xᵏ/k!, k ≤ order | the same |
///
/// The first three satisfy s(x) s(-x) = 1. q = 1 is StableMax and q → ∞ softmax. All functions of one number here are in `f64`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Link {
    /// Linear growth, 1/|x| decay (Definition 4 of the paper).
    StableMax,
    /// Growth of degree q > 0, decay |x|^(-q).
    HeavyTail {
        /// The exponent, finite and > 0.
        q: f64,
    },
    /// The exponential.
    Softmax,
    /// Taylor polynomial of the exponential of even order, at most 32: always positive, but not monotone (order 2 turns up again
    /// below -1).
    Taylor {
        /// The order: even, 2 to 32.
        order: usize,
    },
}

impl Link {
    /// Accepts legal parameters.
    ///
    /// # Errors
    /// When q is not finite and positive, or the order not even and between 2 and 32.
    pub fn validate(&self) -> Result<()> {
        match *self {
            Self::StableMax | Self::Softmax => Ok(()),
            Self::HeavyTail { q } => check_positive("q", q),
            Self::Taylor { order } => {
                let legal = order.is_multiple_of(2) && (2..=32).contains(&order);
                Ok(check_range("order", order as f64, legal, "even, from 2 to 32")?)
            }
        }
    }

    /// s(x). Overflows only where the value itself does.
    #[must_use]
    #[inline]
    pub fn score(&self, x: f64) -> f64 {
        match *self {
            Self::StableMax => {
                if x >= 0.0 {
                    x + 1.0
                } else {
                    1.0 / (1.0 - x)
                }
            }
            Self::HeavyTail { .. } => self.log_score(x).exp(),
            Self::Softmax => x.exp(),
            Self::Taylor { order } => taylor(x, order),
        }
    }

    /// s′(x); at 0 of StableMax and its family both sides agree.
    #[must_use]
    #[inline]
    pub fn score_derivative(&self, x: f64) -> f64 {
        match *self {
            Self::StableMax => {
                if x >= 0.0 {
                    1.0
                } else {
                    let d = 1.0 / (1.0 - x);
                    d * d
                }
            }
            Self::HeavyTail { .. } => self.score(x) * self.log_score_derivative(x),
            Self::Softmax => x.exp(),
            Self::Taylor { order } => taylor(x, order - 1),
        }
    }

    /// g(x) = log s(x): `sign(x) log1p|x|` for StableMax (odd, and finite up to 710 for every finite x).
    #[must_use]
    #[inline]
    pub fn log_score(&self, x: f64) -> f64 {
        match *self {
            Self::StableMax => x.abs().ln_1p().copysign(x),
            Self::HeavyTail { q } => (q * (x.abs() / q).ln_1p()).copysign(x),
            Self::Softmax => x,
            Self::Taylor { order } => {
                if x.abs() <= 1.0 {
                    taylor(x, order).ln()
                } else if x == f64::NEG_INFINITY {
                    // A mask, by agreement, although the polynomial grows there.
                    x
                } else {
                    order as f64 * x.abs().ln() + reversed_taylor(x.recip(), order, order).ln()
                }
            }
        }
    }

    /// g′(x): `1/(1 + |x|)` for StableMax.
    #[must_use]
    #[inline]
    pub fn log_score_derivative(&self, x: f64) -> f64 {
        match *self {
            Self::StableMax => 1.0 / (1.0 + x.abs()),
            Self::HeavyTail { q } => 1.0 / (1.0 + x.abs() / q),
            Self::Softmax => 1.0,
            Self::Taylor { order } => taylor_ratio(x, order - 1, order),
        }
    }

    /// g″(x): `-sign(x)/(1 + |x|)²` for StableMax.
    ///
    /// At 0 the second derivatives of StableMax and of the heavy tails jump; this is the limit from the right (-1/q).
    #[must_use]
    #[inline]
    pub fn log_score_second_derivative(&self, x: f64) -> f64 {
        let side = if x >= 0.0 { -1.0 } else { 1.0 };
        match *self {
            Self::StableMax => {
                let d = 1.0 / (1.0 + x.abs());
                side * d * d
            }
            Self::HeavyTail { q } => {
                let d = 1.0 / (1.0 + x.abs() / q);
                side * d * d / q
            }
            Self::Softmax => 0.0,
            Self::Taylor { order } => {
                let first = taylor_ratio(x, order - 1, order);
                taylor_ratio(x, order - 2, order) - first * first
            }
        }
    }

    /// Writes the probabilities of each row of `logits` (n × C) to `out` (n × C). -∞ is a mask: probability 0.
    ///
    /// # Errors
    /// When shapes differ, there is no class, a logit is NaN or +∞, or every class of a row is masked.
    pub fn probabilities_into<T: Scalar>(&self, logits: &ArrayRef2<T>, out: &mut ArrayRef2<T>) -> Result<()> {
        self.check(logits, out)?;
        for (row, (z, mut out)) in logits.outer_iter().zip(out.outer_iter_mut()).enumerate() {
            let z = |k: usize| Scalar::to_f64(z[k]);
            let (top, rest) = self.rest(row, z, out.len())?;
            for k in 0..out.len() {
                out[k] = <T as Scalar>::from_f64(self.quotient(z(k), z(top)) / (1.0 + rest));
            }
        }
        Ok(())
    }

    /// Allocating form of [`Link::probabilities_into`].
    ///
    /// # Errors
    /// As there.
    pub fn probabilities<T: Scalar>(&self, logits: &ArrayRef2<T>) -> Result<Array2<T>> {
        let mut out = Array2::zeros(logits.raw_dim());
        self.probabilities_into(logits, &mut out)?;
        Ok(out)
    }

    /// Writes the logarithms of the probabilities (n × C): accurate also for a dominant class, whose logarithm may be as small
    /// as the smallest number. A masked class has -∞.
    ///
    /// # Errors
    /// As for [`Link::probabilities_into`].
    pub fn log_probabilities_into<T: Scalar>(&self, logits: &ArrayRef2<T>, out: &mut ArrayRef2<T>) -> Result<()> {
        self.check(logits, out)?;
        for (row, (z, mut out)) in logits.outer_iter().zip(out.outer_iter_mut()).enumerate() {
            let z = |k: usize| Scalar::to_f64(z[k]);
            let (top, rest) = self.rest(row, z, out.len())?;
            let (largest, shift) = (self.log_score(z(top)), rest.ln_1p());
            for k in 0..out.len() {
                out[k] = <T as Scalar>::from_f64((self.log_score(z(k)) - largest) - shift);
            }
        }
        Ok(())
    }

    /// Allocating form of [`Link::log_probabilities_into`].
    ///
    /// # Errors
    /// As there.
    pub fn log_probabilities<T: Scalar>(&self, logits: &ArrayRef2<T>) -> Result<Array2<T>> {
        let mut out = Array2::zeros(logits.raw_dim());
        self.log_probabilities_into(logits, &mut out)?;
        Ok(out)
    }

    /// The first class of largest score, and the sum of the others' scores as multiples of it.
    fn rest(&self, row: usize, z: impl Fn(usize) -> f64, classes: usize) -> Result<(usize, f64)> {
        let mut top = None;
        for k in 0..classes {
            check_logit(row, k, z(k))?;
            let score = self.log_score(z(k));
            if z(k) > f64::NEG_INFINITY && top.is_none_or(|(_, largest)| score > largest) {
                top = Some((k, score));
            }
        }
        let Some((top, _)) = top else { return Err(Error::AllMasked { row }) };
        let rest = (0..classes).filter(|&k| k != top).map(|k| self.quotient(z(k), z(top))).sum();
        Ok((top, rest))
    }

    /// s(x)/s(top), by division where both are ordinary numbers.
    #[inline]
    fn quotient(&self, x: f64, top: f64) -> f64 {
        if *self == Self::StableMax {
            let direct = self.score(x) / self.score(top);
            if direct.is_normal() {
                return direct;
            }
        }
        (self.log_score(x) - self.log_score(top)).exp()
    }

    fn check<T: Scalar>(&self, logits: &ArrayRef2<T>, out: &ArrayRef2<T>) -> Result<()> {
        self.validate()?;
        check_same_shape("out", out.shape(), logits.shape(), "it takes one number per logit")?;
        check_classes(logits.len_of(Axis(1)))
    }
}

/// Accepts a finite logit or a mask.
#[inline]
pub(crate) fn check_logit(row: usize, class: usize, found: f64) -> Result<()> {
    if found < f64::INFINITY { Ok(()) } else { Err(Error::NonFinite { row, class, found }) }
}

/// Accepts a positive number of classes.
pub(crate) fn check_classes(classes: usize) -> Result<()> {
    if classes > 0 { Ok(()) } else { Err(core_tensor::Error::Empty { argument: "logits", expected: "class" }.into()) }
}

/// Σ xᵏ/k! for k ≤ order.
#[inline]
fn taylor(x: f64, order: usize) -> f64 {
    (1..=order).rev().fold(1.0, |sum, k| 1.0 + sum * x / k as f64)
}

/// x^(-scale) Σ xᵏ/k! for k ≤ order ≤ scale, from u = 1/x: no power of a large x is formed.
#[inline]
fn reversed_taylor(u: f64, order: usize, scale: usize) -> f64 {
    let mut term = (0..scale).fold(1.0, |power, _| power * u);
    // Ascending powers of x are descending powers of u: start from u^scale and divide by u, written without division by a
    // tiny number as an explicit sum.
    let mut factorial = 1.0;
    let mut sum = term;
    for k in 1..=order {
        factorial *= k as f64;
        term = (0..scale - k).fold(1.0, |power, _| power * u);
        sum += term / factorial;
    }
    sum
}

/// Quotient of the Taylor polynomials of two orders, `upper ≤ lower`.
#[inline]
fn taylor_ratio(x: f64, upper: usize, lower: usize) -> f64 {
    if x.abs() <= 1.0 {
        taylor(x, upper) / taylor(x, lower)
    } else {
        let u = x.recip();
        reversed_taylor(u, upper, lower) / reversed_taylor(u, lower, lower)
    }
}
