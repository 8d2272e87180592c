//! The 1-ball.

use super::Proximal;
use super::proximal::check_prox_arguments;
use super::threshold::threshold;
use crate::Result;
use crate::error::check_positive;
use crate::reduce::{constant, sum_by};
use core_tensor::Scalar;
use ndarray::{ArrayRef1, Zip};

/// g(x) = 0 for ‖x‖₁ ≤ r, +∞ otherwise.
///
/// The proximal operator is the projection, whatever the step: v itself if ‖v‖₁ ≤ r, else the soft threshold at the θ with
/// Σ max(|vⱼ| - θ, 0) = r, found in O(n) by selection. The conjugate is r ‖y‖_∞.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L1Ball<T> {
    radius: T,
}

impl<T: Scalar> L1Ball<T> {
    /// The ball of radius r = `radius` > 0.
    ///
    /// # Errors
    /// A radius that is not finite and > 0.
    pub fn new(radius: T) -> Result<Self> {
        check_positive("radius", Scalar::to_f64(radius))?;
        Ok(Self { radius })
    }

    /// r.
    pub fn radius(&self) -> T {
        self.radius
    }
}

impl<T: Scalar> Proximal<T> for L1Ball<T> {
    /// 0 up to rounding of the sum: ‖x‖₁ ≤ r (1 + 4 n ε).
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        let slack = T::one() + constant::<T>(4.0 * (x.len() + 1) as f64) * T::epsilon();
        if sum_by(x, |v: T| v.abs()) <= self.radius * slack { T::zero() } else { T::infinity() }
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        if sum_by(v, |v: T| v.abs()) <= self.radius {
            out.assign(v);
            return Ok(());
        }
        let (top, theta) = threshold(v, |v: T| v.abs(), self.radius, out);
        Zip::from(out).and(v).for_each(|out, &v| {
            let size = (v.abs() - top) - theta;
            // On the boundary rounding can make the threshold slightly negative.
            let size = if size > v.abs() { v.abs() } else { size };
            *out = if size <= T::zero() { T::zero() } else { size.copysign(v) };
        });
        Ok(())
    }

    fn check_dimension(&self, _n: usize) -> Result<()> {
        Ok(())
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let largest = y.iter().fold(T::zero(), |m, y| if y.is_nan() || y.abs() > m { y.abs() } else { m });
        Some(self.radius * largest)
    }

    fn dual_scale(&mut self, _y: &ArrayRef1<T>) -> Option<T> {
        Some(T::one())
    }
}
