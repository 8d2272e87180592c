//! `cargo xtask test`.

use crate::process::{Outcome, cargo, flags_and_names, run as execute};
use crate::workspace::Workspace;

pub(crate) const HELP: &str = "\
Usage: cargo xtask test [CRATE…]

Runs every test of the workspace, or of the named crates, in the dev profile: unit, integration and golden tests,
examples (built), each bench once, and the code in the documentation.";

pub(crate) fn run(arguments: &[String]) -> Outcome<()> {
    let ([], names) = flags_and_names(arguments, [])?;
    let workspace = Workspace::load()?;
    let mut selection = Vec::new();
    let mut has_library = names.is_empty();
    for name in &names {
        let package = workspace.package(name)?;
        has_library |= package.has_library;
        selection.extend(["--package", &package.name]);
    }
    if names.is_empty() {
        selection.push("--workspace");
    }
    execute(cargo(&["test", "--all-targets"]).args(&selection))?;
    if has_library { execute(cargo(&["test", "--doc"]).args(&selection)) } else { Ok(()) }
}
