//! The trait of penalties and constraints.

use crate::Result;
use crate::error::{check_length, check_positive};
use crate::reduce::constant;
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// A closed convex function g with a computable proximal operator
///
/// ```text
/// prox(v) = argmin_u  g(u) + ‖u - v‖² / (2 step)
/// ```
///
/// Methods take `&mut self` so that an implementation can keep scratch memory; results must not depend on it. NaN in the
/// input gives NaN in the output, or an error.
pub trait Proximal<T: Scalar> {
    /// g(x); +∞ outside the domain.
    fn value(&mut self, x: &ArrayRef1<T>) -> T;

    /// Writes prox(v) to `out`, whose old contents are not read.
    ///
    /// # Errors
    /// Lengths that do not match, or a `step` that is not finite and > 0.
    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()>;

    /// Accepts the number of variables that g is defined for.
    ///
    /// # Errors
    /// A shape error otherwise.
    fn check_dimension(&self, n: usize) -> Result<()>;

    /// The conjugate `g*(y) = sup_x xᵀy - g(x)`, +∞ outside its domain; `None` if it is not available (the default).
    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let _ = y;
        None
    }

    /// The largest s in [0, 1] for which s y lies in the domain of g*, a few roundings inside: the scaling that makes a
    /// dual point feasible. `None` if it is not available (the default).
    fn dual_scale(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        let _ = y;
        None
    }
}

/// Accepts the arguments of `prox_into`.
pub(super) fn check_prox_arguments<T: Scalar>(
    penalty: &(impl Proximal<T> + ?Sized),
    v: &ArrayRef1<T>,
    step: T,
    out: &ArrayRef1<T>,
) -> Result<()> {
    penalty.check_dimension(v.len())?;
    check_length("out", out, v.len(), "`out` has an entry per entry of `v`")?;
    check_step(step)
}

pub(super) fn check_step<T: Scalar>(step: T) -> Result<()> {
    check_positive("step", Scalar::to_f64(step))
}

/// `limit` / `largest` if that is below 1, a few roundings smaller; 1 otherwise.
pub(crate) fn scale_into<T: Scalar>(limit: T, largest: T) -> T {
    if largest <= limit {
        T::one()
    } else {
        // NaN in `largest` gives NaN.
        limit / largest * (T::one() - constant::<T>(8.0) * T::epsilon())
    }
}
