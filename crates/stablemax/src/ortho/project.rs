//! The projection of one vector.

use crate::error::{Result, check_count};
use crate::lanes::sum_lanes;
use core_tensor::{Kernel, Scalar, check_finite, vectorised};
use ndarray::ArrayView1;

/// What happens to the length of a projected gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rescale {
    /// It is that of the projection, as in the paper's definition.
    None,
    /// It is that of the gradient before, as in the reference code.
    #[default]
    KeepNorm,
}

/// How the projection is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Arithmetic {
    /// Projects twice, returns 0 when what is left is rounding noise, leaves vectors of one element alone.
    #[default]
    Guarded,
    /// As the reference code: once, with 1e-30 added to both denominators. When the gradient is parallel to the weights this
    /// returns rounding noise blown up to the gradient's norm.
    Reference,
}

/// What became of a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was projected.
    Projected,
    /// The weights are zero: every direction is orthogonal to them.
    ZeroWeights,
    /// The gradient was zero, or nothing but rounding noise is orthogonal to the weights: the result is 0.
    Vanished,
    /// It has one element, in which nothing is orthogonal to the weight: left alone.
    Single,
}

/// Report of one projection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projected {
    /// What became of it.
    pub outcome: Outcome,
    /// Cosine between gradient and weights before; 0 when one of them is zero.
    pub cosine: f64,
    /// |g| before.
    pub norm: f64,
    /// |g⊥| before any rescaling.
    pub projected_norm: f64,
}

/// Removes from `g` (n) its component along `w` (n), in place: `g - (⟨w, g⟩/⟨w, w⟩) w`.
///
/// Guarded arithmetic projects a second time, which removes what the rounding of the first pass left, and returns exactly 0 when
/// the rest is at most `8 ε √n |g|` (at least 1e-5 |g| in `f32`, 1e-12 |g| in `f64`). Sums are taken in `f64`.
///
/// # Errors
/// When the lengths differ or an entry is not finite; nothing is written then.
pub fn project<T: Scalar>(w: &[T], g: &mut [T], rescale: Rescale, arithmetic: Arithmetic) -> Result<Projected> {
    check_count("g", g.len(), w.len(), "it has one entry per weight")?;
    check_finite("w", &ArrayView1::from(w))?;
    check_finite("g", &ArrayView1::from(&*g))?;
    Ok(project_unchecked(w, g, rescale, arithmetic))
}

/// [`project`] on slices of equal length with finite entries.
pub(super) fn project_unchecked<T: Scalar>(
    w: &[T],
    g: &mut [T],
    rescale: Rescale,
    arithmetic: Arithmetic,
) -> Projected {
    match arithmetic {
        Arithmetic::Guarded => guarded(w, g, rescale),
        Arithmetic::Reference => reference(w, g, rescale),
    }
}

fn guarded<T: Scalar>(w: &[T], g: &mut [T], rescale: Rescale) -> Projected {
    let (mut w_scale, mut g_scale) = (1.0, 1.0);
    let mut sums = vectorised(Sums { w, g, w_scale, g_scale });
    let ordinary = |sum: f64| (1e-200..1e200).contains(&sum);
    if !(ordinary(sums.ww) && ordinary(sums.gg)) {
        // Powers of two that bring both vectors to order one: their squares then neither overflow nor underflow.
        (w_scale, g_scale) = (unit_scale(w), unit_scale(g));
        sums = vectorised(Sums { w, g, w_scale, g_scale });
    }
    let norm = sums.gg.sqrt() / g_scale;
    let report = |outcome, cosine, projected_norm| Projected { outcome, cosine, norm, projected_norm };
    if sums.gg == 0.0 {
        return report(Outcome::Vanished, 0.0, 0.0);
    }
    if sums.ww == 0.0 {
        return report(Outcome::ZeroWeights, 0.0, norm);
    }
    let cosine = (sums.wg / (sums.ww.sqrt() * sums.gg.sqrt())).clamp(-1.0, 1.0);
    if w.len() < 2 {
        return report(Outcome::Single, cosine, norm);
    }
    let left = vectorised(Remove { w, g, coefficient: sums.wg / sums.ww, w_scale, g_scale, factor: 1.0 });
    // What the second pass will leave: ⟨w, g⟩ is tiny now, so nothing cancels.
    let rest = (left.gg - left.wg * left.wg / sums.ww).max(0.0);
    let projected_norm = rest.sqrt() / g_scale;
    let floor = if T::NAME == "f32" { 1e-5 } else { 1e-12 };
    let noise = (8.0 * Scalar::to_f64(T::epsilon()) * (w.len() as f64).sqrt()).max(floor);
    if rest.sqrt() <= noise * sums.gg.sqrt() {
        g.fill(T::zero());
        return report(Outcome::Vanished, cosine, projected_norm);
    }
    let factor = if rescale == Rescale::KeepNorm { (sums.gg / rest).sqrt() } else { 1.0 };
    vectorised(Remove { w, g, coefficient: left.wg / sums.ww, w_scale, g_scale, factor });
    report(Outcome::Projected, cosine, projected_norm)
}

