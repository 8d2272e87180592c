//! Multiples.

use super::LinearOperator;
use crate::{Result, Scalar};
use ndarray::ArrayRef1;

/// α A.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaled<T, A> {
    /// The factor α.
    pub factor: T,
    /// The operator A.
    pub operator: A,
}

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Scaled<T, A> {
    fn rows(&self) -> usize {
        self.operator.rows()
    }

    fn columns(&self) -> usize {
        self.operator.columns()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.operator.apply_into(x, out)?;
        out.iter_mut().for_each(|v| *v *= self.factor);
        Ok(())
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.operator.apply_transposed_into(x, out)?;
        out.iter_mut().for_each(|v| *v *= self.factor);
        Ok(())
    }
}
