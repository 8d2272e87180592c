//! Kernels of CoLiDE: score and gradient, log-determinant, column problems, solver steps, covariances.
//!
//! Elements are floating-point operations (of the leading order in d), so that the rates can be held against that of a
//! matrix product of the same size, which is measured first.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use colide::{
    AdamOptions, LogDet, NewtonOptions, NoiseModel, StageProblem, covariance, mean_squared_residuals_into,
    min_pivot_order, noise_scales, residual_covariance_into, score, score_gradient_into,
};
use core_tensor::linalg::{Accumulate, gemm_into};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array1, Array2, ShapeBuilder};
use orthant_benches::sem::{data, er4};
use std::hint::black_box;
use std::time::Duration;

const SIZES: [usize; 4] = [50, 100, 200, 500];
const EV: NoiseModel = NoiseModel::EqualVariance;
/// A stage of the paper's schedule, in the middle of the path.
const MU: f64 = 0.1;
const S: f64 = 0.9;

/// `factor` d³.
fn cubic(factor: f64, d: usize) -> Throughput {
    Throughput::Elements((factor * (d as f64).powi(3)) as u64)
}

/// Weights inside the domain, the end of a short run of the solver: column-major, as the solvers keep them.
fn weights(problem: &StageProblem, d: usize) -> Array2<f64> {
    let options = NewtonOptions { maximum_steps: 3, ..NewtonOptions::default() };
    let found = problem.proximal_newton(MU, S, &Array2::zeros((d, d)), options).expect("a legal stage");
    let mut w = Array2::zeros((d, d).f());
    w.assign(&found.weights);
    w
}

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("colide/gemm");
    for d in SIZES {
        let a = Array2::from_shape_fn((d, d), |(i, j)| ((3 * i + 5 * j) % 7) as f64);
        let mut out = Array2::zeros((d, d).f());
        group.throughput(cubic(2.0, d));
        group.bench_function(BenchmarkId::new("orthant", d), |b| {
            b.iter(|| gemm_into(&mut out, Accumulate::Replace, 1.0, black_box(&a), &a).expect("square matrices"));
        });
    }
    group.finish();
}

fn scores(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("colide/score_gradient");
    for d in SIZES {
        let c = er4(d, 1000).expect("a legal model").matrix;
        let w = weights(&StageProblem::new(&c, EV, 0.05).expect("a covariance"), d);
        let (mut residual, mut gradient) = (Array2::zeros((d, d).f()), Array2::zeros((d, d).f()));
        let (mut q, floor) = (Array1::zeros(d), Array1::from_elem(d, 1e-8));
        group.throughput(cubic(2.0, d));
        group.bench_function(BenchmarkId::new("orthant", d), |b| {
            b.iter(|| -> colide::Result<f64> {
                residual_covariance_into(&c, black_box(&w), &mut residual)?;
                mean_squared_residuals_into(&w, &residual, &mut q)?;
                let scales = noise_scales(EV, &q, &floor)?;
                score_gradient_into(&residual, &scales, &mut gradient)?;
                score(&q, &scales)
            });
        });
    }
    group.finish();
}

/// Domain test and value (LU, 2/3 d³), and with the inverse for the gradient (2 d³).
fn log_determinants(criterion: &mut Criterion) {
    for (name, factor) in [("colide/log_det_value", 2.0 / 3.0), ("colide/log_det_gradient", 2.0)] {
        let mut group = criterion.benchmark_group(name);
        for d in SIZES {
            let c = er4(d, 1000).expect("a legal model").matrix;
            let w = weights(&StageProblem::new(&c, EV, 0.05).expect("a covariance"), d);
            let (mut log_det, mut gradient) = (LogDet::new(d), Array2::zeros((d, d).f()));
            group.throughput(cubic(factor, d));
            group.bench_function(BenchmarkId::new("orthant", d), |b| {
                if factor < 1.0 {
                    b.iter(|| log_det.value(black_box(&w), S).expect("a finite matrix"));
                } else {
                    b.iter(|| log_det.gradient_into(black_box(&w), S, &mut gradient).expect("a finite matrix"));
                }
            });
        }
        group.finish();
    }
}

