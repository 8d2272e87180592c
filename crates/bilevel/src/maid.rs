//! MAID, the method of adaptive inexact descent (algorithms 3.1 and 3.2).

use crate::Result;
use crate::oracle::Oracle;
use crate::run::{MaidFit, MaidState, MaidStep};
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
    pub(crate) accuracies: Option<(f64, f64)>,
    pub(crate) first_length: Option<f64>,
    pub(crate) descent: (f64, f64),
    pub(crate) step_factors: (f64, f64),
    pub(crate) accuracy_factors: (f64, f64),
    pub(crate) backtracks: usize,
    pub(crate) max_iterations: usize,
    pub(crate) max_cost: Option<usize>,
    pub(crate) gradient_tolerance: f64,
    pub(crate) value_tolerance: Option<(f64, usize)>,
    pub(crate) bounds: Option<(f64, f64)>,
    pub(crate) prior: Option<(f64, Array1<f64>)>,
    pub(crate) fixed: bool,
    pub(crate) first_step: FirstStep,
    pub(crate) nonmonotone: Option<f64>,
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
    /// run with a [`Status`](crate::Status) and the best θ so far.
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

    pub(crate) fn project(&self, theta: &mut Array1<f64>) {
        if let Some((low, high)) = self.bounds {
            theta.mapv_inplace(|v| v.clamp(low, high));
        }
    }
}
