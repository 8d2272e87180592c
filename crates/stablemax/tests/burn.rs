//! The adapter against the crate's own kernels, on the CPU.

#![forbid(unsafe_code)]

use burn::module::{Module, Param};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use core_tensor::random::{normal_array, rng};
use ndarray::Array2;
use stablemax::burn::{OrthoGrad, cross_entropy, observe};
use stablemax::collapse::{CollapseWarning, CollapseWatch};
use stablemax::ortho::{Arithmetic, Rescale, project};
use stablemax::{CrossEntropy, FloatType, Loss, Reduction};

fn tensor(x: &Array2<f64>, dtype: DType, device: &Device) -> Tensor<2> {
    let data = TensorData::new(x.iter().copied().collect::<Vec<f64>>(), [x.nrows(), x.ncols()]);
    Tensor::from_data(data, (device, dtype))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance * largest, "{found} {expected}");
    }
}

fn classes(device: &Device) -> Tensor<1, Int> {
    Tensor::from_data([2, 0, 1, 2], device)
}

#[test]
fn losses_and_gradients_are_those_of_the_kernels() {
    let device = Device::flex().autodiff();
    let mut z: Array2<f64> = normal_array(&mut rng(1), (4, 5)) * 3.0;
    // A masked class must not make the gradient NaN.
    z[[1, 3]] = f64::NEG_INFINITY;
    for loss in [
        CrossEntropy::new(Loss::SoftmaxRestMass),
        CrossEntropy::new(Loss::SoftmaxTextbook(FloatType::F64)).reduction(Reduction::Sum),
        CrossEntropy::new(Loss::SoftmaxRestMass).ignore(1).class_weights(&[1.0, 2.0, 3.0, 1.0, 1.0]),
    ] {
        let (report, gradient) = loss.evaluate(&z, &[2, 0, 1, 2]).unwrap();
        let logits = tensor(&z, DType::F64, &device).require_grad();
        // Twice the loss: the upstream gradient arrives.
        let (value, same) = cross_entropy(&loss, logits.clone(), classes(&device)).unwrap();
        assert_eq!(same, report);
        close(&numbers(value.clone()), &[report.loss], 1e-15);
        let gradients = value.mul_scalar(2.0).backward();
        let expected: Vec<f64> = gradient.iter().map(|g| 2.0 * g).collect();
        close(&numbers(logits.grad(&gradients).unwrap()), &expected, 1e-15);
    }
}

#[test]
fn single_precision_stays_single() {
    let device = Device::flex().autodiff();
    let z: Array2<f64> = normal_array(&mut rng(2), (4, 5));
    let loss = CrossEntropy::new(Loss::StableMax);
    let logits = tensor(&z, DType::F32, &device).require_grad();
    let (value, report) = cross_entropy(&loss, logits.clone(), classes(&device)).unwrap();
    assert_eq!(value.dtype(), DType::F32);
    let (expected, gradient) = loss.evaluate(&z.mapv(|z| z as f32), &[2, 0, 1, 2]).unwrap();
    assert_eq!(report, expected);
    let found = logits.grad(&value.backward()).unwrap();
    close(&numbers(found), &gradient.iter().map(|&g| f64::from(g)).collect::<Vec<_>>(), 1e-7);
}

#[test]
fn bad_labels_and_logits_are_named() {
    let device = Device::flex();
    let loss = CrossEntropy::new(Loss::StableMax);
    let refuse = |labels: [i64; 2], z: [[f64; 2]; 2]| {
        let logits = Tensor::<2>::from_data(z, &device);
        cross_entropy(&loss, logits, Tensor::from_data(labels, &device)).unwrap_err().to_string()
    };
    let fine = [[1.0, 2.0], [0.0, 1.0]];
    assert_eq!(refuse([0, -100], fine), "`labels` is -100; it must be a class, counted from 0");
    assert_eq!(refuse([0, 2], fine), "`labels` holds 2 at row 1, but there are only 2 classes (counted from 0)");
    assert!(refuse([0, 1], [[f64::NAN, 0.0], [0.0, 0.0]]).starts_with("`logits` holds NaN at row 0, class 0"));
}

