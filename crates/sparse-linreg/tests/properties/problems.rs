//! Random problems that the properties are stated over.

use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// The configuration of all properties: `cases` cases, failures kept beside the source.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// A normal n × d design, made dependent by a shared column of size `shared`, with a 3-sparse signal and unit noise.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) x: Array2<f64>,
    pub(crate) y: Array1<f64>,
}

impl Problem {
    pub(crate) fn new(n: usize, d: usize, shared: f64, seed: u64) -> Self {
        let mut generator = rng(seed);
        let mut x: Array2<f64> = normal_array(&mut generator, (n, d));
        let common: Array1<f64> = normal_array(&mut generator, n);
        for mut column in x.columns_mut() {
            column.scaled_add(shared, &common);
        }
        let noise: Array1<f64> = normal_array(&mut generator, n);
        let mut y = noise;
        for (j, w) in [(0, 2.0), (d / 2, -1.5), (d - 1, 1.0)] {
            y.scaled_add(w, &x.column(j));
        }
        Self { x, y }
    }

    pub(crate) fn n(&self) -> f64 {
        self.y.len() as f64
    }
}

/// Shapes with more rows than columns and the reverse, columns from independent to strongly dependent.
pub(crate) fn problem() -> impl Strategy<Value = Problem> {
    (4_usize..25, 3_usize..20, prop::sample::select(vec![0.0, 1.0, 20.0]), any::<u64>())
        .prop_map(|(n, d, shared, seed)| Problem::new(n, d, shared, seed))
}

/// Positive numbers from 0.2 to 3.
pub(crate) fn positive(length: usize, seed: u64) -> Array1<f64> {
    normal_array::<f64, _, _>(&mut rng(seed ^ 0xfac7), length).mapv(|v: f64| 0.2 + (v.abs()).min(2.8))
}

pub(crate) fn norm(v: &ArrayRef1<f64>) -> f64 {
    v.dot(v).sqrt()
}

/// Columns and response minus their means.
pub(crate) fn centred(x: &ArrayRef2<f64>, y: &ArrayRef1<f64>) -> (Array2<f64>, Array1<f64>) {
    let n = y.len() as f64;
    let means = x.columns().into_iter().map(|c| c.sum() / n).collect::<Array1<f64>>();
    (x.to_owned() - &means, y.mapv(|v| v - y.sum() / n))
}

/// Largest difference, relative to 1 + the largest entry of `b`.
pub(crate) fn difference(a: &ArrayRef1<f64>, b: &ArrayRef1<f64>) -> f64 {
    let size = b.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
    a.iter().zip(b).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs())) / size
}
