//! What is under way, on the standard error.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::ops::ControlFlow;

/// A progress bar; silent with `--quiet` and when the standard error is no terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar without a length yet.
    pub(crate) fn new(quiet: bool) -> Self {
        let visible = !quiet && std::io::stderr().is_terminal();
        let bar = if visible { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        Self { bar }
    }

    /// Rows of a file that have been read.
    pub(crate) fn rows(&self, rows: u64) {
        self.bar.set_message(format!("reading, {rows} rows"));
        self.bar.tick();
    }

    /// Begins a task of `steps` steps.
    pub(crate) fn begin(&self, what: &str, steps: usize) {
        let style = ProgressStyle::with_template("{prefix} [{bar:24}] {pos}/{len}  {msg}")
            .map(|style| style.progress_chars("=> "))
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar.set_style(style);
        self.bar.set_prefix(what.to_owned());
        self.bar.set_message("");
        self.bar.set_length(steps as u64);
        self.bar.set_position(0);
    }

    /// Where the task is.
    pub(crate) fn at(&self, step: usize, message: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_position(step as u64);
            self.bar.set_message(message());
        }
    }

    /// Where a task is whose observer tells the number of steps; never asks to stop.
    pub(crate) fn step(&self, what: &str, done: usize, total: usize, message: &'static str) -> ControlFlow<()> {
        if self.bar.length() != Some(total as u64) || self.bar.prefix() != what {
            self.begin(what, total);
        }
        self.at(done, || message.to_owned());
        ControlFlow::Continue(())
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
