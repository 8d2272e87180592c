//! Alternating training of responses and hyperparameters.

use super::hyperparameter::{entropy, entropy_gradient_into, logistic, softplus, softplus_inverse};
use super::network::SelfTuningNetwork;
use crate::vector::{entries, entries_mut};
use crate::{Error, Result};
use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser, Sgd, SgdOptions};
use core_optim::{Observer, Unobserved};
use core_tensor::random::{Streams, fill_normal, permutation};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, Axis};

/// Rows to train on, and rows to tune on.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// n × inputs.
    pub x: Array2<f64>,
    /// n, below the number of classes.
    pub labels: Vec<usize>,
    /// n' × inputs.
    pub x_validation: Array2<f64>,
    /// n'.
    pub labels_validation: Vec<usize>,
}

/// How a [`SelfTuningNetwork`] is trained.
///
/// | option | default | purpose | legal |
/// | --- | --- | --- | --- |
/// | [`steps`](Self::steps), [`warm_up`](Self::warm_up) | 3000, 300 | training steps, and those before hyperparameters move | ≥ 1 |
/// | [`batch`](Self::batch) | 64 | examples per step | ≥ 1 |
/// | [`rates`](Self::rates) | 0.05, 0.03 | of SGD with momentum 0.9 on the responses, of Adam on the hyperparameters | > 0 |
/// | [`alternation`](Self::alternation) | 2, 1 | training and validation steps in a row | ≥ 1 |
/// | [`entropy_weight`](Self::entropy_weight) τ | 1e-3 | keeps perturbations from collapsing | ≥ 0 |
/// | [`scale`](Self::scale) σ₀ | 0.5 | first deviation of the perturbations | > 0 |
/// | [`fixed_scales`](Self::fixed_scales) | no | perturbations keep σ₀ | |
/// | [`fixed_hyperparameters`](Self::fixed_hyperparameters) | no | nothing is tuned: the baseline | |
/// | [`check_every`](Self::check_every) | 100 | training steps between looks at the whole validation set; the best look is returned | ≥ 1 |
/// | [`seed`](Self::seed) | 0 | of batches, perturbations and dropout | any |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelfTuning {
    steps: usize,
    warm_up: usize,
    batch: usize,
    rates: (f64, f64),
    alternation: (usize, usize),
    entropy_weight: f64,
    scale: f64,
    tune_scales: bool,
    tune: bool,
    check_every: usize,
    seed: u64,
}

/// A look at the whole validation set.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SelfTuningStep {
    /// Training steps so far.
    pub step: usize,
    /// Mean cross-entropy of the last training batch.
    pub training_loss: f64,
    /// Mean cross-entropy of all validation rows, undisturbed.
    pub validation_loss: f64,
    /// Values of the hyperparameters.
    pub values: Vec<f64>,
    /// Deviations of their perturbations, unconstrained.
    pub deviations: Vec<f64>,
}

/// A tuned network.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SelfTuningFit {
    /// At the best look.
    pub network: SelfTuningNetwork,
    /// Unconstrained hyperparameters there, for [`SelfTuningNetwork::scores`].
    pub hyperparameters: Array1<f64>,
    /// The validation loss there.
    pub validation_loss: f64,
    /// Every look: the schedule of the hyperparameters.
    pub history: Vec<SelfTuningStep>,
}

impl Default for SelfTuning {
    fn default() -> Self {
        Self::new()
    }
}

impl SelfTuning {
    /// The defaults of the table.
    #[must_use]
    pub fn new() -> Self {
        Self {
            steps: 3000,
            warm_up: 300,
            batch: 64,
            rates: (0.05, 0.03),
            alternation: (2, 1),
            entropy_weight: 1e-3,
            scale: 0.5,
            tune_scales: true,
            tune: true,
            check_every: 100,
            seed: 0,
        }
    }

    /// Training steps.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Training steps before the first validation step.
    #[must_use]
    pub fn warm_up(mut self, steps: usize) -> Self {
        self.warm_up = steps;
        self
    }

    /// Examples per step.
    #[must_use]
    pub fn batch(mut self, examples: usize) -> Self {
        self.batch = examples;
        self
    }

    /// Learning rates of responses and of hyperparameters.
    #[must_use]
    pub fn rates(mut self, responses: f64, hyperparameters: f64) -> Self {
        self.rates = (responses, hyperparameters);
        self
    }

    /// Training and validation steps in a row.
    #[must_use]
    pub fn alternation(mut self, training: usize, validation: usize) -> Self {
        self.alternation = (training, validation);
        self
    }

    /// τ.
    #[must_use]
    pub fn entropy_weight(mut self, tau: f64) -> Self {
        self.entropy_weight = tau;
        self
    }

    /// σ₀.
    #[must_use]
    pub fn scale(mut self, sigma: f64) -> Self {
        self.scale = sigma;
        self
    }

    /// Perturbations keep their deviation.
    #[must_use]
    pub fn fixed_scales(mut self) -> Self {
        self.tune_scales = false;
        self
    }

