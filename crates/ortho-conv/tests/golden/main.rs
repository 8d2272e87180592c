//! Golden cases of an independent implementation.

mod convolution;
mod dense;

#[test]
fn golden_cases() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    dense::add(convolution::add(runner)).run();
}
