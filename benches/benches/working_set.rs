//! Sparse linear models: single fits and paths, dense and sparse. Comparisons with other libraries are in `peers/sparse-linreg`.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use core_optim::design::{CscMatrix, Dense};
use core_optim::working_set::{Finish, Options, SparsePenalty, WorkingSet, Workspace};
use core_tensor::random::{normal_array, rng};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2, ShapeBuilder};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

/// Columns of correlation 0.5 with their neighbours, ten weights, noise.
fn problem(n: usize, d: usize) -> (Array2<f64>, Array1<f64>) {
    let mut rng = rng(1);
    let mut x: Array2<f64> = normal_array(&mut rng, (n, d).f());
    for j in 1..d {
        for i in 0..n {
            x[[i, j]] = 0.5 * x[[i, j - 1]] + 0.75_f64.sqrt() * x[[i, j]];
        }
    }
    let noise: Array1<f64> = normal_array(&mut rng, n);
    let signal: Array1<f64> = (0..10).map(|k| x.column(k * d / 10).to_owned()).fold(Array1::zeros(n), |sum, x| sum + x);
    (x, signal + noise)
}

fn fits(c: &mut Criterion) {
    let mut group = c.benchmark_group("working set");
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    let options = Options::default();
    let base = SparsePenalty::lasso(1.0).unwrap();
    for (n, d) in [(100, 500), (300, 3000), (3000, 100)] {
        let (x, y) = problem(n, d);
        let labels = y.mapv(f64::signum);
        let (dense, solver) = (Dense::new(&x).unwrap(), WorkingSet::new());
        let sparse = CscMatrix::from_dense(&x.mapv(|v| if v.abs() > 2.0 { v } else { 0.0 })).unwrap();
        let size = format!("{n} x {d}");
        let top = solver.squared_largest_level(&dense, &y, &base, &options).unwrap();
        let penalty = base.with_l1(0.05 * top).unwrap();
        for (name, finish) in [("lasso", Finish::Exact), ("lasso by descent", Finish::Descent)] {
            let solver = solver.clone().finish(finish);
            group.bench_function(BenchmarkId::new(name, &size), |b| {
                b.iter(|| solver.squared(black_box(&dense), &y, &penalty, &options));
            });
        }
        group.bench_function(BenchmarkId::new("lasso, sparse", &size), |b| {
            b.iter(|| solver.squared(black_box(&sparse), &y, &penalty, &options));
        });
        let levels = Array1::from_shape_fn(50, |t| top * 0.92_f64.powi(t as i32));
        let mut workspace = Workspace::new();
        group.bench_function(BenchmarkId::new("path of 50", &size), |b| {
            b.iter(|| {
                let mut each = |fit| {
                    black_box(fit);
                    ControlFlow::Continue(())
                };
                solver.squared_path(&dense, &y, &base, &levels, &options, &mut workspace, &mut each)
            });
        });
        let top = solver.logistic_largest_level(&dense, &labels, &base, &options).unwrap();
        let penalty = base.with_l1(0.05 * top).unwrap();
        group.bench_function(BenchmarkId::new("l1 logistic", &size), |b| {
            b.iter(|| solver.logistic(black_box(&dense), &labels, &penalty, &options));
        });
    }
}

criterion_group!(benches, fits);
criterion_main!(benches);
