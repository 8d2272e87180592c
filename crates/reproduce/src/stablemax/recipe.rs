//! One training run as data.

use crate::experiment::Outcome;
use core_optim::Unobserved;
use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser, Sgd, SgdOptions};
use core_tensor::Scalar;
use serde_json::{Value, json};
use stablemax::ortho::{OrthoGrad, OrthoGradOptions};
use stablemax::task::Split;
use stablemax::train::{Biases, History, HistoryRow, Mlp, TrainOptions, Trainer};
use stablemax::{CrossEntropy, FloatType, Layout, Loss};

/// Which optimiser.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    AdamW(AdamWOptions),
    Sgd(SgdOptions),
}

/// Everything of a run but its data.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    pub(super) hidden: Vec<usize>,
    pub(super) biases: Biases,
    /// Factor on the initial weights.
    pub(super) scale: f64,
    pub(super) loss: Loss,
    pub(super) rule: Rule,
    pub(super) orthogonal: Option<OrthoGradOptions>,
    pub(super) options: TrainOptions,
}

impl Recipe {
    pub(super) fn new(hidden: &[usize], loss: Loss, rule: Rule, steps: u64, log_every: u64) -> Self {
        Self {
            hidden: hidden.to_vec(),
            biases: Biases::Without,
            scale: 1.0,
            loss,
            rule,
            orthogonal: None,
            options: TrainOptions { steps, log_every, ..TrainOptions::default() },
        }
    }

    pub(super) fn collapse(mut self, types: &[FloatType]) -> Self {
        self.options.collapse = types.to_vec();
        self
    }

    pub(super) fn orthogonal(mut self, options: OrthoGradOptions) -> Self {
        self.orthogonal = Some(options);
        self
    }

    pub(super) fn run<T: Scalar>(&self, split: &Split<T>, seed: u64) -> Outcome<History> {
        let mut sizes = vec![split.train.inputs().width()];
        sizes.extend(&self.hidden);
        sizes.push(split.classes);
        let mut mlp = Mlp::<T>::new(&sizes, self.biases, seed)?;
        let factor = <T as Scalar>::from_f64(self.scale);
        mlp.parameters_mut().iter_mut().for_each(|w| *w *= factor);
        let optimiser = self.optimiser::<T>(&mlp.layout().clone())?;
        let mut trainer = Trainer::new(mlp, CrossEntropy::new(self.loss), optimiser, self.options.clone())?;
        Ok(trainer.run(split, &mut Unobserved)?)
    }

    fn optimiser<T: Scalar>(&self, layout: &Layout) -> Outcome<Box<dyn Optimiser<T>>> {
        let n = layout.parameters();
        let inner: Box<dyn Optimiser<T>> = match self.rule {
            Rule::AdamW(options) => Box::new(AdamW::new(n, options)?),
            Rule::Sgd(options) => Box::new(Sgd::new(n, options)?),
        };
        Ok(match self.orthogonal {
            None => inner,
            Some(options) => Box::new(OrthoGrad::new(inner, layout, options)?),
        })
    }
}

/// AdamW as the paper writes it.
pub(super) fn adamw(learning_rate: f64, beta2: f64, epsilon: f64) -> Rule {
    Rule::AdamW(AdamWOptions { learning_rate, beta2, epsilon, ..AdamWOptions::default() })
}

/// The row of a history at a step, or the last one before it.
pub(super) fn at(history: &History, step: u64) -> Outcome<&HistoryRow> {
    history.rows.iter().rev().find(|row| row.step <= step).ok_or_else(|| "the history is empty".into())
}

/// Collapsed fraction of a row in a float type.
pub(super) fn collapsed(row: &HistoryRow, float: FloatType) -> f64 {
    row.collapse.iter().find(|c| c.float == float).map_or(f64::NAN, |c| c.collapsed)
}

/// Points of one curve of a history.
pub(super) fn curve(history: &History, value: impl Fn(&HistoryRow) -> f64) -> Vec<(f64, f64)> {
    let points = history.rows.iter().map(|row| (row.step as f64, value(row)));
    points.filter(|point| point.1.is_finite()).collect()
}

/// A few rows of a run as a record.
pub(super) fn record(name: &str, seed: u64, history: &History) -> Value {
    let every = history.rows.len().div_ceil(40).max(1);
    let rows: Vec<Value> = history
        .rows
        .iter()
        .enumerate()
        .filter(|(i, _)| i % every == 0 || i + 1 == history.rows.len())
        .map(|(_, row)| {
            json!({
                "step": row.step,
                "train_loss": row.train_loss,
                "train_accuracy": row.train_accuracy,
                "test_accuracy": row.test_accuracy,
                "weight_norm": row.weight_norm,
                "largest_logit": row.largest_logit,
                "cosines": row.cosines,
                "collapsed": row.collapse.iter().map(|c| (c.float.name(), c.collapsed)).collect::<std::collections::BTreeMap<_, _>>(),
            })
        })
        .collect();
    json!({"run": name, "seed": seed, "rows": rows})
}

/// Per cent with one digit.
pub(super) fn percent(value: f64) -> String {
    format!("{:.1}%", 100.0 * value)
}

/// Largest ratio of a training loss to the smallest one before it: how high the loss ever climbed back.
pub(super) fn highest_spike(history: &History) -> f64 {
    history.rows.windows(2).map(|pair| pair[1].train_loss / pair[0].train_loss).fold(0.0, f64::max)
}
