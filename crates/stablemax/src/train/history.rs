//! What was seen along a run.

use crate::FloatType;
use std::io::Write;

/// The rows of a history, in order of their steps.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct History {
    /// The rows.
    pub rows: Vec<HistoryRow>,
}

/// Everything at one step, before its update.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HistoryRow {
    /// Updates made so far.
    pub step: u64,
    /// Mean loss on the training rows.
    pub train_loss: f64,
    /// Fraction of training rows whose largest logit is the label's (first one on ties).
    pub train_accuracy: f64,
    /// Mean loss on the test rows; NaN when there are none.
    pub test_loss: f64,
    /// Fraction of test rows that are right; NaN when there are none.
    pub test_accuracy: f64,
    /// Euclidean norm of all parameters.
    pub weight_norm: f64,
    /// Largest absolute value of a training logit.
    pub largest_logit: f64,
    /// Fraction of training rows with a loss of exactly 0.
    pub zero_losses: f64,
    /// Σ ⟨z, dL/dz⟩ over the training rows: ⟨W, ∇L⟩ of every layer without biases.
    pub radial_gradient: f64,
    /// Cosine of -∇L with the weights, per tensor; [`History::write_csv`] writes one column for each.
    pub cosines: Vec<f64>,
    /// The same for the whole parameter vector.
    pub cosine: f64,
    /// Softmax collapse of the training rows, one entry for each float type that was asked for.
    pub collapse: Vec<CollapseAt>,
}

/// Softmax collapse in one float type.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CollapseAt {
    /// The type.
    pub float: FloatType,
    /// Fraction of collapsed rows.
    pub collapsed: f64,
    /// Median margin in powers of two.
    pub margin: f64,
    /// Forecast of the step of 50 % collapse, where one can be made.
    pub half_collapse: Option<f64>,
}

impl History {
    /// The first step at which the test accuracy is at least `accuracy`.
    #[must_use]
    pub fn step_of_test_accuracy(&self, accuracy: f64) -> Option<u64> {
        self.rows.iter().find(|row| row.test_accuracy >= accuracy).map(|row| row.step)
    }

    /// Writes the history as CSV with a header; the same history gives the same bytes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_csv(&self, out: &mut impl Write) -> std::io::Result<()> {
        write!(out, "step,train_loss,train_accuracy,test_loss,test_accuracy,weight_norm,largest_logit,zero_losses")?;
        write!(out, ",radial_gradient,cosine")?;
        if let Some(first) = self.rows.first() {
            (0..first.cosines.len()).try_for_each(|i| write!(out, ",cosine_{i}"))?;
            for c in &first.collapse {
                write!(out, ",collapsed_{0},margin_{0},half_collapse_{0}", c.float)?;
            }
        }
        writeln!(out)?;
        for r in &self.rows {
            write!(out, "{},{},{},{},{}", r.step, r.train_loss, r.train_accuracy, r.test_loss, r.test_accuracy)?;
            write!(out, ",{},{},{}", r.weight_norm, r.largest_logit, r.zero_losses)?;
            write!(out, ",{},{}", r.radial_gradient, r.cosine)?;
            r.cosines.iter().try_for_each(|c| write!(out, ",{c}"))?;
            for c in &r.collapse {
                write!(out, ",{},{},", c.collapsed, c.margin)?;
                if let Some(step) = c.half_collapse {
                    write!(out, "{step}")?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
