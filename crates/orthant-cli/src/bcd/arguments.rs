//! The options of `orthant bcd`.

use crate::input::Header;
use crate::regression::{ResultArguments, TableArguments};
use std::path::PathBuf;

/// Options of `orthant bcd solve`.
#[derive(Debug, clap::Args)]
pub(crate) struct SolveArguments {
    #[command(flatten)]
    pub(crate) table: TableArguments,
    #[command(flatten)]
    pub(crate) problem: ProblemArguments,
    #[command(flatten)]
    pub(crate) method: MethodArguments,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// What is minimised.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Problem")]
pub(crate) struct ProblemArguments {
    /// Loss, a sum over the rows
    #[arg(long, value_enum, default_value_t = LossName::Squared)]
    pub(crate) loss: LossName,
    /// Penalty, or constraint
    #[arg(long, value_enum, default_value_t = PenaltyName::None)]
    pub(crate) penalty: PenaltyName,
    /// Penalty level λ
    #[arg(long, value_name = "LAMBDA", allow_negative_numbers = true, conflicts_with = "fraction")]
    pub(crate) lambda: Option<f64>,
    /// Penalty level as a fraction of the level at which all coefficients are zero
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    pub(crate) fraction: Option<f64>,
    /// Weight of the squares, ½ ρ Σ w²: added to the loss, or with --penalty elastic-net part of the penalty
    #[arg(long, value_name = "RHO", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(crate) ridge: f64,
    /// With --penalty box: bounds of every coefficient; either end may be empty
    #[arg(long, value_name = "LOW:HIGH", allow_hyphen_values = true)]
    pub(crate) bounds: Option<String>,
    /// With --penalty group: features that are in the model together or not at all (may be repeated); the others are groups of
    /// their own
    #[arg(long, value_name = "A,B,…")]
    pub(crate) group: Vec<String>,
    /// Fit no intercept
    #[arg(long)]
    pub(crate) no_intercept: bool,
    /// Penalise the columns as they are; otherwise columns of unit variance are penalised, so that units do not matter.
    /// Coefficients are those of the table in either case
    #[arg(long, visible_alias = "no-standardize")]
    pub(crate) no_standardise: bool,
}

/// How it is minimised.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Method")]
pub(crate) struct MethodArguments {
    /// Blocks: `variable:N` (any N coordinates), or fixed ones of N coordinates: `order:N`, `sort:N`, `average:N`,
    /// `row-sum-sort:N`, `row-sum-average:N`, `random:N`, or `whole` [default: chosen by the problem]
    #[arg(long, value_name = "KIND:N")]
    pub(crate) blocks: Option<String>,
    /// Rule that picks a block [default: chosen by the problem]
    #[arg(long, value_enum)]
    pub(crate) rule: Option<RuleName>,
    /// Update of a block [default: chosen by the problem]
    #[arg(long, value_enum)]
    pub(crate) update: Option<UpdateName>,
    /// Compare fixed blocks by sums of absolute values, as the authors' code does
    #[arg(long)]
    pub(crate) one_norm_scores: bool,
    /// Relative duality gap to reach, or where there is no dual bound the relative optimality residual
    #[arg(long, value_name = "X", default_value_t = 1e-6, allow_negative_numbers = true)]
    pub(crate) tolerance: f64,
    /// Most block updates [default: 100 for each block, at least 1000]
    #[arg(long, value_name = "N")]
    pub(crate) max_iterations: Option<usize>,
    /// Seed of random rules and partitions
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}

/// A loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LossName {
    /// Half the squared error
    Squared,
    /// Logistic loss, for a response of two classes
    Logistic,
    /// Softmax (multinomial logistic) loss, for a response of classes
    Softmax,
}

/// A penalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PenaltyName {
    /// Nothing
    None,
    /// λ Σ |w|
    L1,
    /// λ Σ |w| + ½ ρ Σ w²
    ElasticNet,
    /// λ Σ w, with w ≥ 0
    NonNegative,
    /// Bounds
    Box,
    /// λ Σ √size · ‖w of a group‖; with the softmax loss each feature is a group of its classes
    Group,
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RuleName {
    /// One after the other
    Cyclic,
    /// A new order in each epoch
    Permuted,
    /// Uniformly at random
    Random,
    /// At random, in proportion to the Lipschitz constants
    Lipschitz,
    /// Largest gradient
    Gs,
    /// Largest gradient over the Lipschitz constant of the block
    Gsl,
    /// Largest gradient in the norm of a diagonal bound
    Gsd,
    /// Largest gradient in the norm of the curvature
    Gsq,
    /// The same for variable blocks, by growing the block
    GsqGreedy,
    /// The same for variable blocks, by iterative hard thresholding
    GsqThresholding,
    /// Block whose minimisation lowers the objective most
    MaximumImprovement,
    /// With a penalty: best decrease of the separable model
    GsModel,
    /// With a penalty: longest proximal step
    GsLength,
    /// With a penalty: steepest subgradient
    GsSubgradient,
}

/// An update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum UpdateName {
    /// (Proximal) gradient step by the Lipschitz constant
    Gradient,
    /// The same by an estimate of the constant
    Estimated,
    /// Step by the inverse of a fixed bound of the curvature
    Matrix,
    /// Newton step with line search
    Newton,
    /// Cubic-regularised Newton step
    Cubic,
    /// Exact minimisation over the block
    Exact,
    /// Proximal Newton step
    ProxNewton,
    /// Two-metric projection, for bounds
    TwoMetric,
    /// Two-metric step, for the 1-norm
    TwoMetricL1,
}

/// Options of `orthant bcd propagate`.
#[derive(Debug, clap::Args)]
pub(crate) struct PropagateArguments {
    /// The graph, one edge per row: node, node, and a weight >= 0 where there is a third column (1 without); CSV or TSV
    #[arg(value_name = "EDGES")]
    pub(crate) edges: PathBuf,
    /// The labels: node, label
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: PathBuf,
    /// The labels are numbers to interpolate; otherwise they are names of classes
    #[arg(long)]
    pub(crate) values: bool,
    /// With --values: bounds of all values; either end may be empty
    #[arg(long, value_name = "LOW:HIGH", allow_hyphen_values = true, requires = "values")]
    pub(crate) bounds: Option<String>,
    /// Relative residual to reach
    #[arg(long, value_name = "X", default_value_t = 1e-8, allow_negative_numbers = true)]
    pub(crate) tolerance: f64,
    /// Whether the first rows hold names
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    pub(crate) header: Header,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}
