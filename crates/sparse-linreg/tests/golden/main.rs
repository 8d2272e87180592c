//! The golden cases of the crate.

#![forbid(unsafe_code)]

mod convex;
mod fields;
mod greedy;
mod span;
mod subsets;

#[test]
fn golden() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    let runner = span::register(subsets::register(greedy::register(convex::register(runner))));
    runner.run();
}
