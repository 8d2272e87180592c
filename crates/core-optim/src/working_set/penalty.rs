//! The penalty of sparse linear models.

use crate::error::{check_count, check_length};
use crate::prox::{BoxConstraint, ElasticNet, Proximal, Separable};
use crate::reduce::constant;
use crate::{Error, Result};
use core_tensor::Scalar;
use ndarray::{ArrayRef1, Zip};

/// g(w) = Σ pⱼ (λ₁ |wⱼ| + λ₂/2 wⱼ²) on lowerⱼ ≤ wⱼ ≤ upperⱼ.
///
/// Penalty factors pⱼ ≥ 0 are 1 by default; pⱼ = 0 leaves a variable unpenalised. Bounds are infinite by default and contain 0;
/// lower = 0 is the positive constraint.
///
/// ```
/// use core_optim::working_set::SparsePenalty;
/// use ndarray::array;
///
/// let penalty = SparsePenalty::lasso(0.5)?.factors(&array![1.0, 0.0])?.non_negative();
/// assert_eq!(penalty.value(&array![2.0, 3.0]), 1.0);
/// assert_eq!(penalty.value(&array![-2.0, 3.0]), f64::INFINITY);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SparsePenalty<T> {
    elastic_net: ElasticNet<T>,
    bounds: BoxConstraint<T>,
}

impl<T: Scalar> SparsePenalty<T> {
    /// λ₁ = `l1` ≥ 0 and λ₂ = `l2` ≥ 0.
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn new(l1: T, l2: T) -> Result<Self> {
        Ok(Self { elastic_net: ElasticNet::new(l1, l2)?, bounds: BoxConstraint::unbounded() })
    }

    /// λ₁ = `level`, λ₂ = 0.
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn lasso(level: T) -> Result<Self> {
        Self::new(level, T::zero())
    }

    /// Sets the penalty factors pⱼ ≥ 0 (d).
    ///
    /// # Errors
    /// A factor that is negative or not finite.
    pub fn factors(mut self, factors: &ArrayRef1<T>) -> Result<Self> {
        self.elastic_net = ElasticNet::weighted(self.l1(), self.l2(), factors)?;
        Ok(self)
    }

    /// Sets bounds lowerⱼ ≤ 0 ≤ upperⱼ (d each), which may be infinite.
    ///
    /// # Errors
    /// Lengths that differ; [`Error::EmptyInterval`]; an interval without 0.
    pub fn bounds(mut self, lower: &ArrayRef1<T>, upper: &ArrayRef1<T>) -> Result<Self> {
        let bounds = BoxConstraint::new(lower, upper)?;
        for (&lower, &upper) in lower.iter().zip(upper) {
            let found = |argument, found, holds, expected| {
                core_tensor::check_range(argument, Scalar::to_f64(found), holds, expected).map_err(Error::from)
            };
            found("lower", lower, lower <= T::zero(), "<= 0: the bounds of a sparse model contain 0")?;
            found("upper", upper, upper >= T::zero(), ">= 0: the bounds of a sparse model contain 0")?;
        }
        self.bounds = bounds;
        Ok(self)
    }

    /// Sets the bounds 0 ≤ wⱼ.
    #[must_use]
    pub fn non_negative(mut self) -> Self {
        self.bounds = BoxConstraint::at_least_zero();
        self
    }

    /// The same penalty with λ₁ = `l1`.
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn with_l1(&self, l1: T) -> Result<Self> {
        Ok(Self { elastic_net: self.elastic_net.with_levels(l1, self.l2())?, bounds: self.bounds.clone() })
    }

    /// The same penalty with λ₂ = `l2`.
    ///
    /// # Errors
    /// A level that is negative or not finite.
    pub fn with_l2(&self, l2: T) -> Result<Self> {
        Ok(Self { elastic_net: self.elastic_net.with_levels(self.l1(), l2)?, bounds: self.bounds.clone() })
    }

    /// λ₁.
    #[inline]
    pub fn l1(&self) -> T {
        self.elastic_net.l1()
    }

    /// λ₂.
    #[inline]
    pub fn l2(&self) -> T {
        self.elastic_net.l2()
    }

    /// pⱼ.
    #[inline]
    pub fn factor(&self, j: usize) -> T {
        self.elastic_net.weight(j)
    }

    /// (lowerⱼ, upperⱼ).
    #[inline]
    pub fn interval(&self, j: usize) -> (T, T) {
        self.bounds.interval(j)
    }

    /// g(w), +∞ outside the bounds; NaN for a `w` of a wrong length.
    pub fn value(&self, w: &ArrayRef1<T>) -> T {
        if self.check_dimension(w.len()).is_err() {
            return T::nan();
        }
        w.iter().enumerate().map(|(j, &w)| self.coordinate_value(j, w)).sum()
    }

    /// gⱼ*(c) = sup over the interval of c w - gⱼ(w), and the w that attains it (infinite where it is +∞).
    #[inline]
    pub(super) fn conjugate_at(&self, j: usize, c: T) -> (T, T) {
        let p = self.factor(j);
        let (t, e) = (self.l1() * p, self.l2() * p);
        let excess = crate::prox::soft_threshold(c, t);
        if excess == T::zero() {
            return (T::zero(), T::zero());
        }
        let (lower, upper) = self.interval(j);
        let end = if excess > T::zero() { upper } else { lower };
        let free = excess / e;
        // e = 0 gives an infinite `free`.
        let at = if free.abs() < end.abs() { free } else { end };
        if at == T::zero() {
            (T::zero(), T::zero())
        } else if at.is_infinite() {
            (T::infinity(), at)
        } else {
            (at * (excess - constant::<T>(0.5) * e * at), at)
        }
    }
}

impl<T: Scalar> Proximal<T> for SparsePenalty<T> {
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        SparsePenalty::value(self, x)
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        self.check_dimension(v.len())?;
        check_length("out", out, v.len(), "`out` has an entry per entry of `v`")?;
        crate::error::check_positive("step", Scalar::to_f64(step))?;
        let mut j = 0;
        Zip::from(out).and(v).for_each(|out, &v| {
            *out = self.coordinate_prox(j, v, step);
            j += 1;
        });
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> Result<()> {
        self.elastic_net.check_dimension(n)?;
        self.bounds.check_dimension(n)
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        if check_count("y", y.len(), y.len(), "").and(self.check_dimension(y.len())).is_err() {
            return Some(T::nan());
        }
        Some(y.iter().enumerate().map(|(j, &c)| self.conjugate_at(j, c).0).sum())
    }
}

impl<T: Scalar> Separable<T> for SparsePenalty<T> {
    #[inline]
    fn coordinate_value(&self, j: usize, x: T) -> T {
        self.elastic_net.coordinate_value(j, x) + self.bounds.coordinate_value(j, x)
    }

    /// In one dimension the minimiser over an interval is the clipped minimiser.
    #[inline]
    fn coordinate_prox(&self, j: usize, v: T, step: T) -> T {
        self.bounds.coordinate_prox(j, self.elastic_net.coordinate_prox(j, v, step), step)
    }

    #[inline]
    fn subdifferential(&self, j: usize, x: T) -> (T, T) {
        let (a, b) = (self.elastic_net.subdifferential(j, x), self.bounds.subdifferential(j, x));
        (a.0 + b.0, a.1 + b.1)
    }
}
