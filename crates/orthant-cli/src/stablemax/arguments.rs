//! Options of `orthant stablemax`.

use orthant::stablemax::task::Operation;
use orthant::stablemax::{FloatType, Loss};
use std::path::PathBuf;

/// Options of `diagnose`.
#[derive(Debug, clap::Args)]
pub(crate) struct CollapseArguments {
    /// Logits, one row per sample: CSV, TSV or npy (where -inf masks a class)
    #[arg(value_name = "LOGITS")]
    pub(super) logits: PathBuf,
    /// Labels, counted from 0: one column of CSV, or an npy vector
    #[arg(long, value_name = "FILE")]
    pub(super) labels: PathBuf,
    /// Float types to report
    #[arg(long, value_name = "TYPES", value_delimiter = ',', default_value = "bf16,f16,f32,f64", value_parser = float_type)]
    pub(super) floats: Vec<FloatType>,
    /// Print the report as JSON
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,
    /// Print the report as CSV
    #[arg(long)]
    pub(super) csv: bool,
}

/// What the network learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Modular(Operation),
    Parity,
}

/// Which optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OptimiserName {
    /// Adam with decoupled weight decay
    Adamw,
    /// Gradient descent with momentum
    Sgd,
}

/// What is projected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ProjectName {
    /// The gradient
    Gradient,
    /// The update
    Update,
    /// Both
    Both,
}

/// What counts as one vector of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ScopeName {
    /// Each tensor
    Tensor,
    /// Each row of each tensor
    Row,
    /// All weights together
    Whole,
}

/// Options of `grok`.
#[derive(Debug, clap::Args)]
pub(crate) struct GrokArguments {
    /// add, subtract, multiply, divide, sum-of-squares (modulo --modulus) or parity
    #[arg(long, default_value = "add", value_parser = task)]
    pub(super) task: Task,
    /// Modulus of the arithmetic tasks
    #[arg(long, default_value_t = 53)]
    pub(super) modulus: usize,
    /// Bits of parity that matter, and that do not
    #[arg(long, value_name = "BITS", default_value_t = 3)]
    pub(super) parity_bits: usize,
    /// Bits of parity that do not matter
    #[arg(long, value_name = "BITS", default_value_t = 20)]
    pub(super) noise_bits: usize,
    /// Rows of the parity task
    #[arg(long, default_value_t = 1200)]
    pub(super) rows: usize,
    /// Fraction of the rows for training; 0.4 for arithmetic and 0.5 for parity without it
    #[arg(long, value_name = "FRACTION")]
    pub(super) train_fraction: Option<f64>,
    /// Units of the hidden layers
    #[arg(long, value_name = "UNITS", value_delimiter = ',', default_value = "200,200")]
    pub(super) hidden: Vec<usize>,
    /// stablemax, softmax (rest-mass form), textbook (in --precision), textbook-TYPE, heavy-tail:Q or taylor:ORDER
    #[arg(long, default_value = "stablemax", value_parser = loss)]
    pub(super) loss: LossName,
    /// Arithmetic of the network: f32 or f64
    #[arg(long, default_value = "f32", value_parser = precision)]
    pub(super) precision: FloatType,
    /// Optimiser
    #[arg(long, value_enum, default_value = "adamw")]
    pub(super) optimiser: OptimiserName,
    /// Learning rate
    #[arg(long, value_name = "RATE", default_value_t = 0.01)]
    pub(super) learning_rate: f64,
    /// Decay of Adam's second moment
    #[arg(long, default_value_t = 0.999)]
    pub(super) beta2: f64,
    /// Adam's epsilon
    #[arg(long, default_value_t = 1e-25)]
    pub(super) epsilon: f64,
    /// Weight decay
    #[arg(long, default_value_t = 0.0)]
    pub(super) weight_decay: f64,
    /// Momentum of SGD
    #[arg(long, default_value_t = 0.8)]
    pub(super) momentum: f64,
    /// Remove the component along the weights from the gradient, the update or both
    #[arg(long, value_enum, value_name = "WHERE", num_args = 0..=1, default_missing_value = "gradient")]
    pub(super) orthogonal: Option<ProjectName>,
    /// With --orthogonal: which weights are one vector
    #[arg(long, value_enum, default_value = "tensor", requires = "orthogonal")]
    pub(super) scope: ScopeName,
    /// Updates
    #[arg(long, default_value_t = 1000)]
    pub(super) steps: u64,
    /// Updates between two rows of the history
    #[arg(long, value_name = "STEPS", default_value_t = 20)]
    pub(super) log_every: u64,
    /// End when the test accuracy reaches this
    #[arg(long, value_name = "ACCURACY")]
    pub(super) stop_at: Option<f64>,
    /// Factor on the logits (the learning rate is divided by its square): large values train lazily
    #[arg(long, value_name = "ALPHA", default_value_t = 1.0)]
    pub(super) logit_scale: f64,
    /// Seed of the split and of the weights
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Folder for history.csv, curves.svg and run.json; only a summary is printed without it
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Replace the results in --out
    #[arg(long)]
    pub(super) force: bool,
    /// Print run.json instead of the summary
    #[arg(long)]
    pub(super) json: bool,
    /// No progress bar
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// A loss, or the textbook form in the arithmetic of the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum LossName {
    Textbook,
    Other(Loss),
}

fn float_type(text: &str) -> Result<FloatType, String> {
    FloatType::from_name(text.trim()).ok_or_else(|| "legal are f16, bf16, f32 and f64".to_owned())
}

fn precision(text: &str) -> Result<FloatType, String> {
    match float_type(text) {
        Ok(float @ (FloatType::F32 | FloatType::F64)) => Ok(float),
        _ => Err("legal are f32 and f64".to_owned()),
    }
}

fn task(text: &str) -> Result<Task, String> {
    if text == "parity" {
        return Ok(Task::Parity);
    }
    let found = Operation::ALL.into_iter().find(|operation| operation.name() == text);
    found.map(Task::Modular).ok_or_else(|| {
        let names: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        format!("legal are {} and parity", names.join(", "))
    })
}

fn loss(text: &str) -> Result<LossName, String> {
    const LEGAL: &str = "legal are stablemax, softmax, textbook, textbook-f16 (or -bf16, -f32, -f64), heavy-tail:Q with Q > 0 and \
                         taylor:ORDER with an even order from 2 to 32";
    let found = match text {
        "stablemax" => LossName::Other(Loss::StableMax),
        "softmax" => LossName::Other(Loss::SoftmaxRestMass),
        "textbook" => LossName::Textbook,
        _ => {
            let float = text.strip_prefix("textbook-").and_then(FloatType::from_name).map(Loss::SoftmaxTextbook);
            let tail = text.strip_prefix("heavy-tail:").and_then(|q| q.parse().ok()).map(|q| Loss::HeavyTail { q });
            let taylor = text.strip_prefix("taylor:").and_then(|o| o.parse().ok()).map(|order| Loss::Taylor { order });
            LossName::Other(float.or(tail).or(taylor).ok_or(LEGAL)?)
        }
    };
    if let LossName::Other(loss) = found {
        loss.link().validate().map_err(|error| error.to_string())?;
    }
    Ok(found)
}
