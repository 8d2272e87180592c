//! MAID, the method of adaptive inexact descent (algorithms 3.1 and 3.2).

use crate::oracle::{Evaluation, Oracle};
use crate::run::{MaidFit, MaidState, MaidStep, Status};
use crate::vector::norm;
use crate::{Error, Result, ValueBounds, line_search_excess};
use core_optim::{Observer, Unobserved};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, ArrayRef1};

/// Where the line search begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FirstStep {
    /// A little longer than the last accepted step, as published.
    #[default]
    Grow,
    /// The Barzilai-Borwein length ⟨s, s⟩/⟨s, y⟩ where ⟨s, y⟩ > 0. Only the first trial changes, so every guarantee stays.
    BarzilaiBorwein,
}

/// The method of adaptive inexact descent.
///
/// Gradient descent on f(θ) with a backtracking line search that knows f only up to computable bounds, and still guarantees that f falls. It
/// chooses itself how accurately the lower level (ε) and the linear system (δ) are solved: a failed search makes both smaller, a step
/// larger.
///
/// | option | default | purpose | legal |
/// | --- | --- | --- | --- |
/// | [`accuracies`](Self::accuracies) ε₀, δ₀ | 0.02 times the first error bound | where they begin | > 0 |
/// | [`first_step_length`](Self::first_step_length) α₀ | 0.01 max(1, ‖θ₀‖)/‖z₀‖ | first step | > 0 |
/// | [`descent`](Self::descent) η, λ | 1e-4, 1e-8 | gradient test ω ≤ (1 - η)‖z‖; demanded decrease λ α ‖z‖² | 0 < λ < η < 1 |
/// | [`step_factors`](Self::step_factors) ρ, ρ̄ | 0.5, 10/9 | of a failed and of an accepted step | 0 < ρ < 1 < ρ̄ |
/// | [`accuracy_factors`](Self::accuracy_factors) ν, ν̄ | 0.5, 1.05 | of ε and δ after a failed search and a step | 0 < ν < 1 ≤ ν̄ |
/// | [`backtracks`](Self::backtracks) | 10 | trials of a search; each retry has one more | ≥ 1 |
/// | [`max_iterations`](Self::max_iterations) | 300 | accepted steps | any |
/// | [`max_cost`](Self::max_cost) | none | gradients and products of the lower level | any |
/// | [`gradient_tolerance`](Self::gradient_tolerance) | 1e-6 | stop at ‖z‖ + ω ≤ it | ≥ 0 |
/// | [`value_tolerance`](Self::value_tolerance) | off | stop when f changes less over some steps | ≥ 0, ≥ 1 |
/// | [`box_constraints`](Self::box_constraints) | none | every θᵢ in an interval, by projection | low ≤ high |
/// | [`prior`](Self::prior) | none | adds κ/2 ‖θ - m‖² to f | κ ≥ 0 |
/// | [`fixed_accuracy`](Self::fixed_accuracy) | no | ε and δ never change; the paper's ablation | |
/// | [`first_step`](Self::first_step) | grow | where searches begin | |
/// | [`nonmonotone`](Self::nonmonotone) | off | accept against an average of past values (Zhang and Hager); no guarantee | 0 ≤ η_r < 1 |
#[derive(Debug, Clone, PartialEq)]
pub struct Maid {
    accuracies: Option<(f64, f64)>,
    first_length: Option<f64>,
    descent: (f64, f64),
    step_factors: (f64, f64),
    accuracy_factors: (f64, f64),
    backtracks: usize,
    max_iterations: usize,
    max_cost: Option<usize>,
    gradient_tolerance: f64,
    value_tolerance: Option<(f64, usize)>,
    bounds: Option<(f64, f64)>,
    prior: Option<(f64, Array1<f64>)>,
    fixed: bool,
    first_step: FirstStep,
    nonmonotone: Option<f64>,
}

impl Default for Maid {
    fn default() -> Self {
        Self::new()
    }
}

impl Maid {
    /// The published method with the defaults of the table.
    #[must_use]
    pub fn new() -> Self {
        Self {
            accuracies: None,
            first_length: None,
            descent: (1e-4, 1e-8),
            step_factors: (0.5, 10.0 / 9.0),
            accuracy_factors: (0.5, 1.05),
            backtracks: 10,
            max_iterations: 300,
            max_cost: None,
            gradient_tolerance: 1e-6,
            value_tolerance: None,
            bounds: None,
            prior: None,
            fixed: false,
            first_step: FirstStep::Grow,
            nonmonotone: None,
        }
    }

