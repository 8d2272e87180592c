//! The simplex.

use super::Proximal;
use super::proximal::check_prox_arguments;
use super::threshold::threshold;
use crate::Result;
use crate::error::check_positive;
use crate::reduce::{constant, sum_by};
use core_tensor::Scalar;
use ndarray::{ArrayRef1, Zip};

/// g(x) = 0 for x ≥ 0 with Σ xⱼ = r, +∞ otherwise.
///
/// The proximal operator is the projection, whatever the step: max(v - θ, 0) with the θ that makes the sum r, found in O(n) by
/// selection. The conjugate is r max yⱼ. There must be at least one variable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simplex<T> {
    total: T,
}

impl<T: Scalar> Simplex<T> {
    /// The simplex with sum r = `total` > 0.
    ///
    /// # Errors
    /// A total that is not finite and > 0.
    pub fn new(total: T) -> Result<Self> {
        check_positive("total", Scalar::to_f64(total))?;
        Ok(Self { total })
    }

    /// The simplex of probability vectors, r = 1.
    #[must_use]
    pub fn probability() -> Self {
        Self { total: T::one() }
    }
}

impl<T: Scalar> Proximal<T> for Simplex<T> {
    /// 0 up to rounding of the sum: |Σx - r| ≤ 4 n ε r.
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        let slack = constant::<T>(4.0 * (x.len() + 1) as f64) * T::epsilon() * self.total;
        let inside = x.iter().all(|&x| x >= T::zero()) && (sum_by(x, |x| x) - self.total).abs() <= slack;
        if inside { T::zero() } else { T::infinity() }
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        let (top, theta) = threshold(v, |v| v, self.total, out);
        Zip::from(out).and(v).for_each(|out, &v| {
            let left = (v - top) - theta;
            *out = if left <= T::zero() { T::zero() } else { left };
        });
        Ok(())
    }

    fn check_dimension(&self, n: usize) -> Result<()> {
        if n > 0 { Ok(()) } else { Err(core_tensor::Error::Empty { argument: "v", expected: "variable" }.into()) }
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let largest = y.iter().fold(T::neg_infinity(), |m, &y| if y.is_nan() || y > m { y } else { m });
        Some(self.total * largest)
    }

    fn dual_scale(&mut self, _y: &ArrayRef1<T>) -> Option<T> {
        Some(T::one())
    }
}
