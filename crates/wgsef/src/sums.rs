//! Sums of squares over groups, in double precision.

use crate::layout::Layout;
use crate::levels::{Level, Levels, inner_len};
use core_tensor::{Kernel, Scalar, vectorised};
use ndarray::ArrayViewD;

/// Entries above which a tensor is cut into parts for several threads.
#[cfg(feature = "rayon")]
const PARALLEL: usize = 100_000;
/// Columns that are summed together, so that their sums stay in the cache.
const COLUMNS: usize = 2048;

/// Adds the sum of squares of each group of a tensor to `out` (m).
pub(crate) fn add_squares<T: Scalar>(layout: &Layout, x: &ArrayViewD<'_, T>, out: &mut [f64]) {
    if x.is_empty() {
        return;
    }
    if let (Layout::Contiguous { pointers }, Some(data)) = (layout, x.as_slice()) {
        for (ends, sum) in pointers.windows(2).zip(out) {
            *sum += vectorised(Run(&data[ends[0]..ends[1]]));
        }
        return;
    }
    if let Some((data, levels)) = in_memory_order(layout, x) {
        add_levels(data, &levels, out);
        return;
    }
    for (owner, &v) in layout.owners().zip(x.iter()) {
        if let Some(group) = owner {
            let v = Scalar::to_f64(v);
            out[group] += v * v;
        }
    }
}

/// The tensor's memory and the loops over it, when it is contiguous in some order of the axes.
pub(crate) fn in_memory_order<'a, T: Scalar>(layout: &Layout, x: &'a ArrayViewD<'_, T>) -> Option<(&'a [T], Levels)> {
    if let Some(data) = x.as_slice() {
        return Some((data, layout.levels()?));
    }
    let levels = permuted(layout, x.strides())?;
    Some((x.as_slice_memory_order()?, levels))
}

/// The loops over memory whose axes have these strides.
pub(crate) fn permuted(layout: &Layout, strides: &[isize]) -> Option<Levels> {
    let mut axes = [0; crate::layout::MOST_AXES];
    let axes = axes.get_mut(..strides.len())?;
    if strides.iter().any(|&stride| stride < 0) {
        return None;
    }
    axes.iter_mut().enumerate().for_each(|(i, axis)| *axis = i);
    axes.sort_by_key(|&axis| std::cmp::Reverse(strides[axis]));
    layout.levels_permuted(axes)
}

fn add_levels<T: Scalar>(data: &[T], levels: &Levels, out: &mut [f64]) {
    let levels = levels.as_slice();
    #[cfg(feature = "rayon")]
    if data.len() > PARALLEL
        && let Some(first) = levels.iter().position(|level| level.step > 0)
        && levels[first].step * levels[first].length == out.len()
    {
        use rayon::prelude::*;
        let step = levels[first].step;
        let width = levels[first].length.div_ceil(64).max(1);
        out.par_chunks_mut(width * step).enumerate().for_each(|(number, out)| {
            let begin = number * width;
            add_range(data, levels, first, begin, out.len() / step, out);
        });
        return;
    }
    add_nested(data, levels, 0, out);
}

/// The part of the loops in which level `first` runs over `length` steps from `begin`; `out` begins with the first group of it.
#[cfg(feature = "rayon")]
fn add_range<T: Scalar>(data: &[T], levels: &[Level], first: usize, begin: usize, length: usize, out: &mut [f64]) {
    let inner = inner_len(levels);
    if first > 0 {
        for i in 0..levels[0].length {
            add_range(&data[i * inner..(i + 1) * inner], &levels[1..], first - 1, begin, length, out);
        }
        return;
    }
    let mut cut = [Level::default(); crate::layout::MOST_AXES];
    cut[..levels.len()].copy_from_slice(levels);
    cut[0].length = length;
    add_nested(&data[begin * inner..(begin + length) * inner], &cut[..levels.len()], 0, out);
}

fn add_nested<T: Scalar>(data: &[T], levels: &[Level], group: usize, out: &mut [f64]) {
    const ONE: Level = Level { length: 1, step: 0 };
    match *levels {
        [] => vectorised(Block { data, outer: ONE, inner: ONE, group, out }),
        [inner] => vectorised(Block { data, outer: ONE, inner, group, out }),
        [outer, inner] => vectorised(Block { data, outer, inner, group, out }),
        [outer, ref rest @ ..] => {
            let inner = inner_len(levels);
            for i in 0..outer.length {
                add_nested(&data[i * inner..(i + 1) * inner], rest, group + i * outer.step, out);
            }
        }
    }
}

/// Two loops.
struct Block<'a, T> {
    data: &'a [T],
    outer: Level,
    inner: Level,
    group: usize,
    out: &'a mut [f64],
}

impl<T: Scalar> Kernel for Block<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { data, outer, inner, group, out } = self;
        let width = inner.length;
        match inner.step {
            0 => {
                for (i, run) in data.chunks_exact(width).enumerate() {
                    out[group + i * outer.step] += squares(run);
                }
            }
            1 => {
                for begin in (0..width).step_by(COLUMNS) {
                    let end = width.min(begin + COLUMNS);
                    for (i, row) in data.chunks_exact(width).enumerate() {
                        let first = group + i * outer.step;
                        for (sum, &v) in out[first + begin..first + end].iter_mut().zip(&row[begin..end]) {
                            let v = Scalar::to_f64(v);
                            *sum += v * v;
                        }
                    }
                }
            }
            step => {
                for (i, row) in data.chunks_exact(width).enumerate() {
                    for (j, &v) in row.iter().enumerate() {
                        let v = Scalar::to_f64(v);
                        out[group + i * outer.step + j * step] += v * v;
                    }
                }
            }
        }
    }
}

struct Run<'a, T>(&'a [T]);

impl<T: Scalar> Kernel for Run<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        squares(self.0)
    }
}

/// Σ v², with eight accumulators.
#[inline(always)]
fn squares<T: Scalar>(run: &[T]) -> f64 {
    let mut lanes = [0.0_f64; 8];
    let (blocks, rest) = run.as_chunks::<8>();
    for block in blocks {
        for l in 0..8 {
            let v = Scalar::to_f64(block[l]);
            lanes[l] += v * v;
        }
    }
    let mut sum = ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
    for &v in rest {
        let v = Scalar::to_f64(v);
        sum += v * v;
    }
    sum
}