    /// The same with Barzilai-Borwein starts of the line search: far fewer steps, the same guarantees.
    #[must_use]
    pub fn fast() -> Self {
        Self::new().first_step(FirstStep::BarzilaiBorwein)
    }

    /// ε₀ and δ₀.
    #[must_use]
    pub fn accuracies(mut self, lower: f64, linear: f64) -> Self {
        self.accuracies = Some((lower, linear));
        self
    }

    /// α₀.
    #[must_use]
    pub fn first_step_length(mut self, length: f64) -> Self {
        self.first_length = Some(length);
        self
    }

    /// η and λ.
    #[must_use]
    pub fn descent(mut self, eta: f64, lambda: f64) -> Self {
        self.descent = (eta, lambda);
        self
    }

    /// ρ and ρ̄.
    #[must_use]
    pub fn step_factors(mut self, shorter: f64, longer: f64) -> Self {
        self.step_factors = (shorter, longer);
        self
    }

    /// ν and ν̄.
    #[must_use]
    pub fn accuracy_factors(mut self, tighter: f64, looser: f64) -> Self {
        self.accuracy_factors = (tighter, looser);
        self
    }

    /// Trials of a line search.
    #[must_use]
    pub fn backtracks(mut self, trials: usize) -> Self {
        self.backtracks = trials;
        self
    }

    /// Accepted steps.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Gradients and Hessian products of the lower level; looked at between trials.
    #[must_use]
    pub fn max_cost(mut self, cost: usize) -> Self {
        self.max_cost = Some(cost);
        self
    }

    /// The ‖z‖ + ω that counts as stationary.
    #[must_use]
    pub fn gradient_tolerance(mut self, tolerance: f64) -> Self {
        self.gradient_tolerance = tolerance;
        self
    }

    /// Stops when the corrected value has changed by less than `tolerance`, relative to it, in `patience` accepted steps together.
    #[must_use]
    pub fn value_tolerance(mut self, tolerance: f64, patience: usize) -> Self {
        self.value_tolerance = Some((tolerance, patience));
        self
    }

    /// Keeps every θᵢ in an interval.
    #[must_use]
    pub fn box_constraints(mut self, low: f64, high: f64) -> Self {
        self.bounds = Some((low, high));
        self
    }

    /// Adds κ/2 ‖θ - mean‖² to f: keeps many hyperparameters from overfitting the validation data.
    #[must_use]
    pub fn prior(mut self, kappa: f64, mean: Array1<f64>) -> Self {
        self.prior = Some((kappa, mean));
        self
    }

