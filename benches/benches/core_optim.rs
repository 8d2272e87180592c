//! Kernels of core-optim. Element-wise ones print GB/s, to hold against the copy of the same vectors ("copy"), which
//! memory bounds; coordinate sweeps likewise; solvers print time.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use core_optim::descent::{Anderson, sweep};
use core_optim::design::{CscMatrix, Dense, DesignMatrix, Standardised, WorkingVector};
use core_optim::loss::{EmpiricalLoss, Huber, LinearModel, Logistic, Loss, Multinomial, Squared};
use core_optim::prox::{ElasticNet, GroupL2, L1, L1Ball, NuclearNorm, Proximal, Simplex};
use core_optim::{Lbfgs, StoppingRule, Unobserved};
use core_tensor::random::{normal_array, rng};
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use ndarray::{Array1, Array2, ShapeBuilder};
use std::hint::black_box;
use std::time::Duration;

/// In the first-level cache, in the last-level cache, in memory.
const LENGTHS: [usize; 3] = [1_000, 100_000, 4_000_000];

fn vector(n: usize) -> Array1<f64> {
    normal_array(&mut rng(3), n)
}

fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}

/// Elements, and bytes read and written, for `streams` vectors of n numbers.
fn streams(group: &mut BenchmarkGroup<'_, WallTime>, n: usize, streams: usize) {
    group.throughput(Throughput::ElementsAndBytes { elements: n as u64, bytes: (8 * n * streams) as u64 });
}

fn prox(c: &mut Criterion) {
    let mut group = group(c, "prox");
    for n in LENGTHS {
        let (v, mut out) = (vector(n), Array1::zeros(n));
        streams(&mut group, n, 2);
        group.bench_function(BenchmarkId::new("copy", n), |b| b.iter(|| out.assign(black_box(&v))));
        let groups: Vec<Vec<usize>> = (0..n / 10).map(|g| (10 * g..10 * g + 10).collect()).collect();
        let operators: Vec<(&str, Box<dyn Proximal<f64>>)> = vec![
            ("l1", Box::new(L1::new(0.5).unwrap())),
            ("elastic net", Box::new(ElasticNet::new(0.5, 0.1).unwrap())),
            ("groups of 10", Box::new(GroupL2::new(n, 0.5, &groups).unwrap())),
            ("1-ball", Box::new(L1Ball::new(0.01 * n as f64).unwrap())),
            ("simplex", Box::new(Simplex::new(1.0).unwrap())),
        ];
        for (name, mut g) in operators {
            group.bench_function(BenchmarkId::new(name, n), |b| b.iter(|| g.prox_into(black_box(&v), 1.0, &mut out)));
        }
        group.bench_function(BenchmarkId::new("simplex by sorting", n), |b| {
            b.iter(|| simplex_by_sorting(black_box(&v), &mut out));
        });
    }
    let v = vector(200 * 100);
    let (mut g, mut out) = (NuclearNorm::new(5.0, 200, 100).unwrap(), Array1::zeros(200 * 100));
    group.bench_function("nuclear norm, 200 x 100", |b| b.iter(|| g.prox_into(black_box(&v), 1.0, &mut out)));
}

/// What the selection replaces.
fn simplex_by_sorting(v: &Array1<f64>, out: &mut Array1<f64>) {
    let mut sorted = v.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut theta) = (0.0, 0.0);
    for (i, &u) in sorted.iter().enumerate() {
        sum += u;
        let candidate = (sum - 1.0) / (i + 1) as f64;
        if u <= candidate {
            break;
        }
        theta = candidate;
    }
    out.zip_mut_with(v, |out, v| *out = (v - theta).max(0.0));
}

fn loss_gradient<L: Loss<f64>>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, loss: L, n: usize) {
    let (z, y) = (vector(n), vector(n).mapv(f64::signum));
    let (loss, mut gradient) = (EmpiricalLoss::new(loss, &y).unwrap(), Array1::zeros(n));
    group.bench_function(BenchmarkId::new(name, n), |b| {
        b.iter(|| loss.value_and_gradient_into(black_box(&z), &mut gradient));
    });
}

fn losses(c: &mut Criterion) {
    let mut group = group(c, "loss value and gradient");
    for n in LENGTHS {
        streams(&mut group, n, 3);
        loss_gradient(&mut group, "squared", Squared, n);
        loss_gradient(&mut group, "logistic", Logistic, n);
        loss_gradient(&mut group, "huber", Huber::new(1.0).unwrap(), n);
    }
    let (n, k) = (10_000, 10);
    streams(&mut group, n * k, 2);
    let z: Array2<f64> = normal_array(&mut rng(4), (n, k));
    let (loss, mut gradient) = (Multinomial::new(k, &vec![3; n]).unwrap(), Array2::zeros((n, k)));
    group.bench_function("multinomial, 10000 x 10", |b| {
        b.iter(|| loss.value_and_gradient_into(black_box(&z), &mut gradient));
    });
}

