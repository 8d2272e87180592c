//! What a solver tells while it runs, and why it stopped.

use ndarray::Array2;

/// One accepted step, as an observer sees it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Step<'a> {
    /// Number of the step in its stage, from 1.
    pub iteration: usize,
    /// Weight μ of the score in this stage.
    pub mu: f64,
    /// Domain parameter s of this stage.
    pub s: f64,
    /// Objective μ (S + λ ‖W‖₁) + h_s after the step.
    pub objective: f64,
    /// Acyclicity h_s after the step.
    pub h: f64,
    /// Length of the step along its direction, in (0, 1].
    pub step: f64,
    /// Largest violation of the optimality conditions that the column problems left.
    pub column_violation: f64,
    /// The weights (d × d) after the step.
    pub weights: &'a Array2<f64>,
}

/// Why a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum StageEnd {
    /// The relative decrease fell below the tolerance.
    Converged,
    /// No step along the direction lowers the objective: stationary to rounding.
    Stationary,
    /// The number of steps reached its limit.
    IterationLimit,
    /// The observer asked to stop.
    Stopped,
    /// The starting point was outside the domain; the stage is tried again with a larger s.
    LeftDomain,
}

/// Where a fit is, as its observer sees it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// Index of the start.
    pub start: usize,
    /// Number of starts.
    pub starts: usize,
    /// Index of the stage on the central path.
    pub stage: usize,
    /// Number of stages.
    pub stages: usize,
    /// The step that was taken (for the reference solver: the checkpoint).
    pub step: Step<'a>,
}

/// What happened in one stage of the central path.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Stage {
    /// Weight μ of the score.
    pub mu: f64,
    /// Domain parameter s that was used.
    pub s: f64,
    /// Steps (proximal Newton) or iterations (reference).
    pub steps: usize,
    /// Objective at the end.
    pub objective: f64,
    /// Acyclicity h_s at the end.
    pub h: f64,
    /// Why it ended.
    pub end: StageEnd,
}
