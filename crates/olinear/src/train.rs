//! Training.

use crate::basis::{Basis, OrthoBasis};
use crate::fold::FoldedOLinear;
use crate::forecaster::{Forecaster, windows};
use crate::loss::Loss;
use crate::network::{Architecture, Mixing, Network};
use crate::normlin::correlation_mixing;
use crate::rotation::Rotation;
use crate::schedule::Schedule;
use crate::split::Parts;
use crate::temporal::channel_correlation;
use crate::workspace::{Dropout, Folding, Workspace};
use crate::{Error, Result};
use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser};
use core_tensor::random::{Streams, permutation};
use core_tensor::{Scalar, check_range, check_shape};
use ndarray::{Array2, Array3, ArrayRef2, ArrayRef3, Axis, Slice};
use std::ops::ControlFlow;

/// Training of an OLinear network: configuration and `fit`.
///
/// ```
/// use olinear::{OLinear, Scaler, Split, evaluate};
///
/// let series = datasets::illness().values;
/// let parts = Split::Custom.parts(series.nrows(), 36)?;
/// let train = series.slice_axis(ndarray::Axis(0), parts.train.clone().into());
/// let scaled = Scaler::fit(&train)?.transform(&series)?;
/// let mut model = OLinear::new(36, 24);
/// model.width = 32;
/// model.hidden = 32;
/// model.epochs = 2;
/// let fit = model.fit(&scaled, &parts)?;
/// // The value of the last week, repeated: 6.2.
/// assert!(evaluate(&fit, &scaled, &parts.test)?.mse < 5.0);
/// # Ok::<(), olinear::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OLinear {
    /// Look-back T.
    pub look_back: usize,
    /// Horizon H.
    pub horizon: usize,
    /// Width d of the dimension extension. Default 16.
    pub extension: usize,
    /// Width D. Default 256.
    pub width: usize,
    /// Hidden width F. Default 256.
    pub hidden: usize,
    /// Number L of blocks. Default 2.
    pub blocks: usize,
    /// The cross-series learner. Default NormLin; [`Mixing::Fixed`] is OLinear-C, mixed by the correlation of the training rows.
    pub mixing: Mixing,
    /// The intra-series learner. Default an MLP.
    pub temporal: crate::Temporal,
    /// The change of coordinates. Default [`Basis::Correlation`].
    pub basis: Basis,
    /// One basis per channel (the shifts δ are not used then). Only with [`Basis::Correlation`]. Default `false`.
    pub basis_per_channel: bool,
    /// How many leading rows the basis is made from; `None` (default) for the training rows. More than those lets it see what
    /// the published results saw.
    pub basis_rows: Option<usize>,
    /// Whether windows are centred at their last value. Default `false`.
    pub subtract_last: bool,
    /// The loss. Default L1 with α = 0.5.
    pub loss: Loss,
    /// Windows of a step. Default 32.
    pub batch: usize,
    /// Base learning rate of Adam. Default 5e-4.
    pub learning_rate: f64,
    /// How it falls. Default [`Schedule::Type1`].
    pub schedule: Schedule,
    /// Most epochs. Default 15.
    pub epochs: usize,
    /// Epochs without a better validation loss after which training stops. Default 3.
    pub patience: usize,
    /// Dropout, in [0, 1). Default 0.1.
    pub dropout: f64,
    /// Seed of initial values, order of windows and dropout. Default 2023.
    pub seed: u64,
    /// Which products are folded in training. Default [`Folding::Automatic`].
    #[cfg_attr(feature = "serde", serde(skip))]
    pub folding: Folding,
}

/// One epoch of training.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Learning rate in force.
    pub learning_rate: f64,
    /// Mean training loss.
    pub train_loss: f64,
    /// Loss on all validation windows.
    pub validation_loss: f64,
}

/// Where a training is: given to the observer after every step.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// Epoch under way, counted from 1.
    pub epoch: usize,
    /// Most epochs.
    pub epochs: usize,
    /// Steps taken in this epoch.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Loss of the last step.
    pub loss: f64,
    /// Epochs that are over.
    pub history: &'a [Epoch],
}

/// Why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum TrainingEnd {
    /// All epochs were done.
    Epochs,
    /// The validation loss did not improve for too long.
    Patience,
    /// The observer asked for it.
    Observer,
}

impl OLinear {
    /// The defaults for new data, for windows of `look_back` steps and forecasts of `horizon`.
    pub fn new(look_back: usize, horizon: usize) -> Self {
        let a = Architecture::new(look_back, horizon, 1);
        Self {
            look_back,
            horizon,
            extension: a.extension,
            width: a.width,
            hidden: a.hidden,
            blocks: a.blocks,
            mixing: a.mixing,
            temporal: a.temporal,
            basis: Basis::default(),
            basis_per_channel: false,
            basis_rows: None,
            subtract_last: false,
            loss: Loss::default(),
            batch: 32,
            learning_rate: 5e-4,
            schedule: Schedule::Type1,
            epochs: 15,
            patience: 3,
            dropout: 0.1,
            seed: 2023,
            folding: Folding::Automatic,
        }
    }