fn reference<T: Scalar>(w: &[T], g: &mut [T], rescale: Rescale) -> Projected {
    const GUARD: f64 = 1e-30;
    let sums = vectorised(Sums { w, g, w_scale: 1.0, g_scale: 1.0 });
    let remove =
        |g: &mut [T], coefficient, factor| vectorised(Remove { w, g, coefficient, w_scale: 1.0, g_scale: 1.0, factor });
    let (norm, left) = (sums.gg.sqrt(), remove(g, sums.wg / (sums.ww + GUARD), 1.0).gg.sqrt());
    if rescale == Rescale::KeepNorm {
        remove(g, 0.0, norm / (left + GUARD));
    }
    let product = sums.ww.sqrt() * norm;
    let cosine = if product > 0.0 { (sums.wg / product).clamp(-1.0, 1.0) } else { 0.0 };
    Projected { outcome: Outcome::Projected, cosine, norm, projected_norm: left }
}

/// A power of two near 1/max|x| (1 for the zero vector and for ordinary sizes).
fn unit_scale<T: Scalar>(x: &[T]) -> f64 {
    let largest =
        Scalar::to_f64(x.iter().fold(T::zero(), |largest, v| if v.abs() > largest { v.abs() } else { largest }));
    if largest == 0.0 || (1e-100..1e100).contains(&largest) {
        1.0
    } else {
        2.0_f64.powi(-(largest.log2() as i32).max(-1000))
    }
}

const LANES: usize = 16;

#[derive(Clone, Copy)]
struct Inner {
    ww: f64,
    wg: f64,
    gg: f64,
}

struct Sums<'a, T> {
    w: &'a [T],
    g: &'a [T],
    w_scale: f64,
    g_scale: f64,
}

impl<T: Scalar> Kernel for Sums<'_, T> {
    type Output = Inner;

    #[inline(always)]
    fn run(self) -> Inner {
        let (mut ww, mut wg, mut gg) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let (w_chunks, w_rest) = self.w.as_chunks::<LANES>();
        let (g_chunks, g_rest) = self.g.as_chunks::<LANES>();
        for (w, g) in w_chunks.iter().zip(g_chunks) {
            for l in 0..LANES {
                let (w, g) = (Scalar::to_f64(w[l]) * self.w_scale, Scalar::to_f64(g[l]) * self.g_scale);
                ww[l] += w * w;
                wg[l] += w * g;
                gg[l] += g * g;
            }
        }
        for (l, (&w, &g)) in w_rest.iter().zip(g_rest).enumerate() {
            let (w, g) = (Scalar::to_f64(w) * self.w_scale, Scalar::to_f64(g) * self.g_scale);
            ww[l] += w * w;
            wg[l] += w * g;
            gg[l] += g * g;
        }
        Inner { ww: sum_lanes(ww), wg: sum_lanes(wg), gg: sum_lanes(gg) }
    }
}

/// `g ← factor (g - coefficient w)` in scaled numbers; returns the sums with the new g (ww is not summed again: 0).
struct Remove<'a, T> {
    w: &'a [T],
    g: &'a mut [T],
    coefficient: f64,
    w_scale: f64,
    g_scale: f64,
    factor: f64,
}

impl<T: Scalar> Kernel for Remove<'_, T> {
    type Output = Inner;

    #[inline(always)]
    fn run(self) -> Inner {
        let Self { coefficient, w_scale, g_scale, factor, .. } = self;
        let back = g_scale.recip();
        let (mut wg, mut gg) = ([0.0; LANES], [0.0; LANES]);
        let (w_chunks, w_rest) = self.w.as_chunks::<LANES>();
        let (g_chunks, g_rest) = self.g.as_chunks_mut::<LANES>();
        for (w, g) in w_chunks.iter().zip(g_chunks) {
            for l in 0..LANES {
                let w = Scalar::to_f64(w[l]) * w_scale;
                let new = (Scalar::to_f64(g[l]) * g_scale - coefficient * w) * factor;
                g[l] = <T as Scalar>::from_f64(new * back);
                let new = Scalar::to_f64(g[l]) * g_scale;
                wg[l] += w * new;
                gg[l] += new * new;
            }
        }
        for (l, (&w, g)) in w_rest.iter().zip(g_rest).enumerate() {
            let w = Scalar::to_f64(w) * w_scale;
            let new = (Scalar::to_f64(*g) * g_scale - coefficient * w) * factor;
            *g = <T as Scalar>::from_f64(new * back);
            let new = Scalar::to_f64(*g) * g_scale;
            wg[l] += w * new;
            gg[l] += new * new;
        }
        Inner { ww: 0.0, wg: sum_lanes(wg), gg: sum_lanes(gg) }
    }
}
