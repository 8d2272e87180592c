//! Random problems.

use ndarray::Array1;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use wgsef::{Groups, Weights, Wgsef};

pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// Groups, budget, weights, two vectors and a level.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) sizes: Vec<usize>,
    pub(crate) k: usize,
    pub(crate) weights: Vec<f64>,
    pub(crate) y: Array1<f64>,
    pub(crate) z: Array1<f64>,
    pub(crate) lambda: f64,
}

impl Problem {
    pub(crate) fn omega(&self) -> Wgsef {
        let groups = Groups::contiguous(&self.sizes).unwrap();
        Wgsef::new(groups, self.k).unwrap().weights(Weights::each(&self.weights).unwrap()).unwrap()
    }

    /// The same with all weights 1.
    pub(crate) fn plain(&self) -> Wgsef {
        Wgsef::new(Groups::contiguous(&self.sizes).unwrap(), self.k).unwrap()
    }
}

/// Entries: reals, and a grid with zeros and ties.
fn entries(n: usize) -> impl Strategy<Value = Array1<f64>> {
    let real = prop::collection::vec(-3.0..3.0f64, n);
    let grid = prop::collection::vec(prop::sample::select(vec![-1.0, 0.0, 0.0, 1.0, 2.0]), n);
    prop_oneof![3 => real, 2 => grid].prop_map(Array1::from)
}

pub(crate) fn problem() -> impl Strategy<Value = Problem> {
    let sizes = prop::collection::vec(0..5_usize, 1..9);
    let lambda = prop_oneof![(-3.0..2.5f64).prop_map(|e| 10.0_f64.powf(e)), Just(1.0)];
    (sizes, lambda, any::<bool>()).prop_flat_map(|(sizes, lambda, plain)| {
        let (m, n) = (sizes.len(), sizes.iter().sum::<usize>());
        let weights = prop::collection::vec(if plain { 1.0..1.0000001f64 } else { 0.2..4.0 }, m);
        (Just(sizes), 1..=m + 1, weights, entries(n), entries(n), Just(lambda)).prop_map(
            move |(sizes, k, mut weights, y, z, lambda)| {
                if plain {
                    weights.fill(1.0);
                }
                Problem { sizes, k, weights, y, z, lambda }
            },
        )
    })
}

pub(crate) fn dot(a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    a.dot(b)
}

/// |a - b| ≤ tolerance (1 + |b|).
pub(crate) fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * (1.0 + b.abs())
}

/// Entry by entry.
pub(crate) fn all_near(a: &Array1<f64>, b: &Array1<f64>, tolerance: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| near(a, b, tolerance))
}
