//! Running the rows of a batch: fast kernels where they apply, the general one elsewhere, blocks in parallel.

use super::cross_entropy::CrossEntropy;
use super::general_row::{RowTarget, general_row};
use super::options::{Loss, Targets};
use super::rest_mass_row::rest_mass_row;
use super::stable_max_row::stable_max_row;
use super::textbook_row::{emulated_row, textbook_row};
use crate::{FloatType, Result};
use core_tensor::{Kernel, Scalar, vectorised};
use ndarray::{ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis};

/// A batch whose shapes, labels and options have been checked.
pub(super) struct Plan<'a> {
    pub(super) options: &'a CrossEntropy,
    pub(super) targets: Targets<'a>,
    /// 1/weight for the mean, 1 for the sum.
    pub(super) scale: f64,
    pub(super) rows: usize,
    pub(super) weight: f64,
}

impl Plan<'_> {
    #[inline]
    pub(super) fn class_weight(&self, class: usize) -> f64 {
        self.options.class_weights.as_ref().map_or(1.0, |w| w[class])
    }

    /// The factor of a row: reduction times its own weight.
    #[inline]
    pub(super) fn row_scale(&self, row: usize) -> f64 {
        self.scale * self.targets.weights.map_or(1.0, |w| w[row])
    }
}

/// Sum of losses, and how many were zero.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RowLoss {
    pub(super) loss: f64,
    pub(super) zeros: usize,
}

/// Entries below which a block of rows is not split: about 50 µs of work.
const BLOCK: usize = 1 << 15;

/// Losses of all rows; the gradient where it is asked for, and the losses one by one.
pub(super) fn run_rows<'a, T: Scalar>(
    plan: &'a Plan<'_>,
    logits: ArrayView2<'a, T>,
    gradient: Option<ArrayViewMut2<'a, T>>,
    losses: Option<ArrayViewMut1<'a, T>>,
) -> Result<RowLoss> {
    split(plan, Block { first: 0, logits, gradient, losses })
}

struct Block<'a, T> {
    first: usize,
    logits: ArrayView2<'a, T>,
    gradient: Option<ArrayViewMut2<'a, T>>,
    losses: Option<ArrayViewMut1<'a, T>>,
}

/// Halves a block until it is small. Where it is cut depends on its size alone, and so do the bits of the sum.
fn split<'a, T: Scalar>(plan: &'a Plan<'_>, block: Block<'a, T>) -> Result<RowLoss> {
    let rows = block.logits.len_of(Axis(0));
    if block.logits.len() < 2 * BLOCK || rows < 2 {
        return vectorised(BlockKernel { plan, block });
    }
    let half = rows / 2;
    let (top, bottom) = block.logits.split_at(Axis(0), half);
    let (gradient_top, gradient_bottom) = halves(block.gradient.map(|g| g.split_at(Axis(0), half)));
    let (losses_top, losses_bottom) = halves(block.losses.map(|l| l.split_at(Axis(0), half)));
    let first = block.first;
    let upper = Block { first, logits: top, gradient: gradient_top, losses: losses_top };
    let lower = Block { first: first + half, logits: bottom, gradient: gradient_bottom, losses: losses_bottom };
    #[cfg(feature = "rayon")]
    let (a, b) = rayon::join(|| split(plan, upper), || split(plan, lower));
    #[cfg(not(feature = "rayon"))]
    let (a, b) = (split(plan, upper), split(plan, lower));
    let (a, b) = (a?, b?);
    Ok(RowLoss { loss: a.loss + b.loss, zeros: a.zeros + b.zeros })
}

fn halves<A>(pair: Option<(A, A)>) -> (Option<A>, Option<A>) {
    pair.map_or((None, None), |(a, b)| (Some(a), Some(b)))
}

struct BlockKernel<'a, 'b, T> {
    plan: &'a Plan<'b>,
    block: Block<'a, T>,
}

/// Which code runs the rows.
#[derive(Clone, Copy)]
enum Path {
    StableMax,
    RestMass,
    Textbook,
    Emulated(FloatType),
    General,
}

