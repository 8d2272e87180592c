//! The golden cases of the crate.

#![forbid(unsafe_code)]

mod collapse;
mod losses;
mod training;

#[test]
fn golden() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    let runner = training::register(collapse::register(losses::register(runner)));
    runner.run();
}
