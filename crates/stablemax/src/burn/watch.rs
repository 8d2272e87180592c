//! The warning of collapse on tensors.

use super::host::{labels, matrix};
use crate::collapse::{CollapseWatch, Observation};
use crate::error::Result;
use burn::tensor::{DType, Int, Tensor};

/// [`CollapseWatch::observe`] for the logits (n × C) and labels (n) of a step; they are copied to the host.
///
/// # Errors
/// As there, and on negative labels.
pub fn observe(
    watch: &mut CollapseWatch,
    step: f64,
    logits: &Tensor<2>,
    targets: &Tensor<1, Int>,
) -> Result<Observation> {
    let (targets, logits) = (labels(targets.clone())?, logits.clone().detach());
    match logits.dtype() {
        DType::F64 => watch.observe(step, &matrix::<f64>(logits), &targets),
        _ => watch.observe(step, &matrix::<f32>(logits), &targets),
    }
}
