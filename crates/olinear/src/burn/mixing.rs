//! NormLin as a module.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};
use core_tensor::random::{normal_array, rng};
use ndarray::Array2;

/// Below this, `softplus w` and `exp w` are the same in single precision, and its logarithm is w.
const FAR_BELOW: f32 = -15.0;

/// NormLin: a learned matrix with rows that sum to one, which mixes series (or tokens), in place of attention weights.
#[derive(Module, Debug)]
pub struct MixingLayer {
    /// W (N × N), from which the rows are made.
    pub weight: Param<Tensor<2>>,
}

impl MixingLayer {
    /// For N series, W = I + standard normal entries drawn from `seed`.
    pub fn new(series: usize, seed: u64, device: &Device) -> Self {
        let w: Array2<f64> = normal_array(&mut rng(seed), (series, series));
        let entries: Vec<f32> = (w + Array2::<f64>::eye(series)).iter().map(|&v| v as f32).collect();
        Self { weight: Param::from_tensor(Tensor::from_data(TensorData::new(entries, [series, series]), device)) }
    }

    /// The mixing matrix (N × N): the softmax of `ln softplus(W)` by rows.
    pub fn matrix(&self) -> Tensor<2> {
        let w = self.weight.val();
        let far = w.clone().lower_elem(FAR_BELOW);
        // Clamped first: a logarithm of 0 would leave NaN in the gradient of entries that the mask replaces.
        let near = activation::softplus(w.clone().clamp_min(FAR_BELOW), 1.0).log();
        activation::softmax(near.mask_where(far, w), 1)
    }

    /// `out_i = Σ_j A_ij v_j` for v (batch × N × width).
    pub fn forward(&self, v: Tensor<3>) -> Tensor<3> {
        self.matrix().unsqueeze::<3>().matmul(v)
    }
}