#[test]
fn projections_are_those_of_the_kernel() {
    let device = Device::flex();
    // Sizes whose squares leave the range of f64 too.
    for (w_size, g_size) in [(1.0, 1.0), (1e-3, 1e5), (1e200, 1e-200)] {
        let w: Array2<f64> = normal_array(&mut rng(3), (6, 4)) * w_size;
        let g: Array2<f64> = normal_array(&mut rng(4), (6, 4)) * g_size;
        let found = |options: OrthoGrad<()>| {
            numbers(options.project(&tensor(&w, DType::F64, &device), tensor(&g, DType::F64, &device)))
        };
        for rescale in [Rescale::KeepNorm, Rescale::None] {
            let mut expected: Vec<f64> = g.iter().copied().collect();
            let flat: Vec<f64> = w.iter().copied().collect();
            project(&flat, &mut expected, rescale, Arithmetic::Guarded).unwrap();
            close(&found(OrthoGrad::new(()).rescale(rescale)), &expected, 1e-13);

            // Columns are units.
            let mut expected = g.clone();
            for (w, mut column) in w.columns().into_iter().zip(expected.columns_mut()) {
                let mut values = column.to_vec();
                project(&w.to_vec(), &mut values, rescale, Arithmetic::Guarded).unwrap();
                column.assign(&ndarray::Array1::from(values));
            }
            let expected: Vec<f64> = expected.iter().copied().collect();
            close(&found(OrthoGrad::new(()).rescale(rescale).per_unit()), &expected, 1e-13);
        }
        if w_size == 1.0 {
            let mut expected: Vec<f64> = g.iter().copied().collect();
            project(&w.iter().copied().collect::<Vec<_>>(), &mut expected, Rescale::KeepNorm, Arithmetic::Reference)
                .unwrap();
            close(&found(OrthoGrad::new(()).arithmetic(Arithmetic::Reference)), &expected, 1e-13);
        }
    }
}

#[test]
fn output_channels_of_kernels_are_units() {
    let device = Device::flex();
    let w = Tensor::<4>::from_data([[[[1.0, 0.0]]], [[[0.0, 2.0]]]], &device);
    let g = Tensor::<4>::from_data([[[[5.0, 1.0]]], [[[3.0, 4.0]]]], &device);
    let found = OrthoGrad::new(()).per_unit().rescale(Rescale::None).project(&w, g);
    close(&numbers(found), &[0.0, 1.0, 3.0, 0.0], 1e-6);
}

#[test]
fn what_has_no_orthogonal_part_vanishes() {
    let device = Device::flex();
    let of = |w: [[f64; 3]; 1], g: [[f64; 3]; 1]| {
        let (w, g) = (Tensor::<2>::from_data(w, &device), Tensor::<2>::from_data(g, &device));
        numbers(OrthoGrad::new(()).project(&w, g))
    };
    assert_eq!(of([[0.3, -0.7, 0.1]], [[0.6, -1.4, 0.2]]), [0.0; 3]);
    assert_eq!(of([[0.3, -0.7, 0.1]], [[0.0; 3]]), [0.0; 3]);
    close(&of([[0.0; 3]], [[1.0, 2.0, 3.0]]), &[1.0, 2.0, 3.0], 1e-6);
    // One entry has nothing orthogonal to it: left alone.
    let one = Tensor::<1>::from_data([2.0], &device);
    assert_eq!(numbers(OrthoGrad::new(()).project(&one, Tensor::from_data([5.0], &device))), [5.0]);
}

#[derive(Module, Debug)]
struct Linear {
    weight: Param<Tensor<2>>,
}

#[test]
fn the_optimiser_steps_orthogonally() {
    let device = Device::flex().autodiff();
    let start: Array2<f64> = normal_array(&mut rng(5), (4, 3));
    let model = Linear { weight: Param::from_tensor(tensor(&start, DType::F64, &device)) };
    let slope: Array2<f64> = normal_array(&mut rng(6), (4, 3));
    let loss = (model.weight.val() * tensor(&slope, DType::F64, &device)).sum();
    let gradients = GradientsParams::from_grads(loss.backward(), &model);
    let mut optimizer = ModuleOptimizer::from(OrthoGrad::new(SgdConfig::new().build()));
    let model = optimizer.step(0.1, model, gradients);
    let after = numbers(model.weight.val());
    let along: f64 = after.iter().zip(&start).map(|(after, start)| (after - start) * start).sum();
    assert!(along.abs() < 1e-14, "{along}");
    let moved: f64 = after.iter().zip(&start).map(|(after, start)| (after - start).powi(2)).sum();
    let slope: f64 = slope.iter().map(|g| g * g).sum();
    assert!((moved.sqrt() - 0.1 * slope.sqrt()).abs() < 1e-13);
    // Any optimiser of burn goes inside.
    let _: ModuleOptimizer = ModuleOptimizer::from(OrthoGrad::new(AdamWConfig::new().build()));
}

#[test]
fn the_watch_takes_tensors() {
    let device = Device::flex().autodiff();
    let mut watch = CollapseWatch::new(FloatType::F32, 100.0).unwrap();
    let labels = Tensor::<1, Int>::from_data([0, 0], &device);
    let mut warnings = Vec::new();
    for step in 0..5 {
        let lead = 4.0 * f64::from(step);
        let logits = tensor(&ndarray::array![[lead, 0.0], [lead, 1.0]], DType::F32, &device);
        warnings.push(observe(&mut watch, f64::from(10 * step), &logits, &labels).unwrap().warning);
    }
    // Leads of 0, 4, …: the type collapses near 17, at step 43.
    assert_eq!(warnings[0], None);
    let Some(CollapseWarning::Near { step }) = warnings[3] else { panic!("{warnings:?}") };
    assert!((step - 43.0).abs() < 3.0, "{step}");
}
