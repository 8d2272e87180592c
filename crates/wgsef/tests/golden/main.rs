//! Golden cases: values, operators, solutions and training steps of an independent implementation.

mod operators;
mod training;

#[test]
fn golden_cases() {
    let runner = golden::Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
    training::add(operators::add(runner)).run();
}

/// The function that a case describes: contiguous groups with weights.
fn omega(case: &golden::Case) -> wgsef::Wgsef {
    let groups = wgsef::Groups::contiguous(&case.indices("group_sizes")).expect("groups");
    let omega = wgsef::Wgsef::new(groups, case.index("k")).expect("budget");
    if case.has("weights") {
        let weights = wgsef::Weights::each(&case.vector("weights").to_vec()).expect("weights");
        return omega.weights(weights).expect("a weight per group");
    }
    omega
}
