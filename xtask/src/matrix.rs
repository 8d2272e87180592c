//! The published crates with each set of features.

use crate::process::{Outcome, cargo, run};
use crate::workspace::{Package, Workspace};

/// Needs a system library: checked on its own.
const SYSTEM: &str = "lapack";

/// The features that must go together: all but the one that needs a system library.
pub(crate) fn together(package: &Package) -> impl Iterator<Item = &str> {
    package.features.iter().map(String::as_str).filter(|&feature| feature != SYSTEM)
}

/// `cargo check` of every published crate without features, with each alone, and with all together.
pub(crate) fn check(workspace: &Workspace) -> Outcome<()> {
    for package in workspace.published() {
        for features in sets(package) {
            let mut command = cargo(&["check", "--package", &package.name, "--no-default-features"]);
            if !features.is_empty() {
                command.args(["--features", &features]);
            }
            run(&mut command)?;
        }
    }
    Ok(())
}

/// Comma-separated features; the empty set first, all together last.
fn sets(package: &Package) -> Vec<String> {
    let features: Vec<&str> = together(package).collect();
    let mut sets = vec![String::new()];
    sets.extend(features.iter().map(|&feature| feature.to_owned()));
    if features.len() > 1 {
        sets.push(features.join(","));
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::sets;
    use crate::workspace::Workspace;

    #[test]
    fn the_sets_of_a_crate() {
        let workspace = Workspace::load().unwrap();
        assert_eq!(sets(workspace.package("colide").unwrap()), ["", "rayon", "serde", "rayon,serde"]);
        let tensor = sets(workspace.package("core-tensor").unwrap());
        assert!(tensor.iter().all(|set| !set.contains("lapack")), "{tensor:?}");
        assert_eq!(sets(workspace.package("orthant-cli").unwrap()), [""]);
    }
}
