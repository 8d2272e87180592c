//! How the groups of one tensor lie in it.

use crate::Result;
use crate::error::check_length;
use crate::levels::Levels;

/// Marks an entry in no group.
pub(crate) const FREE: u32 = u32::MAX;
/// Axes that a tensor may have.
pub(crate) const MOST_AXES: usize = 8;

/// The groups of one tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Entry (i₀, i₁, …) is in group Σ steps·i; step 0 on the axes that a group extends along.
    Axes { shape: Vec<usize>, steps: Vec<usize> },
    /// Group j holds the entries pointers[j]..pointers[j + 1] in row-major order.
    Contiguous { pointers: Vec<usize> },
    /// The same with equal sizes.
    Uniform { count: usize, size: usize },
    /// The group of each entry in row-major order.
    Listed { owner: Vec<u32>, sizes: Vec<usize> },
}

impl Layout {
    pub(crate) fn entries(&self) -> usize {
        match self {
            Layout::Axes { shape, .. } => shape.iter().product(),
            Layout::Contiguous { pointers } => pointers.last().copied().unwrap_or(0),
            Layout::Uniform { count, size } => count * size,
            Layout::Listed { owner, .. } => owner.len(),
        }
    }

    pub(crate) fn size(&self, j: usize, count: usize) -> usize {
        match self {
            Layout::Axes { .. } => self.entries() / count,
            Layout::Contiguous { pointers } => pointers[j + 1] - pointers[j],
            Layout::Uniform { size, .. } => *size,
            Layout::Listed { sizes, .. } => sizes[j],
        }
    }

    pub(crate) fn is_singletons(&self, count: usize) -> bool {
        match self {
            Layout::Axes { .. } => self.entries() == count,
            Layout::Uniform { size, .. } => *size == 1,
            _ => false,
        }
    }

    pub(crate) fn check(&self, argument: &'static str, shape: &[usize]) -> Result<()> {
        let reason = "the groups were made for that";
        match self {
            Layout::Axes { shape: expected, .. } if shape == expected => Ok(()),
            Layout::Axes { shape: expected, .. } => {
                let (found, expected) = (shape.to_vec(), expected.clone());
                Err(core_tensor::Error::Shape { argument, found, expected, reason }.into())
            }
            _ => {
                let entries = shape.iter().fold(1_usize, |n, &length| n.saturating_mul(length));
                check_length(argument, entries, self.entries(), reason)
            }
        }
    }

    /// The levels of a loop over memory in row-major order; `None` without such a form.
    pub(crate) fn levels(&self) -> Option<Levels> {
        match self {
            Layout::Axes { shape, steps } => Some(Levels::new(shape.iter().copied().zip(steps.iter().copied()))),
            Layout::Uniform { count, size } => Some(Levels::new([(*count, 1), (*size, 0)])),
            _ => None,
        }
    }

    /// The same for memory in which the axes stand in another order.
    pub(crate) fn levels_permuted(&self, axes: &[usize]) -> Option<Levels> {
        match self {
            Layout::Axes { shape, steps } => Some(Levels::new(axes.iter().map(|&axis| (shape[axis], steps[axis])))),
            _ => None,
        }
    }

    /// The group of each entry in row-major order.
    pub(crate) fn owners(&self) -> Owners<'_> {
        Owners { layout: self, left: self.entries(), position: 0, group: 0, index: [0; MOST_AXES] }
    }
}

/// Iterates the group of each entry.
pub(crate) struct Owners<'a> {
    layout: &'a Layout,
    left: usize,
    position: usize,
    group: usize,
    index: [usize; MOST_AXES],
}

impl Iterator for Owners<'_> {
    type Item = Option<usize>;

    #[inline]
    fn next(&mut self) -> Option<Option<usize>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let here = self.position;
        self.position += 1;
        match self.layout {
            Layout::Axes { shape, steps } => {
                let group = self.group;
                for axis in (0..shape.len()).rev() {
                    self.index[axis] += 1;
                    self.group += steps[axis];
                    if self.index[axis] < shape[axis] {
                        break;
                    }
                    self.group -= steps[axis] * shape[axis];
                    self.index[axis] = 0;
                }
                Some(Some(group))
            }
            Layout::Contiguous { pointers } => {
                while pointers[self.group + 1] <= here {
                    self.group += 1;
                }
                Some(Some(self.group))
            }
            Layout::Uniform { size, .. } => Some(Some(here / size)),
            Layout::Listed { owner, .. } => {
                let owner = owner[here];
                Some((owner != FREE).then_some(owner as usize))
            }
        }
    }
}
