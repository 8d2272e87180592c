//! What a run is, was, and ends with.

use crate::descent::Gradient;
use crate::{Cost, ValueBounds};
use ndarray::{Array1, ArrayRef1};

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Status {
    /// ‖z‖ + ω is at most the tolerance. Certified when the fit has a `gradient_error` of rigorous mode, an estimate else.
    Converged,
    /// The value has settled.
    Settled,
    /// Accuracies below the arithmetic's limits: the normal end near a stationary point.
    AccuracyFloor,
    /// As many steps as were asked for.
    MaxIterations,
    /// As many evaluations of the lower level as were asked for.
    MaxCost,
    /// A line search found no decrease at the fixed accuracy.
    SearchFailed,
    /// The observer said stop.
    Observer,
    /// The lower level or the linear system could not be solved to the accuracy.
    LowerSolverFailed,
    /// A value or gradient is not finite.
    NotFinite,
}

/// The result of [`Maid`](crate::Maid).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MaidFit {
    /// The last accepted hyperparameters, and the best ones.
    pub theta: Array1<f64>,
    /// f(θ), corrected to second order. Not a bound.
    pub value: f64,
    /// Bounds of f(θ).
    pub bounds: ValueBounds,
    /// ‖z‖.
    pub gradient_norm: f64,
    /// ω: ‖z - ∇f‖ is at most this, where a bound was formed.
    pub gradient_error: Option<f64>,
    /// Why it ended.
    pub status: Status,
    /// Accepted steps.
    pub iterations: usize,
    /// What it took.
    pub cost: Cost,
    /// Where [`Maid::resume`](crate::Maid::resume) goes on.
    pub state: MaidState,
}

/// A trial of the line search, as observers see it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MaidStep<'a> {
    /// Accepted steps before this one.
    pub iteration: usize,
    /// Failed searches at this θ.
    pub retry: usize,
    /// Trials before this one.
    pub trial: usize,
    /// α.
    pub length: f64,
    /// ε.
    pub accuracy: f64,
    /// δ.
    pub residual: f64,
    /// ‖z‖.
    pub gradient_norm: f64,
    /// ω.
    pub gradient_error: Option<f64>,
    /// ψ; infinite when the trial could not be evaluated.
    pub excess: f64,
    /// Whether ψ ≤ 0.
    pub accepted: bool,
    /// The accepted θ: the trial's when it is accepted.
    pub theta: &'a ArrayRef1<f64>,
    /// Bounds of f there.
    pub bounds: ValueBounds,
    /// The corrected value at the point the search began at.
    pub corrected: f64,
    /// What was spent so far.
    pub cost: Cost,
}

/// Everything that a run continues from.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MaidState {
    pub(crate) theta: Array1<f64>,
    pub(crate) accuracy: f64,
    pub(crate) residual: f64,
    /// First trial of the next search; none before the first step.
    pub(crate) length: Option<f64>,
    /// Accepted lengths of the last steps.
    pub(crate) lengths: Vec<f64>,
    /// θ and z of the step before.
    pub(crate) previous: Option<(Array1<f64>, Array1<f64>)>,
    pub(crate) iteration: usize,
    /// Corrected values of the last steps.
    pub(crate) values: Vec<f64>,
    /// Weight and average of the nonmonotone test.
    pub(crate) memory: Option<(f64, f64)>,
    pub(crate) oracle: Vec<Array1<f64>>,
}

/// Values that are remembered for the stopping test.
const REMEMBERED: usize = 64;

/// Steps whose lengths are remembered.
const RECENT: usize = 10;

impl MaidState {
    pub(crate) fn begin(theta: Array1<f64>, accuracy: f64, residual: f64) -> Self {
        Self {
            theta,
            accuracy,
            residual,
            length: None,
            lengths: Vec::new(),
            previous: None,
            iteration: 0,
            values: Vec::new(),
            memory: None,
            oracle: Vec::new(),
        }
    }

    /// The accepted hyperparameters.
    #[must_use]
    pub fn theta(&self) -> &Array1<f64> {
        &self.theta
    }

    /// Accepted steps.
    #[must_use]
    pub fn iterations(&self) -> usize {
        self.iteration
    }

    /// ε and δ of the next step.
    #[must_use]
    pub fn accuracies(&self) -> (f64, f64) {
        (self.accuracy, self.residual)
    }

    pub(crate) fn advance(
        &mut self,
        theta: Array1<f64>,
        z: &Array1<f64>,
        (length, longer): (f64, f64),
        looser: f64,
        last: &Gradient,
        nonmonotone: Option<f64>,
    ) {
        let before = std::mem::replace(&mut self.theta, theta);
        self.previous = Some((before, z.clone()));
        self.length = Some(longer * length);
        if self.lengths.len() == RECENT {
            self.lengths.remove(0);
        }
        self.lengths.push(length);
        self.accuracy *= looser;
        self.residual *= looser;
        self.iteration += 1;
        if self.values.len() == REMEMBERED {
            self.values.remove(0);
        }
        self.values.push(last.corrected);
        if let Some(eta) = nonmonotone {
            let (weight, average) = self.memory.unwrap_or((1.0, last.bounds.lower));
            let next = eta * weight + 1.0;
            self.memory = Some((next, (eta * weight * average + last.bounds.lower) / next));
        }
    }

    /// The average of the nonmonotone test.
    pub(crate) fn average_lower(&self, now: f64) -> f64 {
        self.memory.map_or(now, |(_, average)| average.max(now))
    }

    pub(crate) fn settled(&self, tolerance: f64, patience: usize) -> bool {
        let patience = patience.min(REMEMBERED - 1);
        let Some(then) = self.values.len().checked_sub(patience + 1) else { return false };
        let (before, now) = (self.values[then], self.values[self.values.len() - 1]);
        (before - now).abs() <= tolerance * now.abs()
    }
}
