//! Options.

use crate::regression::ResultArguments;
use std::path::PathBuf;

/// Which tensors, and what their groups are.
#[derive(Debug, clap::Args)]
pub(crate) struct TensorArguments {
    /// A .safetensors file (all float tensors with two or more axes), or a .npy file with one tensor
    pub(crate) file: PathBuf,
    /// Only these tensors, separated by commas
    #[arg(long, value_name = "NAMES")]
    pub(crate) tensor: Option<String>,
    /// The groups [default: filters]
    #[arg(long, value_enum, default_value_t = LayoutName::Filters)]
    pub(crate) layout: LayoutName,
    /// How much of the groups may stay: a share between 0 and 1 of each tensor's (or of all, with --global)
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, conflicts_with = "budget")]
    pub(crate) keep: f64,
    /// How many groups of each tensor may stay (or of all, with --global)
    #[arg(long, value_name = "K")]
    pub(crate) budget: Option<usize>,
    /// One budget for the groups of all tensors together
    #[arg(long)]
    pub(crate) global: bool,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// Report the norms of the groups and what a budget would keep.
#[derive(Debug, clap::Args)]
pub(crate) struct InspectArguments {
    #[command(flatten)]
    pub(crate) tensors: TensorArguments,
}

/// Shrink towards the budget.
#[derive(Debug, clap::Args)]
pub(crate) struct ProxArguments {
    #[command(flatten)]
    pub(crate) tensors: TensorArguments,
    /// The level λ of the proximal operator
    #[arg(long, value_name = "NUMBER")]
    pub(crate) lambda: f64,
    /// How much dearer than others a group's squared norm is: all the same, or as many as it has entries (the multiplications of a filter at one place)
    #[arg(long, value_enum, default_value_t = CostName::Plain)]
    pub(crate) cost: CostName,
}

/// Keep the k largest groups.
#[derive(Debug, clap::Args)]
pub(crate) struct PruneArguments {
    #[command(flatten)]
    pub(crate) tensors: TensorArguments,
    /// Remove the zero groups from the tensors (rows, filters, columns and channels), and from the biases named alike
    #[arg(long)]
    pub(crate) compact: bool,
    /// With --compact and filters or rows: the tensor NEXT reads the outputs of WEIGHT, and loses the same inputs
    #[arg(long, value_name = "WEIGHT=NEXT", requires = "compact")]
    pub(crate) follow: Vec<String>,
}

/// What a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LayoutName {
    /// A position on the first axis: an output filter or a row
    Filters,
    /// A position on the second axis: an input channel or a column
    Channels,
    /// A position on all axes but the first, across all filters
    FilterShapes,
    /// A position on the first two axes: a kernel
    Kernels,
    /// A single weight
    Weights,
}

impl LayoutName {
    /// The axis that zero groups can be removed along.
    pub(super) fn axis(self) -> Option<usize> {
        match self {
            Self::Filters => Some(0),
            Self::Channels => Some(1),
            _ => None,
        }
    }
}

/// What a group costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CostName {
    /// All groups cost the same
    Plain,
    /// A group costs as many as it has entries
    Size,
}
