//! Factorisations in GFLOP/s (criterion's "Gelem/s") beside the rate of a matrix product, which bounds them.
//!
//! The flops are nominal (those of the textbook algorithm), so that rates of different algorithms compare as times do.
//! Feature `lapack` adds OpenBLAS; its wrappers allocate and copy, and those of LU start a thread.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use core_tensor::linalg::{
    Accumulate, Llt, PivotedQr, Qr, Svd, SymmetricEigen, UnpivotedLu, faer_mut, faer_ref, gemm_into,
};
use core_tensor::parallelism;
use core_tensor::random::{normal_array, rng};
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use faer::Par;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::lu::partial_pivoting as lu;
use faer::perm::PermRef;
use ndarray::{Array2, ShapeBuilder};
use std::time::Duration;

const SIZES: [usize; 4] = [50, 100, 200, 500];
const CHEAP: [usize; 5] = [50, 100, 200, 500, 1000];

fn normal(m: usize, n: usize) -> Array2<f64> {
    normal_array(&mut rng(1), (m, n).f())
}

fn spd(n: usize) -> Array2<f64> {
    let x = normal(n, n);
    x.t().dot(&x) / n as f64 + Array2::<f64>::eye(n)
}

/// A dense M-matrix, column-major.
fn m_matrix(n: usize) -> Array2<f64> {
    let mut a = normal(n, n).mapv(|v| -v.abs());
    for i in 0..n {
        a[[i, i]] = 0.0;
        // Row sums of one.
        a[[i, i]] = 1.0 - a.row(i).sum();
    }
    a
}

fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}

fn flops<M: criterion::measurement::Measurement>(group: &mut BenchmarkGroup<'_, M>, n: usize, per_cube: f64) {
    group.throughput(Throughput::Elements((per_cube * (n as f64).powi(3)) as u64));
}

fn gemm(c: &mut Criterion) {
    let mut group = group(c, "gemm");
    for n in CHEAP {
        flops(&mut group, n, 2.0);
        let (a, b, mut out) = (normal(n, n), normal(n, n), normal(n, n));
        group.bench_function(BenchmarkId::new("orthant", n), |bench| {
            bench.iter(|| gemm_into(&mut out, Accumulate::Replace, 1.0, &a, &b).expect("square matrices"));
        });
    }
}

fn unpivoted_lu(c: &mut Criterion) {
    let mut factorise = group(c, "lu");
    for n in CHEAP {
        flops(&mut factorise, n, 2.0 / 3.0);
        let a = m_matrix(n);
        let mut ours = UnpivotedLu::new(n);
        factorise.bench_function(BenchmarkId::new("orthant", n), |bench| {
            bench.iter(|| assert!(ours.factorise_m_matrix(&a)));
        });
        let mut pivoted = Pivoted::new(n);
        factorise.bench_function(BenchmarkId::new("faer-pivoted", n), |bench| bench.iter(|| pivoted.factorise(&a)));
    }
    factorise.finish();
    let mut inverse = group(c, "lu-inverse");
    for n in CHEAP {
        flops(&mut inverse, n, 2.0);
        let (a, mut out) = (m_matrix(n), normal(n, n));
        let mut ours = UnpivotedLu::new(n);
        inverse.bench_function(BenchmarkId::new("orthant", n), |bench| {
            bench.iter(|| {
                assert!(ours.factorise_m_matrix(&a));
                ours.inverse_into(&mut out).expect("shapes fit");
            });
        });
        let mut pivoted = Pivoted::new(n);
        inverse.bench_function(BenchmarkId::new("faer-pivoted", n), |bench| {
            bench.iter(|| {
                pivoted.factorise(&a);
                pivoted.inverse_into(&mut out);
            });
        });
        #[cfg(feature = "lapack")]
        inverse.bench_function(BenchmarkId::new("openblas", n), |bench| {
            bench.iter(|| core_tensor::linalg::lapack::inverse(&a).expect("nonsingular"));
        });
    }
}

