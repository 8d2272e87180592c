//! A folder of results that appears complete or not at all.

use crate::failure::{Failure, Outcome};
use std::fs;
use std::path::{Path, PathBuf};

/// Files that are gathered in memory and then appear at once.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Folder {
    /// No files yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, name: &'static str, bytes: impl Into<Vec<u8>>) {
        self.files.push((name, bytes.into()));
    }

    /// Refuses a target that could not be written, before the work is done.
    pub(crate) fn check(target: &Path, force: bool) -> Outcome<()> {
        let shown = target.display();
        if target.file_name().is_none() {
            return Err(Failure::input(format!("--out `{shown}` is no name for a folder")));
        }
        let parent = parent(target);
        if !parent.is_dir() {
            return Err(Failure::input(format!("--out: the folder `{}` does not exist", parent.display())));
        }
        match fs::symlink_metadata(target) {
            Ok(_) if target.is_dir() && force => Ok(()),
            Ok(_) if target.is_dir() => Err(Failure::input(format!(
                "`{shown}` exists; pass --force to replace the results in it, or choose another --out"
            ))),
            Ok(_) => Err(Failure::input(format!("`{shown}` exists and is no folder; choose another --out"))),
            Err(_) => Ok(()),
        }
    }

    /// Writes the files to a temporary folder beside `target` and renames it. When `target` exists (with `force`), each
    /// file replaces its namesake there, those of `known` that are not written any more are removed, and all other
    /// files stay.
    pub(crate) fn write(&self, target: &Path, force: bool, known: &[&str]) -> Outcome<()> {
        Self::check(target, force)?;
        let temporary = temporary(target);
        let written = self.fill(&temporary).and_then(|()| self.reveal(&temporary, target, known));
        if temporary.exists() {
            // Best effort: the failure that is reported is the one that led here.
            let _ = fs::remove_dir_all(&temporary);
        }
        written
    }

    fn fill(&self, folder: &Path) -> Outcome<()> {
        fs::create_dir(folder).map_err(|error| Failure::write(folder, &error))?;
        for (name, bytes) in &self.files {
            let path = folder.join(name);
            fs::write(&path, bytes).map_err(|error| Failure::write(&path, &error))?;
        }
        Ok(())
    }

    fn reveal(&self, temporary: &Path, target: &Path, known: &[&str]) -> Outcome<()> {
        if !target.exists() {
            return fs::rename(temporary, target).map_err(|error| Failure::write(target, &error));
        }
        for (name, _) in &self.files {
            let path = target.join(name);
            fs::rename(temporary.join(name), &path).map_err(|error| Failure::write(&path, &error))?;
        }
        for name in known.iter().filter(|name| !self.files.iter().any(|(written, _)| written == *name)) {
            let path = target.join(name);
            if path.is_file() {
                fs::remove_file(&path).map_err(|error| Failure::write(&path, &error))?;
            }
        }
        Ok(())
    }
}

/// Writes one file under a temporary name and renames it.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Outcome<()> {
    let temporary = temporary(path);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Failure::write(path, &error)
    })
}

fn parent(target: &Path) -> PathBuf {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A hidden name beside `target`.
fn temporary(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    parent(target).join(format!(".{name}.{}.partial", std::process::id()))
}
