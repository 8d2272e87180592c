//! Kernels of group sparsity with a budget: the proximal operator by layout and precision, selection, metric operators.
//!
//! Elements are entries of the tensor; bytes what must be read and written at least.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use core_tensor::random::{normal_array, rng};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array1, ArrayD, IxDyn};
use wgsef::{Groups, Wgsef, Workspace};

/// A layout, its groups and the shape of its tensor.
fn layouts() -> Vec<(&'static str, Groups, Vec<usize>)> {
    let conv = vec![256, 128, 3, 3];
    let of = |groups: wgsef::Result<Groups>| groups.expect("a layout");
    vec![
        ("singletons-1e4", of(Groups::singletons(&[10_000])), vec![10_000]),
        ("singletons-1e6", of(Groups::singletons(&[1_000_000])), vec![1_000_000]),
        ("groups-1e4x100", of(Groups::uniform(10_000, 100)), vec![1_000_000]),
        ("groups-64x576", of(Groups::uniform(64, 576)), vec![36_864]),
        ("filters", of(Groups::filters(&conv)), conv.clone()),
        ("channels", of(Groups::channels(&conv)), conv.clone()),
        ("filter-shapes", of(Groups::filter_shapes(&conv)), conv.clone()),
        ("kernels", of(Groups::kernels(&conv)), conv),
    ]
}

fn prox(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wgsef/prox");
    for (name, groups, shape) in layouts() {
        let k = (groups.count() / 5).max(1);
        let omega = Wgsef::new(groups, k).expect("a budget");
        let mut work = Workspace::new(omega.groups().count());
        let y: ArrayD<f64> = normal_array(&mut rng(1), IxDyn(&shape));
        let y32 = y.mapv(|v| v as f32);
        let (mut x, mut x32) = (y.clone(), y32.clone());
        let (elements, bytes) = (y.len() as u64, 16 * y.len() as u64);
        group.throughput(Throughput::ElementsAndBytes { elements, bytes });
        group.bench_function(BenchmarkId::new("f64", name), |b| {
            b.iter(|| {
                x.assign(&y);
                omega.prox_in_place(&mut x, 1.0, &mut work).expect("finite")
            });
        });
        group.throughput(Throughput::ElementsAndBytes { elements, bytes: bytes / 2 });
        group.bench_function(BenchmarkId::new("f32", name), |b| {
            b.iter(|| {
                x32.assign(&y32);
                omega.prox_in_place(&mut x32, 1.0, &mut work).expect("finite")
            });
        });
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("wgsef/operators");
    let omega = Wgsef::new(Groups::uniform(10_000, 10).expect("a layout"), 2000).expect("a budget");
    let y: Array1<f64> = normal_array(&mut rng(1), 100_000);
    let metric = y.mapv(|v: f64| 0.5 + v.abs());
    let mut work = Workspace::new(10_000);
    let mut x = y.clone();
    group.throughput(Throughput::Elements(y.len() as u64));
    group.bench_function("value", |b| b.iter(|| omega.value_with(&y, &mut work).expect("finite")));
    group.bench_function("conjugate", |b| b.iter(|| omega.conjugate_with(&y, &mut work).expect("finite")));
    group.bench_function("hard", |b| {
        b.iter(|| {
            x.assign(&y);
            omega.hard_prox_in_place(&mut x, 0.0, &mut work).expect("finite")
        });
    });
    group.bench_function("metric", |b| {
        b.iter(|| {
            x.assign(&y);
            omega.metric_prox_in_place(&mut x, &metric, 1.0, &mut work).expect("finite")
        });
    });
    group.bench_function("norm", |b| {
        b.iter(|| {
            x.assign(&y);
            omega.norm_prox_in_place(&mut x, 5.0, &mut work).expect("finite")
        });
    });
    group.finish();
}

criterion_group!(benches, prox, others);
criterion_main!(benches);
