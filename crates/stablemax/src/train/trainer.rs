//! Full-batch training with all diagnostics.

use super::activations::Activations;
use super::history::{CollapseAt, History, HistoryRow};
use super::mlp::Mlp;
use crate::collapse::{Forecast, report};
use crate::error::{Error, Result, check_at_least, check_count, check_positive};
use crate::nlm::{alignment, radial_from_logits};
use crate::task::{Examples, Split};
use crate::{CrossEntropy, FloatType, LossReport, Reduction};
use core_optim::Observer;
use core_optim::stochastic::Optimiser;
use core_tensor::Scalar;
use ndarray::{Array2, ArrayRef2};

/// How long, how often to look, at what.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrainOptions {
    /// Updates. Default 1000.
    pub steps: u64,
    /// Updates between two rows of the history, ≥ 1. Default 100. The last step is always logged.
    pub log_every: u64,
    /// Float types whose softmax collapse is followed. Default none.
    pub collapse: Vec<FloatType>,
    /// α: logits are multiplied by it, and the learning rate divided by α² (lazy training for large α). Default 1.
    pub logit_scale: f64,
    /// Ends when the test accuracy reaches this. Default never.
    pub stop_at_test_accuracy: Option<f64>,
    /// From this step on label logits are multiplied by 0, so that their gradient vanishes: the paper's artificial collapse. Default
    /// never.
    pub artificial_collapse: Option<u64>,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            steps: 1000,
            log_every: 100,
            collapse: Vec::new(),
            logit_scale: 1.0,
            stop_at_test_accuracy: None,
            artificial_collapse: None,
        }
    }
}

/// A network, a loss and an optimiser on a task.
///
/// The same arguments give the same bits, whatever the number of threads.
#[derive(Debug, Clone)]
pub struct Trainer<T, O> {
    /// The network; trained in place.
    pub mlp: Mlp<T>,
    loss: CrossEntropy,
    optimiser: O,
    options: TrainOptions,
    step: u64,
}

impl<T: Scalar, O: Optimiser<T>> Trainer<T, O> {
    /// Checks that the parts fit. The loss is reduced to its mean, whatever reduction it came with.
    ///
    /// # Errors
    /// When the optimiser is for another number of parameters, or an option is out of range.
    pub fn new(mlp: Mlp<T>, loss: CrossEntropy, mut optimiser: O, options: TrainOptions) -> Result<Self> {
        let parameters = mlp.layout().parameters();
        check_count("optimiser", optimiser.parameters(), parameters, "the network has that many parameters")?;
        check_at_least("log_every", usize::try_from(options.log_every).unwrap_or(usize::MAX), 1, ">= 1")?;
        check_positive("logit_scale", options.logit_scale)?;
        if let Some(goal) = options.stop_at_test_accuracy {
            core_tensor::check_range("stop_at_test_accuracy", goal, (0.0..=1.0).contains(&goal), "from 0 to 1")?;
        }
        optimiser.set_learning_rate(optimiser.learning_rate() / (options.logit_scale * options.logit_scale))?;
        let loss = loss.reduction(Reduction::Mean);
        Ok(Self { mlp, loss, optimiser, options, step: 0 })
    }

    /// The optimiser with its state.
    pub fn optimiser(&self) -> &O {
        &self.optimiser
    }

    /// Updates made so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Trains on `split`, showing each row of the history to `observer`, which may end the run.
    ///
    /// # Errors
    /// When the network does not fit the task, or the run leaves the finite numbers.
    pub fn run(&mut self, split: &Split<T>, observer: &mut dyn Observer<HistoryRow>) -> Result<History> {
        let mut train = Side::new(&self.mlp, &split.train);
        let mut test = Side::new(&self.mlp, &split.test);
        let mut gradient = vec![T::zero(); self.mlp.layout().parameters()];
        let mut forecasts: Vec<Forecast> =
            self.options.collapse.iter().map(|_| Forecast::new(4)).collect::<Result<_>>()?;
        let mut history = History::default();
        let end = self.step.saturating_add(self.options.steps);
        loop {
            let loss = self.gradient(&mut train, &split.train, &mut gradient)?;
            if self.step.is_multiple_of(self.options.log_every) || self.step == end {
                let mut row = self.look(&train, &split.train, loss, &gradient)?;
                if !split.test.labels().is_empty() {
                    let loss = self.forward(&mut test, &split.test)?;
                    row.test_loss = loss.loss;
                    row.test_accuracy = accuracy(test.activations.logits(), split.test.labels())?;
                }
                for (c, forecast) in row.collapse.iter_mut().zip(&mut forecasts) {
                    forecast.observe(self.step as f64, c.margin)?;
                    c.half_collapse = forecast.step_of_half_collapse();
                }
                let reached = self.options.stop_at_test_accuracy.is_some_and(|goal| row.test_accuracy >= goal);
                let stop = observer.iteration(&row).is_break();
                history.rows.push(row);
                if reached || stop {
                    return Ok(history);
                }
            }
            if self.step >= end {
                return Ok(history);
            }
            self.optimiser.step(self.mlp.parameters_mut(), &gradient).map_err(|error| self.diverged(error.into()))?;
            self.step += 1;
        }
    }

