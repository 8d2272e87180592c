//! How many packages the published libraries bring with them by default.

use crate::process::{Outcome, cargo, read, say};
use crate::workspace::Workspace;
use std::collections::BTreeSet;

/// Packages of a library without dense linear algebra, itself included.
const WITHOUT_LINEAR_ALGEBRA: usize = 30;
/// And with it.
const WITH_LINEAR_ALGEBRA: usize = 85;
/// Bindings that are Rust all the way down to the kernel's interface.
const NO_LIBRARY: [&str; 4] = ["linux-raw-sys", "windows-sys", "js-sys", "web-sys"];
/// Build-time packages that look for, or compile, foreign libraries.
const FINDERS: [&str; 5] = ["cc", "cmake", "pkg-config", "vcpkg", "bindgen"];

pub(crate) fn check(workspace: &Workspace) -> Outcome<()> {
    for package in workspace.published().filter(|package| package.has_library) {
        let normal = tree(&package.name, "normal")?;
        let with_build = tree(&package.name, "normal,build")?;
        verdict(&package.name, &normal, &with_build)?;
        say(&format!("budget: {} brings {} packages", package.name, normal.len()));
    }
    Ok(())
}

/// Name and version of every package in the tree.
fn tree(package: &str, edges: &str) -> Outcome<BTreeSet<String>> {
    let format = ["--prefix", "none", "--format", "{p}"];
    let text = read(cargo(&["tree", "--package", package, "--edges", edges]).args(format))?;
    Ok(packages(&text))
}

fn packages(tree: &str) -> BTreeSet<String> {
    let entry = |line: &str| -> Option<String> {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?))
    };
    tree.lines().filter_map(entry).collect()
}

fn verdict(library: &str, normal: &BTreeSet<String>, with_build: &BTreeSet<String>) -> Outcome<()> {
    let name = |entry: &String| entry.split(' ').next().unwrap_or_default().to_owned();
    let budget =
        if normal.iter().any(|entry| name(entry) == "faer") { WITH_LINEAR_ALGEBRA } else { WITHOUT_LINEAR_ALGEBRA };
    if normal.len() > budget {
        return Err(format!("{library} brings {} packages by default; its budget is {budget}", normal.len()).into());
    }
    let foreign = |entry: &String| {
        let name = name(entry);
        let binds = name.ends_with("-sys") || name.ends_with("-src");
        (binds && !NO_LIBRARY.contains(&name.as_str())) || FINDERS.contains(&name.as_str())
    };
    match with_build.iter().find(|entry| foreign(entry)) {
        Some(entry) => Err(format!("{library} needs a system library by default, through {entry}").into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_packages_count_once() {
        let tree = packages("a v1.0.0 (/somewhere)\nb v0.2.0\nb v0.2.0 (*)\nb v0.3.0\n\n");
        assert_eq!(tree.len(), 3);
    }

    #[test]
    fn the_budget_bites() {
        let many: BTreeSet<String> = (0..31).map(|k| format!("p{k} v1.0.0")).collect();
        let none = BTreeSet::new();
        let message = verdict("x", &many, &none).unwrap_err().to_string();
        assert_eq!(message, "x brings 31 packages by default; its budget is 30");
        let mut with_faer = many;
        with_faer.insert("faer v0.24.4".to_owned());
        assert!(verdict("x", &with_faer, &none).is_ok());
        let bound = BTreeSet::from(["openblas-src v0.10.0".to_owned()]);
        let message = verdict("x", &none, &bound).unwrap_err().to_string();
        assert_eq!(message, "x needs a system library by default, through openblas-src v0.10.0");
        assert!(verdict("x", &none, &BTreeSet::from(["linux-raw-sys v0.9.0".to_owned()])).is_ok());
    }
}
