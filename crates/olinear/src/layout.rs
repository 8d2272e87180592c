//! Where each tensor of a network stands in its parameter vector.

use crate::network::{Architecture, Mixing, Temporal};
use std::ops::Range;

/// A named tensor inside the parameter vector.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tensor {
    /// Its name, as the paper's program and the golden cases have it: `W_in`, `layer0.Wv`, ….
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
struct LayoutBuilder {
    tensors: Vec<Tensor>,
}

impl LayoutBuilder {
    fn length(&self) -> usize {
        self.tensors.last().map_or(0, |t| t.range.end)
    }

    fn tensor(&mut self, name: impl Into<String>, shape: &[usize]) -> Range<usize> {
        let begin = self.length();
        let range = begin..begin + shape.iter().product::<usize>();
        self.tensors.push(Tensor { name: name.into(), shape: shape.to_vec(), range: range.clone() });
        range
    }
}

/// The tensors of a network of that form.
pub(crate) fn layout(a: &Architecture) -> (Vec<Tensor>, Ranges) {
    let mut l = LayoutBuilder::default();
    let norm = |l: &mut LayoutBuilder, name: &str| {
        (l.tensor(format!("{name}.gamma"), &[a.width]), l.tensor(format!("{name}.beta"), &[a.width]))
    };
    let mut ranges = Ranges {
        revin_w: l.tensor("revin_w", &[a.channels]),
        revin_b: l.tensor("revin_b", &[a.channels]),
        phi: l.tensor("phi", &[a.extension]),
        delta1: l.tensor("delta1", &[a.channels, a.look_back]),
        delta2: l.tensor("delta2", &[a.channels, a.horizon]),
        w_in: l.tensor("W_in", &[a.width, a.extension * a.look_back]),
        b_in: l.tensor("b_in", &[a.width]),
        ..Ranges::default()
    };
    for index in 0..a.blocks {
        let name = |tensor: &str| format!("layer{index}.{tensor}");
        let mut block = BlockRanges::default();
        if a.mixing != Mixing::None {
            match a.mixing {
                Mixing::NormLin(_) => block.w_mix = l.tensor(name("W_mix"), &[a.channels, a.channels]),
                Mixing::Linear => {
                    block.w_mix = l.tensor(name("W_mix"), &[a.channels, a.channels]);
                    block.mix_bias = l.tensor(name("mix_bias"), &[a.channels]);
                }
                Mixing::Fixed | Mixing::None => {}
            }
            if a.mixing != Mixing::Linear {
                block.wv = l.tensor(name("Wv"), &[a.width, a.width]);
                block.bv = l.tensor(name("bv"), &[a.width]);
                block.wo = l.tensor(name("Wo"), &[a.width, a.width]);
                block.bo = l.tensor(name("bo"), &[a.width]);
            }
            block.norm1 = norm(&mut l, &name("ln1"));
        }
        if a.temporal == Temporal::Mlp {
            block.w1 = l.tensor(name("W1"), &[a.hidden, a.width]);
            block.b1 = l.tensor(name("b1"), &[a.hidden]);
            block.w2 = l.tensor(name("W2"), &[a.width, a.hidden]);
            block.b2 = l.tensor(name("b2"), &[a.width]);
            block.norm2 = norm(&mut l, &name("ln2"));
        }
        ranges.blocks.push(block);
    }
    ranges.norm = norm(&mut l, "ln_f");
    ranges.w_out = l.tensor("W_out", &[a.extension * a.horizon, a.width]);
    ranges.b_out = l.tensor("b_out", &[a.extension * a.horizon]);
    ranges.f1 = l.tensor("F1", &[a.hidden, a.extension * a.horizon]);
    ranges.fb1 = l.tensor("fb1", &[a.hidden]);
    ranges.f2 = l.tensor("F2", &[a.horizon, a.hidden]);
    ranges.fb2 = l.tensor("fb2", &[a.horizon]);
    (l.tensors, ranges)
}
