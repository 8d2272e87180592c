//! Orthogonal kernels of any stride.

use super::{bcop, compose, reshaped};
use crate::orthogonaliser::haar;
use crate::{Error, Geometry, Padding, Regime, Result, existence};
use core_tensor::Scalar;
use core_tensor::random::Streams;
use ndarray::{ArrayD, IxDyn};

/// A random orthogonal layer's kernel (M × C × k…), 1-D or 2-D, circular padding.
///
/// A block convolution of size k - s + 1 from C to `max(C, ⌊M/s^D⌋)` channels, then a semi-orthogonal matrix reshaped to s taps per
/// dimension at stride s; where no sample is seen twice (k ≤ s, rows) the matrix alone.
///
/// # Errors
/// [`Error::NoOrthogonalKernel`] where none exists; three dimensions; a zero among the numbers; kernels shorter than the stride in one
/// dimension and longer in another.
pub fn strided<T: Scalar>(
    outputs: usize,
    inputs: usize,
    size: &[usize],
    stride: &[usize],
    seed: u64,
) -> Result<ArrayD<T>> {
    let geometry = Geometry::new(outputs, inputs, size, stride)?;
    let verdict = existence(&geometry, Padding::Circular)?;
    if !verdict.exists {
        return Err(Error::NoOrthogonalKernel { reason: verdict.reason });
    }
    if stride.iter().all(|&s| s == 1) {
        return bcop(outputs, inputs, size, seed);
    }
    if size.iter().zip(stride).all(|(k, s)| k <= s) && geometry.regime() != Regime::Column {
        return reshaped(outputs, inputs, size, stride, seed);
    }
    if size.iter().zip(stride).any(|(k, s)| k < s) {
        return Err(Error::Unsupported {
            what: "a kernel shorter than its stride",
            reason: "the construction needs k >= s in every dimension",
        });
    }
    let phases: usize = stride.iter().product();
    let middle = inputs.max(outputs / phases);
    let shorter: Vec<usize> = size.iter().zip(stride).map(|(k, s)| k - s + 1).collect();
    let streams = Streams::new(seed);
    let first = bcop::<T>(middle, inputs, &shorter, streams.child(0).seed())?;
    let matrix = haar::<T>(outputs, middle * phases, streams.child(1).seed())?;
    let mut shape = vec![outputs, middle];
    shape.extend_from_slice(stride);
    let mut entries = matrix.iter();
    let second = ArrayD::from_shape_simple_fn(IxDyn(&shape), || entries.next().copied().unwrap_or_else(T::zero));
    compose(&second, &first)
}
