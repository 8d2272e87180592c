//! The options of `orthant sparse-linreg`.

use crate::regression::{ResultArguments, TableArguments};

/// What is penalised, and how.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct ModelArguments {
    /// Mixing α of the elastic net: 1 is the Lasso, 0 is ridge
    #[arg(long, value_name = "A", default_value_t = 1.0, allow_negative_numbers = true)]
    pub(crate) alpha: f64,
    /// Fit no intercept
    #[arg(long)]
    pub(crate) no_intercept: bool,
    /// Penalise the columns as they are; otherwise columns of unit variance are penalised, so that units do not matter.
    /// Coefficients are those of the table in either case
    #[arg(long, visible_alias = "no-standardize")]
    pub(crate) no_standardise: bool,
    /// Allow only coefficients ≥ 0
    #[arg(long, conflicts_with = "bound")]
    pub(crate) positive: bool,
    /// Bounds of a coefficient, which must contain 0; either end may be empty (may be repeated)
    #[arg(long, value_name = "NAME=LOW:HIGH", allow_hyphen_values = true)]
    pub(crate) bound: Vec<String>,
    /// Multiplies the penalty of a coefficient, 1 by default; 0 leaves it unpenalised (may be repeated)
    #[arg(long, value_name = "NAME=FACTOR")]
    pub(crate) penalty_factor: Vec<String>,
    /// Duality gap to reach, relative to the objective at w = 0
    #[arg(long, value_name = "X", default_value_t = 1e-8, allow_negative_numbers = true)]
    pub(crate) tolerance: f64,
}

/// The levels of a path.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Path")]
pub(crate) struct LevelArguments {
    /// Number of levels
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) levels: usize,
    /// Smallest level, relative to the largest [default: 0.01 when there are more features than rows, else 0.0001]
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub(crate) ratio: Option<f64>,
    /// Use these levels instead of a grid
    #[arg(long, value_name = "A,B,…", conflicts_with_all = ["levels", "ratio"], allow_hyphen_values = true)]
    pub(crate) lambdas: Option<String>,
}

/// Options of `orthant sparse-linreg path`.
#[derive(Debug, clap::Args)]
pub(crate) struct PathArguments {
    #[command(flatten)]
    pub(crate) table: TableArguments,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) levels: LevelArguments,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// Options of `orthant sparse-linreg fit`.
#[derive(Debug, clap::Args)]
pub(crate) struct FitArguments {
    #[command(flatten)]
    pub(crate) table: TableArguments,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Penalty level λ (scikit-learn's `alpha`, glmnet's `lambda`)
    #[arg(long, value_name = "LAMBDA", allow_negative_numbers = true, conflicts_with = "fraction")]
    pub(crate) lambda: Option<f64>,
    /// Penalty level as a fraction of the level at which all coefficients are zero
    #[arg(long, value_name = "F", allow_negative_numbers = true, required_unless_present = "lambda")]
    pub(crate) fraction: Option<f64>,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}
