//! The modules against the crate's own kernels, on the CPU.

#![forbid(unsafe_code)]

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use core_tensor::random::{normal_array, rng};
use ndarray::Array2;
use olinear::burn::{MixingLayer, TransformLayer};
use olinear::{Basis, NormLin};

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[track_caller]
fn close(found: &[f64], expected: impl IntoIterator<Item = f64>) {
    let expected: Vec<f64> = expected.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
    }
}

#[test]
fn mixing_and_its_gradient() {
    let device = Device::flex().autodiff();
    let mut layer = MixingLayer::new(3, 4, &device);
    let mut w: Array2<f64> = normal_array(&mut rng(4), (3, 3)) + Array2::<f64>::eye(3);
    // A row whose softplus underflows.
    w.row_mut(1).assign(&ndarray::array![-300.0, -301.0, -320.0]);
    let entries: Vec<f32> = w.iter().map(|&v| v as f32).collect();
    layer.weight = Param::from_tensor(Tensor::from_data(TensorData::new(entries, [3, 3]), &device));
    close(&numbers(layer.matrix()), NormLin::default().matrix(&w).unwrap());
    let g: Array2<f64> = normal_array(&mut rng(5), (3, 3));
    let weights: Vec<f32> = g.iter().map(|&v| v as f32).collect();
    let weighted = layer.matrix() * Tensor::<2>::from_data(TensorData::new(weights, [3, 3]), &device);
    let gradients = weighted.sum().backward();
    let found = numbers(layer.weight.val().grad(&gradients).unwrap());
    close(&found, NormLin::default().gradient(&w, &g).unwrap());
    let v = Tensor::<3>::ones([2, 3, 4], &device);
    // Rows sum to one: what is equal stays.
    close(&numbers(layer.forward(v)), vec![1.0; 24]);
}

#[test]
fn transforms_go_there_and_back() {
    let device = Device::flex();
    let basis = Basis::Dct2.build(6, &Array2::zeros((1, 1))).unwrap();
    let layer = TransformLayer::new(&basis, &device);
    let u: Array2<f64> = normal_array(&mut rng(1), (6, 6));
    let entries: Vec<f32> = u.iter().map(|&v| v as f32).collect();
    let windows = Tensor::<3>::from_data(TensorData::new(entries, [2, 3, 6]), &device);
    let coordinates = layer.encode(windows);
    close(&numbers(coordinates.clone()), basis.encode(&u).unwrap());
    close(&numbers(layer.decode(coordinates)), u);
}
