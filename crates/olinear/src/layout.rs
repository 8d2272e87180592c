//! Where each tensor of a network stands in its parameter vector.

use std::ops::Range;

/// A named tensor inside the parameter vector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tensor {
    /// Its name, as in the table of section 3 of the documentation: `W_in`, `layer0.Wv`, ….
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its entries, row-major, in the parameter vector.
    pub range: Range<usize>,
}

/// Entries of a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BlockRanges {
    pub(crate) w_mix: Range<usize>,
    pub(crate) mix_bias: Range<usize>,
    pub(crate) wv: Range<usize>,
    pub(crate) bv: Range<usize>,
    pub(crate) wo: Range<usize>,
    pub(crate) bo: Range<usize>,
    pub(crate) norm1: (Range<usize>, Range<usize>),
    pub(crate) w1: Range<usize>,
    pub(crate) b1: Range<usize>,
    pub(crate) w2: Range<usize>,
    pub(crate) b2: Range<usize>,
    pub(crate) norm2: (Range<usize>, Range<usize>),
}

/// Entries of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    pub(crate) revin_w: Range<usize>,
    pub(crate) revin_b: Range<usize>,
    pub(crate) phi: Range<usize>,
    pub(crate) delta1: Range<usize>,
    pub(crate) delta2: Range<usize>,
    pub(crate) w_in: Range<usize>,
    pub(crate) b_in: Range<usize>,
    pub(crate) blocks: Vec<BlockRanges>,
    pub(crate) norm: (Range<usize>, Range<usize>),
    pub(crate) w_out: Range<usize>,
    pub(crate) b_out: Range<usize>,
    pub(crate) f1: Range<usize>,
    pub(crate) fb1: Range<usize>,
    pub(crate) f2: Range<usize>,
    pub(crate) fb2: Range<usize>,
}

/// Hands out ranges, one after the other.
#[derive(Default)]
pub(crate) struct LayoutBuilder {
    pub(crate) tensors: Vec<Tensor>,
}

impl LayoutBuilder {
    pub(crate) fn length(&self) -> usize {
        self.tensors.last().map_or(0, |t| t.range.end)
    }

    pub(crate) fn tensor(&mut self, name: impl Into<String>, shape: &[usize]) -> Range<usize> {
        let begin = self.length();
        let range = begin..begin + shape.iter().product::<usize>();
        self.tensors.push(Tensor { name: name.into(), shape: shape.to_vec(), range: range.clone() });
        range
    }
}
