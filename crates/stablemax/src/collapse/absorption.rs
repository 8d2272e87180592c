//! Updates that vanish in the rounding of the weights (appendix C of the paper).

use crate::FloatType;
use crate::error::{Result, check_count};
use core_tensor::{Scalar, check_finite};
use ndarray::ArrayView1;

/// What a step does to weights kept in a float type; fractions of all weights.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Absorption {
    /// Updates of exactly zero.
    pub zero: f64,
    /// Updates that are not zero, but `fl(w - update) == w`.
    pub absorbed: f64,
}

/// Fractions of the n weights `w` that `update` (n; with its learning rate) does not move in the arithmetic of `float`.
///
/// # Errors
/// When the lengths differ, there is no weight, or an entry is not finite.
pub fn absorption<T: Scalar>(w: &[T], update: &[T], float: FloatType) -> Result<Absorption> {
    check_count("update", update.len(), w.len(), "it has one entry per weight")?;
    if w.is_empty() {
        return Err(core_tensor::Error::Empty { argument: "w", expected: "entry" }.into());
    }
    check_finite("w", &ArrayView1::from(w))?;
    check_finite("update", &ArrayView1::from(update))?;
    let (mut zero, mut absorbed) = (0_usize, 0_usize);
    for (&w, &u) in w.iter().zip(update) {
        let (w, u) = (float.round(Scalar::to_f64(w)), float.round(Scalar::to_f64(u)));
        if u == 0.0 {
            zero += 1;
        } else if float.round(w - u) == w {
            absorbed += 1;
        }
    }
    let n = w.len() as f64;
    Ok(Absorption { zero: zero as f64 / n, absorbed: absorbed as f64 / n })
}
