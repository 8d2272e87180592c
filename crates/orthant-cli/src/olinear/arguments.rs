//! Options.

use crate::failure::{Failure, Outcome};
use crate::regression::ResultArguments;
use orthant::olinear::MissingPolicy;
use std::path::PathBuf;

/// Where the series are.
#[derive(Debug, clap::Args)]
pub(crate) struct SeriesArguments {
    /// A table with a header: a column of time stamps (optional) and a column per series
    #[arg(required_unless_present = "dataset")]
    pub(crate) file: Option<PathBuf>,
    /// A series that comes with the program
    #[arg(long, value_enum, value_name = "NAME", conflicts_with = "file")]
    pub(crate) dataset: Option<DataName>,
    /// The column of time stamps [default: the first column, if it holds any]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// The series to use, separated by commas [default: all]
    #[arg(long, value_name = "COLUMNS")]
    pub(crate) columns: Option<String>,
    /// What is done about missing values
    #[arg(long, value_enum, default_value_t = MissingName::Error)]
    pub(crate) missing: MissingName,
    /// Rows of a season: for --missing seasonal, and for the seasonal forecast that others are compared with
    #[arg(long, value_name = "ROWS")]
    pub(crate) period: Option<usize>,
}

impl SeriesArguments {
    pub(crate) fn policy(&self) -> Outcome<MissingPolicy> {
        Ok(match self.missing {
            MissingName::Error => MissingPolicy::Error,
            MissingName::Keep => MissingPolicy::Keep,
            MissingName::Forward => MissingPolicy::ForwardFill,
            MissingName::Line => MissingPolicy::Interpolate,
            MissingName::Seasonal => match self.period {
                Some(period) => MissingPolicy::Seasonal { period },
                None => return Err(Failure::input("--missing seasonal needs --period, the rows of a season")),
            },
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DataName {
    /// Loads and oil temperature of a transformer, hourly
    Etth1,
    /// Influenza-like illness in the United States, weekly
    Ili,
    /// CO2 at Mauna Loa, weekly, with gaps
    Co2Weekly,
    /// Unemployed persons by state of the United States, monthly
    Unemployment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum MissingName {
    /// A missing value is an error
    Error,
    /// They stay missing, and take no part in anything
    Keep,
    /// The last value before them
    Forward,
    /// A straight line across them
    Line,
    /// The value a season earlier
    Seasonal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ModelName {
    /// Closed-form linear map in a transformed domain: instant
    Ridge,
    /// The OLinear network
    Olinear,
    /// OLinear-C: series are mixed by their correlation
    OlinearC,
    /// The network, started at the closed-form map
    Hybrid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SplitName {
    /// 70 % training, 10 % validation, 20 % test
    Shares,
    /// The benchmark's 12, 4 and 4 months of hours
    EttHour,
}

/// Fit a forecaster.
#[derive(Debug, clap::Args)]
pub(crate) struct FitArguments {
    #[command(flatten)]
    pub(crate) series: SeriesArguments,
    /// Steps to forecast
    #[arg(long, value_name = "STEPS")]
    pub(crate) horizon: usize,
    /// Steps to look back [default: four horizons, but no more than a fifth of the training rows]
    #[arg(long, value_name = "STEPS")]
    pub(crate) look_back: Option<usize>,
    /// The forecaster
    #[arg(long, value_enum, default_value_t = ModelName::Ridge)]
    pub(crate) model: ModelName,
    /// How rows are split
    #[arg(long, value_enum, default_value_t = SplitName::Shares)]
    pub(crate) split: SplitName,
    /// Level of the intervals
    #[arg(long, value_name = "LEVEL", default_value_t = 0.9)]
    pub(crate) level: f64,
    /// Width of the network
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) width: usize,
    /// Blocks of the network
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) blocks: usize,
    /// Most epochs of training
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) epochs: usize,
    /// Epochs without progress after which training stops
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) patience: usize,
    /// Windows of a step
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub(crate) batch: usize,
    /// Learning rate
    #[arg(long, value_name = "RATE", default_value_t = 5e-4)]
    pub(crate) learning_rate: f64,
    /// Dropout
    #[arg(long, value_name = "RATE", default_value_t = 0.1)]
    pub(crate) dropout: f64,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 2023)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// Forecast with a saved model.
#[derive(Debug, clap::Args)]
pub(crate) struct ForecastArguments {
    /// The model, `model.safetensors` of `orthant olinear fit`
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) series: SeriesArguments,
    /// Level of the intervals
    #[arg(long, value_name = "LEVEL", default_value_t = 0.9)]
    pub(crate) level: f64,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// Back-test a saved model.
#[derive(Debug, clap::Args)]
pub(crate) struct EvaluateArguments {
    /// The model, `model.safetensors` of `orthant olinear fit`
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) series: SeriesArguments,
    /// Level of the intervals
    #[arg(long, value_name = "LEVEL", default_value_t = 0.9)]
    pub(crate) level: f64,
    /// All rows of the table, instead of those that the model kept for its test
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}
