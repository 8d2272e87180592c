//! What the operators take: one array of any dimension, or several arrays seen as one vector.

use core_tensor::Scalar;
use ndarray::{ArrayBase, ArrayD, ArrayRef, ArrayViewD, ArrayViewMutD, Data, DataMut, Dimension};

/// One array, or a slice of arrays (`[ArrayD]`, `[ArrayViewD]`, `[ArrayViewMutD]`) for groups across several tensors.
///
/// Sealed: outsiders pass arrays.
pub trait Tensors<T: Scalar>: sealed::Sealed {
    /// Calls `f` with a view of each tensor.
    #[doc(hidden)]
    fn with_views<R>(&self, f: impl FnOnce(&[ArrayViewD<'_, T>]) -> R) -> R;
}

/// [`Tensors`] that can be changed.
pub trait TensorsMut<T: Scalar>: Tensors<T> {
    /// Calls `f` with a view of each tensor.
    #[doc(hidden)]
    fn with_views_mut<R>(&mut self, f: impl FnOnce(&mut [ArrayViewMutD<'_, T>]) -> R) -> R;
}

mod sealed {
    pub trait Sealed {}
}

impl<S: Data, D: Dimension> sealed::Sealed for ArrayBase<S, D> where S::Elem: Scalar {}
impl<T: Scalar, D: Dimension> sealed::Sealed for ArrayRef<T, D> {}
impl<T: Scalar> sealed::Sealed for [ArrayViewD<'_, T>] {}
impl<T: Scalar> sealed::Sealed for [ArrayViewMutD<'_, T>] {}
impl<T: Scalar> sealed::Sealed for [ArrayD<T>] {}

impl<T: Scalar, S: Data<Elem = T>, D: Dimension> Tensors<T> for ArrayBase<S, D> {
    fn with_views<R>(&self, f: impl FnOnce(&[ArrayViewD<'_, T>]) -> R) -> R {
        f(&[self.view().into_dyn()])
    }
}

impl<T: Scalar, S: DataMut<Elem = T>, D: Dimension> TensorsMut<T> for ArrayBase<S, D> {
    fn with_views_mut<R>(&mut self, f: impl FnOnce(&mut [ArrayViewMutD<'_, T>]) -> R) -> R {
        f(&mut [self.view_mut().into_dyn()])
    }
}

impl<T: Scalar, D: Dimension> Tensors<T> for ArrayRef<T, D> {
    fn with_views<R>(&self, f: impl FnOnce(&[ArrayViewD<'_, T>]) -> R) -> R {
        f(&[self.view().into_dyn()])
    }
}

impl<T: Scalar, D: Dimension> TensorsMut<T> for ArrayRef<T, D> {
    fn with_views_mut<R>(&mut self, f: impl FnOnce(&mut [ArrayViewMutD<'_, T>]) -> R) -> R {
        f(&mut [self.view_mut().into_dyn()])
    }
}

impl<T: Scalar> Tensors<T> for [ArrayViewD<'_, T>] {
    fn with_views<R>(&self, f: impl FnOnce(&[ArrayViewD<'_, T>]) -> R) -> R {
        f(self)
    }
}

impl<T: Scalar> Tensors<T> for [ArrayViewMutD<'_, T>] {
    fn with_views<R>(&self, f: impl FnOnce(&[ArrayViewD<'_, T>]) -> R) -> R {
        match self {
            [only] => f(&[only.view()]),
            [first, second] => f(&[first.view(), second.view()]),
            [first, second, third] => f(&[first.view(), second.view(), third.view()]),
            many => f(&many.iter().map(|tensor| tensor.view()).collect::<Vec<_>>()),
        }
    }
}

impl<T: Scalar> TensorsMut<T> for [ArrayViewMutD<'_, T>] {
    fn with_views_mut<R>(&mut self, f: impl FnOnce(&mut [ArrayViewMutD<'_, T>]) -> R) -> R {
        match self {
            [only] => f(&mut [only.view_mut()]),
            [first, second] => f(&mut [first.view_mut(), second.view_mut()]),
            [first, second, third] => f(&mut [first.view_mut(), second.view_mut(), third.view_mut()]),
            many => f(&mut many.iter_mut().map(|tensor| tensor.view_mut()).collect::<Vec<_>>()),
        }
    }
}

impl<T: Scalar> Tensors<T> for [ArrayD<T>] {
    fn with_views<R>(&self, f: impl FnOnce(&[ArrayViewD<'_, T>]) -> R) -> R {
        f(&self.iter().map(|tensor| tensor.view()).collect::<Vec<_>>())
    }
}

impl<T: Scalar> TensorsMut<T> for [ArrayD<T>] {
    fn with_views_mut<R>(&mut self, f: impl FnOnce(&mut [ArrayViewMutD<'_, T>]) -> R) -> R {
        f(&mut self.iter_mut().map(|tensor| tensor.view_mut()).collect::<Vec<_>>())
    }
}
