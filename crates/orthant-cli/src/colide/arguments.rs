//! The options of `orthant colide fit`.

use crate::input::{BundledName, Header};
use std::path::PathBuf;

/// Options of `orthant colide fit`.
#[derive(Debug, clap::Args)]
pub(crate) struct FitArguments {
    /// The table: CSV, TSV (header and separator are found out) or .npy, one row per sample; `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "dataset", conflicts_with = "dataset")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    #[command(flatten)]
    pub(crate) method: MethodArguments,
    #[command(flatten)]
    pub(crate) knowledge: KnowledgeArguments,
    #[command(flatten)]
    pub(crate) bootstrap: BootstrapArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// What the data are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArguments {
    /// Use a bundled data set instead of a file (see `orthant datasets`)
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<BundledName>,
    /// With --dataset sachs: the experiments to use [default: 1, the 853 observational rows]
    #[arg(long, value_name = "1,2,…", requires = "dataset")]
    pub(crate) conditions: Option<String>,
    /// Use these columns, in this order; names or 0-based indices
    #[arg(long, value_name = "A,B,…")]
    pub(crate) columns: Option<String>,
    /// Leave out these columns
    #[arg(long, value_name = "A,B,…")]
    pub(crate) exclude: Option<String>,
    /// Column that names the group of each row (batch, site, experiment): it is no variable, and each group is centred
    /// by its own mean
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group_by: Option<String>,
    /// Use only the rows of these groups
    #[arg(long, value_name = "G,H,…", requires = "group_by")]
    pub(crate) groups: Option<String>,
    /// In this group these variables were set or disturbed from outside: its rows say nothing about their causes (may be
    /// repeated)
    #[arg(long, value_name = "GROUP:A,B", requires = "group_by", conflicts_with = "bootstrap")]
    pub(crate) intervened: Vec<String>,
    /// What to do about missing values (empty, NA, NaN, null, ?) instead of refusing the file: `drop` their rows, or
    /// estimate the covariance from what is there, by maximum likelihood (`em`) or pair by pair (`pairwise`)
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) missing: Option<MissingName>,
    /// The same as --missing drop
    #[arg(long, visible_alias = "drop", conflicts_with = "missing")]
    pub(crate) drop_missing: bool,
    /// The rows are a series, evenly spaced and in order of time: join each with the P rows before it, `X[t-1]`,
    /// `X[t-2]`, …, and learn what acts at once and what acts later
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) lags: Option<u16>,
    /// Whether the first row holds names
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    pub(crate) header: Header,
    /// Separator of the columns: one character, or `tab` [default: found out]
    #[arg(long, value_name = "CHAR")]
    pub(crate) separator: Option<String>,
    /// Read 1,5 as 1.5 (columns separated by semicolons or tabs)
    #[arg(long)]
    pub(crate) decimal_comma: bool,
    /// The file is a covariance matrix (variables × variables); needs --samples
    #[arg(long, requires = "samples", conflicts_with_all = ["log", "group_by", "drop_missing", "missing", "dataset"])]
    pub(crate) covariance: bool,
    /// Number of rows that the covariance was computed from
    #[arg(long, value_name = "N", requires = "covariance")]
    pub(crate) samples: Option<f64>,
    /// Take natural logarithms first (all values must be positive)
    #[arg(long)]
    pub(crate) log: bool,
    /// Divide each column by its standard deviation. CoLiDE reads directions from variances: this usually makes the
    /// graph worse
    #[arg(long, visible_alias = "standardize")]
    pub(crate) standardise: bool,
    /// Memory that the data and the work matrices may take, in GiB; 0 for no limit
    #[arg(long, value_name = "GIB", default_value_t = 8.0)]
    pub(crate) memory: f64,
}

