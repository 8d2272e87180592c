//! The root of `Σ clip(cⱼ t - eⱼ) = k`: the one kernel behind value, proximal operators and projections (algorithm N).

use crate::root_pass::{CHUNK, Loaded, Part, Sums, evaluate, load_chunk, load_packed, pack_and_evaluate};
use crate::root_sorted::sorted_root;
use crate::survey::largest;

/// How the root is found; the result is the same to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RootMethod {
    /// Safeguarded Newton steps on a shrinking list of groups: expected O(m).
    #[default]
    Newton,
    /// All break points sorted and searched: O(m log m) always. The test oracle.
    Sorted,
}

/// The terms of the sum: `cⱼ ≥ 0`, and one e for all groups or one each.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) c: &'a [f64],
    pub(crate) e: Offsets<'a>,
}

/// The offsets eⱼ ≥ 0.
#[derive(Clone, Copy)]
pub(crate) enum Offsets<'a> {
    All(f64),
    Each(&'a [f64]),
}

impl Offsets<'_> {
    #[inline(always)]
    pub(crate) fn at(&self, j: usize) -> f64 {
        match self {
            Offsets::All(e) => *e,
            Offsets::Each(e) => e[j],
        }
    }

    fn largest(&self) -> f64 {
        match self {
            Offsets::All(e) => *e,
            Offsets::Each(e) => largest(e),
        }
    }
}

/// The root as `t = base + delta`, so that `c t - e = (c base - e) + c delta` loses nothing when e is large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Root {
    /// c is multiplied by this before it meets t.
    pub(crate) scale: f64,
    pub(crate) base: f64,
    pub(crate) delta: f64,
    /// Passes over the groups, for tests and benches.
    pub(crate) passes: usize,
}

impl Root {
    /// `cⱼ t - eⱼ` for unscaled c.
    #[inline(always)]
    pub(crate) fn at(&self, c: f64, e: f64) -> f64 {
        let c = c * self.scale;
        if self.base == 0.0 { c * self.delta - e } else { c.mul_add(self.base, -e) + c * self.delta }
    }

    /// What is left of the offset e of the scaled term c after the base.
    #[inline(always)]
    pub(crate) fn offset(&self, scaled: f64, e: f64) -> f64 {
        // Finite, for sums multiply it by 0.
        if self.base == 0.0 { e } else { (-scaled.mul_add(self.base, -e)).clamp(-1e300, 1e300) }
    }

    /// What rounding can make of a vanishing [`at`](Self::at).
    #[inline(always)]
    pub(crate) fn rounding(&self, c: f64, e: f64) -> f64 {
        let e = self.offset(c * self.scale, e).abs();
        // Where the value is far from 0 and 1 it does not matter.
        (32.0 * f64::EPSILON * (1.0 + e)).min(1e-3)
    }

    /// t for the caller's c.
    pub(crate) fn t(&self) -> f64 {
        (self.base + self.delta) * self.scale
    }
}

/// Memory of the root finding for m groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct RootMemory {
    pub(crate) c: Vec<f64>,
    pub(crate) e: Vec<f64>,
    parts: Vec<Part>,
    pub(crate) points: Vec<f64>,
}

impl RootMemory {
    pub(crate) fn new(m: usize) -> Self {
        let mut memory = Self::default();
        memory.fit(m);
        memory
    }

    pub(crate) fn fit(&mut self, m: usize) {
        if self.c.len() < m {
            self.c.resize(m, 0.0);
            self.e.resize(m, 0.0);
            self.parts.resize(m.div_ceil(CHUNK), Part::default());
        }
    }
}

/// Offsets above this are rewritten relative to a first root, for `c t - e` then cancels too many digits.
const LARGE_OFFSET: f64 = 1e3;