impl<T: Scalar> Kernel for BlockKernel<'_, '_, T> {
    type Output = Result<RowLoss>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { plan, block: Block { first, logits, mut gradient, mut losses } } = self;
        let path = plan.path::<T>();
        let classes = logits.len_of(Axis(1));
        // One row of memory, only where the gradient's own rows cannot serve.
        let direct = gradient.as_mut().is_some_and(|g| g.as_slice_mut().is_some());
        let mut scratch = if direct { Vec::new() } else { vec![T::zero(); classes] };
        let mut total = RowLoss::default();
        for (i, z) in logits.outer_iter().enumerate() {
            let row = first + i;
            let label = plan.targets.labels[row];
            let mut out = gradient.as_mut().map(|g| g.index_axis_mut(Axis(0), i));
            if plan.options.ignore == Some(label) {
                if let Some(out) = out.as_mut() {
                    out.fill(T::zero());
                }
                if let Some(losses) = losses.as_mut() {
                    losses[i] = T::zero();
                }
                continue;
            }
            let loss = {
                let work: &mut [T] = match out.as_mut().and_then(|o| o.as_slice_mut()) {
                    Some(slice) if direct => slice,
                    _ => &mut scratch,
                };
                match z.as_slice() {
                    Some(z) => work.copy_from_slice(z),
                    None => work.iter_mut().zip(&z).for_each(|(w, &z)| *w = z),
                }
                plan.row(path, row, label, work, |k| Scalar::to_f64(z[k]))?
            };
            if let (false, Some(mut out)) = (direct, out) {
                out.iter_mut().zip(&scratch).for_each(|(o, &s)| *o = s);
            }
            if let Some(losses) = losses.as_mut() {
                losses[i] = <T as Scalar>::from_f64(loss);
            }
            total.loss += loss;
            total.zeros += usize::from(loss == 0.0);
        }
        Ok(total)
    }
}

impl Plan<'_> {
    fn path<T: Scalar>(&self) -> Path {
        let o = self.options;
        match o.loss {
            Loss::SoftmaxTextbook(float) => {
                if float.name() == T::NAME {
                    Path::Textbook
                } else {
                    Path::Emulated(float)
                }
            }
            Loss::StableMax if o.label_smoothing == 0.0 => Path::StableMax,
            Loss::SoftmaxRestMass if o.label_smoothing == 0.0 => Path::RestMass,
            _ => Path::General,
        }
    }

    /// Loss of one row (scaled); `work` holds its logits and becomes its gradient.
    #[inline(always)]
    fn row<T: Scalar>(
        &self,
        path: Path,
        row: usize,
        label: usize,
        work: &mut [T],
        logit: impl Fn(usize) -> f64,
    ) -> Result<f64> {
        let scale = self.row_scale(row);
        let factor = scale * self.class_weight(label);
        let inverse = self.options.temperature.recip();
        if inverse != 1.0 && !matches!(path, Path::General) {
            let inverse = <T as Scalar>::from_f64(inverse);
            work.iter_mut().for_each(|w| *w *= inverse);
        }
        let fast = match path {
            Path::StableMax => stable_max_row(work, label, factor, factor * inverse),
            Path::RestMass => rest_mass_row(work, label, factor, factor * inverse),
            Path::Textbook => textbook_row(work, label, factor, factor * inverse),
            Path::Emulated(float) => Some(emulated_row(row, work, label, float, factor, factor * inverse)?),
            Path::General => None,
        };
        let mut loss = match fast {
            Some(loss) => loss,
            None => {
                let weights = self.options.class_weights.as_deref();
                let smoothing = self.options.label_smoothing;
                let target = RowTarget { label, scale, smoothing, weights };
                general_row(&self.options.loss.link(), row, &target, inverse, work, &logit)?
            }
        };
        let lambda = self.options.logit_penalty * factor;
        if lambda != 0.0 {
            for (k, w) in work.iter_mut().enumerate() {
                let z = logit(k);
                if z > f64::NEG_INFINITY {
                    loss += lambda * z * z;
                    *w += <T as Scalar>::from_f64(2.0 * lambda * z);
                }
            }
        }
        Ok(loss)
    }
}
