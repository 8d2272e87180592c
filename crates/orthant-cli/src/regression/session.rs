//! From the arguments of a command to its folder of results.

use super::arguments::{ResultArguments, TableArguments};
use super::data::load;
use crate::failure::Outcome;
use crate::input::{Regression, ResponseKind};
use crate::output::{Folder, print};
use crate::progress::Progress;
use crate::threads::set_threads;
use std::path::PathBuf;

/// One run of a command.
pub(crate) struct Session {
    pub(crate) table: Regression,
    pub(crate) progress: Progress,
    out: PathBuf,
    force: bool,
    json: bool,
    quiet: bool,
}

impl Session {
    /// Checks where the results go, then reads the table.
    pub(crate) fn open(
        command: &str,
        table: &TableArguments,
        results: &ResultArguments,
        kind: ResponseKind,
    ) -> Outcome<Self> {
        let out = results.folder(command);
        Folder::check(&out, results.force)?;
        set_threads(results.threads)?;
        let progress = Progress::new(results.quiet);
        let table = load(table, kind, &progress)?;
        let ResultArguments { force, json, quiet, .. } = *results;
        Ok(Self { table, progress, out, force, json, quiet })
    }

    /// Writes the folder, of whose files any may be `known` from earlier, and prints the JSON or the summary.
    pub(crate) fn finish(self, folder: &Folder, known: &[&str], json: &str, summary: &str) -> Outcome<()> {
        self.progress.finish();
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
