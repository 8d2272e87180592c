//! Kernels of stablemax. Losses and optimiser steps print GB/s, to hold against the copy of the same logits or weights ("copy"), which
//! memory bounds.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser, SecondMoment};
use core_tensor::Scalar;
use core_tensor::random::{normal_array, rng};
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use ndarray::{Array1, Array2};
use stablemax::ortho::{Arithmetic, OrthoGrad, OrthoGradOptions, Rescale, Scope, project};
use stablemax::task::{Modular, Operation};
use stablemax::train::{Activations, Biases, Mlp};
use stablemax::{CrossEntropy, FloatType, Layout, Link, Loss, collapse};
use std::hint::black_box;
use std::time::Duration;

fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}

fn bytes<T>(group: &mut BenchmarkGroup<'_, WallTime>, n: usize, streams: usize) {
    let bytes = (size_of::<T>() * n * streams) as u64;
    group.throughput(Throughput::ElementsAndBytes { elements: n as u64, bytes });
}

fn logits<T: Scalar>(rows: usize, classes: usize) -> (Array2<T>, Vec<usize>) {
    let z: Array2<f64> = normal_array(&mut rng(1), (rows, classes));
    (z.mapv(|v| <T as Scalar>::from_f64(4.0 * v)), (0..rows).map(|i| (i * 31) % classes).collect())
}

/// Loss and gradient on one thread.
fn losses_of<T: Scalar>(c: &mut Criterion, native: FloatType) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut group = group(c, &format!("loss and gradient, {}", T::NAME));
    for (rows, classes) in [(256, 10), (4096, 113), (512, 32_000)] {
        let (z, labels) = logits::<T>(rows, classes);
        let mut gradient = Array2::zeros(z.raw_dim());
        let size = format!("{rows} x {classes}");
        bytes::<T>(&mut group, z.len(), 2);
        group.bench_function(BenchmarkId::new("copy", &size), |b| b.iter(|| gradient.assign(black_box(&z))));
        for (name, loss) in [
            ("StableMax", Loss::StableMax),
            ("rest-mass softmax", Loss::SoftmaxRestMass),
            ("textbook softmax", Loss::SoftmaxTextbook(native)),
            ("heavy tail 2", Loss::HeavyTail { q: 2.0 }),
        ] {
            let loss = CrossEntropy::new(loss);
            group.bench_function(BenchmarkId::new(name, &size), |b| {
                pool.install(|| b.iter(|| loss.evaluate_into(black_box(&z), &labels, &mut gradient)));
            });
        }
    }
}

fn losses(c: &mut Criterion) {
    losses_of::<f32>(c, FloatType::F32);
    losses_of::<f64>(c, FloatType::F64);
}

fn reports(c: &mut Criterion) {
    let mut group = group(c, "reports and links, 1024 x 113, f32");
    let (z, labels) = logits::<f32>(1024, 113);
    let mut out = Array2::zeros(z.raw_dim());
    bytes::<f32>(&mut group, z.len(), 1);
    for float in FloatType::ALL {
        group.bench_function(BenchmarkId::new("collapse", float.name()), |b| {
            b.iter(|| collapse::report(black_box(&z), &labels, float));
        });
    }
    group.bench_function("probabilities", |b| b.iter(|| Link::StableMax.probabilities_into(black_box(&z), &mut out)));
    let v = z.clone();
    let loss = CrossEntropy::new(Loss::StableMax);
    group.bench_function("Hessian-vector product", |b| {
        b.iter(|| loss.hessian_vector_into(black_box(&z), &labels, &v, &mut out));
    });
}

/// The perceptron of the paper has 107 800 weights.
fn optimisers(c: &mut Criterion) {
    let mut group = group(c, "steps on 107800 weights, f32");
    let shapes = [(200, 226), (200, 200), (113, 200)];
    let layout = Layout::new(&shapes);
    let n = layout.parameters();
    let mut w: Array1<f32> = normal_array(&mut rng(2), n);
    let g: Array1<f32> = normal_array(&mut rng(3), n);
    let (Some(w), Some(g)) = (w.as_slice_mut(), g.as_slice()) else { unreachable!("new vectors are contiguous") };
    let mut copy = vec![0.0; n];
    bytes::<f32>(&mut group, n, 7);
    group.bench_function("copy", |b| b.iter(|| copy.copy_from_slice(black_box(g))));
    for (name, second_moment) in [("AdamW", SecondMoment::Square), ("AdamW, root", SecondMoment::Root)] {
        let mut plain = AdamW::new(n, AdamWOptions { second_moment, ..AdamWOptions::default() }).unwrap();
        group.bench_function(name, |b| b.iter(|| plain.step(w, black_box(g))));
    }
    for (name, scope) in [("per tensor", Scope::PerTensor), ("per row", Scope::PerRow), ("whole", Scope::WholeVector)] {
        let inner = AdamW::new(n, AdamWOptions::default()).unwrap();
        let options = OrthoGradOptions { scope, ..OrthoGradOptions::default() };
        let mut wrapped = OrthoGrad::new(inner, &layout, options).unwrap();
        group.bench_function(BenchmarkId::new("OrthoGrad(AdamW)", name), |b| b.iter(|| wrapped.step(w, black_box(g))));
    }
    group.bench_function("projection", |b| {
        b.iter(|| {
            copy.copy_from_slice(g);
            project(w, &mut copy, Rescale::KeepNorm, Arithmetic::Guarded)
        });
    });
}

fn training(c: &mut Criterion) {
    let mut group = group(c, "forward and backward, 1123 x 106-200-200-53, f32");
    let split = Modular::new(Operation::Add, 53, 0.4).split::<f32>(0).unwrap();
    let mlp = Mlp::new(&[106, 200, 200, 53], Biases::Without, 0).unwrap();
    let (inputs, rows) = (split.train.inputs(), split.train.labels().len());
    let mut activations = Activations::new(&mlp, rows);
    let mut gradient = vec![0.0; mlp.layout().parameters()];
    let dz = Array2::ones((rows, 53));
    group.bench_function("gathered first layer", |b| {
        b.iter(|| {
            activations.forward(&mlp, black_box(inputs)).unwrap();
            activations.backward(&mlp, inputs, &dz, &mut gradient)
        });
    });
}

criterion_group!(benches, losses, reports, optimisers, training);
criterion_main!(benches);
