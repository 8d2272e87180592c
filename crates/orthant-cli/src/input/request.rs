//! What is asked of a table before it is read.

use crate::failure::{Failure, Outcome};

/// Whether the first row holds names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Header {
    /// Look at the cells.
    #[default]
    Auto,
    /// The first row holds names.
    Yes,
    /// The first row holds data.
    No,
}

/// What is asked of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// The columns to use, in this order; all when `None`. Names or 0-based indices, as all below.
    pub(crate) columns: Option<Vec<String>>,
    /// Columns to leave out.
    pub(crate) exclude: Vec<String>,
    /// The column that names each row's group; it is no variable.
    pub(crate) group_by: Option<String>,
    /// Only rows of these groups.
    pub(crate) groups: Option<Vec<String>>,
    /// Leave out rows with a missing value.
    pub(crate) drop_missing: bool,
    /// Take natural logarithms.
    pub(crate) log: bool,
    /// Keep the rows, not only their covariance.
    pub(crate) keep_rows: bool,
    /// d × d matrices that are needed beside those of one fit.
    pub(crate) more_matrices: u64,
    /// Whether the first row holds names.
    pub(crate) header: Header,
    /// The separator; looked for when `None`.
    pub(crate) separator: Option<u8>,
    /// Numbers have a comma where others have a point.
    pub(crate) decimal_comma: bool,
    /// Memory that the work on the table may take, in bytes.
    pub(crate) memory: u64,
}

/// d × d matrices that a fit holds at its peak: covariance, weights, factors, candidates and results.
const WORK_MATRICES: u64 = 12;

impl Request {
    /// Refuses a number of variables whose work matrices do not fit.
    pub(crate) fn check_memory(&self, file: &str, variables: usize) -> Outcome<()> {
        let need = (variables as u64)
            .saturating_mul(variables as u64)
            .saturating_mul(8 * (WORK_MATRICES + self.more_matrices));
        if self.memory > 0 && need > self.memory {
            return Err(Failure::input(format!(
                "`{file}` has {variables} columns: the work matrices would need about {} of memory, and the limit is {}; \
                 choose columns with --columns a,b,c, or raise the limit with --memory",
                gibibytes(need),
                gibibytes(self.memory)
            )));
        }
        Ok(())
    }

    /// Refuses more rows to keep than fit.
    pub(crate) fn check_kept(&self, file: &str, numbers: usize) -> Outcome<()> {
        let need = numbers as u64 * 8;
        if self.keep_rows && self.memory > 0 && need > self.memory {
            return Err(Failure::input(format!(
                "`{file}`: bootstrap and interventions keep all rows in memory, and they need more than the limit of {}; \
                 raise it with --memory",
                gibibytes(self.memory)
            )));
        }
        Ok(())
    }
}

fn gibibytes(bytes: u64) -> String {
    let gib = bytes as f64 / (1_u64 << 30) as f64;
    if gib >= 10.0 { format!("{gib:.0} GiB") } else { format!("{gib:.1} GiB") }
}
