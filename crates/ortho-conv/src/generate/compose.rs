//! The kernel of two layers one after the other.

use crate::polyphase::for_each_index;
use crate::{Error, Result};
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::{Scalar, check_finite, check_shape};
use ndarray::{Array2, ArrayD, ArrayRef, Dimension, IxDyn};

/// `K[m, c, t] = Σ_{a+b=t} Σ_n second[m, n, b] first[n, c, a]`: the layer of `first` at stride 1, then that of `second` at any stride, as one
/// kernel of size k₁ + k₂ - 1. Two orthogonal layers of one regime (both of rows, or both of columns) make an orthogonal one.
///
/// # Errors
/// Kernels with other numbers of dimensions, with fewer than one spatial one, or whose channels do not fit; entries that are not finite.
pub fn compose<T: Scalar, D: Dimension, E: Dimension>(
    second: &ArrayRef<T, D>,
    first: &ArrayRef<T, E>,
) -> Result<ArrayD<T>> {
    check_finite("second", second)?;
    check_finite("first", first)?;
    if second.ndim() < 3 {
        return Err(Error::Unsupported {
            what: "an array of fewer than 3 dimensions",
            reason: "kernels are (outputs, inputs, size…)",
        });
    }
    if first.ndim() != second.ndim() || first.shape()[0] != second.shape()[1] || first.is_empty() || second.is_empty() {
        let mut expected = second.shape().to_vec();
        expected[0] = second.shape()[1];
        expected[1..].iter_mut().for_each(|k| *k = 1.max(*k));
        let reason =
            "it has as many outputs as `second` has inputs, as many dimensions (of any size), and nothing is empty";
        return Err(
            core_tensor::Error::Shape { argument: "first", found: first.shape().to_vec(), expected, reason }.into()
        );
    }
    let (m, c) = (second.shape()[0], first.shape()[1]);
    let mut shape = vec![m, c];
    shape.extend(second.shape()[2..].iter().zip(&first.shape()[2..]).map(|(a, b)| a + b - 1));
    let mut kernel = ArrayD::zeros(IxDyn(&shape));
    let mut product = Array2::zeros((m, c));
    for_each_index(&second.shape()[2..], |b| {
        let left = tap(second, b);
        for_each_index(&first.shape()[2..], |a| {
            // Shapes fit by construction.
            let _ = gemm_into(&mut product, Accumulate::Replace, T::one(), &left, &tap(first, a));
            let mut index = vec![0, 0];
            index.extend(a.iter().zip(b).map(|(a, b)| a + b));
            for ((i, j), &v) in product.indexed_iter() {
                (index[0], index[1]) = (i, j);
                kernel[index.as_slice()] += v;
            }
        });
    });
    check_shape("kernel", &kernel, &shape, "the sizes add up")?;
    Ok(kernel)
}

/// One tap as a matrix.
pub(crate) fn tap<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, at: &[usize]) -> Array2<T> {
    let mut view = kernel.view().into_dyn();
    for &position in at.iter().rev() {
        let last = view.ndim() - 1;
        view = view.index_axis_move(ndarray::Axis(last), position);
    }
    Array2::from_shape_fn((kernel.shape()[0], kernel.shape()[1]), |(i, j)| view[[i, j]])
}