/// How the graph is learned.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Method")]
pub(crate) struct MethodArguments {
    /// Noise variances: `ev` one for all variables, `nv` one for each
    #[arg(long, value_enum, default_value_t = Noise::Nv)]
    pub(crate) noise: Noise,
    /// The same as --noise ev
    #[arg(long, conflicts_with = "noise")]
    pub(crate) equal_variance: bool,
    /// λ, the weight of the l1 norm: larger for fewer edges [default: 0.05]
    #[arg(long, value_name = "LAMBDA", allow_negative_numbers = true)]
    pub(crate) sparsity: Option<f64>,
    /// Fit for each λ of a list, or of a grid from the data (`auto`), and keep the fit that --choose
    /// prefers
    #[arg(long, value_name = "A,B,…|auto", conflicts_with = "sparsity", allow_hyphen_values = true)]
    pub(crate) sparsity_path: Option<String>,
    /// Criterion that chooses λ, the lowest: `bic`, or `ebic:G` with G from 0 to 1, which keeps false edges rare when
    /// there are many variables (0.5 is usual) [default: bic]
    #[arg(long, value_name = "NAME", requires = "sparsity_path")]
    pub(crate) choose: Option<String>,
    /// Weights of at most this size are no edges
    #[arg(long, value_name = "W", default_value_t = 0.3, allow_negative_numbers = true)]
    pub(crate) threshold: f64,
    /// How the stages are solved: `newton` the fast way, `adam` the paper's way
    #[arg(long, value_enum, default_value_t = SolverName::Newton)]
    pub(crate) solver: SolverName,
    /// Relative decrease that ends a stage [default: 1e-5 newton, 1e-6 adam]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) tolerance: Option<f64>,
    /// Newton: steps of each stage [default: 500]
    #[arg(long, value_name = "N")]
    pub(crate) max_steps: Option<usize>,
    /// Adam: step size [default: 3e-4]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) learning_rate: Option<f64>,
    /// Adam: iterations of each stage but the last [default: 20000]
    #[arg(long, value_name = "N")]
    pub(crate) warm_iterations: Option<usize>,
    /// Adam: iterations of the last stage [default: 70000]
    #[arg(long, value_name = "N")]
    pub(crate) final_iterations: Option<usize>,
    /// Where candidate graphs come from, a list of `path`, `path-free` (the diagonal takes part), `slow`, `slow-free`,
    /// `order` [default: path,order; with adam: path-free]
    #[arg(long, value_name = "A,B,…", value_enum, value_delimiter = ',')]
    pub(crate) starts: Vec<StartName>,
    /// How the graph is chosen [default: search; with adam: threshold]
    #[arg(long, value_enum)]
    pub(crate) finish: Option<FinishName>,
    /// Stages of the central path: `paper` (4 stages) or `log:N` (N stages)
    #[arg(long, value_name = "NAME", default_value = "paper", conflicts_with_all = ["mu", "s"])]
    pub(crate) schedule: String,
    /// Weights of the score in each stage, not increasing
    #[arg(long, value_name = "1,0.1,…", requires = "s", allow_hyphen_values = true)]
    pub(crate) mu: Option<String>,
    /// Domain parameters of the stages; the last one is repeated
    #[arg(long, value_name = "1,0.9,…", requires = "mu", allow_hyphen_values = true)]
    pub(crate) s: Option<String>,
    /// Lower bounds of the noise scales: `negligible`, `paper`, `relative:X`, `absolute:X` or `absolute:X,Y,…`
    #[arg(long, value_name = "RULE", default_value = "negligible")]
    pub(crate) floor: String,
    /// Units of the problem: `as-given`, or `min-sd` for a result that does not depend on the units of the data
    #[arg(long, value_enum, default_value_t = UnitsName::AsGiven)]
    pub(crate) units: UnitsName,
    /// Standard deviations of the noise, one or one for each variable, when they are known
    #[arg(long, value_name = "X,Y,…", allow_hyphen_values = true)]
    pub(crate) known_scales: Option<String>,
    /// Matrix (CSV or npy) to start the path at
    #[arg(long, value_name = "FILE")]
    pub(crate) initial_weights: Option<PathBuf>,
    /// Matrix (CSV or npy) of factors on λ, edge by edge
    #[arg(long, value_name = "FILE")]
    pub(crate) penalty_weights: Option<PathBuf>,
}

