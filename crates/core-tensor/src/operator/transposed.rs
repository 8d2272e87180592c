//! The transpose.

use super::LinearOperator;
use crate::{Result, Scalar};
use ndarray::ArrayRef1;

/// Aᵀ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transposed<A>(
    /// The operator A.
    pub A,
);

impl<T: Scalar, A: LinearOperator<T>> LinearOperator<T> for Transposed<A> {
    fn rows(&self) -> usize {
        self.0.columns()
    }

    fn columns(&self) -> usize {
        self.0.rows()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.0.apply_transposed_into(x, out)
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.0.apply_into(x, out)
    }
}
