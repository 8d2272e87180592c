//! Reshaped kernels (RKO).

use crate::orthogonaliser::{haar, polar};
use crate::penalty::flattened;
use crate::{Geometry, Result};
use core_tensor::Scalar;
use ndarray::{Array, ArrayD, ArrayRef, Dimension, IxDyn};

/// A random kernel whose flattened form (M × C k^D) is semi-orthogonal, divided by √Π⌈k/s⌉: the layer's norm is at most 1. It is orthogonal
/// only where every input sample is seen at most once, k ≤ s.
///
/// # Errors
/// A zero among the numbers, other than 1 to 3 dimensions.
pub fn reshaped<T: Scalar>(
    outputs: usize,
    inputs: usize,
    size: &[usize],
    stride: &[usize],
    seed: u64,
) -> Result<ArrayD<T>> {
    let geometry = Geometry::new(outputs, inputs, size, stride)?;
    let columns = inputs * size.iter().product::<usize>();
    let by = scale(&geometry);
    let entries = haar::<f64>(outputs, columns, seed)?;
    let mut entries = entries.iter();
    let next = || <T as Scalar>::from_f64(by * entries.next().copied().unwrap_or(0.0));
    Ok(ArrayD::from_shape_simple_fn(IxDyn(&geometry.kernel_shape()), next))
}

/// The given kernel with its flattened form replaced by the polar factor, divided by √Π⌈k/s⌉.
///
/// # Errors
/// A kernel of another geometry or not finite, or whose flattened form has not full rank.
pub fn reshape_orthogonalised<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
) -> Result<Array<T, D>> {
    geometry.check("kernel", kernel)?;
    let flat = polar(&flattened(kernel)?)?;
    let by = scale(geometry);
    let mut found = kernel.to_owned();
    found.iter_mut().zip(&flat).for_each(|(v, &f)| *v = <T as Scalar>::from_f64(by * f));
    Ok(found)
}

fn scale(geometry: &Geometry) -> f64 {
    (geometry.reduced_size().iter().product::<usize>() as f64).sqrt().recip()
}