    /// ε and δ stay as they begin; the run ends when a search fails.
    #[must_use]
    pub fn fixed_accuracy(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// Where searches begin.
    #[must_use]
    pub fn first_step(mut self, first: FirstStep) -> Self {
        self.first_step = first;
        self
    }

    /// Accepts also what is below an average of earlier lower bounds, with memory `eta` (0.85 is usual).
    #[must_use]
    pub fn nonmonotone(mut self, eta: f64) -> Self {
        self.nonmonotone = Some(eta);
        self
    }

    /// Minimises f from `theta` (d).
    ///
    /// # Errors
    /// Options out of range, a θ that the oracle refuses, and errors of the solvers at the starting point. Failures at later points end the
    /// run with a [`Status`] and the best θ so far.
    pub fn minimise(&self, oracle: &mut dyn Oracle, theta: &ArrayRef1<f64>) -> Result<MaidFit> {
        self.minimise_observed(oracle, theta, &mut Unobserved)
    }

    /// The same under an observer, which sees every trial of the line search and may stop the run after an accepted one.
    ///
    /// # Errors
    /// As there.
    pub fn minimise_observed(
        &self,
        oracle: &mut dyn Oracle,
        theta: &ArrayRef1<f64>,
        observer: &mut (impl for<'a> Observer<MaidStep<'a>> + ?Sized),
    ) -> Result<MaidFit> {
        self.validate(oracle.hyperparameters())?;
        oracle.check(theta)?;
        let mut theta = theta.to_owned();
        self.project(&mut theta);
        let (eps, delta) = match self.accuracies {
            Some(accuracies) => accuracies,
            None => {
                let start = 0.02 * oracle.scale(&theta)?.error;
                // A start that is solved already.
                let start = if start > 0.0 { start } else { 1e-3 };
                (start, start)
            }
        };
        self.descend(oracle, MaidState::begin(theta, eps, delta), observer)
    }

    /// Goes on from a saved state, bit for bit as if there had been no interruption (with the same oracle, options and features).
    ///
    /// # Errors
    /// As [`minimise`](Self::minimise), and on a state of another problem.
    pub fn resume(
        &self,
        oracle: &mut dyn Oracle,
        state: &MaidState,
        observer: &mut (impl for<'a> Observer<MaidStep<'a>> + ?Sized),
    ) -> Result<MaidFit> {
        self.validate(oracle.hyperparameters())?;
        oracle.check(&state.theta)?;
        oracle.restore(&state.oracle)?;
        self.descend(oracle, state.clone(), observer)
    }

    fn validate(&self, d: usize) -> Result<()> {
        let positive =
            |argument, value: f64| check_range(argument, value, value > 0.0 && value.is_finite(), "finite and > 0");
        if let Some((lower, linear)) = self.accuracies {
            positive("lower accuracy", lower)?;
            positive("linear accuracy", linear)?;
        }
        if let Some(length) = self.first_length {
            positive("first_step_length", length)?;
        }
        let (eta, lambda) = self.descent;
        check_range("eta", eta, eta > 0.0 && eta < 1.0, "between 0 and 1")?;
        check_range("lambda", lambda, lambda > 0.0 && lambda < eta, "between 0 and eta")?;
        let (shorter, longer) = self.step_factors;
        check_range("shorter", shorter, shorter > 0.0 && shorter < 1.0, "between 0 and 1")?;
        check_range("longer", longer, longer > 1.0 && longer.is_finite(), "finite and > 1")?;
        let (tighter, looser) = self.accuracy_factors;
        check_range("tighter", tighter, tighter > 0.0 && tighter < 1.0, "between 0 and 1")?;
        check_range("looser", looser, looser >= 1.0 && looser.is_finite(), "finite and >= 1")?;
        check_range("backtracks", self.backtracks as f64, self.backtracks > 0, ">= 1")?;
        let tolerance = self.gradient_tolerance;
        check_range("gradient_tolerance", tolerance, tolerance >= 0.0 && tolerance.is_finite(), "finite and >= 0")?;
        if let Some((tolerance, patience)) = self.value_tolerance {
            check_range("value_tolerance", tolerance, tolerance >= 0.0 && tolerance.is_finite(), "finite and >= 0")?;
            check_range("patience", patience as f64, patience > 0, ">= 1")?;
        }
        if let Some((low, high)) = self.bounds {
            check_range("low", low, low.is_finite(), "finite")?;
            check_range("high", high, high.is_finite() && high >= low, "finite and at least `low`")?;
        }
        if let Some((kappa, mean)) = &self.prior {
            check_range("kappa", *kappa, *kappa >= 0.0 && kappa.is_finite(), "finite and >= 0")?;
            check_shape("mean", mean, &[d], "there is one per hyperparameter")?;
            check_finite("mean", mean)?;
        }
        if let Some(eta) = self.nonmonotone {
            check_range("nonmonotone", eta, (0.0..1.0).contains(&eta), "at least 0 and below 1")?;
        }
        Ok(())
    }

    fn project(&self, theta: &mut Array1<f64>) {
        if let Some((low, high)) = self.bounds {
            theta.mapv_inplace(|v| v.clamp(low, high));
        }
    }

    /// κ/2 ‖θ - m‖².
    fn prior_value(&self, theta: &Array1<f64>) -> f64 {
        self.prior.as_ref().map_or(0.0, |(kappa, mean)| {
            0.5 * kappa * theta.iter().zip(mean).map(|(t, m)| (t - m) * (t - m)).sum::<f64>()
        })
    }

    fn add_prior_gradient(&self, theta: &Array1<f64>, z: &mut Array1<f64>) {
        if let Some((kappa, mean)) = &self.prior {
            ndarray::Zip::from(z).and(theta).and(mean).for_each(|z, t, m| *z += kappa * (t - m));
        }
    }

    /// Bounds with the prior's value in them.
    fn with_prior(&self, evaluation: Evaluation, theta: &Array1<f64>) -> ValueBounds {
        let (ValueBounds { value, upper, lower, error }, prior) = (evaluation.bounds, self.prior_value(theta));
        ValueBounds { value: value + prior, upper: upper + prior, lower: lower + prior, error }
    }

    /// How far a unit step along -z moves within the box: zero where the point is stationary.
    fn stationarity(&self, theta: &Array1<f64>, z: &Array1<f64>) -> f64 {
        if self.bounds.is_none() {
            return norm(z);
        }
        let mut moved = theta - z;
        self.project(&mut moved);
        norm(&(moved - theta))
    }

    fn exhausted(&self, oracle: &dyn Oracle) -> bool {
        self.max_cost.is_some_and(|limit| oracle.cost().total() >= limit)
    }

    fn descend(
        &self,
        oracle: &mut dyn Oracle,
        mut state: MaidState,
        observer: &mut (impl for<'a> Observer<MaidStep<'a>> + ?Sized),
    ) -> Result<MaidFit> {
        let d = state.theta.len();
        let mut z = Array1::<f64>::zeros(d);
        let scale = oracle.scale(&state.theta)?;
        let floor = 1e-13 * scale.size.max(1.0);
        let mut last = Gradient::default();
        let status = 'run: loop {
            let mut retry = 0;
            loop {
                let tightened = self.gradient(oracle, &mut state, &mut z, floor, &mut last);
                match tightened {
                    Ok(None) => {}
                    Ok(Some(status)) => break 'run status,
                    // What fails at the first point is the caller's to mend.
                    Err(error) if state.iteration == 0 && retry == 0 => return Err(error),
                    Err(_) => break 'run Status::LowerSolverFailed,
                }
                if d == 0 {
                    break 'run Status::Converged;
                }
                let stationarity = self.stationarity(&state.theta, &z);
                if stationarity + last.error.unwrap_or(0.0) <= self.gradient_tolerance {
                    break 'run Status::Converged;
                }
                if state.iteration >= self.max_iterations {
                    break 'run Status::MaxIterations;
                }
                if self.exhausted(oracle) {
                    break 'run Status::MaxCost;
                }
                if let Some((tolerance, patience)) = self.value_tolerance
                    && state.settled(tolerance, patience)
                {
                    break 'run Status::Settled;
                }
                match self.search(oracle, &mut state, &z, &last, retry, observer)? {
                    Search::Accepted => break,
                    Search::Stopped => {
                        // What the fit says must be said of its own θ.
                        self.gradient(oracle, &mut state, &mut z, floor, &mut last)?;
                        break 'run Status::Observer;
                    }
                    Search::Exhausted => break 'run Status::MaxCost,
                    Search::Failed if self.fixed => break 'run Status::SearchFailed,
                    Search::Failed => {
                        let (tighter, _) = self.accuracy_factors;
                        state.accuracy *= tighter;
                        state.residual *= tighter;
                        retry += 1;
                        if state.accuracy < floor || state.residual < floor {
                            break 'run Status::AccuracyFloor;
                        }
                    }
                }
            }
        };
        state.oracle = oracle.state();
        Ok(MaidFit {
            theta: state.theta.clone(),
            value: last.corrected,
            bounds: last.bounds,
            gradient_norm: norm(&z),
            gradient_error: last.error,
            status,
            iterations: state.iteration,
            cost: oracle.cost(),
            state,
        })
    }

