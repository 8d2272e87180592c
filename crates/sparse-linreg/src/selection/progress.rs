//! What an observer of a selection sees.

use crate::error::{Error, Result};
use core_optim::Observer;

/// How far a cross-validation, a race or a stability selection is, as an observer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SelectionProgress {
    /// Fits that are done.
    pub done: usize,
    /// Fits in all: of a cross-validation one per fold and one on all rows, of a race as many for each entrant, of a stability
    /// selection one per half sample. A fit is that of a whole path.
    pub total: usize,
}

/// Folds or samples between two looks of an observer; a constant, so that nothing depends on the number of threads.
const BATCH: usize = 4;

/// The count of the fits, and who looks at it.
pub(crate) struct Count<'o> {
    observer: Option<&'o mut dyn Observer<SelectionProgress>>,
    state: SelectionProgress,
    is_stopped: bool,
}

impl<'o> Count<'o> {
    /// Nobody looks.
    pub(super) fn unobserved() -> Self {
        Self { observer: None, state: SelectionProgress { done: 0, total: 0 }, is_stopped: false }
    }

    /// `total` fits under the eyes of an observer.
    pub(super) fn observed(observer: &'o mut dyn Observer<SelectionProgress>, total: usize) -> Self {
        Self { observer: Some(observer), state: SelectionProgress { done: 0, total }, is_stopped: false }
    }

    /// How many fits are made at once.
    pub(super) fn batch(&self) -> usize {
        if self.observer.is_some() { BATCH } else { usize::MAX }
    }

    /// Counts `fits` that are done, and asks the observer whether to go on.
    pub(super) fn add(&mut self, fits: usize) {
        self.state.done += fits;
        self.is_stopped |= self.observer.as_mut().is_some_and(|observer| observer.iteration(&self.state).is_break());
    }

    /// Whether the observer asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// The error of work that has no result in parts.
    pub(super) fn check(&self) -> Result<()> {
        let SelectionProgress { done, total } = self.state;
        if self.is_stopped { Err(Error::Stopped { what: "cross-validation", done, total }) } else { Ok(()) }
    }
}
