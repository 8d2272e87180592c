//! The theorems that the method rests on.

mod certificates;
mod descent;
mod forests;
mod intercepts;
mod invariances;
mod losses;
mod parts;
mod problems;
mod scores;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;

/// Few cases: each runs a solver.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}
