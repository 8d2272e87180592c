//! The adapter against the crate's own operators, on the CPU.

#![forbid(unsafe_code)]
#![cfg(feature = "flex")]

use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{DType, Device, Tensor, TensorData};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, ArrayD};
use wgsef::burn::{Prunable, Pruner};
use wgsef::{Groups, Wgsef, Workspace};

#[derive(Module, Debug)]
struct Layer {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct Network {
    first: Layer,
    scale: Param<Tensor<1>>,
    second: Layer,
}

impl Network {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let linear = |x: Tensor<2>, layer: &Layer| x.matmul(layer.weight.val()) + layer.bias.val().unsqueeze();
        linear(relu(linear(x, &self.first)) * self.scale.val().unsqueeze(), &self.second)
    }
}

fn parameter<const D: usize>(x: &ArrayD<f64>, device: &Device) -> Param<Tensor<D>> {
    let mut shape = [0; D];
    shape.copy_from_slice(x.shape());
    let data = TensorData::new(x.iter().copied().collect::<Vec<f64>>(), shape);
    Param::from_tensor(Tensor::from_data(data, (device, DType::F64)))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// 5 inputs, 6 hidden neurons, 3 outputs.
fn network(device: &Device) -> (Network, Array2<f64>, Array1<f64>) {
    let weight: Array2<f64> = normal_array(&mut rng(1), (5, 6));
    let bias: Array1<f64> = normal_array(&mut rng(2), 6);
    let other: Array2<f64> = normal_array(&mut rng(3), (6, 3));
    let layer = |weight: &Array2<f64>, bias: &Array1<f64>| Layer {
        weight: parameter(&weight.clone().into_dyn(), device),
        bias: parameter(&bias.clone().into_dyn(), device),
    };
    let scale = parameter(&Array1::from(vec![1.0, 2.0, 3.0, 1.0, 1.0, 1.0]).into_dyn(), device);
    (Network { first: layer(&weight, &bias), scale, second: layer(&other, &Array1::zeros(3)) }, weight, bias)
}

fn hidden(budget: usize) -> Prunable {
    Prunable::new("first", budget).alongside("scale").read_by("second", 1)
}

#[test]
fn a_step_is_the_proximal_operator_on_neurons_with_their_biases() {
    let device = Device::flex().autodiff();
    let (model, weight, bias) = network(&device);
    let mut pruner = Pruner::new(2.0).unwrap().layer(hidden(3));
    let stepped = pruner.step(model, 0.1).unwrap();
    let groups = Groups::composite([Groups::columns(5, 6).unwrap(), Groups::uniform(6, 1).unwrap()]).unwrap();
    let mut tensors = [weight.into_dyn(), bias.into_dyn()];
    Wgsef::new(groups, 3).unwrap().prox_in_place(tensors.as_mut_slice(), 0.2, &mut Workspace::default()).unwrap();
    let expected: Vec<f64> = tensors.iter().flatten().copied().collect();
    assert_eq!([numbers(stepped.first.weight.val()), numbers(stepped.first.bias.val())].concat(), expected);
    assert!(stepped.first.weight.val().is_require_grad());
}

#[test]
fn a_cut_keeps_the_budget_and_later_steps_hold_it() {
    let device = Device::flex().autodiff();
    let (model, ..) = network(&device);
    let mut pruner = Pruner::new(1.0).unwrap().layer(hidden(2));
    let before = pruner.report(&model).unwrap();
    assert_eq!((before.layers[0].kept, before.layers[0].outputs, before.entries), (6, 6, 30 + 6 + 6 + 18 + 3));
    let mut model = pruner.cut(model).unwrap();
    assert_eq!(pruner.report(&model).unwrap().layers[0].kept, 2);
    // An optimiser that moves everything.
    let moved = (model.first.weight.val().detach() + 1.0).into_data();
    model.first.weight =
        model.first.weight.map(|old| Tensor::from_data(moved, (&old.device(), DType::F64)).require_grad());
    assert_eq!(pruner.report(&model).unwrap().layers[0].kept, 6);
    let model = pruner.step(model, 0.1).unwrap();
    assert_eq!(pruner.report(&model).unwrap().layers[0].kept, 2);
}

#[test]
fn the_shrunk_module_is_the_same_function() {
    let device = Device::flex().autodiff();
    let (model, ..) = network(&device);
    let mut pruner = Pruner::new(1.0).unwrap().layer(hidden(2));
    let model = pruner.cut(model).unwrap();
    let x: Array2<f64> = normal_array(&mut rng(4), (7, 5));
    let x = Tensor::<2>::from_data(TensorData::new(x.into_raw_vec_and_offset().0, [7, 5]), (&device, DType::F64));
    let small = pruner.shrink(model.clone()).unwrap();
    assert_eq!((small.first.weight.dims(), small.first.bias.dims(), small.scale.dims()), ([5, 2], [2], [2]));
    assert_eq!((small.second.weight.dims(), small.num_params()), ([2, 3], 10 + 2 + 2 + 6 + 3));
    let (a, b) = (numbers(model.forward(x.clone())), numbers(small.forward(x)));
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14));
}

#[test]
fn refusals() {
    let device = Device::flex().autodiff();
    let text = |pruner: Pruner| {
        let (model, ..) = network(&device);
        pruner.shrink(model).map(|_| ()).unwrap_err().to_string()
    };
    let one = |layer: Prunable| text(Pruner::new(1.0).unwrap().layer(layer));
    assert_eq!(
        one(Prunable::new("third", 1)),
        "`third` is not a parameter with 2 axes or more, or a module with such a `weight`"
    );
    assert_eq!(one(Prunable::new("first", 1).bias("offset")), "`offset` is not a parameter");
    assert_eq!(
        one(Prunable::new("first", 1).read_by("second", 2)),
        "`second` has 6 positions for the outputs of `first`, but 12 are expected"
    );
    assert_eq!(
        one(Prunable::new("first", 1).alongside("second")),
        "`second.bias` has 3 positions for the outputs of `first`, but 6 are expected"
    );
    assert!(Pruner::new(0.0).is_err());
    let (model, ..) = network(&device);
    assert!(Pruner::new(1.0).unwrap().layer(hidden(0)).step(model, 0.1).is_err());
}
