//! Kernels of bilevel optimisation: gradients and Hessian products of the ready-made problems, tuners, layers.
//!
//! Elements are variables of the lower level, for problems.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use bilevel::LowerLevel;
use bilevel::problems::{
    FieldOfExperts, FieldOfExpertsParameters, Groups, SoftmaxRegression, TotalVariation, Variation,
};
use bilevel::self_tuning::StructuredLinear;
use bilevel::tune::{LogisticRegression, Ridge, RidgeCriterion, tune_logistic, tune_ridge};
use core_tensor::random::{normal_array, rng};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array1, Array2, array};

fn problem<P: LowerLevel>(criterion: &mut Criterion, name: &str, mut problem: P, theta: &Array1<f64>) {
    let mut group = criterion.benchmark_group("bilevel/problem");
    group.sample_size(20);
    let n = problem.variables();
    let (x, v): (Array1<f64>, Array1<f64>) = (normal_array(&mut rng(1), n), normal_array(&mut rng(2), n));
    let (mut out, mut pulled) = (Array1::zeros(n), Array1::zeros(theta.len()));
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function(BenchmarkId::new("gradient", name), |b| {
        b.iter(|| problem.value_and_gradient_into(&x, theta, &mut out));
    });
    problem.linearise(&x, theta);
    group.bench_function(BenchmarkId::new("hessian-vector", name), |b| {
        b.iter(|| problem.hessian_vector_into(&x, theta, &v, &mut out));
    });
    group.bench_function(BenchmarkId::new("cross-transposed", name), |b| {
        b.iter(|| problem.cross_transposed_into(&x, theta, &v, &mut pulled));
    });
    group.finish();
}

fn problems(criterion: &mut Criterion) {
    let image: Array2<f64> = normal_array(&mut rng(3), (96, 96));
    for (name, variation) in [("tv-anisotropic-96", Variation::Anisotropic), ("tv-isotropic-96", Variation::Isotropic)]
    {
        let tv = TotalVariation::new(image.clone(), image.clone(), variation).expect("a problem");
        problem(criterion, name, tv, &array![-2.0, -4.0]);
    }
    let experts = FieldOfExperts::new(image.clone(), image, 8, 5, 2).expect("a problem");
    let theta = FieldOfExpertsParameters::random(8, 5, 0).expect("parameters").pack();
    problem(criterion, "experts-8x5x5-96", experts, &theta);
    let rows = |n: usize| (normal_array(&mut rng(n as u64), (n, 64)), (0..n).map(|i| i % 10).collect::<Vec<_>>());
    let softmax = SoftmaxRegression::new(rows(900), rows(450), 10, Groups::Entry).expect("a problem");
    problem(criterion, "softmax-900x64x10", softmax, &Array1::from_elem(640, -3.0));
}

fn tuners(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bilevel/tune");
    group.sample_size(10);
    let x: Array2<f64> = normal_array(&mut rng(1), (300, 30));
    let y: Array1<f64> = x.column(0).to_owned() + &normal_array::<f64, _, _>(&mut rng(2), 300);
    let signs = y.mapv(|v| if v > 0.0 { 1.0 } else { -1.0 });
    let one = Ridge::new(x.clone(), y.clone(), &[0; 30], RidgeCriterion::LeaveOneOut).expect("a model");
    group.bench_function("ridge-one", |b| b.iter(|| tune_ridge(&one, None, None).expect("a fit")));
    let each: Vec<usize> = (0..30).collect();
    let all = Ridge::new(x.clone(), y, &each, RidgeCriterion::LeaveOneOut).expect("a model");
    group.bench_function("ridge-each", |b| b.iter(|| tune_ridge(&all, Some((-12.0, 12.0)), None).expect("a fit")));
    let other: Array2<f64> = normal_array(&mut rng(5), (269, 30));
    let target = other.column(0).mapv(|v| if v > 0.0 { 1.0 } else { -1.0 });
    let model = LogisticRegression::new((x, signs), (other, target)).expect("a model");
    group.bench_function("logistic", |b| b.iter(|| tune_logistic(&model, None).expect("a fit")));
    group.finish();
}

fn layers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bilevel/structured-linear");
    let layer = StructuredLinear::new(512, 512, 6, 0).expect("a layer");
    let (x, h): (Array2<f64>, Array2<f64>) = (normal_array(&mut rng(1), (64, 512)), normal_array(&mut rng(2), (64, 6)));
    let upstream: Array2<f64> = normal_array(&mut rng(3), (64, 512));
    group.throughput(Throughput::Elements(64 * 512 * 512));
    group.bench_function("plain", |b| b.iter(|| layer.forward(&x, None).expect("y")));
    group.bench_function("forward", |b| b.iter(|| layer.forward(&x, Some(&h)).expect("y")));
    group.bench_function("backward", |b| b.iter(|| layer.backward(&x, Some(&h), &upstream).expect("gradients")));
    group.finish();
}

criterion_group!(benches, problems, tuners, layers);
criterion_main!(benches);
