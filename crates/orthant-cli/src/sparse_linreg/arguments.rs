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
    /// Method
    #[arg(long, value_enum, default_value_t = MethodName::Lasso)]
    pub(crate) method: MethodName,
    /// Penalty level λ (scikit-learn's `alpha`, glmnet's `lambda`); `rsp` and `square-root` find their own
    #[arg(long, value_name = "LAMBDA", allow_negative_numbers = true, conflicts_with = "fraction")]
    pub(crate) lambda: Option<f64>,
    /// Penalty level as a fraction of the level at which all coefficients are zero
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    pub(crate) fraction: Option<f64>,
    #[command(flatten)]
    pub(crate) span: SpanArguments,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// How the random span is chosen.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Random span (rsp)")]
pub(crate) struct SpanArguments {
    /// Expected number of nonzero coefficients
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub(crate) sparsity: usize,
    /// Accepted probability that the guarantee fails
    #[arg(long, value_name = "D", default_value_t = 0.25, allow_negative_numbers = true)]
    pub(crate) delta: f64,
    /// Random blocks looked at in each round
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) probes: usize,
    /// Seed of all random draws: spans, folds, half samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}

/// A method of `fit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum MethodName {
    /// Lasso, elastic net, ridge
    Lasso,
    /// Random-span preconditioned Lasso, for columns that nearly depend on one another
    Rsp,
    /// Square-root Lasso: needs no noise level
    SquareRoot,
    /// Adaptive Lasso, weighted by a ridge fit
    Adaptive,
    /// Minimax concave penalty: a local minimum
    Mcp,
    /// Smoothly clipped absolute deviation: a local minimum
    Scad,
}

/// Options of `orthant sparse-linreg cv`.
#[derive(Debug, clap::Args)]
pub(crate) struct CvArguments {
    #[command(flatten)]
    pub(crate) table: TableArguments,
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) levels: LevelArguments,
    /// Methods that race on the same folds: `lasso` (with the options of the model), `rsp:K` for K expected coefficients,
    /// `relaxed:PHI` (0 is least squares on the Lasso's supports, 1 the Lasso), `subset`
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', default_value = "lasso")]
    pub(crate) methods: Vec<String>,
    /// Number of folds
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) folds: usize,
    /// The rows are in order of time: each fold is predicted from all rows before it
    #[arg(long, conflicts_with = "group_by")]
    pub(crate) time_ordered: bool,
    /// Which level of a method counts: the smallest error, or the simplest model within one standard error of it
    #[arg(long, value_enum, default_value_t = RuleName::Minimum)]
    pub(crate) rule: RuleName,
    #[command(flatten)]
    pub(crate) span: SpanArguments,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// How a level is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RuleName {
    /// Smallest mean error
    Minimum,
    /// Simplest model within one standard error of it
    OneSe,
}

/// Options of `orthant sparse-linreg select`.
#[derive(Debug, clap::Args)]
pub(crate) struct SelectArguments {
    #[command(flatten)]
    pub(crate) table: TableArguments,
    /// What is selected: the best subset of each size, the path of orthogonal matching pursuit, or the features that
    /// Lasso paths on random halves of the rows choose again and again
    #[arg(long, value_enum, default_value_t = SelectionName::Subset)]
    pub(crate) method: SelectionName,
    /// Most features [default: as many as the rows can tell apart, at most 20]
    #[arg(long, value_name = "N")]
    pub(crate) max_size: Option<usize>,
    /// Criterion that chooses the size: `aic`, `aicc`, `bic`, `gic`, or `ebic:G` with G >= 0
    #[arg(long, value_name = "NAME", default_value = "gic")]
    pub(crate) criterion: String,
    /// How subsets are searched; `exhaustive` certifies them, for at most 30 features
    #[arg(long, value_enum, default_value_t = SearchName::MultiStart)]
    pub(crate) search: SearchName,
    /// Features that are in every model
    #[arg(long, value_name = "A,B,…")]
    pub(crate) always_in: Option<String>,
    /// Fit no intercept
    #[arg(long)]
    pub(crate) no_intercept: bool,
    /// stability: number of random halves
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) samples: usize,
    /// stability: frequency from which a feature counts as stable
    #[arg(long, value_name = "P", default_value_t = 0.6, allow_negative_numbers = true)]
    pub(crate) threshold: f64,
    /// Seed of the random halves
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// What `select` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SelectionName {
    /// Best subsets
    Subset,
    /// Orthogonal matching pursuit
    Omp,
    /// Stability selection
    Stability,
}

/// How subsets are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SearchName {
    /// Splicing from one start
    Splicing,
    /// Splicing from the supports of several methods
    MultiStart,
    /// Branch and bound, certified
    Exhaustive,
}

/// Options of `orthant sparse-linreg diagnose`.
#[derive(Debug, clap::Args)]
pub(crate) struct DiagnoseArguments {
    #[command(flatten)]
    pub(crate) table: TableArguments,
    /// Expected numbers of nonzero coefficients
    #[arg(long, value_name = "K,L,…", value_delimiter = ',', default_value = "2,5,10")]
    pub(crate) sparsity: Vec<usize>,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}
