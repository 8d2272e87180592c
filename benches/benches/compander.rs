//! Kernels of companded weights: forward, backward in weights and shape, by family and precision.
//!
//! Elements are weights; bytes what must be read and written at least.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use compander::{Algebraic, Arctan, Asinh, Compander, CompandingFunction, ErrorFunction, Softsign, Tanh};
use core_tensor::Scalar;
use core_tensor::random::{normal_array, rng};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array1;

const WEIGHTS: usize = 1_000_000;

fn family<T: Scalar, F: CompandingFunction<T>>(criterion: &mut Criterion, precision: &str, name: &str, function: F) {
    let number = <T as Scalar>::from_f64;
    let compander = Compander::new(function, number(0.07), number(0.05)).expect("a shape");
    let normal: Array1<f64> = normal_array(&mut rng(1), WEIGHTS);
    let latent = normal.mapv(|v| number(0.05 * v));
    let upstream = normal.mapv(number);
    let (mut weights, mut gradient) = (latent.clone(), latent.clone());
    compander.compand_into(&latent, &mut weights).expect("finite");
    let mut group = criterion.benchmark_group(format!("compander/{precision}"));
    group.sample_size(20);
    let size = (size_of::<T>() * WEIGHTS) as u64;
    group.throughput(Throughput::ElementsAndBytes { elements: WEIGHTS as u64, bytes: 2 * size });
    group.bench_function(BenchmarkId::new("forward", name), |b| {
        b.iter(|| compander.compand_into(&latent, &mut weights).expect("finite"));
    });
    group.throughput(Throughput::ElementsAndBytes { elements: WEIGHTS as u64, bytes: 4 * size });
    group.bench_function(BenchmarkId::new("backward", name), |b| {
        b.iter(|| compander.backward_into(&latent, &weights, &upstream, &mut gradient).expect("finite"));
    });
    group.finish();
}

fn families<T: Scalar>(criterion: &mut Criterion, precision: &str)
where
    Arctan: CompandingFunction<T>,
    Tanh: CompandingFunction<T>,
    Softsign: CompandingFunction<T>,
    Algebraic: CompandingFunction<T>,
    ErrorFunction: CompandingFunction<T>,
    Asinh: CompandingFunction<T>,
{
    family::<T, _>(criterion, precision, "arctan", Arctan);
    family::<T, _>(criterion, precision, "tanh", Tanh);
    family::<T, _>(criterion, precision, "softsign", Softsign);
    family::<T, _>(criterion, precision, "algebraic", Algebraic);
    family::<T, _>(criterion, precision, "error-function", ErrorFunction);
    family::<T, _>(criterion, precision, "asinh", Asinh);
}

fn all(criterion: &mut Criterion) {
    families::<f32>(criterion, "f32");
    families::<f64>(criterion, "f64");
}

criterion_group!(benches, all);
criterion_main!(benches);
