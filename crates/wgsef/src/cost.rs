//! What groups of layers cost to run, for [`Weights::costs`](crate::Weights::costs).

use crate::Result;
use core_tensor::check_range;

/// Multiplications per input that one output filter of a convolution costs: `in/groups · Π kernel · Π output`. The weight is (out, in/groups, …) and
/// `output` holds the spatial sizes of the result (empty for a dense layer).
///
/// # Errors
/// A weight with fewer than two axes.
pub fn filter_flops(weight: &[usize], output: &[usize]) -> Result<f64> {
    check_range("weight", weight.len() as f64, weight.len() >= 2, "a shape with at least two axes")?;
    Ok(product(&weight[1..]) * product(output))
}

/// Multiplications per input that one input channel of a convolution costs: `out · Π kernel · Π output`.
///
/// # Errors
/// As [`filter_flops`].
pub fn channel_flops(weight: &[usize], output: &[usize]) -> Result<f64> {
    check_range("weight", weight.len() as f64, weight.len() >= 2, "a shape with at least two axes")?;
    Ok(product(&weight[..1]) * product(&weight[2..]) * product(output))
}

fn product(lengths: &[usize]) -> f64 {
    lengths.iter().map(|&length| length as f64).product()
}
