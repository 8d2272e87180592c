//! The supervised contrastive loss.

use crate::Result;
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef2, Axis, Zip};

/// Mean over rows of the cross-entropy of `softmax(Û V̂ᵀ/τ)` against targets that are uniform over the rows of V with the row's class; Û, V̂ have
/// rows of norm 1. Without labels each row's own pair is the only positive. Returns the loss and its gradients in U and V (all n × d).
///
/// # Errors
/// Other shapes, no row; entries that are not finite; rows of norm 0; τ not finite and > 0.
pub fn contrastive(
    u: &ArrayRef2<f64>,
    v: &ArrayRef2<f64>,
    labels: Option<&[usize]>,
    temperature: f64,
) -> Result<(f64, Array2<f64>, Array2<f64>)> {
    check_shape("v", v, u.shape(), "`u` has that shape")?;
    check_range("temperature", temperature, temperature > 0.0 && temperature.is_finite(), "finite and > 0")?;
    let n = u.nrows();
    check_range("rows", n as f64, n > 0, "at least 1")?;
    if let Some(labels) = labels {
        check_labels(labels, n)?;
    }
    let ((u, u_norms), (v, v_norms)) = (normalised("u", u)?, normalised("v", v)?);
    let mut logits = Array2::zeros((n, n));
    gemm_into(&mut logits, Accumulate::Replace, temperature.recip(), &u, &v.t())?;
    let mut loss = 0.0;
    // The logits become their own gradient.
    for (i, mut row) in logits.outer_iter_mut().enumerate() {
        let positive = |j: usize| labels.map_or(i == j, |labels| labels[i] == labels[j]);
        let count = (0..n).filter(|&j| positive(j)).count() as f64;
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|z| (z - largest).exp()).sum();
        let log_sum = largest + sum.ln();
        for (j, z) in row.iter_mut().enumerate() {
            let target = if positive(j) { count.recip() } else { 0.0 };
            loss += target * (log_sum - *z);
            *z = ((*z - log_sum).exp() - target) / n as f64;
        }
    }
    let (mut du, mut dv) = (Array2::zeros(u.raw_dim()), Array2::zeros(v.raw_dim()));
    gemm_into(&mut du, Accumulate::Replace, temperature.recip(), &logits, &v)?;
    gemm_into(&mut dv, Accumulate::Replace, temperature.recip(), &logits.t(), &u)?;
    Ok((loss / n as f64, through_norm(&u, &u_norms, du), through_norm(&v, &v_norms, dv)))
}

/// One label per row.
pub(super) fn check_labels(labels: &[usize], rows: usize) -> Result<()> {
    if labels.len() == rows {
        return Ok(());
    }
    let (found, expected) = (vec![labels.len()], vec![rows]);
    Err(core_tensor::Error::Shape { argument: "labels", found, expected, reason: "there is one per row" }.into())
}

fn normalised(argument: &'static str, x: &ArrayRef2<f64>) -> Result<(Array2<f64>, Array1<f64>)> {
    check_finite(argument, x)?;
    let norms: Array1<f64> = x.rows().into_iter().map(|row| row.dot(&row).sqrt()).collect();
    for &norm in &norms {
        check_range(
            argument,
            norm,
            norm > 0.0 && norm.is_finite(),
            "of rows with a norm above 0 (this is a row's norm)",
        )?;
    }
    Ok((x.to_owned() / norms.view().insert_axis(Axis(1)), norms))
}

/// The gradient through x ↦ x/‖x‖.
fn through_norm(unit: &Array2<f64>, norms: &Array1<f64>, mut gradient: Array2<f64>) -> Array2<f64> {
    Zip::from(gradient.rows_mut()).and(unit.rows()).and(norms).for_each(|mut gradient, unit, norm| {
        let along = unit.dot(&gradient);
        gradient.zip_mut_with(&unit, |g, &u| *g = (*g - along * u) / norm);
    });
    gradient
}
