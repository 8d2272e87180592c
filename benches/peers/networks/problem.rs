//! The problems, what is asked of them, and how a call is timed.

use orthant_benches::Outcome;
use orthant_benches::comparison::{Entry, Rivals};
use orthant_benches::cpu::Stopwatch;
use std::io::Write;

/// Time of one call of ours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    pub(crate) problem: &'static str,
    pub(crate) seconds: f64,
    pub(crate) setting: String,
}

/// A batch of calls is this long, so that the clock does not matter.
const BATCH_SECONDS: f64 = 0.02;
const BATCHES: usize = 25;

/// Median processor time of a call.
pub(crate) fn seconds(mut call: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let mut batch = |calls: usize| -> Outcome<f64> {
        let watch = Stopwatch::start();
        for _ in 0..calls {
            call()?;
        }
        Ok(watch.elapsed().cpu)
    };
    batch(1)?;
    let mut calls = 1;
    while batch(calls)? < BATCH_SECONDS {
        calls *= 2;
    }
    let mut times = Vec::new();
    for _ in 0..BATCHES {
        times.push(batch(calls)? / calls as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[BATCHES / 2])
}

/// (name, title, distance to reach, how many times as fast as every peer).
const PROBLEMS: [(&str, &str, f64, f64); 10] = [
    ("stablemax", "StableMax cross-entropy, value and gradient, 4096 x 113, f32", 1e-5, 1.0),
    ("rest-mass", "rest-mass softmax cross-entropy, value and gradient, 4096 x 113, f32", 1e-5, 1.0),
    ("textbook", "textbook softmax cross-entropy, value and gradient, 4096 x 113, f32", 1e-5, 1.0),
    ("companded-linear", "overhead of a companded linear layer 512 x 512, 64 rows, f32", 1e-5, 5.0),
    ("companding", "10^6 companded weights, forward and backward in v, a and b, f32", 1e-5, 1.0),
    ("prox-groups", "proximal operator of 10^4 groups of 100, f32, within 1.5 times group lasso", 1e-5, 1.0 / 1.5),
    ("prox-singletons", "proximal operator of 10^6 single weights, f64", 1e-9, 20.0),
    ("l-orth-64", "L_orth, value and gradient, 64 x 64 x 3 x 3, f32", 1e-5, 2.0),
    ("l-orth-256", "L_orth, value and gradient, 256 x 256 x 3 x 3, f32", 1e-5, 4.0),
    ("singular-values", "all singular values of 64 x 64 x 3 x 3 on 32 x 32", 1e-5, 10.0),
];

/// The problems as the report wants them.
pub(crate) fn entries() -> Vec<Entry> {
    let entry = |&(name, title, target, factor): &(&str, &str, f64, f64)| Entry {
        name: name.to_owned(),
        title: title.to_owned(),
        target,
        factor,
        rivals: Rivals::AtTarget,
        measure: "distance".to_owned(),
    };
    PROBLEMS.iter().map(entry).collect()
}

/// A line on standard error.
pub(crate) fn note(line: &str) {
    // Nothing is left to do when even this cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
