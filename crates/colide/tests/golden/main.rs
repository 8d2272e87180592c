//! The golden cases of the crate.

#![forbid(unsafe_code)]

mod graph_side;

#[test]
fn golden() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    let runner = graph_side::register(runner);
    runner.run();
}
