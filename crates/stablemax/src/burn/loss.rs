//! Cross-entropies in burn's graph.

use super::host::{labels, matrix};
use crate::error::Result;
use crate::{CrossEntropy, LossReport};
use burn::tensor::{DType, Element, Int, Tensor, TensorData};
use core_tensor::Scalar;

/// The loss of `logits` (n × C) with `targets` (n) as a tensor that backpropagates, and its report.
///
/// Computed in `f64` for tensors of that type, in `f32` for all others; the gradient has the type of the logits. It is a constant of the
/// graph: the loss has no second derivative there ([`CrossEntropy::hessian_vector_into`] has).
///
/// # Errors
/// As [`CrossEntropy::evaluate_into`], and on negative labels.
pub fn cross_entropy(
    loss: &CrossEntropy,
    logits: Tensor<2>,
    targets: Tensor<1, Int>,
) -> Result<(Tensor<1>, LossReport)> {
    let targets = labels(targets)?;
    match logits.dtype() {
        DType::F64 => on_host::<f64>(loss, logits, &targets),
        _ => on_host::<f32>(loss, logits, &targets),
    }
}

fn on_host<T: Scalar + Element>(
    loss: &CrossEntropy,
    logits: Tensor<2>,
    labels: &[usize],
) -> Result<(Tensor<1>, LossReport)> {
    let (report, gradient) = loss.evaluate(&matrix::<T>(logits.clone().detach()), labels)?;
    let data = TensorData::new(gradient.into_raw_vec_and_offset().0, logits.dims());
    let gradient = Tensor::from_data(data, (&logits.device(), logits.dtype()));
    // A masked class has gradient 0, but -∞ less itself is not a number.
    let masked = logits.clone().detach().equal_elem(f32::NEG_INFINITY);
    let logits = logits.mask_fill(masked, 0.0);
    // Zero, with the gradient as its slope: unlike ⟨logits, gradient⟩ it cannot overflow.
    let slope = ((logits.clone() - logits.detach()) * gradient).sum();
    Ok((slope.add_scalar(report.loss), report))
}