    /// Trains in single precision on a standardised series (n × N, NaN where missing): steps on the training windows, early
    /// stopping on the validation windows, the best weights at the end.
    ///
    /// # Errors
    /// A configuration out of range, parts too short for a window (say which), infinite entries, and
    /// [`Error::Diverged`] when a loss is not finite any more.
    pub fn fit(&self, series: &ArrayRef2<f64>, parts: &Parts) -> Result<OLinearFit> {
        self.fit_observed(series, parts, None, |_| ControlFlow::Continue(()))
    }

    /// [`OLinear::fit`], started at a linear map (T × H on centred windows, for instance that of
    /// [`MomentRidge`](crate::MomentRidge)) and watched: `observer` sees every step and can stop by breaking.
    ///
    /// # Errors
    /// Those of [`OLinear::fit`], and a map of another shape.
    pub fn fit_observed(
        &self,
        series: &ArrayRef2<f64>,
        parts: &Parts,
        start: Option<&ArrayRef2<f64>>,
        mut observer: impl FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<OLinearFit> {
        self.check()?;
        for (name, rows) in [("training", &parts.train), ("validation", &parts.validation)] {
            if rows.end > series.nrows() {
                return Err(Error::TooShort { part: name, rows: series.nrows(), needed: rows.end });
            }
            Parts::some_windows(name, rows, self.look_back, self.horizon)?;
        }
        crate::scaler::check_no_infinity("series", series)?;
        let mut network = self.network(series, parts)?;
        if let Some(map) = start {
            network.start_from_linear(map)?;
        }
        let data = series.mapv(|v| v as f32);
        let count = Parts::windows(&parts.train, self.look_back, self.horizon);
        let steps_per_epoch = count.div_ceil(self.batch);
        let options = AdamWOptions { learning_rate: self.learning_rate, ..AdamWOptions::default() };
        let mut optimiser = AdamW::new(network.parameters.len(), options)?;
        let mut workspace = Workspace::new(&network, self.batch, self.folding)?;
        let streams = Streams::new(self.seed).child(1);
        let mut best = (f64::INFINITY, network.parameters.clone());
        let mut history: Vec<Epoch> = Vec::new();
        let mut since_best = 0;
        let mut end = TrainingEnd::Epochs;
        'training: for epoch in 1..=self.epochs {
            let learning_rate = self.schedule.rate(self.learning_rate, epoch, self.epochs)?;
            optimiser.set_learning_rate(learning_rate)?;
            let order = permutation(&mut streams.stream(epoch as u64), count);
            let mut sum = 0.0;
            for (index, chunk) in order.chunks(self.batch).enumerate() {
                let starts: Vec<usize> = chunk.iter().map(|w| parts.train.start + w).collect();
                workspace.load_windows(&network, &data, &starts)?;
                let step = ((epoch - 1) * steps_per_epoch + index) as u64;
                let dropout = Dropout { rate: self.dropout, seed: self.seed, step };
                let loss = workspace.step(&network, &self.loss, Some(dropout))?;
                let finite = loss.is_finite() && optimiser.step(&mut network.parameters, &workspace.gradient).is_ok();
                if !finite {
                    return Err(Error::Diverged { epoch, step: index + 1, loss });
                }
                sum += loss * chunk.len() as f64;
                let progress = Progress {
                    epoch,
                    epochs: self.epochs,
                    step: index + 1,
                    steps: steps_per_epoch,
                    loss,
                    history: &history,
                };
                if observer(&progress).is_break() {
                    end = TrainingEnd::Observer;
                    break 'training;
                }
            }
            let validation_loss = self.validation_loss(&network, series, parts)?;
            if !validation_loss.is_finite() && !best.0.is_finite() {
                return Err(Error::Diverged { epoch, step: steps_per_epoch, loss: validation_loss });
            }
            history.push(Epoch { epoch, learning_rate, train_loss: sum / count as f64, validation_loss });
            if validation_loss <= best.0 {
                best = (validation_loss, network.parameters.clone());
                since_best = 0;
            } else {
                since_best += 1;
                if since_best >= self.patience || validation_loss.is_nan() {
                    end = TrainingEnd::Patience;
                    break;
                }
            }
        }
        // A run that was stopped in its first epoch keeps what it has.
        if best.0.is_finite() {
            network.parameters = best.1;
        }
        OLinearFit::new(network, history, end)
    }

    fn check(&self) -> Result<()> {
        check_range("batch", self.batch as f64, (1..=1 << 16).contains(&self.batch), ">= 1 and at most 65536")?;
        check_range("epochs", self.epochs as f64, self.epochs >= 1, ">= 1")?;
        check_range("patience", self.patience as f64, self.patience >= 1, ">= 1")?;
        check_range("dropout", self.dropout, (0.0..1.0).contains(&self.dropout), ">= 0 and < 1")?;
        self.loss.weights::<f32>(1)?;
        Ok(())
    }

