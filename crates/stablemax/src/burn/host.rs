//! Tensors as arrays of the host.

use crate::error::Result;
use burn::tensor::{Element, Int, Tensor};
use core_tensor::Scalar;
use ndarray::Array2;

/// The entries of a matrix.
pub(super) fn matrix<T: Scalar + Element>(tensor: Tensor<2>) -> Array2<T> {
    let [rows, columns] = tensor.dims();
    let data = tensor.into_data();
    let mut numbers = data.iter::<T>();
    Array2::from_shape_simple_fn((rows, columns), || numbers.next().unwrap_or_else(T::zero))
}

/// Labels counted from 0.
pub(super) fn labels(labels: Tensor<1, Int>) -> Result<Vec<usize>> {
    let label = |found: i64| {
        usize::try_from(found).map_err(|_| {
            core_tensor::Error::OutOfRange {
                argument: "labels",
                found: found as f64,
                expected: "a class, counted from 0",
            }
            .into()
        })
    };
    labels.into_data().iter::<i64>().map(label).collect()
}
