//! Which coordinates belong together.

use crate::error::check_length;
use crate::layout::{FREE, Layout, MOST_AXES};
use crate::{Error, Result};
use core_tensor::Scalar;
use ndarray::ArrayViewD;

/// What to do with coordinates in no group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Uncovered {
    /// They are an error.
    #[default]
    Refuse,
    /// They are free: neither penalised nor changed.
    Free,
}

/// Disjoint groups of the coordinates of one tensor, or of several tensors seen as one.
///
/// Groups along the axes of a tensor need no index list: a group is named by its position on the kept axes and holds everything
/// along the others.
///
/// | constructor | tensor | a group is |
/// | --- | --- | --- |
/// | [`contiguous`](Self::contiguous), [`uniform`](Self::uniform) | any, n entries in row-major order | the next `sizes[j]` entries |
/// | [`singletons`](Self::singletons) | any | one entry |
/// | [`whole`](Self::whole) | any | everything (a layer) |
/// | [`axes`](Self::axes) | any | a position on the given axes |
/// | [`rows`](Self::rows), [`columns`](Self::columns) | dense weight (outputs, inputs) | a row, a column |
/// | [`filters`](Self::filters) | convolution weight (out, in, …) | an output filter |
/// | [`channels`](Self::channels) | convolution weight (out, in, …) | an input channel |
/// | [`filter_shapes`](Self::filter_shapes) | convolution weight (out, in, …) | a position (in, …) across all filters |
/// | [`kernels`](Self::kernels) | convolution weight (out, in, …) | a kernel (out, in) |
/// | [`indexed`](Self::indexed) | any, n entries in row-major order | a list of positions |
/// | [`composite`](Self::composite) | several tensors with m groups each | the j-th groups of all |
/// | [`concatenated`](Self::concatenated) | several tensors | a group of any of them |
/// | [`neurons`](Self::neurons) | W₁, b₁, W₂ of two dense layers | row j, entry j, column j |
///
/// A group may be empty; its norm is 0. A tensor has at most 8 axes and at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    parts: Vec<Part>,
    count: usize,
}

