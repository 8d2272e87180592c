//! What a run returns.

use crate::Certificate;
use core_optim::Stopped;
use ndarray::{Array1, ArrayRef1};

/// The result of a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fit<T> {
    /// x (p).
    pub x: Array1<T>,
    /// F(x).
    pub objective: T,
    /// How good x is; its dual value is the best one seen.
    pub certificate: Certificate<T>,
    /// Block updates made.
    pub iterations: usize,
    /// Why the run ended.
    pub stopped: Stopped,
    /// Coordinates that are not at a kink or bound of the penalty.
    pub support: Vec<usize>,
    /// The update after which the pattern (zeros, bounds, signs) never changed again; 0 if it never did. Working sets (the
    /// automatic choice for many variables) do not watch it: then the last iteration. Ask for a trace to have it watched.
    pub identified_at: usize,
    /// One entry per update, if asked for; entry 0 is the start.
    pub trace: Vec<Iteration<T>>,
}

/// One update, for a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Iteration<T> {
    /// Updates so far.
    pub iteration: usize,
    /// F after it.
    pub objective: T,
    /// Size of the block.
    pub block_size: usize,
    /// Coordinates that are not at a kink or bound.
    pub support_size: usize,
    /// Coordinates whose pattern the update changed.
    pub pattern_changes: usize,
}

/// What an observer sees after each update.
#[derive(Debug)]
#[non_exhaustive]
pub struct Progress<'a, T> {
    /// Updates so far.
    pub iteration: usize,
    /// F(x).
    pub objective: T,
    /// x (p).
    pub x: &'a ArrayRef1<T>,
    /// The block of the last update.
    pub block: &'a [usize],
    /// The last certificate, with the best dual value.
    pub certificate: &'a Certificate<T>,
}