/// What is known before.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Knowledge (variables by name or 0-based index; options may be repeated)")]
pub(crate) struct KnowledgeArguments {
    /// This edge exists
    #[arg(long, value_name = "A->B")]
    pub(crate) require: Vec<String>,
    /// This edge does not exist
    #[arg(long, value_name = "A->B")]
    pub(crate) forbid: Vec<String>,
    /// Nothing causes this variable
    #[arg(long, value_name = "A")]
    pub(crate) root: Vec<String>,
    /// This variable causes nothing
    #[arg(long, value_name = "A")]
    pub(crate) leaf: Vec<String>,
    /// This variable only explains others (a batch, a dose): nothing causes it, and it is not explained
    #[arg(long, value_name = "A")]
    pub(crate) exogenous: Vec<String>,
    /// All weights are zero or positive
    #[arg(long)]
    pub(crate) non_negative: bool,
    /// Tiers in causal order: no variable causes one of an earlier tier
    #[arg(long, value_name = "A,B | C | D")]
    pub(crate) tiers: Option<String>,
    /// Sign of a weight, if the edge exists
    #[arg(long, value_name = "A->B:+")]
    pub(crate) sign: Vec<String>,
    /// JSON file with any of require, forbid, roots, leaves, exogenous, tiers, signs
    #[arg(long, value_name = "FILE")]
    pub(crate) knowledge: Option<PathBuf>,
}

/// How sure the edges are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Bootstrap")]
pub(crate) struct BootstrapArguments {
    /// Draw the rows anew N times and fit each time: how often each edge comes back, intervals of weights and effects, and
    /// the edges that most draws agree on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000), conflicts_with = "covariance")]
    pub(crate) bootstrap: Option<u32>,
    /// Seed of the draws: the same seed gives the same result
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Probability that an interval covers
    #[arg(long, value_name = "P", default_value_t = 0.95, allow_negative_numbers = true)]
    pub(crate) confidence: f64,
    /// How rows are drawn: `bootstrap` as many as there are, with replacement; `half` (stability selection) or another
    /// fraction of them, without replacement [default: bootstrap]
    #[arg(long, value_name = "HOW", requires = "bootstrap", allow_hyphen_values = true)]
    pub(crate) resampling: Option<String>,
    /// Where the fit of each draw begins: at the `fit` of all rows, which is fast, or `cold` from nothing, which also tells
    /// how often another graph is found from there
    #[arg(long, value_enum, default_value_t = BeginName::Fit)]
    pub(crate) bootstrap_begin: BeginName,
}

/// Where results go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Folder for edges.csv, weights.npy, graph.dot, graph.svg, report.html and fit.json
    #[arg(long, value_name = "DIR", default_value = "orthant-colide")]
    pub(crate) out: PathBuf,
    /// Replace the results in an existing folder; other files in it stay
    #[arg(long)]
    pub(crate) force: bool,
    /// Write every step of the solver to this CSV file
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// The true graph, to measure against: a list of edges (cause,effect) or a 0/1 matrix
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// Edges in the drawing, the strongest
    #[arg(long, value_name = "N", default_value_t = 150)]
    pub(crate) draw: usize,
    /// Threads; results do not depend on it [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Print fit.json instead of the summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// What is done about missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum MissingName {
    /// Leave out their rows
    Drop,
    /// Estimate the covariance by maximum likelihood (expectation and maximisation)
    Em,
    /// Estimate each entry of the covariance from the rows that have both variables
    Pairwise,
}

/// Where the fit of a draw begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BeginName {
    /// At the fit of all rows
    Fit,
    /// From nothing
    Cold,
}

impl BeginName {
    /// The name on the command line.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Cold => "cold",
        }
    }
}

impl DataArguments {
    /// What is done about missing values, under either name of the option.
    pub(crate) fn missing(&self) -> Option<MissingName> {
        if self.drop_missing { Some(MissingName::Drop) } else { self.missing }
    }

    /// Rows of the past that join each row.
    pub(crate) fn lags(&self) -> usize {
        self.lags.map_or(0, usize::from)
    }
}

/// Noise models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Noise {
    /// One variance for all variables
    #[value(alias = "equal")]
    Ev,
    /// One variance for each variable
    #[value(alias = "non-equal")]
    Nv,
}

/// Solvers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SolverName {
    /// Proximal Newton
    Newton,
    /// The paper's Adam steps
    Adam,
}

/// Starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum StartName {
    /// The central path, diagonal pinned
    Path,
    /// The central path, diagonal free
    PathFree,
    /// A path of 13 stages, diagonal pinned
    Slow,
    /// A path of 13 stages, diagonal free
    SlowFree,
    /// The min-pivot order
    Order,
}

/// Finishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FinishName {
    /// Search under the likelihood from each candidate
    Search,
    /// Solve the convex problem of each candidate's order
    Polish,
    /// Threshold and remove cycles, as in the paper
    Threshold,
}

/// Units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum UnitsName {
    /// Those of the data
    AsGiven,
    /// The smallest standard deviation is 1
    MinSd,
}