fn llt(c: &mut Criterion) {
    let mut group = group(c, "llt");
    for n in CHEAP {
        flops(&mut group, n, 1.0 / 3.0);
        let a = spd(n);
        let mut ours = Llt::new(n);
        group.bench_function(BenchmarkId::new("orthant", n), |bench| {
            bench.iter(|| ours.factorise(&a).expect("positive definite"));
        });
        #[cfg(feature = "lapack")]
        group.bench_function(BenchmarkId::new("openblas", n), |bench| {
            bench.iter(|| core_tensor::linalg::lapack::cholesky(&a).expect("positive definite"));
        });
    }
}

fn qr(c: &mut Criterion) {
    let mut group = group(c, "qr");
    for n in SIZES {
        // 2mn² − 2n³/3 with m = 2n.
        flops(&mut group, n, 10.0 / 3.0);
        let a = normal(2 * n, n);
        let (mut plain, mut pivoted) = (Qr::new(2 * n, n), PivotedQr::new(2 * n, n));
        group.bench_function(BenchmarkId::new("orthant", n), |bench| {
            bench.iter(|| plain.factorise(&a).expect("full rank"));
        });
        group.bench_function(BenchmarkId::new("orthant-pivoted", n), |bench| {
            bench.iter(|| pivoted.factorise(&a).expect("finite"));
        });
        #[cfg(feature = "lapack")]
        group.bench_function(BenchmarkId::new("openblas-with-q", n), |bench| {
            bench.iter(|| core_tensor::linalg::lapack::qr(&a).expect("finite"));
        });
    }
}

fn svd(c: &mut Criterion) {
    let mut group = group(c, "svd");
    for n in SIZES {
        flops(&mut group, n, 22.0);
        let a = normal(n, n);
        let mut ours = Svd::new(n, n);
        group.bench_function(BenchmarkId::new("orthant", n), |bench| {
            bench.iter(|| ours.factorise(&a).expect("finite"));
        });
        #[cfg(feature = "lapack")]
        group.bench_function(BenchmarkId::new("openblas", n), |bench| {
            bench.iter(|| core_tensor::linalg::lapack::svd(&a).expect("finite"));
        });
    }
}

fn symmetric_eigen(c: &mut Criterion) {
    let mut group = group(c, "symmetric-eigen");
    for n in SIZES {
        flops(&mut group, n, 9.0);
        let a = spd(n);
        let mut ours = SymmetricEigen::new(n);
        group.bench_function(BenchmarkId::new("orthant", n), |bench| {
            bench.iter(|| ours.factorise(&a).expect("finite"));
        });
        #[cfg(feature = "lapack")]
        group.bench_function(BenchmarkId::new("openblas", n), |bench| {
            bench.iter(|| core_tensor::linalg::lapack::symmetric_eigen(&a).expect("finite"));
        });
    }
}

/// faer's LU with partial pivoting, memory reused, without the checks of `Lu`.
struct Pivoted {
    factor: Array2<f64>,
    permutation: Vec<usize>,
    inverse_permutation: Vec<usize>,
    memory: MemBuffer,
    par: Par,
}

impl Pivoted {
    fn new(n: usize) -> Self {
        let par = if n < 200 { Par::Seq } else { parallelism() };
        let memory = MemBuffer::new(StackReq::any_of(&[
            lu::factor::lu_in_place_scratch::<usize, f64>(n, n, par, Default::default()),
            lu::inverse::inverse_scratch::<usize, f64>(n, par),
        ]));
        let factor = Array2::zeros((n, n).f());
        Self { factor, permutation: vec![0; n], inverse_permutation: vec![0; n], memory, par }
    }

    fn factorise(&mut self, a: &Array2<f64>) {
        self.factor.assign(a);
        let stack = MemStack::new(&mut self.memory);
        let factor = faer_mut(&mut self.factor);
        lu::factor::lu_in_place(
            factor,
            &mut self.permutation,
            &mut self.inverse_permutation,
            self.par,
            stack,
            Default::default(),
        );
    }

    fn inverse_into(&mut self, out: &mut Array2<f64>) {
        let n = self.factor.nrows();
        let permutation = PermRef::new_checked(&self.permutation, &self.inverse_permutation, n);
        let factor = faer_ref(&self.factor);
        lu::inverse::inverse(faer_mut(out), factor, factor, permutation, self.par, MemStack::new(&mut self.memory));
    }
}

criterion_group!(benches, gemm, unpivoted_lu, llt, qr, svd, symmetric_eigen);
criterion_main!(benches);