/// Finds the root; more than `k` of the c must be positive.
///
/// NaN among the terms gives a meaningless root, not an endless loop.
pub(crate) fn root(terms: Terms<'_>, k: usize, method: RootMethod, memory: &mut RootMemory) -> Root {
    let k = k as f64;
    memory.fit(terms.c.len());
    let largest = largest(terms.c);
    // No more than is needed: t is the reciprocal of a small term and must not overflow, nor may sums. A product that does is rightly
    // saturated.
    let scale = if largest > 1e290 {
        2.0_f64.powi(-66)
    } else if largest < 1e-280 {
        2.0_f64.powi(900)
    } else {
        1.0
    };
    let mut root = Root { scale, base: 0.0, delta: 0.0, passes: 0 };
    let mut exact;
    root.delta = one_root(terms, &root.clone(), k, method, memory, &mut root.passes);
    (root.delta, exact) = polish(terms, root, k);
    if terms.e.largest() > LARGE_OFFSET {
        // Where e has as many digits as there are, this root is only near; the second is measured from it.
        root.base = root.delta;
        root.delta = 0.0;
        root.delta = one_root(terms, &root.clone(), k, method, memory, &mut root.passes);
        (root.delta, exact) = polish(terms, root, k);
    }
    if exact {
        root.delta = middle(terms, root, k);
    }
    root
}

fn one_root(
    terms: Terms<'_>,
    root: &Root,
    k: f64,
    method: RootMethod,
    memory: &mut RootMemory,
    passes: &mut usize,
) -> f64 {
    match method {
        RootMethod::Newton => newton_root(terms, root, k, memory, passes),
        RootMethod::Sorted => sorted_root(terms, root, k, memory),
    }
}

/// What algorithm N works on: the terms' constants and where it starts.
#[derive(Clone, Copy)]
struct Start {
    /// A bracket that holds the root if it was guessed well, else infinite.
    lo: f64,
    hi: f64,
    /// The first t to try; by default the root if all terms were linear.
    t: Option<f64>,
}

/// Algorithm N: a bracket from a sample, then Newton steps on a shrinking list.
fn newton_root(terms: Terms<'_>, root: &Root, k: f64, memory: &mut RootMemory, passes: &mut usize) -> f64 {
    const EVERYTHING: Start = Start { lo: f64::NEG_INFINITY, hi: f64::INFINITY, t: None };
    if terms.c.len() >= 16 * SAMPLE {
        let start = guess(terms, root, k, memory);
        if let Some(t) = shrinking_newton(terms, root, k, start, memory, passes) {
            return t;
        }
    }
    shrinking_newton(terms, root, k, EVERYTHING, memory, passes).unwrap_or(0.0)
}

/// Groups in the sample.
const SAMPLE: usize = 4096;

/// A bracket and a root from evenly spaced groups. It only has to be right often: whether it holds the root is seen in the first pass.
fn guess(terms: Terms<'_>, root: &Root, k: f64, memory: &mut RootMemory) -> Start {
    let m = terms.c.len();
    let mut c = [0.0; SAMPLE];
    let mut e = [0.0; SAMPLE];
    let mut positive = 0;
    for i in 0..SAMPLE {
        // Not evenly spaced to the last digit: layouts have periods.
        let j = (i * (m / SAMPLE) + (i * 2_654_435_761) % (m / SAMPLE)).min(m - 1);
        (c[i], e[i]) = (terms.c[j], terms.e.at(j));
        positive += usize::from(c[i] > 0.0);
    }
    let sample = Terms { c: &c, e: Offsets::Each(&e) };
    let share = k / m as f64;
    let middle = share * SAMPLE as f64;
    let deviation = 2.5 * (middle * (1.0 - share)).max(1.0).sqrt();
    let mut solve = |k: f64| {
        let everything = Start { lo: f64::NEG_INFINITY, hi: f64::INFINITY, t: None };
        (k > 0.0 && k < positive as f64)
            .then(|| shrinking_newton(sample, root, k, everything, memory, &mut 0))
            .flatten()
    };
    Start {
        lo: solve(middle - deviation).unwrap_or(f64::NEG_INFINITY),
        hi: solve(middle + deviation).unwrap_or(f64::INFINITY),
        t: solve(middle),
    }
}

