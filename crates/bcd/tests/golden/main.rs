//! Golden cases of blocks, rules, updates and optima.

mod data;
mod graphs;
mod optima;
mod rules;
mod steps;

#[test]
fn golden_cases() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    optima::add(steps::add(rules::add(graphs::add(runner)))).run();
}
