//! One pass of the root finding over a chunk of groups, compiled for wide vector units.

use crate::root::Root;
use core_tensor::{Kernel, vectorised};

/// Groups per chunk: sums are taken chunk by chunk, so that they do not depend on the number of threads, and a chunk's
/// terms stay in the cache between its loops.
pub(crate) const CHUNK: usize = 8192;

/// Active groups above which the chunks of a pass go to several threads.
#[cfg(feature = "rayon")]
const PARALLEL: usize = 100_000;

/// Sums over groups.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    /// How many are saturated.
    pub(crate) saturated: f64,
    /// How many are linear.
    pub(crate) linear: f64,
    /// Σ c over the linear ones.
    pub(crate) c: f64,
    /// Σ e over the linear ones.
    pub(crate) e: f64,
}

impl Sums {
    #[inline(always)]
    pub(crate) fn add(&mut self, other: &Sums) {
        self.saturated += other.saturated;
        self.linear += other.linear;
        self.c += other.c;
        self.e += other.e;
    }
}

/// What is known of a chunk of the active list.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part {
    /// Active groups, at the beginning of the chunk.
    pub(crate) length: usize,
    /// Of the groups dropped in the last pass.
    pub(crate) settled: Sums,
    /// Of the active groups at the last t; after loading, of all that are active.
    pub(crate) here: Sums,
    /// Σ clip(c t - e) at both ends of the bracket, after loading.
    pub(crate) ends: (f64, f64),
}

const LANES: usize = 8;

/// Sums over the terms at the root's t; all terms count as linear without one.
pub(crate) fn evaluate(c: &[f64], e: Option<&[f64]>, uniform: f64, root: Option<Root>) -> Sums {
    struct Evaluate<'a>(&'a [f64], Option<&'a [f64]>, f64, Option<Root>);

    impl Kernel for Evaluate<'_> {
        type Output = Sums;

        #[inline(always)]
        fn run(self) -> Sums {
            let Self(c, e, uniform, root) = self;
            match (e, root) {
                (None, None) => sums(c, |_| uniform, |_, _| 0.5),
                (Some(e), None) => sums(c, |i| e[i], |_, _| 0.5),
                (None, Some(r)) if r.base == 0.0 && r.scale == 1.0 => sums(c, |_| uniform, |c, e| c * r.delta - e),
                (Some(e), Some(r)) if r.base == 0.0 && r.scale == 1.0 => sums(c, |i| e[i], |c, e| c * r.delta - e),
                // Sums of scaled c and of offsets from the base.
                (e, Some(r)) => {
                    let mut total = Sums::default();
                    for (i, &c) in c.iter().enumerate() {
                        let e = e.map_or(uniform, |e| e[i]);
                        let value = r.at(c, e);
                        let scaled = c * r.scale;
                        if value >= 1.0 {
                            total.saturated += 1.0;
                        } else if value > 0.0 {
                            total.linear += 1.0;
                            total.c += scaled;
                            total.e += r.offset(scaled, e);
                        }
                    }
                    total
                }
            }
        }
    }

    let e = e.map(|e| &e[..c.len()]);
    vectorised(Evaluate(c, e, uniform, root))
}

#[inline(always)]
fn sums(c: &[f64], e: impl Fn(usize) -> f64, value: impl Fn(f64, f64) -> f64) -> Sums {
    let mut saturated = [0.0; LANES];
    let mut linear = [0.0; LANES];
    let mut sum_c = [0.0; LANES];
    let mut sum_e = [0.0; LANES];
    let (blocks, rest) = c.as_chunks::<LANES>();
    for (b, block) in blocks.iter().enumerate() {
        for l in 0..LANES {
            let (c, e) = (block[l], e(b * LANES + l));
            let v = value(c, e);
            let is_saturated = if v >= 1.0 { 1.0 } else { 0.0 };
            let is_positive = if v > 0.0 { 1.0 } else { 0.0 };
            let is_linear = is_positive - is_saturated;
            saturated[l] += is_saturated;
            linear[l] += is_linear;
            sum_c[l] += is_linear * c;
            sum_e[l] += is_linear * e;
        }
    }
    let mut total = Sums { saturated: fold(saturated), linear: fold(linear), c: fold(sum_c), e: fold(sum_e) };
    let done = blocks.len() * LANES;
    for (i, &c) in rest.iter().enumerate() {
        let e = e(done + i);
        let v = value(c, e);
        if v >= 1.0 {
            total.saturated += 1.0;
        } else if v > 0.0 {
            total.linear += 1.0;
            total.c += c;
            total.e += e;
        }
    }
    total
}