/// Newton steps inside the bracket; `None` when it does not hold the root.
fn shrinking_newton(
    terms: Terms<'_>,
    root: &Root,
    k: f64,
    start: Start,
    memory: &mut RootMemory,
    passes: &mut usize,
) -> Option<f64> {
    let each = root.base != 0.0 || matches!(terms.e, Offsets::Each(_));
    let m = terms.c.len();
    let uniform = if let Offsets::All(e) = terms.e { e } else { 0.0 };
    let chunks = m.div_ceil(CHUNK);
    let (mut lo, mut hi) = (start.lo, start.hi);
    let Start { t: mut first, .. } = start;
    if !first.is_some_and(|t| lo < t && t < hi) {
        first = None;
    }
    load(terms, root, (lo, hi), &mut memory.c[..m], &mut memory.e[..m], &mut memory.parts[..chunks]);
    let mut settled = Sums::default();
    let (mut all, mut active, mut at_lo, mut at_hi) = (Sums::default(), 0.0, 0.0, 0.0);
    for part in &memory.parts[..chunks] {
        settled.add(&part.settled);
        all.add(&part.here);
        active += part.length as f64;
        at_lo += part.ends.0;
        at_hi += part.ends.1;
    }
    if (lo > f64::NEG_INFINITY && !(at_lo <= k)) || (hi < f64::INFINITY && !(at_hi >= k)) {
        return None;
    }
    let mut t = match first {
        Some(t) => t,
        // The base was close.
        None if root.base != 0.0 && lo < 0.0 && hi > 0.0 => 0.0,
        None => {
            let t = (k - settled.saturated + settled.e + all.e) / (settled.c + all.c);
            if lo < t && t < hi {
                t
            } else if lo.is_finite() && hi.is_finite() {
                lo + 0.5 * (hi - lo)
            } else {
                t
            }
        }
    };
    let mut slow = 0;
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    // Expected logarithmic in m; the limit is for input that is not a number.
    for _ in 0..1000 {
        *passes += 1;
        pack_and_evaluate(
            &mut memory.c[..m],
            &mut memory.e[..m],
            each,
            uniform,
            &mut memory.parts[..chunks],
            (low, high, t),
            active as usize,
        );
        let mut here = Sums::default();
        let mut now = 0.0;
        for part in &memory.parts[..chunks] {
            settled.add(&part.settled);
            here.add(&part.here);
            now += part.length as f64;
        }
        if now == 0.0 {
            return Some(if settled.c > 0.0 {
                (k - settled.saturated + settled.e) / settled.c
            } else if lo.is_finite() {
                lo
            } else {
                hi
            });
        }
        let slope = settled.c + here.c;
        let h = slope * t - (settled.e + here.e) + settled.saturated + here.saturated - k;
        if h.abs() <= 4.0 * f64::EPSILON * k {
            return Some(t);
        }
        if h < 0.0 {
            lo = t;
        } else {
            hi = t;
        }
        (low, high) = (lo, hi);
        // A Newton step that does not shrink the list costs a pass: not three times in a row.
        slow = if now > 0.75 * active { slow + 1 } else { 0 };
        active = now;
        let newton = t - h / slope;
        let inside = |t: f64| lo < t && t < hi;
        t = if slope > 0.0 && inside(newton) && slow < 3 {
            newton
        } else {
            slow = 0;
            match random_break_point(memory, chunks, each, uniform, &mut random, inside) {
                Some(point) => point,
                // No break point is left inside: the function is linear there. From within, the next Newton step is its root.
                None if inside(lo + 0.5 * (hi - lo)) => lo + 0.5 * (hi - lo),
                None => return Some(t),
            }
        };
    }
    Some(t)
}

