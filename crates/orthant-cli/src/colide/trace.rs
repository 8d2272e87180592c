//! What the solver did, step by step.

use crate::failure::{Failure, Outcome};
use orthant::colide::Progress;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub(super) struct Point {
    pub(super) start: usize,
    pub(super) stage: usize,
    pub(super) iteration: usize,
    pub(super) mu: f64,
    pub(super) s: f64,
    pub(super) objective: f64,
    pub(super) h: f64,
    pub(super) step: f64,
    pub(super) column_violation: f64,
}

impl Point {
    pub(super) fn new(progress: &Progress<'_>) -> Self {
        let step = progress.step;
        Self {
            start: progress.start,
            stage: progress.stage,
            iteration: step.iteration,
            mu: step.mu,
            s: step.s,
            objective: step.objective,
            h: step.h,
            step: step.step,
            column_violation: step.column_violation,
        }
    }
}

/// The text of a trace file.
pub(super) fn csv(points: &[Point]) -> Outcome<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for point in points {
        writer.serialize(point).map_err(|error| Failure::Internal(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| Failure::Internal(error.to_string()))
}