    /// Nothing is tuned, and nothing perturbed.
    #[must_use]
    pub fn fixed_hyperparameters(mut self) -> Self {
        self.tune = false;
        self
    }

    /// Training steps between looks.
    #[must_use]
    pub fn check_every(mut self, steps: usize) -> Self {
        self.check_every = steps;
        self
    }

    /// The seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Trains and tunes.
    ///
    /// # Errors
    /// Options out of range, data that do not fit the network, labels out of range, a loss that is no longer finite.
    pub fn fit(&self, network: SelfTuningNetwork, data: &Data) -> Result<SelfTuningFit> {
        self.fit_observed(network, data, &mut Unobserved)
    }

    /// The same under an observer, which sees every look and may stop.
    ///
    /// # Errors
    /// As there.
    pub fn fit_observed(
        &self,
        mut network: SelfTuningNetwork,
        data: &Data,
        observer: &mut (impl Observer<SelfTuningStep> + ?Sized),
    ) -> Result<SelfTuningFit> {
        self.check(&network, data)?;
        let n = network.hyperparameters.len();
        let start = |(k, _): (usize, &())| {
            let (hyperparameter, _) = &network.hyperparameters[k];
            hyperparameter.range.unconstrained(hyperparameter.start)
        };
        let mut tuned = Array1::from(vec![(); n].iter().enumerate().map(start).collect::<Result<Vec<f64>>>()?);
        let mut scales = Array1::from_elem(n, softplus_inverse(self.scale));
        let parameters = network.layers.iter().map(|layer| layer.parameters().count()).sum();
        let momentum = SgdOptions { learning_rate: self.rates.0, momentum: 0.9, ..SgdOptions::default() };
        let mut response_steps = Sgd::new(parameters, momentum)?;
        let adam = || AdamW::new(n, AdamWOptions { learning_rate: self.rates.1, ..AdamWOptions::default() });
        let (mut value_steps, mut scale_steps) = (adam()?, adam()?);
        let streams = Streams::new(self.seed);
        let mut batches = Batches::new(streams.child(0), data.labels.len(), self.batch);
        let mut validation = Batches::new(streams.child(1), data.labels_validation.len(), self.batch);
        let mut flat: Array1<f64> = network.layers.iter().flat_map(|layer| layer.parameters()).copied().collect();
        let mut history = Vec::new();
        let mut best: Option<(SelfTuningNetwork, Array1<f64>, f64)> = None;
        let (mut training_loss, mut ticks) = (f64::NAN, 0);
        for step in 1..=self.steps {
            let rows = batches.next();
            let noise = streams.child(2).child(step as u64);
            let h = self.perturbed(&network, &tuned, &scales, rows.len(), &noise.child(0), self.tune);
            let labels: Vec<usize> = rows.iter().map(|&row| data.labels[row]).collect();
            let loss = network.loss(&data.x.select(Axis(0), &rows), &labels, &h, Some(&noise.child(1)))?;
            training_loss = loss.value;
            if !training_loss.is_finite() {
                return Err(Error::NotFinite { what: "the training loss" });
            }
            let gradient: Array1<f64> = loss.gradients.iter().flat_map(|layer| layer.parameters()).copied().collect();
            response_steps.step(entries_mut(&mut flat), entries(&gradient))?;
            let mut values = flat.iter();
            for parameter in network.layers.iter_mut().flat_map(|layer| layer.parameters_mut()) {
                *parameter = values.next().copied().unwrap_or(0.0);
            }
            ticks += 1;
            if self.tune && step > self.warm_up && ticks >= self.alternation.0 {
                ticks = 0;
                for turn in 0..self.alternation.1 {
                    let noise = streams.child(3).child(step as u64).child(turn as u64);
                    self.tune_once(
                        &network,
                        data,
                        &validation.next(),
                        (&mut tuned, &mut scales),
                        &noise,
                        (&mut value_steps, &mut scale_steps),
                    )?;
                }
            }
            if step % self.check_every == 0 || step == self.steps {
                let all: Vec<usize> = (0..data.labels_validation.len()).collect();
                let h = Array2::from_shape_fn((all.len(), n), |(_, k)| tuned[k]);
                let validation_loss = network.loss(&data.x_validation, &data.labels_validation, &h, None)?.value;
                let values = network.hyperparameters.iter().zip(&tuned).map(|((h, _), &u)| h.value(u)).collect();
                let deviations = scales.iter().map(|&s| softplus(s)).collect();
                let look = SelfTuningStep { step, training_loss, validation_loss, values, deviations };
                if best.as_ref().is_none_or(|(_, _, smallest)| validation_loss < *smallest) {
                    best = Some((network.clone(), tuned.clone(), validation_loss));
                }
                let flow = observer.iteration(&look);
                history.push(look);
                if flow.is_break() {
                    break;
                }
            }
        }
        let (network, hyperparameters, validation_loss) = best.unwrap_or((network, tuned, training_loss));
        Ok(SelfTuningFit { network, hyperparameters, validation_loss, history })
    }

