//! The identities and inequalities of the method.

#![forbid(unsafe_code)]

mod collapse;
mod links;
mod losses;
mod memory;
mod ortho;
mod training;

use ndarray::Array2;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// Logits and labels: up to `rows` × `classes`, numbers up to `size`, ties and zeros among them.
pub(crate) fn batch(rows: usize, classes: usize, size: f64) -> impl Strategy<Value = (Array2<f64>, Vec<usize>)> {
    let entry = prop_oneof![4 => -size..size, 1 => Just(0.0), 1 => Just(1.0), 1 => Just(-1.0)];
    (1..=rows, 1..=classes).prop_flat_map(move |(n, c)| {
        let z = proptest::collection::vec(entry.clone(), n * c);
        let labels = proptest::collection::vec(0..c, n);
        (z, labels).prop_map(move |(z, labels)| (Array2::from_shape_vec((n, c), z).expect("n × c"), labels))
    })
}
