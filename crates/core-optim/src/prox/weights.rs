//! Penalty factors: one for all coordinates, or one each.

use crate::Result;
use crate::error::{check_count, check_weights};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1, Zip};

/// Factors pⱼ ≥ 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Weights<T> {
    One,
    Each(Array1<T>),
}

impl<T: Scalar> Weights<T> {
    pub(super) fn each(weights: &ArrayRef1<T>) -> Result<Self> {
        check_weights("weights", weights)?;
        Ok(Weights::Each(weights.to_owned()))
    }

    /// pⱼ, or 1 where there is none.
    #[inline]
    pub(super) fn get(&self, j: usize) -> T {
        match self {
            Weights::One => T::one(),
            Weights::Each(weights) => weights.get(j).copied().unwrap_or(T::one()),
        }
    }

    pub(super) fn check_dimension(&self, n: usize) -> Result<()> {
        match self {
            Weights::One => Ok(()),
            Weights::Each(weights) => check_count("v", n, weights.len(), "the penalty has a weight per variable"),
        }
    }

    /// out ← f(v, p), entry by entry.
    #[inline(always)]
    pub(super) fn map_into(&self, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>, f: impl Fn(T, T) -> T) {
        match self {
            Weights::One => match (v.as_slice(), out.as_slice_mut()) {
                (Some(v), Some(out)) => out.iter_mut().zip(v).for_each(|(out, &v)| *out = f(v, T::one())),
                _ => Zip::from(out).and(v).for_each(|out, &v| *out = f(v, T::one())),
            },
            Weights::Each(weights) => Zip::from(out).and(v).and(weights).for_each(|out, &v, &p| *out = f(v, p)),
        }
    }

    /// Σ f(x, p).
    #[inline(always)]
    pub(super) fn sum(&self, x: &ArrayRef1<T>, f: impl Fn(T, T) -> T) -> T {
        match self {
            Weights::One => crate::reduce::sum_by(x, |x| f(x, T::one())),
            Weights::Each(weights) if weights.len() == x.len() => crate::reduce::sum_zip(x, weights, f),
            Weights::Each(_) => T::nan(),
        }
    }

    /// Largest f(x, p), or NaN if there is one; 0 for an empty vector.
    pub(super) fn largest(&self, x: &ArrayRef1<T>, f: impl Fn(T, T) -> T) -> T {
        x.iter().enumerate().fold(T::zero(), |largest, (j, &x)| {
            let found = f(x, self.get(j));
            if found > largest || found.is_nan() { found } else { largest }
        })
    }
}
