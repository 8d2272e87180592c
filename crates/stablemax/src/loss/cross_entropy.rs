//! The loss of a batch, with its gradient, in one pass over the rows.

use super::options::{Loss, Reduction, Targets};
use super::rows::{Plan, RowLoss, run_rows};
use crate::error::{Error, Result, check_count, check_non_negative, check_positive, check_same_shape};
use crate::link::check_classes;
use core_tensor::{Scalar, check_range};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis};

/// A cross-entropy loss with its options.
///
/// | option | default | meaning |
/// | --- | --- | --- |
/// | [`reduction`](Self::reduction) | mean | of the rows |
/// | [`ignore`](Self::ignore) | none | a label whose rows do not count |
/// | [`temperature`](Self::temperature) | 1 | logits are divided by it |
/// | [`label_smoothing`](Self::label_smoothing) | 0 | ε: targets are `(1 - ε)·[k = y] + ε/C`, C counting the classes that are not masked |
/// | [`logit_penalty`](Self::logit_penalty) | 0 | λ: adds λ‖z‖² to the loss of each row |
/// | [`class_weights`](Self::class_weights) | none | the target of class k counts wₖ-fold; the mean divides by the weights of the labels |
///
/// ```
/// use ndarray::array;
/// use stablemax::{CrossEntropy, Loss};
///
/// let z = array![[40.0_f32, 0.0, 1.0]];
/// let (report, gradient) = CrossEntropy::new(Loss::SoftmaxRestMass).evaluate(&z, &[0])?;
/// // The textbook form says 0 and 0 here.
/// assert!((report.loss - 1.58e-17).abs() < 1e-19 && gradient[[0, 0]] < 0.0);
/// # Ok::<(), stablemax::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CrossEntropy {
    pub(super) loss: Loss,
    pub(super) reduction: Reduction,
    pub(super) ignore: Option<usize>,
    pub(super) temperature: f64,
    pub(super) label_smoothing: f64,
    pub(super) logit_penalty: f64,
    pub(super) class_weights: Option<Vec<f64>>,
}

/// What a batch gave.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LossReport {
    /// The reduced loss.
    pub loss: f64,
    /// Rows that counted.
    pub rows: usize,
    /// Sum of their weights.
    pub weight: f64,
    /// Rows whose loss is exactly zero.
    pub zero_losses: usize,
}

impl CrossEntropy {
    /// The mean of the loss over the rows.
    #[must_use]
    pub fn new(loss: Loss) -> Self {
        Self {
            loss,
            reduction: Reduction::Mean,
            ignore: None,
            temperature: 1.0,
            label_smoothing: 0.0,
            logit_penalty: 0.0,
            class_weights: None,
        }
    }

    /// Mean or sum; see [`CrossEntropy::losses_into`] for no reduction.
    #[must_use]
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// Rows with this label do not count and have gradient zero; their logits may hold anything.
    #[must_use]
    pub fn ignore(mut self, label: usize) -> Self {
        self.ignore = Some(label);
        self
    }

