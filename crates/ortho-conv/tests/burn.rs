//! The adapter against the crate's own kernels, on the CPU.

#![forbid(unsafe_code)]
#![cfg(feature = "flex")]

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array3, Array4, ArrayD};
use ortho_conv::burn::{Construction, Convolutions};
use ortho_conv::{Geometry, LOrth};

#[derive(Module, Debug)]
struct Block {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Network {
    first: Param<Tensor<3>>,
    block: Block,
    head: Param<Tensor<2>>,
}

fn parameter<const D: usize>(x: &ArrayD<f64>, dtype: DType, device: &Device) -> Param<Tensor<D>> {
    let mut shape = [0; D];
    shape.copy_from_slice(x.shape());
    let data = TensorData::new(x.iter().copied().collect::<Vec<f64>>(), shape);
    Param::from_tensor(Tensor::from_data(data, (device, dtype)))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn kernels() -> (Array3<f64>, Array4<f64>) {
    (normal_array(&mut rng(1), (4, 2, 5)), normal_array(&mut rng(2), (6, 2, 3, 3)))
}

fn network(dtype: DType, device: &Device) -> Network {
    let (first, second) = kernels();
    Network {
        first: parameter(&first.into_dyn(), dtype, device),
        block: Block {
            weight: parameter(&second.into_dyn(), dtype, device),
            bias: Param::from_tensor(Tensor::from_data([0.5; 6], (device, dtype))),
        },
        head: Param::from_tensor(Tensor::from_data([[1.0, 2.0]], (device, dtype))),
    }
}

/// Stride 2 for the first, two groups for the second.
fn convolutions() -> Convolutions {
    Convolutions::new().stride("first", 2).groups("block", 2)
}

#[test]
fn the_penalty_has_the_value_and_the_gradient_of_the_kernels() {
    let (first, second) = kernels();
    let one = Geometry::of(&first, 2).unwrap();
    let two = Geometry::new(6, 4, &[3, 3], &[1, 1]).unwrap().grouped(2).unwrap();
    let (mut slope_one, mut slope_two) = (Array3::zeros((4, 2, 5)), Array4::zeros((6, 2, 3, 3)));
    let value = LOrth::new(&one).value_and_gradient_into(&first, &mut slope_one).unwrap()
        + LOrth::new(&two).value_and_gradient_into(&second, &mut slope_two).unwrap();
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 1e-5)] {
        let device = Device::flex().autodiff();
        let model = network(dtype, &device);
        let mut penalty = convolutions().penalty(0.25).unwrap();
        for _ in 0..2 {
            let loss = penalty.of(&model).unwrap().unwrap();
            let shown: f64 = numbers(loss.clone())[0];
            assert!(
                (shown - 0.25 * value).abs() < tolerance * value
                    && (penalty.l_orth() - value).abs() < tolerance * value
            );
            let gradients = loss.mul_scalar(2.0).backward();
            let found = [
                numbers(model.first.val().grad(&gradients).unwrap()),
                numbers(model.block.weight.val().grad(&gradients).unwrap()),
            ]
            .concat();
            let largest = slope_one.iter().chain(&slope_two).fold(0.0_f64, |m, v| m.max(v.abs()));
            for (found, expected) in found.iter().zip(slope_one.iter().chain(&slope_two)) {
                assert!((found - 0.5 * expected).abs() < tolerance * largest, "{found} {expected}");
            }
            assert!(model.head.val().grad(&gradients).is_none() && model.block.bias.val().grad(&gradients).is_none());
        }
    }
}

#[test]
fn layers_are_chosen_by_name() {
    let device = Device::flex().autodiff();
    let model = network(DType::F64, &device);
    let value = |convolutions: &Convolutions| {
        let mut penalty = convolutions.penalty(1.0).unwrap();
        penalty.of(&model).unwrap().map(|_| penalty.l_orth())
    };
    let (both, first, second) = (
        value(&convolutions()).unwrap(),
        value(&Convolutions::new().stride("first", 2).except("block")).unwrap(),
        value(&Convolutions::new().groups("block.weight", 2).only(["block.weight"])).unwrap(),
    );
    assert!((both - first - second).abs() < 1e-12 * both);
    assert_eq!(value(&Convolutions::new().except("block").except("first")), None);
    let error = Convolutions::new().stride("fist", 2).penalty(1.0).unwrap().of(&model).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "`fist` is no parameter with 3 to 5 axes, and no module that holds one");
    assert!(Convolutions::new().only(["head"]).report(&model, 4).is_err());
    assert!(Convolutions::new().groups("block", 4).penalty(1.0).unwrap().of(&model).is_err());
    assert!(Convolutions::new().penalty(-1.0).is_err());
}

#[test]
fn orthogonal_kernels_where_there_are_any() {
    let device = Device::flex().autodiff();
    let before = network(DType::F64, &device);
    let (model, made) = convolutions().orthogonal(before.clone(), 7).unwrap();
    assert_eq!(made.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["first", "block.weight"]);
    assert!(made.iter().all(|one| one.construction == Construction::Orthogonal));
    for (_, report) in convolutions().report(&model, 6).unwrap() {
        let (low, high) = report.singular_values;
        assert!(low > 1.0 - 1e-12 && high < 1.0 + 1e-12, "{low} {high}");
    }
    // Everything else stays, gradients included; the seed decides.
    assert_eq!(numbers(model.head.val()), numbers(before.head.val()));
    assert!(model.first.val().is_require_grad());
    let again = convolutions().orthogonal(before.clone(), 7).unwrap().0;
    assert_eq!(numbers(again.first.val()), numbers(model.first.val()));
    // 4 outputs of 2 inputs, 5 taps: with stride 6 some samples are never seen.
    let (model, made) = Convolutions::new().stride("first", 9).only(["first"]).orthogonal(before, 7).unwrap();
    let report = &Convolutions::new().stride("first", 9).only(["first"]).report(&model, 4).unwrap()[0].1;
    assert_eq!(made[0].construction, Construction::Orthogonal);
    assert!((report.singular_values.1 - 1.0).abs() < 1e-12);
}

#[test]
fn norm_at_most_one_where_there_are_none() {
    #[derive(Module, Debug)]
    struct One {
        weight: Param<Tensor<3>>,
    }
    // More outputs than C s, and samples between the taps that nothing sees.
    let device = Device::flex().autodiff();
    let model = One { weight: Param::from_tensor(Tensor::zeros([12, 1, 2], &device)) };
    let convolutions = Convolutions::new().stride("weight", 3);
    let (model, made) = convolutions.orthogonal(model, 0).unwrap();
    assert!(matches!(&made[0].construction, Construction::Reshaped { reason } if !reason.is_empty()), "{made:?}");
    let report = &convolutions.report(&model, 5).unwrap()[0].1;
    assert!(report.singular_values.1 < 1.0 + 1e-6 && report.norm_bound < 1.1);
}
