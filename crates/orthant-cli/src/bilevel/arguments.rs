//! Options.

use crate::regression::{ResultArguments, TableArguments};
use std::path::PathBuf;

/// Choose the penalties of a model by gradients of its validation loss.
#[derive(Debug, clap::Args)]
pub(crate) struct TuneArguments {
    #[command(flatten)]
    pub(crate) table: TableArguments,
    /// The model
    #[arg(long, value_enum, default_value_t = ModelName::Ridge)]
    pub(crate) model: ModelName,
    /// What the penalties are chosen by; ridge regression only [default: leave-one-out; others: validation rows]
    #[arg(long, value_enum)]
    pub(crate) criterion: Option<CriterionName>,
    /// One penalty for all features, or one for each; ridge regression only
    #[arg(long, value_enum, default_value_t = PenaltyName::One)]
    pub(crate) penalties: PenaltyName,
    /// Share of the rows to validate on
    #[arg(long, value_name = "SHARE", default_value_t = 0.25)]
    pub(crate) validation: f64,
    /// Share of the rows that neither training nor tuning sees: they show how much the choice of penalties overfits
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub(crate) held_back: f64,
    /// Seed of the split
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ModelName {
    /// Least squares with squared penalties
    Ridge,
    /// Two classes, with one squared penalty
    Logistic,
    /// Least squares with |w| and w² penalties
    ElasticNet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CriterionName {
    /// Errors of each row under a fit without it, exactly
    LeaveOneOut,
    /// The same with average leverages
    Gcv,
    /// Errors on validation rows
    Validation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PenaltyName {
    /// One for all
    One,
    /// One for each feature
    Each,
}

/// Learn a regulariser from pictures, and denoise one with it.
#[derive(Debug, clap::Args)]
pub(crate) struct DenoiseArguments {
    /// The noisy picture, PNG (colours are read as grey)
    pub(crate) file: PathBuf,
    /// Folder with pictures to learn from: NAME.png is clean; NAME.noisy.png is its noisy partner, or noise is added to it
    /// [default: photographs that come with the program]
    #[arg(long, value_name = "DIR")]
    pub(crate) train: Option<PathBuf>,
    /// The true picture of FILE, for a score
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// What is learned: two numbers of total variation, or filters (better, and much slower)
    #[arg(long, value_enum, default_value_t = MethodName::Variation)]
    pub(crate) method: MethodName,
    /// Standard deviation of the noise that is added to clean pictures, of 1 for black to white
    #[arg(long, value_name = "SIGMA", default_value_t = 0.1)]
    pub(crate) noise: f64,
    /// Side of the patch in the middle of each picture that is learned from; 0 for whole pictures
    #[arg(long, value_name = "PIXELS", default_value_t = 64)]
    pub(crate) patch: usize,
    /// Steps of the upper level
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) steps: usize,
    /// Seed of added noise and of first filters
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum MethodName {
    /// Smoothed total variation: its weight and its smoothing
    Variation,
    /// Eight filters of 5 × 5 with weights and smoothings
    Experts,
}
