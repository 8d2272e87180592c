//! Multiplying each group of a tensor by a number of its own.

use crate::layout::Layout;
use crate::levels::{Level, inner_len};
use crate::sums::permuted;
use core_tensor::{Kernel, Scalar, vectorised};
use ndarray::ArrayViewMutD;

/// Entries above which a tensor is cut into parts for several threads.
#[cfg(feature = "rayon")]
const PARALLEL: usize = 100_000;

/// Multiplies the entries of group j by `scales[j]`; 1 leaves them alone to the bit, 0 makes them zero.
pub(crate) fn scale<T: Scalar>(layout: &Layout, x: &mut ArrayViewMutD<'_, T>, scales: &[f64]) {
    if x.is_empty() {
        return;
    }
    if let Layout::Contiguous { pointers } = layout
        && let Some(data) = x.as_slice_mut()
    {
        for (ends, &by) in pointers.windows(2).zip(scales) {
            vectorised(Run(&mut data[ends[0]..ends[1]], by));
        }
        return;
    }
    let levels = if x.is_standard_layout() { layout.levels() } else { permuted(layout, x.strides()) };
    if let Some(levels) = levels
        && let Some(data) = x.as_slice_memory_order_mut()
    {
        scale_levels(data, levels.as_slice(), scales);
        return;
    }
    for (owner, v) in layout.owners().zip(x.iter_mut()) {
        if let Some(group) = owner {
            *v = scaled(*v, scales[group]);
        }
    }
}

#[inline(always)]
fn scaled<T: Scalar>(v: T, by: f64) -> T {
    // Not a product where it must be exact: 0 · (-1) is -0, and 0 · ∞ is not a number.
    if by == 0.0 { T::zero() } else { <T as Scalar>::from_f64(Scalar::to_f64(v) * by) }
}

fn scale_levels<T: Scalar>(data: &mut [T], levels: &[Level], scales: &[f64]) {
    #[cfg(feature = "rayon")]
    if data.len() > PARALLEL && !levels.is_empty() {
        use rayon::prelude::*;
        let inner = inner_len(levels);
        let width = levels[0].length.div_ceil(64).max(1);
        data.par_chunks_mut(width * inner).enumerate().for_each(|(number, data)| {
            let mut cut = [Level::default(); crate::layout::MOST_AXES];
            cut[..levels.len()].copy_from_slice(levels);
            cut[0].length = data.len() / inner;
            scale_nested(data, &cut[..levels.len()], number * width * levels[0].step, scales);
        });
        return;
    }
    scale_nested(data, levels, 0, scales);
}

fn scale_nested<T: Scalar>(data: &mut [T], levels: &[Level], group: usize, scales: &[f64]) {
    const ONE: Level = Level { length: 1, step: 0 };
    match *levels {
        [] => vectorised(Block { data, outer: ONE, inner: ONE, group, scales }),
        [inner] => vectorised(Block { data, outer: ONE, inner, group, scales }),
        [outer, inner] => vectorised(Block { data, outer, inner, group, scales }),
        [outer, ref rest @ ..] => {
            let inner = inner_len(levels);
            for i in 0..outer.length {
                scale_nested(&mut data[i * inner..(i + 1) * inner], rest, group + i * outer.step, scales);
            }
        }
    }
}

struct Block<'a, T> {
    data: &'a mut [T],
    outer: Level,
    inner: Level,
    group: usize,
    scales: &'a [f64],
}

impl<T: Scalar> Kernel for Block<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { data, outer, inner, group, scales } = self;
        for (i, row) in data.chunks_exact_mut(inner.length).enumerate() {
            let first = group + i * outer.step;
            match inner.step {
                0 => run(row, scales[first]),
                1 => {
                    let scales = &scales[first..first + inner.length];
                    row.iter_mut().zip(scales).for_each(|(v, &by)| *v = scaled(*v, by));
                }
                step => row.iter_mut().enumerate().for_each(|(j, v)| *v = scaled(*v, scales[first + j * step])),
            }
        }
    }
}

struct Run<'a, T>(&'a mut [T], f64);

impl<T: Scalar> Kernel for Run<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        run(self.0, self.1);
    }
}

#[inline(always)]
fn run<T: Scalar>(row: &mut [T], by: f64) {
    if by == 0.0 {
        row.fill(T::zero());
    } else if by != 1.0 {
        let by = <T as Scalar>::from_f64(by);
        row.iter_mut().for_each(|v| *v *= by);
    }
}
