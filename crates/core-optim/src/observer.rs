//! Watching and stopping long work.

use std::ops::ControlFlow;

/// Sees the state of every iteration and may stop the run.
///
/// `S` is a borrowed, typed view of what the method has anyway: looking costs nothing, and nothing is computed for an
/// observer that is not there. Progress bars, traces, checkpoints, time limits and cancellation are all observers.
/// Closures are observers:
///
/// ```
/// use core_optim::Observer;
/// use std::ops::ControlFlow;
///
/// let mut seen = 0;
/// let mut observer = |iteration: &usize| {
///     seen += 1;
///     if *iteration < 10 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
/// };
/// assert_eq!(observer.iteration(&3), ControlFlow::Continue(()));
/// assert_eq!(observer.iteration(&10), ControlFlow::Break(()));
/// assert_eq!(seen, 2);
/// ```
pub trait Observer<S: ?Sized> {
    /// Called once for each iteration; `Break` ends the run, which then returns what it has.
    fn iteration(&mut self, state: &S) -> ControlFlow<()>;
}

impl<S: ?Sized, F: FnMut(&S) -> ControlFlow<()>> Observer<S> for F {
    fn iteration(&mut self, state: &S) -> ControlFlow<()> {
        self(state)
    }
}

/// Watches nothing and never stops: what a method uses when the caller gives no observer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unobserved;

impl<S: ?Sized> Observer<S> for Unobserved {
    fn iteration(&mut self, _state: &S) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
