//! `cargo xtask ci`.

use crate::process::{Outcome, cargo, flags_and_names, run as execute, say};
use crate::workspace::Workspace;
use crate::{budget, lapack, matrix, test, tidy};
use std::time::Instant;

pub(crate) const HELP: &str = "\
Usage: cargo xtask ci

All that must hold of a commit: rustfmt; the repository's rules (tidy); clippy without warnings on every target; every
published crate with no features, each feature alone, and all together; the feature `lapack` built and tested where
OpenBLAS is installed; documentation without warnings; the budget of dependencies; every test.";

pub(crate) fn run(arguments: &[String]) -> Outcome<()> {
    let ([], names) = flags_and_names(arguments, [])?;
    if let Some(name) = names.first() {
        return Err(format!("`ci` takes no names, but got `{name}`").into());
    }
    let workspace = Workspace::load()?;
    let begin = Instant::now();
    let step = |name: &str, outcome: Outcome<()>| -> Outcome<()> {
        outcome?;
        say(&format!("ci: {name} done, {:.0} s so far", begin.elapsed().as_secs_f64()));
        Ok(())
    };
    // The quick ones first.
    step("format", execute(&mut cargo(&["fmt", "--all", "--check"])))?;
    step("tidy", tidy::check(&workspace))?;
    step("budget", budget::check(&workspace))?;
    step("clippy", clippy())?;
    step("tests", test::run(&[]))?;
    step("documentation", documentation(&workspace))?;
    step("features", matrix::check(&workspace))?;
    step("lapack", lapack::check(&workspace))?;
    say(&format!("ci: all green in {:.0} s", begin.elapsed().as_secs_f64()));
    Ok(())
}

fn clippy() -> Outcome<()> {
    execute(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// The libraries that are published, with all features but `lapack`.
fn documentation(workspace: &Workspace) -> Outcome<()> {
    let mut command = cargo(&["doc", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    let mut features = Vec::new();
    for package in workspace.published().filter(|package| package.has_library) {
        command.args(["--package", &package.name]);
        features.extend(matrix::together(package).map(|feature| format!("{}/{feature}", package.name)));
    }
    execute(command.arg("--features").arg(features.join(",")))
}
