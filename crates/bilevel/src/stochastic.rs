//! Inexact stochastic hypergradient descent: a few samples per step.

use crate::samples::{Samples, for_each};
use crate::vector::{entries, entries_mut, norm};
use crate::{Cost, LowerLevel, Oracle, Result, UpperLevel};
use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser};
use core_optim::{Observer, Unobserved};
use core_tensor::random::{Streams, permutation};
use core_tensor::{check_range, check_shape};
use ndarray::{Array1, ArrayRef1};

/// How a number falls over the steps t = 0, 1, ….
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decay {
    /// Not at all.
    Constant(f64),
    /// a (t + 1)^-p.
    Polynomial {
        /// a.
        first: f64,
        /// p ≥ 0.
        power: f64,
    },
    /// a / ln(t + e).
    Logarithmic(f64),
}

impl Decay {
    fn at(self, t: usize) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Polynomial { first, power } => first * ((t + 1) as f64).powf(-power),
            Self::Logarithmic(first) => first / (t as f64 + std::f64::consts::E).ln(),
        }
    }

    fn check(self, argument: &'static str) -> Result<()> {
        let (first, power) = match self {
            Self::Constant(first) | Self::Logarithmic(first) => (first, 0.0),
            Self::Polynomial { first, power } => (first, power),
        };
        check_range(argument, first, first > 0.0 && first.is_finite(), "finite and > 0")?;
        Ok(check_range("power", power, power >= 0.0 && power.is_finite(), "finite and >= 0")?)
    }
}

/// Inexact stochastic gradient descent on many samples (Salehi, Mukherjee, Roberts, Ehrhardt, arXiv 2412.12049).
///
/// Each step draws a batch of samples, each of which keeps its own lower-level point and adjoint as a warm start, solves them to ε_t, and
/// steps by a_t along their mean hypergradient, plainly or by Adam. Batches are the pieces of a new order in each pass over the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochasticDescent {
    batch: usize,
    step: Decay,
    accuracy: Decay,
    adam: bool,
    steps: usize,
    seed: u64,
}

/// A step, as observers see it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StochasticStep<'a> {
    /// Counted from 0.
    pub step: usize,
    /// Mean g of the batch.
    pub value: f64,
    /// ‖z‖ of the batch.
    pub gradient_norm: f64,
    /// θ, afterwards.
    pub theta: &'a ArrayRef1<f64>,
    /// What was spent so far.
    pub cost: Cost,
}

impl StochasticDescent {
    /// Batches of `batch` samples for `steps` steps; a_t = 2e-4 (t + 1)^-1/4 and ε_t = 10 (t + 1)^-1/2, with Adam.
    #[must_use]
    pub fn new(batch: usize, steps: usize) -> Self {
        let step = Decay::Polynomial { first: 2e-4, power: 0.25 };
        let accuracy = Decay::Polynomial { first: 10.0, power: 0.5 };
        Self { batch, step, accuracy, adam: true, steps, seed: 0 }
    }

    /// a_t.
    #[must_use]
    pub fn step(mut self, step: Decay) -> Self {
        self.step = step;
        self
    }

    /// ε_t; also the residual of the linear systems.
    #[must_use]
    pub fn accuracy(mut self, accuracy: Decay) -> Self {
        self.accuracy = accuracy;
        self
    }

    /// Plain steps instead of Adam's.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.adam = false;
        self
    }

    /// Of the order of the samples.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Descends from `theta`; returns the last θ.
    ///
    /// # Errors
    /// Options out of range, a θ that a sample refuses, errors of the solvers.
    pub fn minimise<P: LowerLevel + UpperLevel>(
        &self,
        samples: &mut Samples<P>,
        theta: &ArrayRef1<f64>,
    ) -> Result<Array1<f64>> {
        self.minimise_observed(samples, theta, &mut Unobserved)
    }

    /// The same under an observer.
    ///
    /// # Errors
    /// As there.
    pub fn minimise_observed<P: LowerLevel + UpperLevel>(
        &self,
        samples: &mut Samples<P>,
        theta: &ArrayRef1<f64>,
        observer: &mut (impl for<'a> Observer<StochasticStep<'a>> + ?Sized),
    ) -> Result<Array1<f64>> {
        let count = samples.samples().len();
        check_range(
            "batch",
            self.batch as f64,
            (1..=count).contains(&self.batch),
            "between 1 and the number of samples",
        )?;
        self.step.check("step")?;
        self.accuracy.check("accuracy")?;
        check_shape("theta", theta, &[samples.hyperparameters()], "the problem has that many hyperparameters")?;
        let mut theta = theta.to_owned();
        let mut adam = AdamW::new(theta.len(), AdamWOptions::default())?;
        let streams = Streams::new(self.seed);
        let (mut order, mut place, mut pass) = (Vec::new(), count, 0);
        for t in 0..self.steps {
            if place + self.batch > count {
                order = permutation(&mut streams.stream(pass), count);
                (place, pass) = (0, pass + 1);
            }
            let mut chosen = order[place..place + self.batch].to_vec();
            place += self.batch;
            chosen.sort_unstable();
            samples.check(&theta)?;
            let accuracy = self.accuracy.at(t);
            let mut batch: Vec<_> = samples
                .samples_mut()
                .iter_mut()
                .enumerate()
                .filter(|(index, _)| chosen.binary_search(index).is_ok())
                .map(|(_, sample)| sample)
                .collect();
            let found = for_each(&mut batch, |sample| {
                let mut z = Array1::zeros(theta.len());
                let value = sample.refine(&theta, accuracy)?.bounds.value;
                sample.hypergradient_into(&theta, accuracy, &mut z)?;
                Ok((value, z))
            })?;
            let weight = 1.0 / found.len() as f64;
            let mut z = Array1::<f64>::zeros(theta.len());
            found.iter().for_each(|(_, part)| z.scaled_add(weight, part));
            let value = found.iter().map(|(value, _)| weight * value).sum();
            if self.adam {
                adam.set_learning_rate(self.step.at(t))?;
                adam.step(entries_mut(&mut theta), entries(&z))?;
            } else {
                theta.scaled_add(-self.step.at(t), &z);
            }
            let cost = samples.cost();
            let state = StochasticStep { step: t, value, gradient_norm: norm(&z), theta: &theta, cost };
            if observer.iteration(&state).is_break() {
                break;
            }
        }
        Ok(theta)
    }
}
