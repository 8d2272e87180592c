//! Naive loss minimisation: how much of the update only scales the weights (Definitions 5 and 6 of the paper).

use crate::Layout;
use crate::error::{Result, check_count, check_same_shape};
use core_tensor::{Scalar, check_finite};
use ndarray::{ArrayRef2, ArrayView1};

/// Cosines between weights and the descent direction -∇L.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Alignment {
    /// One per tensor of the layout; 0 for a tensor without weights or gradient.
    pub per_tensor: Vec<f64>,
    /// Of the whole parameter vector.
    pub whole: f64,
}

/// Cosines between the weights `w` and `-gradient`, per tensor and for the whole vector. Close to 1 in the last layers after the
/// training data are fitted: the descent then mostly scales the logits.
///
/// # Errors
/// When a length is not that of the layout or an entry is not finite.
pub fn alignment<T: Scalar>(layout: &Layout, w: &[T], gradient: &[T]) -> Result<Alignment> {
    check_count("w", w.len(), layout.parameters(), "the layout describes that many parameters")?;
    check_count("gradient", gradient.len(), layout.parameters(), "the layout describes that many parameters")?;
    check_finite("w", &ArrayView1::from(w))?;
    check_finite("gradient", &ArrayView1::from(gradient))?;
    let cosine = |range: std::ops::Range<usize>| negative_cosine(&w[range.clone()], &gradient[range]);
    Ok(Alignment { per_tensor: layout.ranges().map(cosine).collect(), whole: cosine(0..layout.parameters()) })
}

/// ⟨W, ∇_W L⟩ of any layer of a bias-free, positively homogeneous network, from logits (n × C) and the loss's gradient there alone:
/// `Σᵢ ⟨zᵢ, dL/dzᵢ⟩` (Euler's identity). Negative while scaling the weights up lowers the loss.
///
/// # Errors
/// When the shapes differ. A masked logit (-∞) with gradient 0 counts as 0.
pub fn radial_from_logits<T: Scalar>(logits: &ArrayRef2<T>, gradient: &ArrayRef2<T>) -> Result<f64> {
    check_same_shape("gradient", gradient.shape(), logits.shape(), "it has one entry per logit")?;
    let term = |(&z, &d): (&T, &T)| if d == T::zero() { 0.0 } else { Scalar::to_f64(z) * Scalar::to_f64(d) };
    Ok(logits.iter().zip(gradient).map(term).sum())
}

fn negative_cosine<T: Scalar>(w: &[T], g: &[T]) -> f64 {
    let largest = |x: &[T]| x.iter().fold(0.0, |largest: f64, v| largest.max(Scalar::to_f64(v.abs())));
    let (a, b) = (largest(w), largest(g));
    if a == 0.0 || b == 0.0 {
        return 0.0;
    }
    let (mut ww, mut wg, mut gg) = (0.0, 0.0, 0.0);
    for (&w, &g) in w.iter().zip(g) {
        let (w, g) = (Scalar::to_f64(w) / a, Scalar::to_f64(g) / b);
        ww += w * w;
        wg += w * g;
        gg += g * g;
    }
    (-wg / (ww.sqrt() * gg.sqrt())).clamp(-1.0, 1.0)
}
