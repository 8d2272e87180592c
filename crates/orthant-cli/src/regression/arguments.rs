//! Options of the table and of the results.

use super::data::DataName;
use crate::input::{Format, Header};
use std::path::{Path, PathBuf};

/// The table.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct TableArguments {
    /// The table, one row per sample: CSV, TSV (header and separator are found out), .npy, or .svm/.svmlight/.libsvm (sparse);
    /// `-` for CSV on standard input
    #[arg(value_name = "FILE", required_unless_present = "dataset", conflicts_with = "dataset")]
    pub(crate) file: Option<PathBuf>,
    /// Use a bundled data set instead of a file (see `orthant datasets`); `trim32` and `riboflavin`, which may not be
    /// shipped, are read from the folder named by the environment variable ORTHANT_DATA
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<DataName>,
    /// How the file is written [default: what its name says]
    #[arg(long, value_name = "NAME", value_enum)]
    pub(crate) format: Option<Format>,
    /// Column with the response; a name or 0-based index
    #[arg(long, short = 'y', value_name = "COLUMN")]
    pub(crate) response: Option<String>,
    /// File with the response: one column, or an npy vector
    #[arg(long, value_name = "FILE", conflicts_with_all = ["response", "dataset"])]
    pub(crate) response_file: Option<PathBuf>,
    /// Column with sample weights
    #[arg(long, value_name = "COLUMN")]
    pub(crate) weights: Option<String>,
    /// Column that names the group of each row; it is no feature
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group_by: Option<String>,
    /// Use these columns as features, in this order; names or 0-based indices
    #[arg(long, value_name = "A,B,…")]
    pub(crate) columns: Option<String>,
    /// Leave out these columns
    #[arg(long, value_name = "A,B,…")]
    pub(crate) exclude: Option<String>,
    /// Leave out rows with missing values (empty, NA, NaN, null, ?) instead of refusing the file
    #[arg(long, visible_alias = "drop")]
    pub(crate) drop_missing: bool,
    /// Whether the first row holds names
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    pub(crate) header: Header,
    /// Separator of the columns: one character, or `tab` [default: found out]
    #[arg(long, value_name = "CHAR")]
    pub(crate) separator: Option<String>,
    /// Read 1,5 as 1.5 (columns separated by semicolons or tabs)
    #[arg(long)]
    pub(crate) decimal_comma: bool,
    /// Memory that the table and the work on it may take, in GiB; 0 for no limit
    #[arg(long, value_name = "GIB", default_value_t = 8.0)]
    pub(crate) memory: f64,
}

/// Where results go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ResultArguments {
    /// Folder for the results [default: orthant- and the name of the command]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the results in an existing folder; other files in it stay
    #[arg(long)]
    pub(crate) force: bool,
    /// Threads; results do not depend on it [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Print the result as JSON instead of the summary
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl ResultArguments {
    /// The folder, by default `orthant-` and the name of the command.
    pub(crate) fn folder(&self, command: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new(&format!("orthant-{command}")).to_owned())
    }
}
