//! A column of ones.

use core_optim::Result;
use core_optim::design::DesignMatrix;
use core_tensor::Scalar;
use ndarray::{ArrayRef1, ArrayView2, Axis};

/// A design (n × d) with a column of ones behind its own: coordinate d is the intercept.
///
/// Give that coordinate the penalty weight 0 (the weighted constructors of `core_optim::prox`) to leave it unpenalised.
#[derive(Debug, Clone, Copy)]
pub struct WithIntercept<'a, X: ?Sized> {
    design: &'a X,
}

impl<'a, X: ?Sized> WithIntercept<'a, X> {
    /// Borrows the design.
    pub const fn new(design: &'a X) -> Self {
        Self { design }
    }
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized> DesignMatrix<T> for WithIntercept<'_, X> {
    fn rows(&self) -> usize {
        self.design.rows()
    }

    fn columns(&self) -> usize {
        self.design.columns() + 1
    }

    fn stored_dot(&self, j: usize, v: &ArrayRef1<T>) -> Result<T> {
        if j != self.design.columns() {
            return self.design.stored_dot(j, v);
        }
        check_rows(v, self.design.rows())?;
        Ok(v.iter().copied().sum())
    }

    fn stored_axpy(&self, j: usize, a: T, v: &mut ArrayRef1<T>) -> Result<()> {
        if j != self.design.columns() {
            return self.design.stored_axpy(j, a, v);
        }
        check_rows(v, self.design.rows())?;
        v.mapv_inplace(|v| v + a);
        Ok(())
    }

    fn stored_moments(&self, j: usize) -> Result<(T, T)> {
        if j == self.design.columns() {
            Ok((<T as Scalar>::from_f64(self.design.rows() as f64), T::zero()))
        } else {
            self.design.stored_moments(j)
        }
    }

    fn shift(&self, j: usize) -> Option<T> {
        if j == self.design.columns() { None } else { self.design.shift(j) }
    }

    fn sparse_column(&self, j: usize) -> Option<(&[usize], &[T], T)> {
        self.design.sparse_column(j)
    }
}

/// A design without its column `at`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Without<'a, X: ?Sized> {
    pub(crate) design: &'a X,
    pub(crate) at: usize,
}

impl<X: ?Sized> Without<'_, X> {
    /// The number of column j in the whole design.
    fn whole(&self, j: usize) -> usize {
        j + usize::from(j >= self.at)
    }
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized> DesignMatrix<T> for Without<'_, X> {
    fn rows(&self) -> usize {
        self.design.rows()
    }

    fn columns(&self) -> usize {
        self.design.columns() - 1
    }

    fn stored_dot(&self, j: usize, v: &ArrayRef1<T>) -> Result<T> {
        self.design.stored_dot(self.whole(j), v)
    }

    fn stored_axpy(&self, j: usize, a: T, v: &mut ArrayRef1<T>) -> Result<()> {
        self.design.stored_axpy(self.whole(j), a, v)
    }

    fn stored_moments(&self, j: usize) -> Result<(T, T)> {
        self.design.stored_moments(self.whole(j))
    }

    fn shift(&self, j: usize) -> Option<T> {
        self.design.shift(self.whole(j))
    }

    fn stored_column_into(&self, j: usize, out: &mut [T]) -> Result<()> {
        self.design.stored_column_into(self.whole(j), out)
    }

    fn stored_array(&self) -> Option<ArrayView2<'_, T>> {
        let last = self.at + 1 == self.design.columns();
        self.design.stored_array().filter(|_| last).map(|array| array.split_at(Axis(1), self.at).0)
    }

    fn sparse_column(&self, j: usize) -> Option<(&[usize], &[T], T)> {
        self.design.sparse_column(self.whole(j))
    }
}

fn check_rows<T: Scalar>(v: &ArrayRef1<T>, rows: usize) -> Result<()> {
    Ok(core_tensor::check_shape("v", v, &[rows], "the matrix has that many rows")?)
}
