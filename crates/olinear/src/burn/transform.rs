//! A fixed orthonormal basis as a module.

use crate::OrthoBasis;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// OrthoTrans: coordinates of the last axis in an orthonormal basis, and back. The basis is saved with the module and not trained.
#[derive(Module, Debug)]
pub struct TransformLayer {
    /// Q (K × K), basis vectors in rows.
    pub basis: Param<Tensor<2>>,
}

impl TransformLayer {
    /// From a basis.
    pub fn new(basis: &OrthoBasis, device: &Device) -> Self {
        let size = basis.size();
        let entries: Vec<f32> = basis.matrix().iter().map(|&v| v as f32).collect();
        let tensor = Tensor::<2>::from_data(TensorData::new(entries, [size, size]), device);
        Self { basis: Param::from_tensor(tensor).set_require_grad(false) }
    }

    /// `s = Q u` along the last axis.
    pub fn encode(&self, windows: Tensor<3>) -> Tensor<3> {
        windows.matmul(self.basis.val().transpose().unsqueeze())
    }

    /// `u = Qᵀ s` along the last axis.
    pub fn decode(&self, coordinates: Tensor<3>) -> Tensor<3> {
        coordinates.matmul(self.basis.val().unsqueeze())
    }
}
