//! Options.

use crate::regression::ResultArguments;
use orthant::ortho_conv::Padding;
use std::path::PathBuf;

/// All singular values of convolutions, and what is certified of them at every signal size.
#[derive(Debug, clap::Args)]
pub(crate) struct SpectrumArguments {
    /// A .safetensors file (all float tensors of 3 to 5 axes: outputs, inputs, kernel), or a .npy file with one tensor
    pub(crate) file: PathBuf,
    /// Only these tensors, separated by commas
    #[arg(long, value_name = "NAMES")]
    pub(crate) tensor: Option<String>,
    /// The stride, of all layers (2) or of one (conv1.weight=2); may be given again [default: 1]
    #[arg(long, value_name = "S")]
    pub(crate) stride: Vec<String>,
    /// The number of groups, of all layers (4) or of one (conv1.weight=4); may be given again [default: 1]
    #[arg(long, value_name = "G")]
    pub(crate) groups: Vec<String>,
    /// Outputs per dimension at which the spectrum is taken (the input is this times the stride)
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) size: usize,
    /// How the signal continues. Certificates are about circular padding; the norm's bound holds for all
    #[arg(long, value_enum, default_value_t = PaddingName::Circular)]
    pub(crate) padding: PaddingName,
    #[command(flatten)]
    pub(crate) results: ResultArguments,
}

/// What lies beyond the ends of the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PaddingName {
    /// The signal again
    Circular,
    /// Zeros
    Zero,
    /// Nothing: fewer outputs
    Valid,
}

impl PaddingName {
    pub(super) fn padding(self) -> Padding {
        match self {
            Self::Circular => Padding::Circular,
            Self::Zero => Padding::Zero,
            Self::Valid => Padding::Valid,
        }
    }
}
