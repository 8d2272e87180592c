//! Sparse regression: both phases of the preconditioner, Lasso paths, pursuit, splicing, branch and bound.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datasets::designs::{HardDesign, Plant};
use ndarray::{Array1, Array2};
use sparse_linreg::{BestSubset, ElasticNet, Omp, Preconditioner, RandomSpan, Rsp, Search, Thresholding};
use std::hint::black_box;
use std::time::Duration;

/// n × d: few samples, and many.
const SHAPES: [(usize, usize); 3] = [(200, 500), (200, 5000), (2000, 200)];

fn problem(design: HardDesign, (n, d): (usize, usize)) -> (Array2<f64>, Array1<f64>) {
    let x = design.generate(n, d, 1).expect("a legal size");
    let y = Plant::new(5).rms(3.0).draw(&x, 2).expect("enough columns").response(1.0, 3);
    (x, y)
}

fn preconditioners(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sparse-linreg/peel");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for shape in SHAPES {
        let (x, _) = problem(HardDesign::Factor, shape);
        group.throughput(Throughput::Elements((shape.0 * shape.1) as u64));
        group.bench_function(BenchmarkId::new("orthant", format!("{}x{}", shape.0, shape.1)), |b| {
            b.iter(|| Preconditioner::peel(5).span(black_box(&x)).expect("a finite design"));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("sparse-linreg/residuals_of_48_columns");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for shape in SHAPES {
        let (x, _) = problem(HardDesign::Walk, shape);
        let set: Vec<usize> = (0..48).map(|i| i * 4).collect();
        // Two projections, 4 n m d operations each.
        group.throughput(Throughput::Elements((8 * shape.0 * 48 * shape.1) as u64));
        group.bench_function(BenchmarkId::new("orthant", format!("{}x{}", shape.0, shape.1)), |b| {
            b.iter(|| RandomSpan::from_set(black_box(&x), &set).expect("a legal set"));
        });
    }
    group.finish();
}

fn paths(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sparse-linreg/path_100");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    for shape in SHAPES {
        for tolerance in [1e-4, 1e-6] {
            let (x, y) = problem(HardDesign::Gauss, shape);
            let lasso = ElasticNet::lasso().tolerance(tolerance).ratio(1e-2);
            let name = format!("{}x{}, gap {tolerance:e}", shape.0, shape.1);
            group.bench_function(BenchmarkId::new("orthant", name), |b| {
                b.iter(|| lasso.fit_path(black_box(&x), &y).expect("finite data"));
            });
        }
    }
    let (x, y) = problem(HardDesign::Factor, SHAPES[0]);
    let rsp = Rsp::new(Preconditioner::peel(5)).tolerance(1e-6);
    group.bench_function(BenchmarkId::new("rsp", "200x500"), |b| {
        b.iter(|| rsp.fit_path(black_box(&x), &y).expect("finite data"));
    });
    group.finish();
}

fn greedy(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sparse-linreg/twenty_columns");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for shape in SHAPES {
        let (x, y) = problem(HardDesign::Gauss, shape);
        let name = format!("{}x{}", shape.0, shape.1);
        group.bench_function(BenchmarkId::new("omp", &name), |b| {
            b.iter(|| Omp::new(20).fit(black_box(&x), &y).expect("finite data"));
        });
        group.bench_function(BenchmarkId::new("htp", &name), |b| {
            b.iter(|| Thresholding::htp(20).fit(black_box(&x), &y).expect("finite data"));
        });
        group.bench_function(BenchmarkId::new("splicing", &name), |b| {
            let search = BestSubset::new().size(20).search(Search::Splicing);
            b.iter(|| search.fit(black_box(&x), &y).expect("finite data"));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("sparse-linreg/exhaustive");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for d in [15, 20] {
        let (x, y) = problem(HardDesign::Gauss, (100, d));
        group.bench_function(BenchmarkId::new("orthant", d), |b| {
            let search = BestSubset::new().sizes(0..=d).search(Search::Exhaustive);
            b.iter(|| search.fit(black_box(&x), &y).expect("finite data"));
        });
    }
    group.finish();
}

criterion_group!(benches, preconditioners, paths, greedy);
criterion_main!(benches);
