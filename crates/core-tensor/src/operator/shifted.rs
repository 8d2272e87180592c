//! Shifts.

use super::LinearOperator;
use super::vector::add_scaled;
use crate::{Result, Scalar, check_shape};
use ndarray::ArrayRef1;

/// A + σ I for a square operator A: a ridge, or a spectrum moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shifted<T, A> {
    /// The square operator A.
    pub operator: A,
    /// The shift σ.
    pub shift: T,
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Shifted<T, A> {
    fn rows(&self) -> usize {
        self.operator.rows()
    }

    fn columns(&self) -> usize {
        self.operator.columns()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.operator.apply_into(x, out)?;
        check_shape("out", out, x.shape(), "a shifted operator is square")?;
        add_scaled(out, self.shift, x);
        Ok(())
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.operator.apply_transposed_into(x, out)?;
        check_shape("out", out, x.shape(), "a shifted operator is square")?;
        add_scaled(out, self.shift, x);
        Ok(())
    }
}
