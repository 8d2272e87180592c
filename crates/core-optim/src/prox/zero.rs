//! No penalty.

use super::proximal::check_prox_arguments;
use super::{Proximal, Separable};
use crate::Result;
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// g(x) = 0: turns a composite method into its smooth form. prox(v) = v.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Zero;

impl<T: Scalar> Proximal<T> for Zero {
    fn value(&mut self, _x: &ArrayRef1<T>) -> T {
        T::zero()
    }

    fn prox_into(&mut self, v: &ArrayRef1<T>, step: T, out: &mut ArrayRef1<T>) -> Result<()> {
        check_prox_arguments(self, v, step, out)?;
        out.assign(v);
        Ok(())
    }

    fn check_dimension(&self, _n: usize) -> Result<()> {
        Ok(())
    }

    fn conjugate(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        Some(if y.iter().all(|&y| y == T::zero()) { T::zero() } else { T::infinity() })
    }

    fn dual_scale(&mut self, y: &ArrayRef1<T>) -> Option<T> {
        Some(if y.iter().all(|&y| y == T::zero()) { T::one() } else { T::zero() })
    }
}

impl<T: Scalar> Separable<T> for Zero {
    #[inline]
    fn coordinate_value(&self, _j: usize, _x: T) -> T {
        T::zero()
    }

    #[inline]
    fn coordinate_prox(&self, _j: usize, v: T, _step: T) -> T {
        v
    }

    #[inline]
    fn subdifferential(&self, _j: usize, _x: T) -> (T, T) {
        (T::zero(), T::zero())
    }
}
