//! Bounds on each coordinate.

use super::proximal::check_prox_arguments;
use super::{Proximal, Separable};
use crate::error::{check_count, check_length};
use crate::{Error, Result};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1, Zip};

/// g(x) = 0 for lower ≤ x ≤ upper, +∞ otherwise. Bounds may be infinite.
///
/// The proximal operator is the projection, whatever the step; the conjugate is Σ max(lowerⱼ yⱼ, upperⱼ yⱼ).
#[derive(Debug, Clone, PartialEq)]
pub struct BoxConstraint<T> {
    bounds: Bounds<T>,
}

#[derive(Debug, Clone, PartialEq)]
enum Bounds<T> {
    All(T, T),
    Each(Array1<T>, Array1<T>),
}

impl<T: Scalar> BoxConstraint<T> {
    /// The same bounds for every variable.
    ///
    /// # Errors
    /// [`Error::EmptyInterval`] unless `lower` ≤ `upper`, with at least one finite number between them.
    pub fn uniform(lower: T, upper: T) -> Result<Self> {
        check_interval(0, lower, upper)?;
        Ok(Self { bounds: Bounds::All(lower, upper) })
    }

    /// No bounds.
    pub(crate) fn unbounded() -> Self {
        Self { bounds: Bounds::All(T::neg_infinity(), T::infinity()) }
    }

    /// 0 ≤ x.
    pub(crate) fn at_least_zero() -> Self {
        Self { bounds: Bounds::All(T::zero(), T::infinity()) }
    }

    /// Bounds for each variable.
    ///
    /// # Errors
    /// Lengths that differ, or [`Error::EmptyInterval`].
    pub fn new(lower: &ArrayRef1<T>, upper: &ArrayRef1<T>) -> Result<Self> {
        check_length("upper", upper, lower.len(), "`lower` has that many entries")?;
        for (j, (&lower, &upper)) in lower.iter().zip(upper).enumerate() {
            check_interval(j, lower, upper)?;
        }
        Ok(Self { bounds: Bounds::Each(lower.to_owned(), upper.to_owned()) })
    }

    /// The bounds of variable `j` (none, where there is no such variable).
    #[inline]
    pub fn interval(&self, j: usize) -> (T, T) {
        match &self.bounds {
            Bounds::All(lower, upper) => (*lower, *upper),
            Bounds::Each(lower, upper) => {
                (lower.get(j).copied().unwrap_or(T::neg_infinity()), upper.get(j).copied().unwrap_or(T::infinity()))
            }
        }
    }
}

fn check_interval<T: Scalar>(coordinate: usize, lower: T, upper: T) -> Result<()> {
    if lower <= upper && lower < T::infinity() && upper > T::neg_infinity() {
        Ok(())
    } else {
        Err(Error::EmptyInterval { coordinate, lower: Scalar::to_f64(lower), upper: Scalar::to_f64(upper) })
    }
}

/// The nearest number in [lower, upper]; NaN stays NaN.
#[inline]
fn clip<T: Scalar>(v: T, lower: T, upper: T) -> T {
    let v = if v < lower { lower } else { v };
    if v > upper { upper } else { v }
}

impl<T: Scalar> Proximal<T> for BoxConstraint<T> {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        let inside = x.iter().enumerate().all(|(j, &x)| {
            let (lower, upper) = self.interval(j);
            lower <= x && x <= upper
        });
        if inside { T::zero() } else { T::infinity() }
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        match &self.bounds {
            Bounds::All(lower, upper) => Zip::from(out).and(v).for_each(|out, &v| *out = clip(v, *lower, *upper)),
            Bounds::Each(lower, upper) => {
                Zip::from(out).and(v).and(lower).and(upper).for_each(|out, &v, &l, &u| *out = clip(v, l, u));
            }
        }
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> Result<()> {
        match &self.bounds {
            Bounds::All(..) => Ok(()),
            Bounds::Each(lower, _) => check_count("v", n, lower.len(), "the box has bounds per variable"),
        }
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let support = y.iter().enumerate().map(|(j, &y)| {
            let (lower, upper) = self.interval(j);
            // 0 · ∞ counts as 0; NaN falls through.
            if y == T::zero() { y } else { y * if y > T::zero() { upper } else { lower } }
        });
        Some(support.sum())
    }

    fn dual_scale(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let finite = self.conjugate(y).is_some_and(T::is_finite);
        Some(if finite { T::one() } else { T::zero() })
    }
}

impl<T: Scalar> Separable<T> for BoxConstraint<T> {
    #[inline]
    fn coordinate_value(&self, j: usize, x: T) -> T {
        let (lower, upper) = self.interval(j);
        if lower <= x && x <= upper { T::zero() } else { T::infinity() }
    }

    #[inline]
    fn coordinate_prox(&self, j: usize, v: T, _step: T) -> T {
        let (lower, upper) = self.interval(j);
        clip(v, lower, upper)
    }

    #[inline]
    fn subdifferential(&self, j: usize, x: T) -> (T, T) {
        let (lower, upper) = self.interval(j);
        if !(lower <= x && x <= upper) {
            return (T::infinity(), T::neg_infinity());
        }
        let low = if x == lower { T::neg_infinity() } else { T::zero() };
        let high = if x == upper { T::infinity() } else { T::zero() };
        (low, high)
    }
}