    /// One forward and backward pass over the training rows.
    fn gradient(&self, side: &mut Side<T>, examples: &Examples<T>, gradient: &mut [T]) -> Result<LossReport> {
        let alpha = <T as Scalar>::from_f64(self.options.logit_scale);
        side.activations.forward(&self.mlp, examples.inputs())?;
        side.logits.assign(side.activations.logits());
        if self.options.logit_scale != 1.0 {
            side.logits.mapv_inplace(|z| z * alpha);
        }
        let artificial = self.options.artificial_collapse.is_some_and(|from| self.step >= from);
        if artificial {
            examples.labels().iter().enumerate().for_each(|(i, &y)| side.logits[[i, y]] = T::zero());
        }
        let report = self.loss.evaluate_into(&side.logits, examples.labels(), &mut side.gradient);
        let report = report.map_err(|error| self.diverged(error))?;
        if artificial {
            examples.labels().iter().enumerate().for_each(|(i, &y)| side.gradient[[i, y]] = T::zero());
        }
        if self.options.logit_scale != 1.0 {
            side.gradient.mapv_inplace(|g| g * alpha);
        }
        side.activations.backward(&self.mlp, examples.inputs(), &side.gradient, gradient)?;
        Ok(report)
    }

    fn forward(&self, side: &mut Side<T>, examples: &Examples<T>) -> Result<LossReport> {
        let alpha = <T as Scalar>::from_f64(self.options.logit_scale);
        side.logits.assign(side.activations.forward(&self.mlp, examples.inputs())?);
        side.logits.mapv_inplace(|z| z * alpha);
        self.loss.value(&side.logits, examples.labels()).map_err(|error| self.diverged(error))
    }

    fn look(&self, side: &Side<T>, examples: &Examples<T>, loss: LossReport, gradient: &[T]) -> Result<HistoryRow> {
        let w = self.mlp.parameters();
        let cosines = alignment(self.mlp.layout(), w, gradient).map_err(|error| self.diverged(error))?;
        let collapse = |&float: &FloatType| {
            let found = report(&side.logits, examples.labels(), float)?;
            let (collapsed, margin) = (found.collapsed, found.margin[2]);
            Ok(CollapseAt { float, collapsed, margin, half_collapse: None })
        };
        Ok(HistoryRow {
            step: self.step,
            train_loss: loss.loss,
            train_accuracy: accuracy(&side.logits, examples.labels())?,
            test_loss: f64::NAN,
            test_accuracy: f64::NAN,
            weight_norm: w.iter().map(|&v| Scalar::to_f64(v) * Scalar::to_f64(v)).sum::<f64>().sqrt(),
            largest_logit: side.logits.iter().fold(0.0, |largest: f64, z| largest.max(Scalar::to_f64(z.abs()))),
            zero_losses: loss.zero_losses as f64 / loss.rows.max(1) as f64,
            radial_gradient: radial_from_logits(&side.logits, &side.gradient)?,
            cosines: cosines.per_tensor,
            cosine: cosines.whole,
            collapse: self.options.collapse.iter().map(collapse).collect::<Result<_>>()?,
        })
    }

    /// What left the finite numbers, when that is what an error says.
    fn diverged(&self, error: Error) -> Error {
        use core_tensor::Error::NotFinite;
        match error {
            Error::NonFinite { .. } => Error::Diverged { step: self.step, what: "a logit" },
            Error::Argument(NotFinite { .. }) | Error::Optimiser(core_optim::Error::Argument(NotFinite { .. })) => {
                Error::Diverged { step: self.step, what: "the gradient" }
            }
            other => other,
        }
    }
}

/// Memory for one part of the task.
struct Side<T> {
    activations: Activations<T>,
    logits: Array2<T>,
    gradient: Array2<T>,
}

impl<T: Scalar> Side<T> {
    fn new(mlp: &Mlp<T>, examples: &Examples<T>) -> Self {
        let activations = Activations::new(mlp, examples.labels().len());
        let zeros = || Array2::zeros(activations.logits().raw_dim());
        Self { logits: zeros(), gradient: zeros(), activations }
    }
}

/// Fraction of rows of `logits` (n × C) whose largest entry, the first on ties, is the label's; NaN for no rows.
///
/// # Errors
/// When there is not one label per row.
pub fn accuracy<T: Scalar>(logits: &ArrayRef2<T>, labels: &[usize]) -> Result<f64> {
    check_count("labels", labels.len(), logits.dim().0, "there is one label per row of `logits`")?;
    let is_right = |(z, &label): (ndarray::ArrayView1<'_, T>, &usize)| {
        z.len() > label && z.iter().enumerate().fold(0, |top, (k, &v)| if v > z[top] { k } else { top }) == label
    };
    let right = logits.outer_iter().zip(labels).filter(|&(z, label)| is_right((z, label))).count();
    Ok(right as f64 / labels.len() as f64)
}
