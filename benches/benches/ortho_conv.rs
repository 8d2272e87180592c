//! Kernels of orthogonal convolutions: L_orth by both forms, spectra, certificates, steps.
//!
//! Elements are multiplications and additions of the half of the lags that is computed, for L_orth; entries of the kernel elsewhere.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use core_tensor::random::{normal_array, rng};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array4;
use ortho_conv::{
    Certificate, Form, Geometry, LOrth, Spectrum, bjorck_step, clip_singular_values, continuum_bound,
    extreme_singular_values,
};

/// Outputs, inputs, kernel, stride.
const LAYERS: [(usize, usize, usize, usize); 5] =
    [(64, 64, 3, 1), (64, 3, 7, 2), (128, 64, 3, 2), (256, 256, 3, 1), (32, 32, 7, 1)];

fn layer((m, c, k, s): (usize, usize, usize, usize)) -> (String, Geometry, Array4<f64>) {
    let kernel: Array4<f64> = normal_array(&mut rng(1), (m, c, k, k));
    let kernel = kernel / ((c * k * k) as f64).sqrt();
    let geometry = Geometry::of(&kernel, s).expect("a geometry");
    (format!("{m}x{c}x{k}x{k}-s{s}"), geometry, kernel)
}

fn l_orth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ortho-conv/l_orth");
    group.sample_size(20);
    for shape in LAYERS {
        let (name, geometry, kernel) = layer(shape);
        let single = kernel.mapv(|v| v as f32);
        for (form, word) in [(Form::Lags, "lags"), (Form::Frequencies, "frequencies")] {
            let (mut double, mut gradient) = (LOrth::with_form(&geometry, form), Array4::zeros(kernel.raw_dim()));
            group.bench_function(BenchmarkId::new(format!("f64-{word}"), &name), |b| {
                b.iter(|| double.value_and_gradient_into(&kernel, &mut gradient).expect("finite"));
            });
            let (mut work, mut slope) = (LOrth::with_form(&geometry, form), Array4::zeros(kernel.raw_dim()));
            group.bench_function(BenchmarkId::new(format!("f32-{word}"), &name), |b| {
                b.iter(|| work.value_and_gradient_into(&single, &mut slope).expect("finite"));
            });
        }
    }
    group.finish();
}

fn spectra(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ortho-conv/spectrum");
    group.sample_size(10);
    for shape in [(64, 64, 3, 1), (64, 3, 7, 2), (128, 64, 3, 2)] {
        let (name, geometry, kernel) = layer(shape);
        for n in [16, 32] {
            group.throughput(Throughput::Elements(n * n * geometry.outputs().min(geometry.phase_channels()) as u64));
            let size = [n as usize, n as usize];
            group.bench_function(BenchmarkId::new(format!("all-{n}"), &name), |b| {
                b.iter(|| Spectrum::of(&kernel, &geometry, &size).expect("finite"));
            });
            group.bench_function(BenchmarkId::new(format!("extreme-{n}"), &name), |b| {
                b.iter(|| extreme_singular_values(&kernel, &geometry, &size).expect("finite"));
            });
        }
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ortho-conv/others");
    group.sample_size(10);
    let (_, geometry, kernel) = layer((64, 64, 3, 1));
    group.throughput(Throughput::Elements(kernel.len() as u64));
    group.bench_function("certificate", |b| b.iter(|| Certificate::of(&kernel, &geometry).expect("finite")));
    group.bench_function("continuum-bound", |b| b.iter(|| continuum_bound(&kernel, &geometry, 16).expect("finite")));
    group.bench_function("bjorck-step", |b| b.iter(|| bjorck_step(&kernel, &geometry).expect("finite")));
    group.bench_function("clip-16", |b| {
        b.iter(|| clip_singular_values(&kernel, &geometry, &[16, 16], 0.0, 1.0).expect("finite"));
    });
    group.finish();
}

criterion_group!(benches, l_orth, spectra, others);
criterion_main!(benches);
