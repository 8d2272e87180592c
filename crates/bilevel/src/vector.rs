//! Vectors.

use ndarray::{Array1, ArrayRef1};

/// ‖x‖, without overflow or underflow of squares.
pub(crate) fn norm(x: &ArrayRef1<f64>) -> f64 {
    let plain = x.dot(x).sqrt();
    if plain.is_finite() && plain > 1e-140 {
        return plain;
    }
    let largest = x.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return if x.iter().any(|v| v.is_nan()) { f64::NAN } else { largest };
    }
    largest * x.iter().map(|v| (v / largest).powi(2)).sum::<f64>().sqrt()
}

/// The entries of an owned vector, which lie side by side.
pub(crate) fn entries(x: &Array1<f64>) -> &[f64] {
    x.as_slice().unwrap_or_default()
}

/// The same, to be changed.
pub(crate) fn entries_mut(x: &mut Array1<f64>) -> &mut [f64] {
    x.as_slice_mut().unwrap_or_default()
}
