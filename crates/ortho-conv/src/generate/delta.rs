//! Delta-orthogonal kernels.

use crate::orthogonaliser::haar;
use crate::{Geometry, Result};
use core_tensor::Scalar;
use ndarray::{ArrayD, IxDyn};

/// A kernel (M × C × k…) whose only tap, ⌊(k - 1)/2⌋ in each dimension, is a random semi-orthogonal matrix: the layer is orthogonal for
/// stride 1 and circular or zero padding.
///
/// # Errors
/// A zero among the numbers, other than 1 to 3 dimensions.
pub fn delta<T: Scalar>(outputs: usize, inputs: usize, size: &[usize], seed: u64) -> Result<ArrayD<T>> {
    let geometry = Geometry::new(outputs, inputs, size, &vec![1; size.len()])?;
    let matrix = haar::<T>(outputs, inputs, seed)?;
    let mut kernel = ArrayD::zeros(IxDyn(&geometry.kernel_shape()));
    let mut index = vec![0; 2];
    index.extend(size.iter().map(|k| (k - 1) / 2));
    for ((m, c), &v) in matrix.indexed_iter() {
        (index[0], index[1]) = (m, c);
        kernel[index.as_slice()] = v;
    }
    Ok(kernel)
}
