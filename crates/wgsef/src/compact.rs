//! Masks, and tensors without their zero groups.

use crate::error::check_length;
use crate::norms::norms_into;
use crate::{Error, Groups, Result, Tensors};
use core_tensor::Scalar;
use ndarray::{Array, ArrayD, ArrayRef, Axis, Dimension, RemoveAxis};

impl Groups {
    /// Which groups are non-zero.
    ///
    /// # Errors
    /// Tensors of other shapes than the groups', entries that are not finite.
    pub fn kept<T: Scalar>(&self, x: &(impl Tensors<T> + ?Sized)) -> Result<Vec<bool>> {
        let (mut norms, mut scratch) = (vec![0.0; self.count()], vec![0.0; self.count()]);
        x.with_views(|x| norms_into(self, "x", x, &mut norms, &mut scratch))?;
        Ok(norms.iter().map(|&norm| norm > 0.0).collect())
    }

    /// The mask of tensor number `tensor`, of this shape: true for the entries of kept groups and the free ones.
    ///
    /// # Errors
    /// No such tensor, a shape that is not that of the groups, `kept` not of length m.
    pub fn mask(&self, tensor: usize, shape: &[usize], kept: &[bool]) -> Result<ArrayD<bool>> {
        check_length("kept", kept.len(), self.count(), "there is one per group")?;
        let Some(part) = self.parts().get(tensor) else {
            let (found, expected) = (tensor as f64, "the number of a tensor");
            return Err(core_tensor::Error::OutOfRange { argument: "tensor", found, expected }.into());
        };
        part.layout.check("shape", shape)?;
        let entries: Vec<bool> = self.owners(tensor).map(|owner| owner.is_none_or(|j| kept[j])).collect();
        let found = entries.len();
        ArrayD::from_shape_vec(shape, entries).map_err(|_| {
            let (found, expected) = (vec![found], shape.to_vec());
            core_tensor::Error::Shape { argument: "shape", found, expected, reason: "the groups were made for that" }
                .into()
        })
    }
}

/// x without the positions along `axis` that are not kept: rows of a dense weight, filters or channels of a convolution, entries of a bias.
///
/// A pruned layer is compacted along its outputs, its bias and normalisation likewise, and the next layer along its inputs, all with the same
/// `kept`.
///
/// ```
/// use ndarray::array;
/// use wgsef::compact;
///
/// let (first, bias, second) = (array![[1.0, 2.0], [0.0, 0.0]], array![0.5, 0.0], array![[3.0, 9.0]]);
/// let kept = [true, false];
/// assert_eq!(compact(&first, 0, &kept)?, array![[1.0, 2.0]]);
/// assert_eq!(compact(&bias, 0, &kept)?, array![0.5]);
/// assert_eq!(compact(&second, 1, &kept)?, array![[3.0]]);
/// # Ok::<(), wgsef::Error>(())
/// ```
///
/// # Errors
/// An axis that x does not have, `kept` of another length than it.
pub fn compact<T: Scalar, D: Dimension + RemoveAxis>(
    x: &ArrayRef<T, D>,
    axis: usize,
    kept: &[bool],
) -> Result<Array<T, D>> {
    if axis >= x.ndim() {
        return Err(Error::Axis { axis, axes: x.ndim(), reason: "does not exist" });
    }
    check_length("kept", kept.len(), x.len_of(Axis(axis)), "there is one per position on the axis")?;
    let positions: Vec<usize> = kept.iter().enumerate().filter(|(_, kept)| **kept).map(|(i, _)| i).collect();
    Ok(x.select(Axis(axis), &positions))
}

/// `kept` with each entry `times` in a row: from the channels of a convolution to the inputs of the dense layer behind a flattening, where each
/// channel has `times` = height · width places.
#[must_use]
pub fn repeat_kept(kept: &[bool], times: usize) -> Vec<bool> {
    kept.iter().flat_map(|&kept| std::iter::repeat_n(kept, times)).collect()
}
