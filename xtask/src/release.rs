//! `cargo xtask release`.

use crate::ci;
use crate::process::{Outcome, cargo, flags_and_names, read, root, run as execute, say};
use crate::workspace::{Package, Workspace};
use std::process::Command;

pub(crate) const HELP: &str = "\
Usage: cargo xtask release [CRATE…] [--dry-run] [--execute] [--no-ci] [--offline]

Goes through everything that a release of the named crates (all by default) needs: a clean working tree, a dated section
of each version in the changelog, `cargo xtask ci`, and cargo's own rehearsal of publishing. Prints the tags.

Dry unless --execute is given: then it publishes to the registry and makes the tags (it does not push them). What is
missing ends a real release at once; a dry run goes on and lists all of it at the end.
  --no-ci     leave ci out (dry runs only)
  --offline   rehearse with `cargo package` and without the registry (dry runs only)";

pub(crate) fn run(arguments: &[String]) -> Outcome<()> {
    let ([dry, execute_it, no_ci, offline], names) =
        flags_and_names(arguments, ["--dry-run", "--execute", "--no-ci", "--offline"])?;
    if execute_it && (dry || no_ci || offline) {
        return Err("--execute goes with none of --dry-run, --no-ci and --offline".into());
    }
    let workspace = Workspace::load()?;
    let packages = chosen(&workspace, &names)?;
    let mut missing = Vec::new();
    let mut demand = |finding: Option<String>| -> Outcome<()> {
        match finding {
            Some(finding) if execute_it => Err(finding.into()),
            Some(finding) => {
                say(&format!("release: {finding}"));
                missing.push(finding);
                Ok(())
            }
            None => Ok(()),
        }
    };
    let changes = read(Command::new("git").args(["status", "--porcelain"]).current_dir(root()))?;
    let dirty = !changes.trim().is_empty();
    demand(dirty.then(|| "the working tree is not clean".to_owned()))?;
    for package in &packages {
        demand(changelog(package)?)?;
    }
    if !no_ci {
        ci::run(&[])?;
    }
    rehearse(&packages, offline, dirty)?;

    let tags: Vec<String> = packages.iter().map(|package| format!("{}-v{}", package.name, package.version)).collect();
    say(&format!("release: tags {}", tags.join(", ")));
    if execute_it {
        execute(with_packages(&mut cargo(&["publish"]), &packages))?;
        for tag in &tags {
            execute(Command::new("git").args(["tag", "--annotate", tag, "--message", tag]).current_dir(root()))?;
        }
        say("release: published; push the tags with `git push --tags`");
        return Ok(());
    }
    match missing.len() {
        0 => {
            say("release: ready; --execute publishes");
            Ok(())
        }
        count => Err(format!("not ready, {count} missing:\n  {}", missing.join("\n  ")).into()),
    }
}

fn chosen<'a>(workspace: &'a Workspace, names: &[String]) -> Outcome<Vec<&'a Package>> {
    if names.is_empty() {
        return Ok(workspace.published().collect());
    }
    let find = |name: &String| {
        let package = workspace.package(name)?;
        if package.published { Ok(package) } else { Err(format!("`{name}` is never published").into()) }
    };
    names.iter().map(find).collect()
}

/// What is missing from the changelog: the crate's own where it has one, else the workspace's.
fn changelog(package: &Package) -> Outcome<Option<String>> {
    let own = package.folder.join("CHANGELOG.md");
    let (path, heading) = if own.is_file() {
        (own, package.version.clone())
    } else {
        (root().join("CHANGELOG.md"), format!("{} {}", package.name, package.version))
    };
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let missing = !has_dated_section(&text, &heading);
    let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
    Ok(missing.then(|| format!("{shown} has no section `## {heading} - YYYY-MM-DD`")))
}

/// A heading `## HEADING - 2026-01-31`.
fn has_dated_section(changelog: &str, heading: &str) -> bool {
    changelog.lines().any(|line| {
        let Some(date) = line.strip_prefix(&format!("## {heading} - ")) else { return false };
        let parts: Vec<&str> = date.trim().split('-').collect();
        parts.len() == 3
            && parts
                .iter()
                .zip([4, 2, 2])
                .all(|(part, digits)| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Cargo's rehearsal: packs every crate and builds it from its package.
fn rehearse(packages: &[&Package], offline: bool, dirty: bool) -> Outcome<()> {
    let mut command = if offline { cargo(&["package", "--offline"]) } else { cargo(&["publish", "--dry-run"]) };
    if dirty {
        command.arg("--allow-dirty");
    }
    execute(with_packages(&mut command, packages))
}

fn with_packages<'c>(command: &'c mut Command, packages: &[&Package]) -> &'c mut Command {
    for package in packages {
        command.args(["--package", &package.name]);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_need_their_version_and_a_date() {
        let text = "# Changelog\n\n## Unreleased\n\n## colide 0.1.0 - 2026-01-31\n\n## core-tensor 0.1.0\n";
        assert!(has_dated_section(text, "colide 0.1.0"));
        assert!(!has_dated_section(text, "core-tensor 0.1.0") && !has_dated_section(text, "colide 0.1.1"));
        assert!(!has_dated_section("## colide 0.1.0 - soon", "colide 0.1.0"));
    }

    #[test]
    fn publishing_excludes_shortcuts() {
        let run = |arguments: &[&str]| run(&arguments.iter().map(|&a| a.to_owned()).collect::<Vec<_>>());
        assert!(run(&["--execute", "--no-ci"]).unwrap_err().to_string().starts_with("--execute goes with none"));
        assert!(run(&["xtask"]).unwrap_err().to_string().contains("never published"));
    }
}