#[inline(always)]
fn fold(lanes: [f64; LANES]) -> f64 {
    ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]))
}

/// Drops from each chunk the groups whose class is the same on the whole bracket, and evaluates the others at t.
pub(crate) fn pack_and_evaluate(
    c: &mut [f64],
    e: &mut [f64],
    each: bool,
    uniform: f64,
    parts: &mut [Part],
    (lo, hi, t): (f64, f64, f64),
    active: usize,
) {
    let one = |c: &mut [f64], e: &mut [f64], part: &mut Part| {
        vectorised(Pass { c, e, each, uniform, part, lo, hi, t });
    };
    #[cfg(feature = "rayon")]
    if active > PARALLEL {
        use rayon::prelude::*;
        c.par_chunks_mut(CHUNK)
            .zip(e.par_chunks_mut(CHUNK))
            .zip(parts.par_iter_mut())
            .with_min_len(4)
            .for_each(|((c, e), part)| one(c, e, part));
        return;
    }
    let _ = active;
    c.chunks_mut(CHUNK).zip(e.chunks_mut(CHUNK)).zip(parts).for_each(|((c, e), part)| one(c, e, part));
}

struct Pass<'a> {
    c: &'a mut [f64],
    e: &'a mut [f64],
    each: bool,
    uniform: f64,
    part: &'a mut Part,
    lo: f64,
    hi: f64,
    t: f64,
}

impl Kernel for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { c, e, each, uniform, part, lo, hi, t } = self;
        let length = part.length;
        if length == 0 {
            *part = Part::default();
            return;
        }
        let (c, e) = (&mut c[..length], &mut e[..length]);
        part.settled = Sums::default();
        if lo > f64::NEG_INFINITY || hi < f64::INFINITY {
            part.settled = if each { settled(c, |i| e[i], lo, hi) } else { settled(c, |_| uniform, lo, hi) };
            part.length = if each { pack_each(c, e, lo, hi) } else { pack(c, uniform, lo, hi) };
        }
        let (c, e) = (&c[..part.length], &e[..part.length]);
        part.here = if each { sums(c, |i| e[i], |c, e| c * t - e) } else { sums(c, |_| uniform, |c, e| c * t - e) };
    }
}

/// Saturated at the lower end, or linear from end to end.
#[inline(always)]
fn settled(c: &[f64], e: impl Fn(usize) -> f64, lo: f64, hi: f64) -> Sums {
    let mut saturated = [0.0; LANES];
    let mut sum_c = [0.0; LANES];
    let mut sum_e = [0.0; LANES];
    let (blocks, rest) = c.as_chunks::<LANES>();
    for (b, block) in blocks.iter().enumerate() {
        for l in 0..LANES {
            let (c, e) = (block[l], e(b * LANES + l));
            let (low, high) = (c * lo - e, c * hi - e);
            let is_saturated = if low >= 1.0 { 1.0 } else { 0.0 };
            let starts = if low >= 0.0 { 1.0 } else { 0.0 };
            let ends = if high <= 1.0 { 1.0 } else { 0.0 };
            let is_linear = starts * ends * (1.0 - is_saturated);
            saturated[l] += is_saturated;
            sum_c[l] += is_linear * c;
            sum_e[l] += is_linear * e;
        }
    }
    let mut total = Sums { saturated: fold(saturated), linear: 0.0, c: fold(sum_c), e: fold(sum_e) };
    let done = blocks.len() * LANES;
    for (i, &c) in rest.iter().enumerate() {
        let e = e(done + i);
        let (low, high) = (c * lo - e, c * hi - e);
        if low >= 1.0 {
            total.saturated += 1.0;
        } else if low >= 0.0 && high <= 1.0 {
            total.c += c;
            total.e += e;
        }
    }
    total
}

