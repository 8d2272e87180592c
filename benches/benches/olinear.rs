//! Kernels of forecasting: temporal matrices, a training step, forecasts, the ridge.
//!
//! Elements are values of the series, parameters, or windows times series.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, Array3, Axis};
use olinear::{
    Architecture, Basis, Dropout, Folding, Loss, MomentRidge, Network, Parts, Rotation, Scaler, Split,
    TemporalCorrelation, Workspace, windows,
};

fn series() -> (Array2<f64>, Parts) {
    let raw = datasets::etth1().values;
    let parts = Split::EttHour.parts(raw.nrows(), 96).expect("a split");
    let train = raw.slice_axis(Axis(0), parts.train.clone().into());
    (Scaler::fit(&train).and_then(|s| s.transform(&raw)).expect("numbers"), parts)
}

fn temporal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("olinear/temporal");
    group.sample_size(10);
    let (scaled, parts) = series();
    let train = scaled.slice_axis(Axis(0), parts.train.into());
    group.throughput(Throughput::Elements(train.len() as u64));
    for lags in [96, 720] {
        group.bench_function(BenchmarkId::new("matrix", lags), |b| {
            b.iter(|| TemporalCorrelation::default().of(&train, lags));
        });
        group.bench_function(BenchmarkId::new("basis", lags), |b| b.iter(|| Basis::default().build(lags, &train)));
    }
    group.finish();
}

fn network(width: usize, horizon: usize) -> Network<f32> {
    let (scaled, parts) = series();
    let train = scaled.slice_axis(Axis(0), parts.train.into());
    let rotation = |size| Rotation::shared(&Basis::default().build(size, &train).expect("a basis"));
    let form = Architecture { width, hidden: width, ..Architecture::new(96, horizon, 7) };
    Network::new(form, rotation(96), rotation(horizon), None, 1).expect("a network")
}

fn batch(windows_of: usize, horizon: usize) -> (Array3<f32>, Array3<f32>) {
    let (scaled, _) = series();
    let starts: Vec<usize> = (0..windows_of).map(|i| 50 * i).collect();
    windows(&scaled.mapv(|v| v as f32), &starts, 96, horizon).expect("windows")
}

fn training(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("olinear/step");
    group.sample_size(10);
    for (width, horizon) in [(128, 96), (512, 96), (512, 720)] {
        let network = network(width, horizon);
        let (x, y) = batch(32, horizon);
        group.throughput(Throughput::Elements(network.parameters().len() as u64));
        for (name, folding) in [("folded", Folding::Automatic), ("plain", Folding::Never)] {
            let mut workspace = Workspace::new(&network, 32, folding).expect("memory");
            let dropout = Some(Dropout { rate: 0.2, seed: 1, step: 0 });
            group.bench_function(BenchmarkId::new(name, format!("{width}-{horizon}")), |b| {
                b.iter(|| workspace.loss_and_gradient(&network, &x, &y, &Loss::default(), dropout));
            });
        }
    }
    group.finish();
}

fn forecasting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("olinear/forecast");
    let network = network(512, 96);
    let folded = network.fold().expect("a network");
    for size in [1, 32] {
        let (x, _) = batch(size, 96);
        group.throughput(Throughput::Elements(7 * size as u64));
        group.bench_function(BenchmarkId::new("folded", size), |b| b.iter(|| folded.forecast(&x)));
        let mut workspace = Workspace::new(&network, size, Folding::Never).expect("memory");
        group.bench_function(BenchmarkId::new("plain", size), |b| b.iter(|| workspace.forecast(&network, &x)));
    }
    group.finish();
}

fn ridge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("olinear/ridge");
    group.sample_size(10);
    let (scaled, parts) = series();
    group.throughput(Throughput::Elements(scaled.len() as u64));
    for horizons in [&[96][..], &[96, 192, 336, 720]] {
        group.bench_function(BenchmarkId::new("fit", format!("{horizons:?}")), |b| {
            b.iter(|| MomentRidge::new(96, horizons).fit(&scaled, &parts));
        });
    }
    group.finish();
}

criterion_group!(benches, temporal, training, forecasting, ridge);
criterion_main!(benches);