    /// Algorithm 3.2: solves until the direction is one of descent. Returns a status when the run is over.
    fn gradient(
        &self,
        oracle: &mut dyn Oracle,
        state: &mut MaidState,
        z: &mut Array1<f64>,
        floor: f64,
        last: &mut Gradient,
    ) -> Result<Option<Status>> {
        let (eta, _) = self.descent;
        let (tighter, _) = self.accuracy_factors;
        loop {
            let evaluation = oracle.refine(&state.theta, state.accuracy)?;
            let found = oracle.hypergradient_into(&state.theta, state.residual, z)?;
            self.add_prior_gradient(&state.theta, z);
            let bounds = self.with_prior(evaluation, &state.theta);
            let corrected = found.corrected + self.prior_value(&state.theta);
            if !(bounds.value.is_finite() && norm(z).is_finite()) {
                if state.iteration == 0 {
                    return Err(Error::NotFinite { what: "the upper level or its gradient" });
                }
                return Ok(Some(Status::NotFinite));
            }
            *last = Gradient { bounds, corrected, error: found.error };
            if !(evaluation.solved && found.solved) {
                return Ok(Some(Status::LowerSolverFailed));
            }
            let size = norm(z);
            let certain = found.error.is_none_or(|error| error <= (1.0 - eta) * size);
            let stationary = size + found.error.unwrap_or(0.0) <= self.gradient_tolerance;
            if certain || stationary || self.fixed {
                return Ok(None);
            }
            if self.exhausted(oracle) {
                return Ok(Some(Status::MaxCost));
            }
            state.accuracy *= tighter;
            state.residual *= tighter;
            if state.accuracy < floor || state.residual < floor {
                return Ok(Some(Status::AccuracyFloor));
            }
        }
    }

