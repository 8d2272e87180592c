//! From the arguments of a command to its folder of results.

use super::arguments::{ResultArguments, TableArguments};
use super::data::load;
use crate::failure::Outcome;
use crate::input::{Regression, ResponseKind};
use crate::output::{Folder, print};
use crate::progress::Progress;
use crate::threads::set_threads;
use std::path::PathBuf;

/// One run of a command on a table.
pub(crate) struct Session {
    pub(crate) table: Regression,
    pub(crate) progress: Progress,
    target: Target,
}

/// Where results go, and what is printed.
pub(crate) struct Target {
    out: PathBuf,
    force: bool,
    json: bool,
    quiet: bool,
}

impl Target {
    /// Checks that the results can be written, and sets the number of threads.
    pub(crate) fn open(command: &str, results: &ResultArguments) -> Outcome<Self> {
        let out = results.folder(command);
        Folder::check(&out, results.force)?;
        set_threads(results.threads)?;
        let ResultArguments { force, json, quiet, .. } = *results;
        Ok(Self { out, force, json, quiet })
    }

    /// Writes the folder, of whose files any may be `known` from earlier, and prints the JSON or the summary.
    pub(crate) fn finish(self, folder: &Folder, known: &[&str], json: &str, summary: &str) -> Outcome<()> {
        folder.write(&self.out, self.force, known)?;
        match (self.json, self.quiet) {
            (true, _) => print(json),
            (false, true) => Ok(()),
            (false, false) => {
                let (folder, report) = (self.out.display(), self.out.join("report.html"));
                print(&format!("{summary}\nWritten to {folder}; read {}\n", report.display()))
            }
        }
    }
}

impl Session {
    /// Checks where the results go, then reads the table.
    pub(crate) fn open(
        command: &str,
        table: &TableArguments,
        results: &ResultArguments,
        kind: ResponseKind,
    ) -> Outcome<Self> {
        let target = Target::open(command, results)?;
        let progress = Progress::new(results.quiet);
        let table = load(table, kind, &progress)?;
        Ok(Self { table, progress, target })
    }

    /// [`Target::finish`], after the progress bar has gone.
    pub(crate) fn finish(self, folder: &Folder, known: &[&str], json: &str, summary: &str) -> Outcome<()> {
        self.progress.finish();
        self.target.finish(folder, known, json, summary)
    }
}
