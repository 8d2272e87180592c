//! The golden cases of the crate.

#![forbid(unsafe_code)]

mod graph_side;
mod solver_side;

#[test]
fn golden() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    let runner = solver_side::register(graph_side::register(runner));
    runner.run();
}