    fn first_trial(&self, state: &MaidState, z: &Array1<f64>) -> f64 {
        let size = norm(z);
        let Some(length) = state.length else {
            return self.first_length.unwrap_or(0.01 * norm(&state.theta).max(1.0) / size);
        };
        if let (FirstStep::BarzilaiBorwein, Some((theta, slope))) = (self.first_step, &state.previous) {
            let (s, y) = (&state.theta - theta, z - slope);
            let curvature = s.dot(&y);
            let long = s.dot(&s) / curvature;
            if curvature > 0.0 && long.is_finite() && long > 0.0 {
                return long;
            }
        }
        length
    }

    fn search(
        &self,
        oracle: &mut dyn Oracle,
        state: &mut MaidState,
        z: &Array1<f64>,
        last: &Gradient,
        retry: usize,
        observer: &mut (impl for<'a> Observer<MaidStep<'a>> + ?Sized),
    ) -> Result<Search> {
        let (_, lambda) = self.descent;
        let (shorter, longer) = self.step_factors;
        let square = z.dot(z);
        let mut length = self.first_trial(state, z);
        for trial in 0..self.backtracks + retry {
            if trial > 0 {
                length *= shorter;
            }
            if self.exhausted(oracle) {
                return Ok(Search::Exhausted);
            }
            let mut theta = state.theta.clone();
            theta.scaled_add(-length, z);
            self.project(&mut theta);
            let moved = if self.bounds.is_some() {
                let step = &theta - &state.theta;
                step.dot(&step) / length
            } else {
                length * square
            };
            // A point that the problem refuses or cannot be solved at is a failed trial.
            let evaluation = oracle.check(&theta).and_then(|()| oracle.attempt(&theta, state.accuracy));
            let (bounds, excess) = match evaluation {
                Ok(evaluation) => {
                    let bounds = self.with_prior(evaluation, &theta);
                    let monotone = line_search_excess(&bounds, &last.bounds, lambda * moved);
                    let relaxed = self.nonmonotone.map_or(monotone, |_| {
                        monotone.min(bounds.upper - state.average_lower(last.bounds.lower) + lambda * moved)
                    });
                    (bounds, if evaluation.solved && relaxed.is_finite() { relaxed } else { f64::INFINITY })
                }
                Err(_) => {
                    (ValueBounds { value: f64::NAN, upper: f64::NAN, lower: f64::NAN, error: f64::NAN }, f64::INFINITY)
                }
            };
            let accepted = excess <= 0.0 && moved > 0.0;
            let flow = observer.iteration(&MaidStep {
                iteration: state.iteration,
                retry,
                trial,
                length,
                accuracy: state.accuracy,
                residual: state.residual,
                gradient_norm: square.sqrt(),
                gradient_error: last.error,
                excess,
                accepted,
                theta: if accepted { &theta } else { &state.theta },
                bounds: if accepted { bounds } else { last.bounds },
                corrected: last.corrected,
                cost: oracle.cost(),
            });
            if accepted {
                oracle.accept();
                let looser = if self.fixed { 1.0 } else { self.accuracy_factors.1 };
                state.advance(theta, z, longer * length, looser, last, self.nonmonotone);
                return Ok(if flow.is_break() { Search::Stopped } else { Search::Accepted });
            }
            if flow.is_break() {
                return Ok(Search::Stopped);
            }
        }
        Ok(Search::Failed)
    }
}

/// What is known at the accepted point.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gradient {
    pub(crate) bounds: ValueBounds,
    pub(crate) corrected: f64,
    pub(crate) error: Option<f64>,
}

enum Search {
    Accepted,
    Failed,
    Stopped,
    Exhausted,
}