/// One tensor: its `count` groups are the groups `first..first + count` of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) layout: Layout,
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl Groups {
    /// Groups of the given sizes, one after the other, over all entries of a tensor in row-major order.
    ///
    /// # Errors
    /// More than usize::MAX entries in all.
    pub fn contiguous(sizes: &[usize]) -> Result<Self> {
        let mut pointers = Vec::with_capacity(sizes.len() + 1);
        pointers.push(0);
        let mut end = 0_usize;
        for &size in sizes {
            end = end.checked_add(size).ok_or(Error::Argument(core_tensor::Error::OutOfRange {
                argument: "sizes",
                found: f64::INFINITY,
                expected: "countable in all",
            }))?;
            pointers.push(end);
        }
        Ok(Self::one(Layout::Contiguous { pointers }, sizes.len()))
    }

    /// `count` groups of `size` entries each, one after the other.
    ///
    /// # Errors
    /// More than usize::MAX entries in all.
    pub fn uniform(count: usize, size: usize) -> Result<Self> {
        Self::rows(count, size).map(|_| Self::one(Layout::Uniform { count, size }, count))
    }

    /// Every entry of a tensor of this shape alone: unstructured sparsity.
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn singletons(shape: &[usize]) -> Result<Self> {
        Self::axes(shape, &(0..shape.len()).collect::<Vec<_>>())
    }

    /// One group of all entries of a tensor of this shape.
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn whole(shape: &[usize]) -> Result<Self> {
        Self::axes(shape, &[])
    }

    /// A group for each position on the axes in `kept`, numbered in row-major order of the kept axes; `kept` in any order.
    ///
    /// # Errors
    /// No axis or more than 8, an axis that does not exist or stands twice, more than usize::MAX entries.
    pub fn axes(shape: &[usize], kept: &[usize]) -> Result<Self> {
        let axes = shape.len();
        if axes == 0 || axes > MOST_AXES {
            return Err(Error::Axis { axis: axes, axes, reason: "axes are not between 1 and 8" });
        }
        let mut keeps = vec![false; axes];
        for &axis in kept {
            if axis >= axes {
                return Err(Error::Axis { axis, axes, reason: "does not exist" });
            }
            if std::mem::replace(&mut keeps[axis], true) {
                return Err(Error::Axis { axis, axes, reason: "is named twice" });
            }
        }
        let entries = shape.iter().try_fold(1_usize, |n, &length| n.checked_mul(length.max(1)));
        if entries.is_none() {
            let (argument, expected) = ("shape", "countable in all");
            return Err(core_tensor::Error::OutOfRange { argument, found: f64::INFINITY, expected }.into());
        }
        let mut steps = vec![0; axes];
        let mut count = 1;
        for axis in (0..axes).rev() {
            if keeps[axis] {
                steps[axis] = count;
                count *= shape[axis];
            }
        }
        Ok(Self::one(Layout::Axes { shape: shape.to_vec(), steps }, count))
    }

    /// The rows of a dense weight (outputs × inputs): what an output neuron reads.
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn rows(outputs: usize, inputs: usize) -> Result<Self> {
        Self::axes(&[outputs, inputs], &[0])
    }

    /// The columns of a dense weight (outputs × inputs): what an input is used for.
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn columns(outputs: usize, inputs: usize) -> Result<Self> {
        Self::axes(&[outputs, inputs], &[1])
    }

    /// The output filters of a convolution weight (out, in, …).
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn filters(shape: &[usize]) -> Result<Self> {
        Self::axes(shape, &[0])
    }

    /// The input channels of a convolution weight (out, in, …).
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn channels(shape: &[usize]) -> Result<Self> {
        Self::axes(shape, &[1])
    }

    /// The positions (in, …) of a convolution weight (out, in, …) across all filters: the columns of its matrix form.
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn filter_shapes(shape: &[usize]) -> Result<Self> {
        Self::axes(shape, &(1..shape.len()).collect::<Vec<_>>())
    }

    /// The kernels (out, in) of a convolution weight (out, in, …).
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn kernels(shape: &[usize]) -> Result<Self> {
        Self::axes(shape, &[0, 1])
    }

    /// Groups by lists of positions (row-major) among `length` entries: group j is
    /// `indices[pointers[j]..pointers[j + 1]]`.
    ///
    /// # Errors
    /// Pointers that do not start at 0, decrease or end elsewhere than at the end of `indices`; a position out of range, in two groups
    /// or twice in one; one in no group unless `uncovered` is [`Uncovered::Free`].
    pub fn indexed(length: usize, pointers: &[usize], indices: &[usize], uncovered: Uncovered) -> Result<Self> {
        check_pointers(pointers, indices.len())?;
        let count = pointers.len() - 1;
        if count >= FREE as usize {
            let (argument, expected) = ("pointers", "below 2^32 - 1 groups");
            return Err(core_tensor::Error::OutOfRange { argument, found: count as f64, expected }.into());
        }
        let mut owner = vec![FREE; length];
        let mut sizes = Vec::with_capacity(count);
        for (group, ends) in pointers.windows(2).enumerate() {
            sizes.push(ends[1] - ends[0]);
            for &coordinate in &indices[ends[0]..ends[1]] {
                let Some(owner) = owner.get_mut(coordinate) else {
                    return Err(Error::OutOfRange { group, found: coordinate, length });
                };
                if *owner != FREE {
                    return Err(Error::Overlap { coordinate, first: *owner as usize, second: group });
                }
                *owner = group as u32;
            }
        }
        if uncovered == Uncovered::Refuse
            && let Some(coordinate) = owner.iter().position(|&owner| owner == FREE)
        {
            return Err(Error::NotCovered { coordinate });
        }
        Ok(Self::one(Layout::Listed { owner, sizes }, count))
    }

    /// Groups across several tensors: group j holds the j-th groups of all parts, which must have as many groups each.
    ///
    /// # Errors
    /// No part, or parts with different numbers of groups.
    pub fn composite(parts: impl IntoIterator<Item = Groups>) -> Result<Self> {
        let mut all: Option<Groups> = None;
        for part in parts {
            match &mut all {
                None => all = Some(part),
                Some(all) => {
                    check_length("parts", part.count, all.count, "the j-th groups of all parts are one group")?;
                    all.parts.extend(part.parts);
                }
            }
        }
        all.ok_or_else(|| core_tensor::Error::Empty { argument: "parts", expected: "part" }.into())
    }

    /// The groups of several tensors (or of several composites), one after the other: one budget for many layers.
    ///
    /// # Errors
    /// No part; more than usize::MAX groups.
    pub fn concatenated(parts: impl IntoIterator<Item = Groups>) -> Result<Self> {
        let mut all: Option<Groups> = None;
        for part in parts {
            let Some(all) = &mut all else {
                all = Some(part);
                continue;
            };
            let first = all.count;
            all.count = first.checked_add(part.count).ok_or(core_tensor::Error::OutOfRange {
                argument: "parts",
                found: f64::INFINITY,
                expected: "countable in all",
            })?;
            all.parts.extend(part.parts.into_iter().map(|part| Part { first: first + part.first, ..part }));
        }
        all.ok_or_else(|| core_tensor::Error::Empty { argument: "parts", expected: "part" }.into())
    }

    /// The hidden neurons between two dense layers, over the tensors W₁ (hidden × inputs), b₁ (hidden) and W₂ (outputs × hidden).
    ///
    /// # Errors
    /// As [`axes`](Self::axes).
    pub fn neurons(inputs: usize, hidden: usize, outputs: usize) -> Result<Self> {
        Self::composite([Self::rows(hidden, inputs)?, Self::singletons(&[hidden])?, Self::columns(outputs, hidden)?])
    }

    /// Number of groups, m.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Number of tensors that the groups lie in.
    #[must_use]
    pub fn tensors(&self) -> usize {
        self.parts.len()
    }

    /// Number of entries of all tensors, free ones included.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.parts.iter().map(|part| part.layout.entries()).sum()
    }

    /// Number of coordinates of group j over all tensors; 0 if there is no such group.
    #[must_use]
    pub fn size(&self, j: usize) -> usize {
        self.parts
            .iter()
            .filter_map(|part| {
                j.checked_sub(part.first).filter(|&j| j < part.count).map(|j| part.layout.size(j, part.count))
            })
            .sum()
    }

    /// The group of each entry of tensor number `tensor` in row-major order, `None` for a free one; nothing if there is no such tensor.
    pub fn owners(&self, tensor: usize) -> impl Iterator<Item = Option<usize>> + '_ {
        self.parts.get(tensor).into_iter().flat_map(Part::owners)
    }

    /// The same groups of the entries as a vector, in row-major order; `None` across several tensors.
    pub(crate) fn flattened(&self) -> Option<Self> {
        let [part] = self.parts.as_slice() else { return None };
        let layout = match &part.layout {
            Layout::Axes { .. } if part.layout.is_singletons(part.count) => {
                Layout::Uniform { count: part.count, size: 1 }
            }
            Layout::Axes { .. } => {
                let owner: Vec<u32> = part.layout.owners().map(|owner| owner.map_or(FREE, |j| j as u32)).collect();
                let sizes = (0..part.count).map(|j| part.layout.size(j, part.count)).collect();
                Layout::Listed { owner, sizes }
            }
            other => other.clone(),
        };
        Some(Self::one(layout, part.count))
    }

    fn one(layout: Layout, count: usize) -> Self {
        Self { parts: vec![Part { layout, first: 0, count }], count }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// True when each entry is a group by itself, in the order of the tensor.
    pub(crate) fn are_singletons(&self) -> bool {
        self.parts.len() == 1 && self.parts[0].layout.is_singletons(self.count)
    }

    /// Accepts tensors of the shapes that the groups were made for.
    pub(crate) fn check<T: Scalar>(&self, argument: &'static str, tensors: &[ArrayViewD<'_, T>]) -> Result<()> {
        check_length(argument, tensors.len(), self.parts.len(), "the groups lie in that many tensors")?;
        self.parts.iter().zip(tensors).try_for_each(|(part, tensor)| part.layout.check(argument, tensor.shape()))
    }
}

impl Part {
    /// The group of each entry in row-major order.
    pub(crate) fn owners(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.layout.owners().map(|owner| owner.map(|group| group + self.first))
    }
}

/// Accepts pointers that cut a list of `end` entries.
pub(crate) fn check_pointers(pointers: &[usize], end: usize) -> Result<()> {
    if pointers.first() != Some(&0) {
        return Err(Error::Pointers { position: 0, reason: "the first one is not 0" });
    }
    if let Some(position) = pointers.windows(2).position(|ends| ends[1] < ends[0]) {
        return Err(Error::Pointers { position: position + 1, reason: "it decreases" });
    }
    if pointers.last() != Some(&end) {
        let position = pointers.len() - 1;
        return Err(Error::Pointers { position, reason: "the last one is not the number of indices" });
    }
    Ok(())
}
