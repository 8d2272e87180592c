//! Golden numerical cases: JSON files with inputs and trusted outputs, run by `tests/golden.rs` of every crate.
//!
//! ```no_run
//! golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"))
//!     .cases("soft_threshold", |case, check| {
//!         let found = case.vector("v").mapv(|v| v.signum() * (v.abs() - case.number("t")).max(0.0));
//!         check.close("prox", &found, &case.vector("prox"), golden::Tolerance::relative(1e-12));
//!     })
//!     .run();
//! ```
//!
//! The runner reads each `*.json` in `tests/fixtures/` of the crate, or, when the environment variable
//! `ORTHANT_FIXTURES` names a folder, each `*.json` in `$ORTHANT_FIXTURES/<crate>/` instead. A file says what it holds by
//! its field `kind`, or else by its name: `kind.json`, `07_kind.json` and `kind_more.json` are all of that kind. An
//! unknown kind, a missing field, a case that compares nothing and an empty folder are failures, so that a case can
//! never pass by being skipped. One line is printed for each file, with the largest error and its tolerance.

#![forbid(unsafe_code)]

mod case;
mod check;
mod runner;

pub use case::Case;
pub use check::{Check, Tolerance};
pub use runner::Runner;