/// True while the class of the group is open: it moves somewhere inside the bracket, and not from end to end.
#[inline(always)]
fn is_open(low: f64, high: f64) -> bool {
    !((low >= 1.0) | (high <= 0.0) | ((low >= 0.0) & (high <= 1.0)))
}

#[inline(always)]
fn pack(c: &mut [f64], e: f64, lo: f64, hi: f64) -> usize {
    let mut length = 0;
    let mut i = 0;
    while i + LANES <= c.len() {
        let mut block = [0.0; LANES];
        block.copy_from_slice(&c[i..i + LANES]);
        let open = block.map(|c| u8::from(is_open(c * lo - e, c * hi - e)));
        push(c, &mut length, &block, open);
        i += LANES;
    }
    while i < c.len() {
        let value = c[i];
        c[length] = value;
        length += usize::from(is_open(value * lo - e, value * hi - e));
        i += 1;
    }
    length
}

/// Appends the open ones of a block; `length` is at most the place of the block, so that nothing unread is overwritten.
#[inline(always)]
fn push(out: &mut [f64], length: &mut usize, block: &[f64; LANES], open: [u8; LANES]) {
    if u64::from_ne_bytes(open) == 0 {
        return;
    }
    let mut at = 0;
    if let Some(room) = out.get_mut(*length..*length + LANES) {
        for l in 0..LANES {
            room[at & (LANES - 1)] = block[l];
            at += usize::from(open[l]);
        }
    }
    *length += at;
}

#[inline(always)]
fn pack_each(c: &mut [f64], e: &mut [f64], lo: f64, hi: f64) -> usize {
    let mut length = 0;
    let n = c.len().min(e.len());
    for i in 0..n {
        let (value, offset) = (c[i], e[i]);
        c[length] = value;
        e[length] = offset;
        length += usize::from(is_open(value * lo - offset, value * hi - offset));
    }
    length
}

/// The offsets of a chunk that is loaded.
#[derive(Clone, Copy)]
pub(crate) enum Loaded<'a> {
    All(f64),
    Each(&'a [f64]),
}

/// Copies the positive terms of a chunk that are open on the bracket.
#[expect(clippy::too_many_arguments, reason = "one chunk of three arrays, with a bracket")]
pub(crate) fn load_chunk(
    source: &[f64],
    scale: f64,
    offsets: Loaded<'_>,
    c: &mut [f64],
    e: &mut [f64],
    part: &mut Part,
    lo: f64,
    hi: f64,
) {
    vectorised(Load { source, scale, offsets, c, e, part, lo, hi });
}

struct Load<'a> {
    source: &'a [f64],
    scale: f64,
    offsets: Loaded<'a>,
    c: &'a mut [f64],
    e: &'a mut [f64],
    part: &'a mut Part,
    lo: f64,
    hi: f64,
}

