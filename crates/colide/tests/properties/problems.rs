//! Random problems that the properties are stated over.

use datasets::sem::{GraphModel, LinearSem, NoiseLaw, NoiseVariance, SemModel};
use ndarray::{Array1, Array2};
use proptest::collection::vec;
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

/// A rows × columns matrix with entries of the given strategy.
pub(crate) fn matrix_of(
    rows: usize,
    columns: usize,
    entry: impl Strategy<Value = f64>,
) -> impl Strategy<Value = Array2<f64>> {
    vec(entry, rows * columns)
        .prop_map(move |v| Array2::from_shape_vec((rows, columns), v).expect("rows * columns values"))
}

/// A d × d matrix with entries in ±`size`.
pub(crate) fn square(d: usize, size: f64) -> impl Strategy<Value = Array2<f64>> {
    matrix_of(d, d, -size..size)
}

/// Weights from a small grid, so that zeros and ties are common.
pub(crate) fn tied(d: usize) -> impl Strategy<Value = Array2<f64>> {
    let grid = prop::sample::select(std::vec![0.0, 0.0, 0.0, 0.25, -0.25, 0.5, -0.5, 1.0, -1.0, 2.0]);
    matrix_of(d, d, grid)
}

/// `C = AᵀA / (d + 3) + I / 10` for a random (d + 3) × d matrix A with entries in ±2: eigenvalues from 0.1 to 4 d + 0.1.
pub(crate) fn covariance(d: usize) -> impl Strategy<Value = Array2<f64>> {
    matrix_of(d + 3, d, -2.0..2.0_f64).prop_map(move |a| {
        let c = a.t().dot(&a) / (d + 3) as f64 + Array2::<f64>::eye(d) * 0.1;
        Array2::from_shape_fn((d, d), |(i, j)| 0.5 * (c[[i, j]] + c[[j, i]]))
    })
}

/// A weight matrix whose square has all row sums at most `fill` s, so that it lies in the domain of s with room to spare.
pub(crate) fn inside(d: usize, s: f64, fill: f64) -> impl Strategy<Value = Array2<f64>> {
    square(d, 1.0).prop_map(move |w| {
        let largest = w.rows().into_iter().map(|row| row.dot(&row)).fold(1e-3, f64::max);
        w * (fill * s / largest).sqrt()
    })
}

/// An order of d things.
pub(crate) fn order(d: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..d).collect::<Vec<usize>>()).prop_shuffle()
}

/// The weights of a random DAG: about half of the pairs are adjacent, sizes in [0.1, `size`].
pub(crate) fn dag(d: usize, size: f64) -> impl Strategy<Value = Array2<f64>> {
    let entry = prop_oneof![Just(0.0), 0.1..size, (0.1..size).prop_map(|w| -w)];
    (matrix_of(d, d, entry), order(d)).prop_map(move |(w, order)| {
        let mut place = std::vec![0; d];
        order.iter().enumerate().for_each(|(at, &node)| place[node] = at);
        Array2::from_shape_fn((d, d), |(i, j)| if place[i] < place[j] { w[[i, j]] } else { 0.0 })
    })
}

/// The 0-1 matrix of a random DAG.
pub(crate) fn graph(d: usize) -> impl Strategy<Value = Array2<f64>> {
    dag(d, 1.0).prop_map(|w| colide::support(&w))
}

/// A random linear model on d nodes, dense for its size: equal noise variances of 1, or in [0.5, 4].
pub(crate) fn sem(d: usize, equal: bool, seed: u64) -> LinearSem {
    let variance = if equal { NoiseVariance::Equal(1.0) } else { NoiseVariance::Uniform { low: 0.5, high: 4.0 } };
    let edges_per_node = 0.3 * (d as f64 - 1.0);
    let model = SemModel::new(GraphModel::ErdosRenyi { edges_per_node }).noise(NoiseLaw::Gaussian).variance(variance);
    model.generate(d, seed).expect("legal settings")
}

/// n rows of such a model.
pub(crate) fn rows(d: usize, n: usize, equal: bool, seed: u64) -> Array2<f64> {
    sem(d, equal, seed).sample(n, seed ^ 0x5eed).expect("a size that fits")
}

/// R = C (I − W) and q, written out.
pub(crate) fn residuals(c: &Array2<f64>, w: &Array2<f64>) -> (Array2<f64>, Array1<f64>) {
    let d = c.nrows();
    let difference = Array2::<f64>::eye(d) - w;
    let r = c.dot(&difference);
    let q = Array1::from_shape_fn(d, |j| difference.column(j).dot(&r.column(j)));
    (r, q)
}

/// Largest absolute entry.
pub(crate) fn largest(x: &Array2<f64>) -> f64 {
    x.iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// Pᵀ W P: variable i becomes variable `place[i]`.
pub(crate) fn permuted(w: &Array2<f64>, place: &[usize]) -> Array2<f64> {
    let mut out = Array2::zeros(w.raw_dim());
    for ((i, j), &value) in w.indexed_iter() {
        out[[place[i], place[j]]] = value;
    }
    out
}
