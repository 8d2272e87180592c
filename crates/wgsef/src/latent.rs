//! Groups that overlap, as the sum of copies.

use crate::error::check_length;
use crate::groups::check_pointers;
use crate::{Error, Groups, Result};
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// The latent model for overlapping groups: each group has copies of its coordinates, the groups of copies are disjoint, and a coordinate is the sum of
/// its copies.
///
/// This is another model than a sum of penalties on overlapping groups: the support of x is a union of groups (Jacob, Obozinski, Vert 2009). Train the
/// copies v with [`groups`](Self::groups): [`collapse_into`](Self::collapse_into) gives x, and the gradient in v is the one in x,
/// [spread](Self::spread_into) over the copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latent {
    groups: Groups,
    coordinate: Vec<usize>,
    length: usize,
}

impl Latent {
    /// Groups by lists of positions among `length` coordinates, as in [`Groups::indexed`] but free to overlap.
    ///
    /// # Errors
    /// Pointers that do not describe lists, a position out of range, twice in a group, or in no group.
    pub fn new(length: usize, pointers: &[usize], indices: &[usize]) -> Result<Self> {
        check_pointers(pointers, indices.len())?;
        let mut last = vec![usize::MAX; length];
        for (group, ends) in pointers.windows(2).enumerate() {
            for &coordinate in &indices[ends[0]..ends[1]] {
                let Some(last) = last.get_mut(coordinate) else {
                    return Err(Error::OutOfRange { group, found: coordinate, length });
                };
                if std::mem::replace(last, group) == group {
                    return Err(Error::Overlap { coordinate, first: group, second: group });
                }
            }
        }
        if let Some(coordinate) = last.iter().position(|&last| last == usize::MAX) {
            return Err(Error::NotCovered { coordinate });
        }
        let sizes: Vec<usize> = pointers.windows(2).map(|ends| ends[1] - ends[0]).collect();
        Ok(Self { groups: Groups::contiguous(&sizes)?, coordinate: indices.to_vec(), length })
    }

    /// The disjoint groups of the copies.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Number of copies.
    #[must_use]
    pub fn copies(&self) -> usize {
        self.coordinate.len()
    }

    /// Writes to `x` the sums of the copies v.
    ///
    /// # Errors
    /// Lengths that do not match.
    pub fn collapse_into<T: Scalar>(&self, v: &ArrayRef1<T>, x: &mut ArrayRef1<T>) -> Result<()> {
        self.check(v, x)?;
        x.fill(T::zero());
        for (&v, &coordinate) in v.iter().zip(&self.coordinate) {
            x[coordinate] += v;
        }
        Ok(())
    }

    /// Writes to `v` for each copy the entry of x: the gradient in the copies from the one in the coordinates.
    ///
    /// # Errors
    /// Lengths that do not match.
    pub fn spread_into<T: Scalar>(&self, x: &ArrayRef1<T>, v: &mut ArrayRef1<T>) -> Result<()> {
        self.check(v, x)?;
        for (v, &coordinate) in v.iter_mut().zip(&self.coordinate) {
            *v = x[coordinate];
        }
        Ok(())
    }

    fn check<T>(&self, v: &ArrayRef1<T>, x: &ArrayRef1<T>) -> Result<()> {
        check_length("v", v.len(), self.copies(), "there is one per copy")?;
        check_length("x", x.len(), self.length, "there is one per coordinate")
    }
}