impl Kernel for Load<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { source, scale, offsets, c, e, part, lo, hi } = self;
        *part = Part::default();
        let bracketed = lo > f64::NEG_INFINITY || hi < f64::INFINITY;
        match offsets {
            Loaded::All(uniform) => {
                if bracketed {
                    let value = |v: f64| v * scale;
                    part.settled = settled_of(source, value, |_| uniform, lo, hi, &mut part.ends);
                }
                let mut length = 0;
                let (blocks, rest) = source.as_chunks::<LANES>();
                for block in blocks {
                    let block = block.map(|c| c * scale);
                    let open = block.map(|c| {
                        u8::from(c > 0.0) & u8::from(!bracketed || is_open(c * lo - uniform, c * hi - uniform))
                    });
                    push(c, &mut length, &block, open);
                }
                for &value in rest {
                    let value = value * scale;
                    c[length.min(source.len() - 1)] = value;
                    let open = !bracketed || is_open(value * lo - uniform, value * hi - uniform);
                    length += usize::from(value > 0.0 && open);
                }
                part.length = length;
                part.here = sums(&c[..length], |_| uniform, |_, _| 0.5);
            }
            Loaded::Each(offsets) => {
                let offsets = &offsets[..source.len()];
                if bracketed {
                    part.settled = settled_of(source, |v| v, |i| offsets[i], lo, hi, &mut part.ends);
                }
                let mut length = 0;
                for (&value, &offset) in source.iter().zip(offsets) {
                    c[length] = value;
                    e[length] = offset;
                    let open = !bracketed || is_open(value * lo - offset, value * hi - offset);
                    length += usize::from(value > 0.0 && open);
                }
                part.length = length;
                let e = &e[..length];
                part.here = sums(&c[..length], |i| e[i], |_, _| 0.5);
            }
        }
    }
}

/// [`load_chunk`] for terms that stand in the chunk already.
pub(crate) fn load_packed(c: &mut [f64], e: &mut [f64], part: &mut Part, lo: f64, hi: f64) {
    let length = part.length;
    *part = Part::default();
    if length == 0 {
        return;
    }
    let (c, e) = (&mut c[..length], &mut e[..length]);
    part.length = length;
    if lo > f64::NEG_INFINITY || hi < f64::INFINITY {
        let offsets = &*e;
        part.settled = settled_of(c, |v| v, |i| offsets[i], lo, hi, &mut part.ends);
        part.length = pack_each(c, e, lo, hi);
    }
    let offsets = &e[..part.length];
    part.here = sums(&c[..part.length], |i| offsets[i], |_, _| 0.5);
}

/// [`settled`] over positive terms, with the sums of clip(c t - e) at both ends.
#[inline(always)]
fn settled_of(
    c: &[f64],
    value: impl Fn(f64) -> f64,
    e: impl Fn(usize) -> f64,
    lo: f64,
    hi: f64,
    ends: &mut (f64, f64),
) -> Sums {
    let mut saturated = [0.0; LANES];
    let mut sum_c = [0.0; LANES];
    let mut sum_e = [0.0; LANES];
    let mut at_lo = [0.0; LANES];
    let mut at_hi = [0.0; LANES];
    let (blocks, rest) = c.as_chunks::<LANES>();
    let mut term = |l: usize, c: f64, e: f64| {
        let c = value(c);
        let (low, high) = (c * lo - e, c * hi - e);
        // A zero term never moves; at an infinite end its product is not a number.
        let positive = if c > 0.0 { 1.0 } else { 0.0 };
        let is_saturated = if low >= 1.0 { positive } else { 0.0 };
        let starts = if low >= 0.0 { positive } else { 0.0 };
        let ends = if high <= 1.0 { 1.0 } else { 0.0 };
        let is_linear = starts * ends * (1.0 - is_saturated);
        saturated[l] += is_saturated;
        sum_c[l] += is_linear * c;
        sum_e[l] += is_linear * e;
        at_lo[l] += if low > 0.0 { if low < 1.0 { low } else { 1.0 } } else { 0.0 };
        at_hi[l] += if high > 0.0 { if high < 1.0 { high } else { 1.0 } } else { 0.0 };
    };
    for (b, block) in blocks.iter().enumerate() {
        for l in 0..LANES {
            term(l, block[l], e(b * LANES + l));
        }
    }
    let done = blocks.len() * LANES;
    for (i, &c) in rest.iter().enumerate() {
        term(i, c, e(done + i));
    }
    *ends = (fold(at_lo), fold(at_hi));
    Sums { saturated: fold(saturated), linear: 0.0, c: fold(sum_c), e: fold(sum_e) }
}