/// All column problems of an order, to 1e-11 of λ.
fn columns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("colide/order_optimum");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for d in SIZES {
        let c = er4(d, 1000).expect("a legal model").matrix;
        let problem = StageProblem::new(&c, EV, 0.05).expect("a covariance");
        let order = min_pivot_order(&c).expect("a covariance").order;
        group.bench_function(BenchmarkId::new("orthant", d), |b| {
            b.iter(|| problem.order_optimum(black_box(&order)).expect("a permutation"));
        });
    }
    group.finish();
}

/// One outer step: all columns, the log-determinant, the line search; from zero and from the third step on.
fn newton_steps(criterion: &mut Criterion) {
    let options = NewtonOptions { maximum_steps: 1, ..NewtonOptions::default() };
    for (name, warm) in [("colide/newton_step_from_zero", false), ("colide/newton_step_warm", true)] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).measurement_time(Duration::from_secs(3));
        for d in SIZES {
            let c = er4(d, 1000).expect("a legal model").matrix;
            let problem = StageProblem::new(&c, EV, 0.05).expect("a covariance");
            let start = if warm { weights(&problem, d) } else { Array2::zeros((d, d)) };
            group.bench_function(BenchmarkId::new("orthant", d), |b| {
                b.iter(|| problem.proximal_newton(MU, S, black_box(&start), options).expect("a legal stage"));
            });
        }
        group.finish();
    }
}

/// Iterations that are measured together, so that the set-up of a run hardly counts.
const ITERATIONS: usize = 20;

/// Iterations of the paper's Adam: LU and inverse 2 d³, R = C (I − W) 2 d³.
fn adam_iterations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("colide/adam_{ITERATIONS}_iterations"));
    group.sample_size(20);
    for d in SIZES {
        let c = er4(d, 1000).expect("a legal model").matrix;
        let problem = StageProblem::new(&c, EV, 0.05).expect("a covariance");
        let (w, scales) = (weights(&problem, d), Array1::ones(d));
        group.throughput(cubic(4.0 * ITERATIONS as f64, d));
        group.bench_function(BenchmarkId::new("orthant", d), |b| {
            b.iter(|| {
                problem
                    .reference_adam(MU, S, (black_box(&w), &scales), ITERATIONS, &AdamOptions::default())
                    .expect("a legal stage")
            });
        });
    }
    group.finish();
}

const ROWS: [usize; 2] = [1_000, 1_000_000];

/// From data to the covariance (n d (d + 1) operations: one triangle), and what an iteration costs after it.
fn rows(criterion: &mut Criterion) {
    const D: usize = 20;
    let mut group = criterion.benchmark_group("colide/covariance_d20");
    group.sample_size(10);
    for n in ROWS {
        let x = data(D, n).expect("a legal model");
        let elements = (n * D * (D + 1)) as u64;
        group.throughput(Throughput::ElementsAndBytes { elements, bytes: (8 * n * D) as u64 });
        group.bench_function(BenchmarkId::new("orthant", n), |b| {
            b.iter(|| covariance(black_box(&x)).expect("finite data"));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group(format!("colide/adam_{ITERATIONS}_iterations_by_rows_d20"));
    for n in ROWS {
        let c = er4(D, n).expect("a legal model").matrix;
        let problem = StageProblem::new(&c, EV, 0.05).expect("a covariance");
        let (w, scales) = (weights(&problem, D), Array1::ones(D));
        group.bench_function(BenchmarkId::new("orthant", n), |b| {
            b.iter(|| {
                problem
                    .reference_adam(MU, S, (black_box(&w), &scales), ITERATIONS, &AdamOptions::default())
                    .expect("a legal stage")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, products, scores, log_determinants, columns, newton_steps, adam_iterations, rows);
criterion_main!(benches);