    /// The network that training begins with.
    ///
    /// # Errors
    /// Those of [`OLinear::fit`].
    pub fn network(&self, series: &ArrayRef2<f64>, parts: &Parts) -> Result<Network<f32>> {
        let architecture = Architecture {
            look_back: self.look_back,
            horizon: self.horizon,
            channels: series.ncols(),
            extension: self.extension,
            width: self.width,
            hidden: self.hidden,
            blocks: self.blocks,
            mixing: self.mixing,
            temporal: self.temporal,
            subtract_last: self.subtract_last,
        };
        architecture.validate()?;
        let rows = self.basis_rows.unwrap_or(parts.train.end);
        check_range("basis_rows", rows as f64, (1..=series.nrows()).contains(&rows), ">= 1 and at most all rows")?;
        let leading = series.slice_axis(Axis(0), Slice::from(..rows));
        let rotation = |size: usize| -> Result<Rotation<f32>> {
            match (&self.basis, self.basis_per_channel) {
                (Basis::Identity, _) => Ok(Rotation::Identity),
                (Basis::Correlation(correlation), true) => {
                    let shared = OrthoBasis::of_correlation(correlation, &leading, size)?;
                    // A channel that hardly varies takes the basis of all.
                    let bases = correlation.per_channel(&leading, size)?.into_iter().map(|matrix| match matrix {
                        Some(matrix) => OrthoBasis::of_symmetric(&matrix),
                        None => Ok(shared.clone()),
                    });
                    Ok(Rotation::per_channel(&bases.collect::<Result<Vec<_>>>()?))
                }
                (basis, _) => Ok(Rotation::shared(&basis.build(size, &leading)?)),
            }
        };
        let mixing = match self.mixing {
            Mixing::Fixed => {
                let train = series.slice_axis(Axis(0), Slice::from(parts.train.clone()));
                Some(correlation_mixing(&channel_correlation(&train)?)?.mapv(|v| v as f32))
            }
            _ => None,
        };
        Network::new(architecture, rotation(self.look_back)?, rotation(self.horizon)?, mixing, self.seed)
    }

    /// Loss on all validation windows: the exact mean, not the mean of batches.
    fn validation_loss(&self, network: &Network<f32>, series: &ArrayRef2<f64>, parts: &Parts) -> Result<f64> {
        let folded = network.fold()?;
        let (mut sum, mut count) = (0.0, 0.0);
        crate::forecaster::for_each_batch(
            &folded,
            series,
            "validation",
            &parts.validation,
            |_, forecasts, targets| {
                let observed = targets.iter().filter(|v| !v.is_nan()).count() as f64;
                sum += self.loss.value_and_gradient(forecasts, targets)?.0 * observed;
                count += observed;
                Ok(())
            },
        )?;
        Ok(sum / f64::max(count, 1.0))
    }
}

/// A trained network, ready to forecast.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OLinearFit {
    /// The network with the best weights.
    pub network: Network<f32>,
    /// What happened in each epoch.
    pub history: Vec<Epoch>,
    /// Why training ended.
    pub end: TrainingEnd,
    folded: FoldedOLinear<f32>,
}

impl OLinearFit {
    pub(crate) fn new(network: Network<f32>, history: Vec<Epoch>, end: TrainingEnd) -> Result<Self> {
        let folded = network.fold()?;
        Ok(Self { network, history, end, folded })
    }

    /// The folded network that forecasts.
    pub fn folded(&self) -> &FoldedOLinear<f32> {
        &self.folded
    }
}

impl Forecaster for OLinearFit {
    fn look_back(&self) -> usize {
        self.network.architecture.look_back
    }

    fn horizon(&self) -> usize {
        self.network.architecture.horizon
    }

    fn forecast_windows(&self, windows: &ArrayRef3<f64>) -> Result<Array3<f64>> {
        self.folded.forecast_windows(windows)
    }
}

impl<T: Scalar> Forecaster for FoldedOLinear<T> {
    fn look_back(&self) -> usize {
        self.architecture().look_back
    }

    fn horizon(&self) -> usize {
        self.architecture().horizon
    }

    fn forecast_windows(&self, windows: &ArrayRef3<f64>) -> Result<Array3<f64>> {
        Ok(self.forecast(&windows.mapv(<T as Scalar>::from_f64))?.mapv(Scalar::to_f64))
    }
}

/// The forecast of `forecaster` from the last rows of `history` (at least T rows × N): (H × N).
///
/// # Errors
/// Fewer rows than the look-back, and what the forecaster raises.
pub fn forecast_next(forecaster: &(impl Forecaster + ?Sized), history: &ArrayRef2<f64>) -> Result<Array2<f64>> {
    let look_back = forecaster.look_back();
    let Some(start) = history.nrows().checked_sub(look_back) else {
        return Err(Error::TooShort { part: "observed", rows: history.nrows(), needed: look_back });
    };
    let (x, _) = windows(history, &[start], look_back, 0)?;
    let found = forecaster.forecast_windows(&x)?;
    check_shape("forecast", &found, &[1, forecaster.horizon(), history.ncols()], "one window was given")?;
    Ok(found.index_axis_move(Axis(0), 0))
}
