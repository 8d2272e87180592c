//! The adapter against the crate's own kernels, in double precision on the CPU.

#![forbid(unsafe_code)]

use burn::module::{Module, Param};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{DType, Device, Tensor, TensorData};
use compander::burn::{CompandedParameter, Companding, Family, compand, shape_penalty};
use compander::{
    Algebraic, Arctan, Asinh, BoundRule, Compander, CompandingFunction, ErrorFunction, Initialisation, OutOfBound,
    Scope, Softsign, Tanh,
};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array2, Array4};

#[derive(Module, Debug)]
struct Network {
    matrix: Param<Tensor<2>>,
    kernel: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

const MATRIX: [usize; 2] = [5, 3];
const KERNEL: [usize; 4] = [2, 3, 3, 3];

fn weights() -> (Array2<f64>, Array4<f64>) {
    (normal_array(&mut rng(1), MATRIX) * 0.3, normal_array(&mut rng(2), KERNEL) * 0.2)
}

fn network(device: &Device) -> Network {
    let (matrix, kernel) = weights();
    let on = (device, DType::F64);
    Network {
        matrix: Param::from_tensor(Tensor::from_data(TensorData::new(matrix.into_raw_vec_and_offset().0, MATRIX), on)),
        kernel: Param::from_tensor(Tensor::from_data(TensorData::new(kernel.into_raw_vec_and_offset().0, KERNEL), on)),
        bias: Param::from_tensor(Tensor::from_data(TensorData::new(vec![0.5; 3], [3]), on)),
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{found} {expected}");
    }
}

fn rule() -> Initialisation {
    Initialisation::new(BoundRule::Measured { multiple: 2.5 }).gain(1.5)
}

#[test]
fn effective_weights_and_gradients_are_those_of_the_kernels() {
    fn check<F: CompandingFunction<f64>>(family: Family, function: F) {
        let device = Device::flex().autodiff();
        let (model, report) = compand(network(&device), &Companding::new(rule()).unwrap().family(family).learned());
        assert_eq!(report.companded.len(), 2);
        assert!(report.refused.is_empty());
        let (matrix, _) = weights();
        let (layer, clipped) = rule().companded(function, &matrix.t()).unwrap();
        assert_eq!(report.companded[0].clipped, clipped);
        let compander = layer.companders()[0];
        assert_eq!(report.companded[0].bounds, [compander.bound()]);
        let transposed = |x: &Array2<f64>| x.t().iter().copied().collect::<Vec<_>>();
        close(&numbers(model.matrix.val()), &transposed(layer.weights()), 1e-12);
        close(&numbers(model.matrix.base()), &transposed(layer.latent()), 1e-12);

        // L = Σ c w with known c.
        let upstream: Array2<f64> = normal_array(&mut rng(7), MATRIX);
        let data = TensorData::new(upstream.iter().copied().collect(), MATRIX);
        let loss = (model.matrix.val() * Tensor::from_data(data, (&device, DType::F64))).sum();
        let gradients = loss.backward();
        let (expected, shapes) = layer.backward(&upstream.reversed_axes()).unwrap();
        let found = model.matrix.base().grad(&gradients).unwrap();
        close(&numbers(found), &transposed(&expected), 1e-11);
        let parameter = model.matrix.reparameterization::<CompandedParameter>().unwrap();
        let range = numbers(parameter.log_range.val().grad(&gradients).unwrap())[0];
        let width = numbers(parameter.log_width.val().grad(&gradients).unwrap())[0];
        close(&[range, width], &[compander.range() * shapes[0].range, compander.width() * shapes[0].width], 1e-11);
    }
    check(Family::Arctan, Arctan);
    check(Family::Tanh, Tanh);
    check(Family::Softsign, Softsign);
    check(Family::Algebraic, Algebraic);
    check(Family::ErrorFunction, ErrorFunction);
    check(Family::Asinh, Asinh);
}

#[test]
fn channels_are_outputs() {
    let device = Device::flex();
    let channels = rule().scope(Scope::Channel).out_of_bound(OutOfBound::Clip(0.9));
    let (model, report) = compand(network(&device), &Companding::new(channels).unwrap());
    let (matrix, kernel) = weights();
    // Columns of the matrix, the first axis of the kernel.
    assert_eq!([report.companded[0].bounds.len(), report.companded[1].bounds.len()], [3, 2]);
    for (column, bound) in matrix.columns().into_iter().zip(&report.companded[0].bounds) {
        assert!((bound - 2.5 * (column.dot(&column) / 5.0).sqrt()).abs() < 1e-12);
    }
    for (out, bound) in kernel.outer_iter().zip(&report.companded[1].bounds) {
        assert!((bound - 2.5 * (out.iter().map(|w| w * w).sum::<f64>() / 27.0).sqrt()).abs() < 1e-12);
    }
    let clip = |w: f64, bound: f64| w.clamp(-0.9 * bound, 0.9 * bound);
    let expected: Vec<f64> = matrix.indexed_iter().map(|((_, j), &w)| clip(w, report.companded[0].bounds[j])).collect();
    close(&numbers(model.matrix.val()), &expected, 1e-12);
    let expected: Vec<f64> =
        kernel.indexed_iter().map(|((o, ..), &w)| clip(w, report.companded[1].bounds[o])).collect();
    close(&numbers(model.kernel.val()), &expected, 1e-12);
}

#[test]
fn training_moves_latent_values_and_folding_ends_it() {
    let device = Device::flex().autodiff();
    let (mut model, report) = compand(network(&device), &Companding::new(rule()).unwrap());
    let compander = {
        let bound = report.companded[0].bounds[0];
        Compander::with_bound(Arctan, bound, 1.5).unwrap()
    };
    let before = numbers(model.matrix.base());
    let mut optimizer = SgdConfig::new().init();
    let loss = model.matrix.val().square().sum() + model.bias.val().square().sum();
    let gradients = GradientsParams::from_grads(loss.backward(), &model);
    model = optimizer.step(0.1, model, gradients);
    // v ← v - η 2 w dw/dv.
    let expected: Vec<f64> =
        before.iter().map(|&v| v - 0.1 * 2.0 * compander.value(v) * compander.derivative(v)).collect();
    close(&numbers(model.matrix.base()), &expected, 1e-11);
    close(&numbers(model.bias.val()), &[0.4; 3], 1e-12);
    // Frozen shapes stay, and are no parameters of the optimiser.
    let parameter = model.matrix.reparameterization::<CompandedParameter>().unwrap();
    close(&numbers(parameter.log_range.val()), &[compander.range().ln()], 1e-12);
    let effective = numbers(model.matrix.val());
    let folded = model.valid().materialize();
    assert!(folded.matrix.reparameterization::<CompandedParameter>().is_none());
    close(&numbers(folded.matrix.val()), &effective, 1e-15);
    assert_eq!(folded.num_params(), 15 + 54 + 3);
}

#[test]
fn records_keep_latent_values_and_shapes() {
    let device = Device::flex();
    let (model, _) = compand(network(&device), &Companding::new(rule()).unwrap());
    let other = Initialisation::new(BoundRule::Fixed(7.0));
    let (target, _) = compand(network(&device), &Companding::new(other).unwrap());
    let expected = numbers(model.kernel.val());
    let loaded = target.load_record(model.into_record());
    close(&numbers(loaded.kernel.val()), &expected, 1e-12);
}

#[test]
fn a_penalty_for_learned_shapes() {
    let device = Device::flex().autodiff();
    let (model, _) = compand(network(&device), &Companding::new(rule()).unwrap().learned());
    let start = model.clone();
    assert_eq!(numbers(shape_penalty(&model, &start, 2.0, 3.0).unwrap()), [0.0]);
    let mut optimizer: ModuleOptimizer = SgdConfig::new().init();
    let loss = model.matrix.val().square().sum() + model.kernel.val().square().sum();
    let gradients = GradientsParams::from_grads(loss.backward(), &model);
    let model = optimizer.step(0.1, model, gradients);
    let moved = |model: &Network, start: &Network| -> (f64, f64) {
        let square = |a: &Param<Tensor<1>>, b: &Param<Tensor<1>>| (numbers(a.val())[0] - numbers(b.val())[0]).powi(2);
        let shape = |network: &Network| {
            let matrix = network.matrix.reparameterization::<CompandedParameter>().unwrap().clone();
            (matrix, network.kernel.reparameterization::<CompandedParameter>().unwrap().clone())
        };
        let ((a, b), (c, d)) = (shape(model), shape(start));
        let ranges = square(&a.log_range, &c.log_range) + square(&b.log_range, &d.log_range);
        (ranges, square(&a.log_width, &c.log_width) + square(&b.log_width, &d.log_width))
    };
    let (ranges, widths) = moved(&model, &start);
    assert!(ranges > 0.0 && widths > 0.0);
    close(&numbers(shape_penalty(&model, &start, 2.0, 3.0).unwrap()), &[2.0 * ranges + 3.0 * widths], 1e-12);
    assert!(shape_penalty(&network(&device), &network(&device), 1.0, 1.0).is_none());
}

#[test]
fn what_cannot_be_companded_is_named() {
    assert!(Companding::new(Initialisation::new(BoundRule::Fixed(-1.0))).is_err());
    assert!(Companding::new(rule().gain(f64::NAN)).is_err());
    let device = Device::flex();
    let mut broken = network(&device);
    broken.matrix = Param::from_tensor(Tensor::from_data([[0.1, f32::NAN]], &device));
    broken.kernel = Param::from_tensor(Tensor::zeros([2, 1, 3, 3], &device));
    let (model, report) = compand(broken, &Companding::new(rule()).unwrap());
    let refused: Vec<String> = report.refused.iter().map(|(path, error)| format!("{path}: {error}")).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert_eq!(refused[0], "matrix: `weights` holds NaN at [1, 0]; every entry must be finite");
    assert_eq!(refused[1], "kernel: `bound` is 0; it must be finite and > 0");
    assert!(model.kernel.reparameterization::<CompandedParameter>().is_none());
    // Chosen by path.
    let (_, report) = compand(network(&device), &Companding::new(rule()).unwrap().only(|path| path == "kernel"));
    assert_eq!(report.companded.len(), 1);
    assert_eq!(report.companded[0].path, "kernel");
    // A second time, nothing is left to do.
    let once = compand(network(&device), &Companding::new(rule()).unwrap()).0;
    let effective = numbers(once.matrix.val());
    let (twice, report) = compand(once, &Companding::new(rule()).unwrap());
    assert_eq!(report.companded.len(), 0, "{report:?}");
    close(&numbers(twice.matrix.val()), &effective, 1e-15);
}
