//! The golden cases of the crate.

#![forbid(unsafe_code)]

mod network;
mod scalars;
mod theory;

#[test]
fn golden() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    network::register(theory::register(scalars::register(runner))).run();
}
