//! Dense matrices as operators.

use super::LinearOperator;
use crate::{Result, Scalar};
use ndarray::{ArrayBase, ArrayRef1, ArrayRef2, Data, Ix2};

impl<T: Scalar> LinearOperator<T> for ArrayRef2<T> {
    fn rows(&self) -> usize {
        self.nrows()
    }

    fn columns(&self) -> usize {
        self.ncols()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        product_into(self, x, out)
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        product_into(&self.t(), x, out)
    }
}

/// Owned arrays and views.
impl<T: Scalar, S: Data<Elem = T>> LinearOperator<T> for ArrayBase<S, Ix2> {
    fn rows(&self) -> usize {
        self.nrows()
    }

    fn columns(&self) -> usize {
        self.ncols()
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        product_into(self, x, out)
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        product_into(&self.t(), x, out)
    }
}

#[cfg(feature = "linalg")]
fn product_into<T: Scalar>(a: &ArrayRef2<T>, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
    crate::linalg::gemv_into(out, crate::linalg::Accumulate::Replace, T::one(), a, x)
}

#[cfg(not(feature = "linalg"))]
fn product_into<T: Scalar>(a: &ArrayRef2<T>, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
    crate::check_shape("x", x, &[a.ncols()], "`x` has an entry per column of the operator")?;
    crate::check_shape("out", out, &[a.nrows()], "`out` has an entry per row of the operator")?;
    out.fill(T::zero());
    ndarray::linalg::general_mat_vec_mul(T::one(), a, x, T::zero(), out);
    Ok(())
}
