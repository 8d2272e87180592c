//! The trait.

use crate::{Result, Scalar};
use ndarray::ArrayRef1;

/// A linear map from `columns` to `rows` numbers, known by its products.
///
/// The two products must belong to the same matrix; methods for symmetric operators use the first only. A product may
/// fail, and its error ends the method that asked for it. Operators may keep scratch behind a lock or a cell, or
/// allocate; dense matrices do neither.
pub trait LinearOperator<T: Scalar> {
    /// Number of rows m.
    fn rows(&self) -> usize;

    /// Number of columns n.
    fn columns(&self) -> usize;

    /// Overwrites `out` (m) with A x for `x` (n); does not read `out`.
    ///
    /// # Errors
    /// Lengths that do not fit, and what the operator has of its own.
    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()>;

    /// Overwrites `out` (n) with Aᵀ x for `x` (m); does not read `out`.
    ///
    /// # Errors
    /// Lengths that do not fit, and what the operator has of its own.
    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()>;
}

impl<T: Scalar, A: LinearOperator<T> + ?Sized> LinearOperator<T> for &A {
    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn columns(&self) -> usize {
        (**self).columns()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        (**self).apply_into(x, out)
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        (**self).apply_transposed_into(x, out)
    }
}
