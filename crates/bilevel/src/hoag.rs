//! HOAG, the baseline with a schedule of accuracies (Pedregosa 2016).

use crate::oracle::Oracle;
use crate::vector::norm;
use crate::{Cost, Result};
use core_optim::{Observer, Unobserved};
use core_tensor::check_range;
use ndarray::{Array1, ArrayRef1};
use std::ops::ControlFlow;

/// How the accuracy falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Schedule {
    /// By a tenth in each iteration.
    #[default]
    Geometric,
    /// As 1/(k + 1)².
    Quadratic,
    /// As 1/(k + 1)³.
    Cubic,
    /// Not at all.
    Fixed,
}

/// Hyperparameter optimisation with approximate gradient: steps by a running estimate of the smoothness of f, accuracies by a schedule set
/// in advance. Nothing is certified; it is here to be compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hoag {
    schedule: Schedule,
    accuracy: f64,
    max_iterations: usize,
    max_cost: Option<usize>,
}

/// What HOAG did with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoagAction {
    /// The value fell as predicted: the next step is longer.
    Grow,
    /// The value rose by a fifth or more: back, with half the step.
    Reject,
    /// In between.
    Keep,
}

/// An iteration, as observers see it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct HoagStep<'a> {
    /// Counted from 0.
    pub iteration: usize,
    /// g at the computed point.
    pub value: f64,
    /// ‖z‖.
    pub gradient_norm: f64,
    /// What was done.
    pub action: HoagAction,
    /// The estimate of the smoothness, afterwards.
    pub smoothness: f64,
    /// ε, afterwards.
    pub accuracy: f64,
    /// θ, afterwards.
    pub theta: &'a ArrayRef1<f64>,
    /// What was spent so far.
    pub cost: Cost,
}

/// The result of [`Hoag`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HoagFit {
    /// The θ with the smallest computed value.
    pub theta: Array1<f64>,
    /// That value.
    pub value: f64,
    /// Iterations.
    pub iterations: usize,
    /// What it took.
    pub cost: Cost,
}

impl Default for Hoag {
    fn default() -> Self {
        Self::new()
    }
}

impl Hoag {
    /// Geometric, from 0.1, 100 iterations.
    #[must_use]
    pub fn new() -> Self {
        Self { schedule: Schedule::Geometric, accuracy: 0.1, max_iterations: 100, max_cost: None }
    }

    /// Schedule and first accuracy.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule, accuracy: f64) -> Self {
        (self.schedule, self.accuracy) = (schedule, accuracy);
        self
    }

    /// Limit of iterations.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Limit of gradients and products of the lower level.
    #[must_use]
    pub fn max_cost(mut self, cost: usize) -> Self {
        self.max_cost = Some(cost);
        self
    }

    /// Minimises f from `theta`.
    ///
    /// # Errors
    /// An accuracy that is not > 0, a θ that the oracle refuses, errors of the solvers at the first point.
    pub fn minimise(&self, oracle: &mut dyn Oracle, theta: &ArrayRef1<f64>) -> Result<HoagFit> {
        self.minimise_observed(oracle, theta, &mut Unobserved)
    }

    /// The same under an observer.
    ///
    /// # Errors
    /// As there.
    pub fn minimise_observed(
        &self,
        oracle: &mut dyn Oracle,
        theta: &ArrayRef1<f64>,
        observer: &mut (impl for<'a> Observer<HoagStep<'a>> + ?Sized),
    ) -> Result<HoagFit> {
        const SLACK: f64 = 0.25;
        let first = self.accuracy;
        check_range("accuracy", first, first > 0.0 && first.is_finite(), "finite and > 0")?;
        oracle.check(theta)?;
        let d = theta.len();
        let (mut theta, mut before) = (theta.to_owned(), theta.to_owned());
        let (mut accuracy, mut smoothness, mut value_before) = (first, 1.0, f64::INFINITY);
        let mut z = Array1::zeros(d);
        let mut best = (theta.clone(), f64::INFINITY);
        let mut iterations = 0;
        for k in 0..self.max_iterations {
            if self.max_cost.is_some_and(|limit| oracle.cost().total() >= limit) || oracle.check(&theta).is_err() {
                break;
            }
            // Nothing keeps it from steps to where the problem cannot be solved; the best θ before is what it found.
            let found = oracle
                .refine(&theta, accuracy)
                .and_then(|found| oracle.hypergradient_into(&theta, accuracy, &mut z).map(|_| found.bounds.value));
            let value = match found {
                Ok(value) => value,
                Err(error) if k == 0 => return Err(error),
                Err(_) => break,
            };
            iterations += 1;
            let size = norm(&z);
            if !(value.is_finite() && size.is_finite()) {
                break;
            }
            if value < best.1 {
                best = (theta.clone(), value);
            }
            if k == 0 {
                smoothness = if size > 1e-3 { size / (d as f64).sqrt() } else { 1.0 };
            }
            let step = 1.0 / smoothness;
            let moved = step * size;
            let old = accuracy;
            let power = (k + 1) as f64;
            accuracy = match self.schedule {
                Schedule::Geometric => 0.9 * accuracy,
                Schedule::Quadratic => accuracy.min(first / power.powi(2)),
                Schedule::Cubic => accuracy.min(first / power.powi(3)),
                Schedule::Fixed => accuracy,
            }
            .max(1e-12);
            let predicted = value_before + SLACK * accuracy + old * (SLACK + 1.0) * moved - smoothness * moved * moved;
            let action = if value <= predicted {
                smoothness *= 0.95;
                before.assign(&theta);
                theta.scaled_add(-1.0 / smoothness, &z);
                value_before = value;
                HoagAction::Grow
            } else if value >= 1.2 * value_before {
                smoothness *= 2.0;
                theta.assign(&before);
                if self.schedule != Schedule::Fixed {
                    accuracy *= 0.5;
                }
                HoagAction::Reject
            } else {
                before.assign(&theta);
                theta.scaled_add(-step, &z);
                value_before = value;
                HoagAction::Keep
            };
            let state = HoagStep {
                iteration: k,
                value,
                gradient_norm: size,
                action,
                smoothness,
                accuracy,
                theta: &theta,
                cost: oracle.cost(),
            };
            if observer.iteration(&state) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(HoagFit { theta: best.0, value: best.1, iterations, cost: oracle.cost() })
    }
}