/// A sweep in which every coordinate moves: two passes over the matrix.
fn bench_sweep(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, x: &impl DesignMatrix<f64>, stored_bytes: usize) {
    let (n, d) = (x.rows(), x.columns());
    let (y, norms, penalty) = (vector(n), x.column_norms_squared().unwrap(), L1::new(1e-12).unwrap());
    let (mut w, mut residual) = (Array1::zeros(d), WorkingVector::new(&y).unwrap());
    group.throughput(Throughput::ElementsAndBytes { elements: d as u64, bytes: 2 * stored_bytes as u64 });
    group.bench_function(BenchmarkId::new(name, format!("{n} x {d}")), |b| {
        b.iter(|| sweep(x, &norms, &penalty, 0..d, &mut w, &mut residual));
    });
}

fn sweeps(c: &mut Criterion) {
    let mut group = group(c, "sweep");
    for (n, d) in [(100, 1_000), (500, 5_000), (5_000, 200), (2_000, 10_000)] {
        let x: Array2<f64> = normal_array(&mut rng(5), (n, d).f());
        let dense = Dense::new(&x).unwrap();
        bench_sweep(&mut group, "dense", &dense, 8 * n * d);
        bench_sweep(&mut group, "dense, standardised view", &Standardised::unit_variance(&dense).unwrap(), 8 * n * d);
        // One entry in twenty, 16 bytes each.
        let sparse = CscMatrix::from_dense(&x.mapv(|v| if v > 1.645 { v } else { 0.0 })).unwrap();
        bench_sweep(&mut group, "sparse", &sparse, 16 * sparse.stored());
        bench_sweep(&mut group, "sparse, centred view", &Standardised::centred(&sparse).unwrap(), 16 * sparse.stored());
    }
    let mut anderson = Anderson::new(10_000, 5).unwrap();
    let mut out = vector(10_000);
    for k in 0..6 {
        anderson.push(&out.mapv(|v| v * 0.5_f64.powi(k) + v.sin() * 0.7_f64.powi(k))).unwrap();
    }
    group.bench_function("anderson, 10000 x 5", |b| b.iter(|| anderson.extrapolate_into(&mut out)));
}

fn products(c: &mut Criterion) {
    let mut group = group(c, "product");
    for (n, d) in [(500, 5_000), (5_000, 200)] {
        let x: Array2<f64> = normal_array(&mut rng(5), (n, d).f());
        let dense = Dense::new(&x).unwrap();
        let (w, v, mut by_row, mut by_column) = (vector(d), vector(n), Array1::zeros(n), Array1::zeros(d));
        group.throughput(Throughput::ElementsAndBytes { elements: (n * d) as u64, bytes: (8 * n * d) as u64 });
        let id = |name| BenchmarkId::new(name, format!("{n} x {d}"));
        group.bench_function(id("X w"), |b| b.iter(|| dense.apply_into(black_box(&w), &mut by_row)));
        group.bench_function(id("Xt v"), |b| b.iter(|| dense.apply_transposed_into(black_box(&v), &mut by_column)));
        group.bench_function(id("X w, ndarray"), |b| b.iter(|| black_box(&x).dot(&w)));
        group.bench_function(id("Xt v, ndarray"), |b| b.iter(|| black_box(&x).t().dot(&v)));
    }
}

fn solvers(c: &mut Criterion) {
    let mut group = group(c, "l-bfgs on logistic regression");
    for (n, d) in [(1_000, 50), (10_000, 100)] {
        let x: Array2<f64> = normal_array(&mut rng(6), (n, d).f());
        let truth = vector(d);
        let y = (x.dot(&truth) + vector(n) * 3.0).mapv(f64::signum);
        let (dense, loss) = (Dense::new(&x).unwrap(), EmpiricalLoss::new(Logistic, &y).unwrap());
        let mut model = LinearModel::new(&dense, &loss).unwrap().ridge(1.0).unwrap();
        let solver = Lbfgs::new().stopping(StoppingRule::none().gradient(1e-8));
        let (mut work, mut w) = (solver.workspace(d), Array1::zeros(d));
        group.bench_function(BenchmarkId::new("gradient 1e-8", format!("{n} x {d}")), |b| {
            b.iter(|| {
                w.fill(0.0);
                solver.minimise_into(&mut model, &mut w, &mut work, &mut Unobserved)
            });
        });
    }
}

criterion_group!(benches, prox, losses, sweeps, products, solvers);
criterion_main!(benches);
