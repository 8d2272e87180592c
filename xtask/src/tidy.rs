//! `cargo xtask tidy`: the repository's own rules.

mod crates;
mod data;
mod source;

use crate::process::{Outcome, flags_and_names, read, root, say};
use crate::repro;
use crate::workspace::Workspace;
use std::path::Path;
use std::process::Command;

pub(crate) const HELP: &str = "\
Usage: cargo xtask tidy

The repository's own rules:
  no source file above 500 lines without its tests; no path, host or name of a machine in a tracked file;
  no todo!, dbg! or print in libraries; unsafe code forbidden in every crate root;
  every published crate with README, description, keywords, categories and licence; the licence files;
  every golden file run by a test; origin and licence beside every data set;
  docs/results/*.md as generated from the files beside it.";

pub(crate) fn run(arguments: &[String]) -> Outcome<()> {
    let ([], names) = flags_and_names(arguments, [])?;
    if let Some(name) = names.first() {
        return Err(format!("`tidy` takes no names, but got `{name}`").into());
    }
    check(&Workspace::load()?)
}

/// A tracked text file.
struct File {
    /// Relative to the workspace, with `/`.
    path: String,
    text: String,
}

/// What a rule found: one line each, beginning with the path.
type Findings = Vec<String>;

pub(crate) fn check(workspace: &Workspace) -> Outcome<()> {
    let files = tracked_files()?;
    let mut findings = Findings::new();
    findings.extend(files.iter().filter_map(source::too_long));
    findings.extend(files.iter().flat_map(|file| source::of_a_machine(file, &source::machine_words())));
    findings.extend(files.iter().flat_map(source::leftovers));
    for package in &workspace.packages {
        findings.extend(crates::unsafe_code(package));
        findings.extend(crates::golden_files(package));
        if package.published {
            findings.extend(crates::manifest(package));
        }
    }
    findings.extend(data::licence_files(root()));
    findings.extend(data::data_sets(&root().join("crates/datasets/data")));
    findings.extend(repro::stale_pages()?);
    for finding in &findings {
        say(&format!("tidy: {finding}"));
    }
    match findings.len() {
        0 => {
            say(&format!("tidy: {} files, nothing to say", files.len()));
            Ok(())
        }
        count => Err(format!("tidy: {count} findings").into()),
    }
}

/// Tracked and new files that are text.
fn tracked_files() -> Outcome<Vec<File>> {
    let list =
        read(Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root()))?;
    // What is no UTF-8 is data; what is gone is a deletion not yet recorded.
    let text = |path: &str| std::fs::read_to_string(root().join(path)).ok();
    Ok(list.lines().filter_map(|path| Some(File { path: path.to_owned(), text: text(path)? })).collect())
}

/// A path relative to the workspace, for messages.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