    /// One step of the hyperparameters and their scales along the validation loss; the responses stay as they are.
    fn tune_once(
        &self,
        network: &SelfTuningNetwork,
        data: &Data,
        rows: &[usize],
        (tuned, scales): (&mut Array1<f64>, &mut Array1<f64>),
        noise: &Streams,
        (value_steps, scale_steps): (&mut AdamW<f64>, &mut AdamW<f64>),
    ) -> Result<()> {
        let h = self.perturbed(network, tuned, scales, rows.len(), noise, self.tune_scales);
        let labels: Vec<usize> = rows.iter().map(|&row| data.labels_validation[row]).collect();
        let loss = network.loss(&data.x_validation.select(Axis(0), rows), &labels, &h, None)?;
        let slope = loss.h.sum_axis(Axis(0));
        if self.tune_scales {
            // ε = σ z with z of unit deviation: dL/ds = Σ dL/dh z σ'(s).
            let mut to_scales = Array1::zeros(scales.len());
            entropy_gradient_into(scales, &mut to_scales)?;
            to_scales *= -self.entropy_weight;
            for (k, to) in to_scales.iter_mut().enumerate() {
                let sigma = softplus(scales[k]).max(f64::MIN_POSITIVE);
                let along: f64 =
                    loss.h.column(k).iter().zip(h.column(k)).map(|(g, h)| g * (h - tuned[k]) / sigma).sum();
                *to += along * logistic(scales[k]);
            }
            scale_steps.step(entries_mut(scales), entries(&to_scales))?;
        }
        value_steps.step(entries_mut(tuned), entries(&slope))?;
        if !(entropy(scales).is_finite() && tuned.iter().all(|v| v.is_finite())) {
            return Err(Error::NotFinite { what: "a hyperparameter" });
        }
        Ok(())
    }

    /// λ + ε, one row per example.
    fn perturbed(
        &self,
        network: &SelfTuningNetwork,
        tuned: &Array1<f64>,
        scales: &Array1<f64>,
        rows: usize,
        noise: &Streams,
        disturbed: bool,
    ) -> Array2<f64> {
        let mut h = Array2::zeros((rows, tuned.len()));
        if disturbed {
            fill_normal(&mut noise.stream(0), &mut h);
        }
        for (k, (hyperparameter, _)) in network.hyperparameters.iter().enumerate() {
            let sigma = softplus(scales[k]);
            let first = h.column(k).first().copied().unwrap_or(0.0);
            for e in h.column_mut(k) {
                *e = tuned[k] + sigma * if hyperparameter.shared { first } else { *e };
            }
        }
        h
    }

    fn check(&self, network: &SelfTuningNetwork, data: &Data) -> Result<()> {
        for (name, count) in [
            ("steps", self.steps),
            ("batch", self.batch),
            ("training alternation", self.alternation.0),
            ("validation alternation", self.alternation.1),
            ("check_every", self.check_every),
        ] {
            check_range(name, count as f64, count > 0, ">= 1")?;
        }
        for (name, value) in
            [("response rate", self.rates.0), ("hyperparameter rate", self.rates.1), ("scale", self.scale)]
        {
            check_range(name, value, value > 0.0 && value.is_finite(), "finite and > 0")?;
        }
        let tau = self.entropy_weight;
        check_range("entropy_weight", tau, tau >= 0.0 && tau.is_finite(), "finite and >= 0")?;
        let (inputs, classes) = (network.layers[0].weight.ncols(), network.layers[network.layers.len() - 1].bias.len());
        for (name, x, labels) in
            [("x", &data.x, &data.labels), ("x_validation", &data.x_validation, &data.labels_validation)]
        {
            if labels.is_empty() {
                return Err(core_tensor::Error::Empty { argument: name, expected: "row" }.into());
            }
            check_shape(name, x, &[labels.len(), inputs], "it has a row per label and a column per input")?;
            check_finite(name, x)?;
            if let Some((row, &found)) = labels.iter().enumerate().find(|(_, label)| **label >= classes) {
                return Err(Error::Label { argument: name, found, row, classes });
            }
        }
        Ok(())
    }
}

/// Batches of a new order in each pass.
struct Batches {
    streams: Streams,
    order: Vec<usize>,
    place: usize,
    pass: u64,
    batch: usize,
}

impl Batches {
    fn new(streams: Streams, rows: usize, batch: usize) -> Self {
        Self { streams, order: (0..rows).collect(), place: rows, pass: 0, batch: batch.min(rows) }
    }

    fn next(&mut self) -> Vec<usize> {
        if self.place + self.batch > self.order.len() {
            self.order = permutation(&mut self.streams.stream(self.pass), self.order.len());
            self.place = 0;
            self.pass += 1;
        }
        let rows = self.order[self.place..self.place + self.batch].to_vec();
        self.place += self.batch;
        rows
    }
}
