//! Golden cases of an independent implementation.

mod maid;
mod models;
mod problems;
mod self_tuning;

use golden::Case;
use ndarray::{Array1, ArrayD, IxDyn};
use serde_json::Value;

#[test]
fn golden_cases() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    let runner = maid::add(runner);
    let runner = models::add(runner);
    let runner = problems::add(runner);
    self_tuning::add(runner).run();
}

/// Nested lists as an array of as many dimensions.
fn array(value: &Value) -> ArrayD<f64> {
    let (mut shape, mut level) = (Vec::new(), value);
    while let Some(list) = level.as_array() {
        shape.push(list.len());
        let Some(first) = list.first() else { break };
        level = first;
    }
    let mut entries = Vec::new();
    collect(value, &mut entries);
    ArrayD::from_shape_vec(IxDyn(&shape), entries).expect("a full array")
}

fn collect(value: &Value, entries: &mut Vec<f64>) {
    match value.as_array() {
        Some(list) => list.iter().for_each(|value| collect(value, entries)),
        None => entries.push(value.as_f64().expect("a number")),
    }
}

/// A field with any nesting, row-major.
fn flat(case: &Case, field: &str) -> Array1<f64> {
    array(case.value(field)).iter().copied().collect()
}
