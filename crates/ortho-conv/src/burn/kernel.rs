//! Parameters as arrays of the host.

use burn::tensor::{Element, Tensor, TensorData};
use core_tensor::Scalar;
use ndarray::{ArrayD, IxDyn};

/// The entries of a tensor.
pub(super) fn array<T: Scalar + Element, const D: usize>(tensor: &Tensor<D>) -> ArrayD<T> {
    let shape = tensor.dims();
    let data = tensor.clone().detach().into_data();
    let mut numbers = data.iter::<T>();
    ArrayD::from_shape_simple_fn(IxDyn(&shape), || numbers.next().unwrap_or_else(T::zero))
}

/// A tensor of the same device and type as `like`, with the entries of `array`, of its shape.
pub(super) fn tensor<T: Scalar + Element, const D: usize>(array: &ArrayD<T>, like: &Tensor<D>) -> Tensor<D> {
    let data = TensorData::new(array.iter().copied().collect(), like.dims());
    Tensor::from_data(data, (&like.device(), like.dtype()))
}