/// Copies the positive terms whose class is open on the bracket into the chunks of the active list; with a base, as offsets from it.
fn load(terms: Terms<'_>, root: &Root, (lo, hi): (f64, f64), c: &mut [f64], e: &mut [f64], parts: &mut [Part]) {
    type Chunk<'c> = (usize, ((&'c mut [f64], &'c mut [f64]), &'c mut Part));
    let one = |(number, ((c, e), part)): Chunk<'_>| {
        let begin = number * CHUNK;
        let source = &terms.c[begin..begin + c.len()];
        let offsets = match terms.e {
            Offsets::All(e) if root.base == 0.0 => Loaded::All(e),
            Offsets::Each(offsets) if root.base == 0.0 && root.scale == 1.0 => {
                Loaded::Each(&offsets[begin..begin + c.len()])
            }
            _ => {
                let mut length = 0;
                for (i, &value) in source.iter().enumerate() {
                    let value = value * root.scale;
                    let offset = terms.e.at(begin + i);
                    c[length] = value;
                    e[length] = root.offset(value, offset);
                    length += usize::from(value > 0.0);
                }
                *part = Part { length, ..Part::default() };
                load_packed(c, e, part, lo, hi);
                return;
            }
        };
        load_chunk(source, root.scale, offsets, c, e, part, lo, hi);
    };
    #[cfg(feature = "rayon")]
    if terms.c.len() > 100_000 {
        use rayon::prelude::*;
        c.par_chunks_mut(CHUNK)
            .zip(e.par_chunks_mut(CHUNK))
            .zip(parts.par_iter_mut())
            .enumerate()
            .with_min_len(4)
            .for_each(one);
        return;
    }
    c.chunks_mut(CHUNK).zip(e.chunks_mut(CHUNK)).zip(parts).enumerate().for_each(one);
}

/// A break point strictly inside the bracket: the first one from a random place on.
fn random_break_point(
    memory: &RootMemory,
    chunks: usize,
    each: bool,
    uniform: f64,
    random: &mut u64,
    inside: impl Fn(f64) -> bool,
) -> Option<f64> {
    let mut draw = |n: usize| {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        (*random % n.max(1) as u64) as usize
    };
    let first = draw(chunks);
    let zero_first = draw(2) == 0;
    for step in 0..chunks {
        let number = (first + step) % chunks;
        let length = memory.parts[number].length;
        if length == 0 {
            continue;
        }
        let begin = draw(length);
        for i in 0..length {
            let i = number * CHUNK + (begin + i) % length;
            let e = if each { memory.e[i] } else { uniform };
            let points = [e / memory.c[i], (1.0 + e) / memory.c[i]];
            let points = if zero_first { points } else { [points[1], points[0]] };
            if let Some(&point) = points.iter().find(|&&point| inside(point)) {
                return Some(point);
            }
        }
    }
    None
}

/// How many terms are saturated at t, and the sums over the linear ones.
fn classify(terms: Terms<'_>, root: Root) -> Sums {
    let mut total = Sums::default();
    for (number, c) in terms.c.chunks(CHUNK).enumerate() {
        let begin = number * CHUNK;
        let e = match terms.e {
            Offsets::All(_) => None,
            Offsets::Each(e) => Some(&e[begin..begin + c.len()]),
        };
        let uniform = if let Offsets::All(e) = terms.e { e } else { 0.0 };
        total.add(&evaluate(c, e, uniform, Some(root)));
    }
    total
}

/// t once more from the classes of all groups at t, without incremental sums; and whether exactly k groups are saturated and none linear.
fn polish(terms: Terms<'_>, mut root: Root, k: f64) -> (f64, bool) {
    for _ in 0..3 {
        let sums = classify(terms, root);
        if !(sums.c > 0.0) {
            return (root.delta, sums.saturated == k);
        }
        // With a base the linear terms are measured from it.
        let next = (k - sums.saturated + sums.e) / sums.c;
        let moved = (next - root.delta).abs();
        // At a break point the classes are those of one side: a large move would be a step to the root of another piece.
        if !(moved * sums.c <= 1e-3 * sums.linear) {
            break;
        }
        root.delta = next;
        if moved <= 64.0 * f64::EPSILON * next.abs() {
            break;
        }
    }
    (root.delta, false)
}

/// On a flat piece (exactly k groups saturated, none linear) the middle of it: no end point, where rounding decides.
fn middle(terms: Terms<'_>, root: Root, k: f64) -> f64 {
    debug_assert_eq!(classify(terms, root).saturated, k);
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    for (j, &c) in terms.c.iter().enumerate() {
        let scaled = c * root.scale;
        if !(scaled > 0.0) {
            continue;
        }
        let e = terms.e.at(j);
        let e = root.offset(scaled, e);
        if root.at(c, terms.e.at(j)) >= 1.0 {
            low = low.max((1.0 + e) / scaled);
        } else {
            high = high.min(e / scaled);
        }
    }
    if high.is_finite() { low + 0.5 * (high - low) } else { low + low.abs() }
}