    /// Divides the logits by `temperature`, finite and > 0.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = temperature;
        self
    }

    /// Label smoothing ε in [0, 1].
    #[must_use]
    pub fn label_smoothing(mut self, epsilon: f64) -> Self {
        self.label_smoothing = epsilon;
        self
    }

    /// Adds λ‖z‖² per row (masked classes left out), finite and ≥ 0.
    #[must_use]
    pub fn logit_penalty(mut self, lambda: f64) -> Self {
        self.logit_penalty = lambda;
        self
    }

    /// One finite weight ≥ 0 per class.
    #[must_use]
    pub fn class_weights(mut self, weights: &[f64]) -> Self {
        self.class_weights = Some(weights.to_vec());
        self
    }

    /// The loss.
    #[must_use]
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Writes the gradient of the reduced loss with respect to `logits` (n × C) to `gradient` (n × C), and reports the loss.
    ///
    /// One pass over the rows; does not allocate when `gradient` is in standard layout. Rows of large batches run in parallel
    /// with the same bits for any number of threads. O(nC).
    ///
    /// # Errors
    /// On shapes that differ, a label that is no class, options out of range, a batch without rows that count (mean only): then
    /// nothing is written. On a logit that is NaN or +∞, a label on a masked class, or a row of masks only: then the contents of
    /// `gradient` are unspecified.
    pub fn evaluate_into<'a, T: Scalar>(
        &self,
        logits: &ArrayRef2<T>,
        targets: impl Into<Targets<'a>>,
        gradient: &mut ArrayRef2<T>,
    ) -> Result<LossReport> {
        let targets = targets.into();
        check_same_shape("gradient", gradient.shape(), logits.shape(), "it has one entry per logit")?;
        let plan = self.plan(logits, targets)?;
        let totals = run_rows(&plan, logits.view(), Some(gradient.view_mut()), None)?;
        Ok(plan.report(&totals))
    }

    /// Allocating form of [`CrossEntropy::evaluate_into`].
    ///
    /// # Errors
    /// As there.
    pub fn evaluate<'a, T: Scalar>(
        &self,
        logits: &ArrayRef2<T>,
        targets: impl Into<Targets<'a>>,
    ) -> Result<(LossReport, Array2<T>)> {
        let mut gradient = Array2::zeros(logits.raw_dim());
        let report = self.evaluate_into(logits, targets, &mut gradient)?;
        Ok((report, gradient))
    }

    /// The loss alone. Allocates one row for every block of rows.
    ///
    /// # Errors
    /// As for [`CrossEntropy::evaluate_into`].
    pub fn value<'a, T: Scalar>(&self, logits: &ArrayRef2<T>, targets: impl Into<Targets<'a>>) -> Result<LossReport> {
        let plan = self.plan(logits, targets.into())?;
        let totals = run_rows(&plan, logits.view(), None, None)?;
        Ok(plan.report(&totals))
    }

    /// Writes the weighted loss of each row to `losses` (n), without reduction; ignored rows have 0.
    ///
    /// # Errors
    /// As for [`CrossEntropy::evaluate_into`]; an empty batch is legal here.
    pub fn losses_into<'a, T: Scalar>(
        &self,
        logits: &ArrayRef2<T>,
        targets: impl Into<Targets<'a>>,
        losses: &mut ArrayRef1<T>,
    ) -> Result<()> {
        check_count("losses", losses.len(), logits.len_of(Axis(0)), "it has one entry per row")?;
        let unreduced = Self { reduction: Reduction::Sum, ..self.clone() };
        let plan = unreduced.plan(logits, targets.into())?;
        run_rows(&plan, logits.view(), None, Some(losses.view_mut()))?;
        Ok(())
    }

    /// Allocating form of [`CrossEntropy::losses_into`].
    ///
    /// # Errors
    /// As there.
    pub fn losses<'a, T: Scalar>(&self, logits: &ArrayRef2<T>, targets: impl Into<Targets<'a>>) -> Result<Array1<T>> {
        let mut losses = Array1::zeros(logits.len_of(Axis(0)));
        self.losses_into(logits, targets, &mut losses)?;
        Ok(losses)
    }

    /// Checks everything but the logits, and fixes the factor of each row.
    pub(super) fn plan<'a, T: Scalar>(&'a self, logits: &ArrayRef2<T>, targets: Targets<'a>) -> Result<Plan<'a>> {
        self.loss.validate()?;
        check_positive("temperature", self.temperature)?;
        let epsilon = self.label_smoothing;
        check_range("label_smoothing", epsilon, (0.0..=1.0).contains(&epsilon), "from 0 to 1")?;
        if epsilon > 0.0 && matches!(self.loss, Loss::SoftmaxTextbook(_)) {
            return Err(Error::Unsupported {
                loss: "textbook softmax",
                what: "label smoothing: use the rest-mass form",
            });
        }
        check_non_negative("logit_penalty", self.logit_penalty)?;
        let (rows, classes) = logits.dim();
        check_classes(classes)?;
        check_count("labels", targets.labels.len(), rows, "there is one label per row of `logits`")?;
        if let Some(weights) = &self.class_weights {
            check_count("class_weights", weights.len(), classes, "there is one weight per class")?;
            check_weights("class_weights", weights)?;
        }
        if let Some(weights) = targets.weights {
            check_count("weights", weights.len(), rows, "there is one weight per row of `logits`")?;
            check_weights("weights", weights)?;
        }
        let mut plan = Plan { options: self, targets, scale: 1.0, rows: 0, weight: 0.0 };
        for (row, &label) in targets.labels.iter().enumerate() {
            if self.ignore == Some(label) {
                continue;
            }
            if label >= classes {
                return Err(Error::Label { row, found: label, classes });
            }
            plan.rows += 1;
            plan.weight += plan.class_weight(label) * targets.weights.map_or(1.0, |w| w[row]);
        }
        if self.reduction == Reduction::Mean {
            if !(plan.weight > 0.0) {
                return Err(Error::EmptyBatch { rows });
            }
            plan.scale = plan.weight.recip();
        }
        Ok(plan)
    }
}

impl Plan<'_> {
    fn report(&self, totals: &RowLoss) -> LossReport {
        LossReport { loss: totals.loss, rows: self.rows, weight: self.weight, zero_losses: totals.zeros }
    }
}

fn check_weights(argument: &'static str, weights: &[f64]) -> Result<()> {
    weights.iter().try_for_each(|&w| check_non_negative(argument, w))
}
