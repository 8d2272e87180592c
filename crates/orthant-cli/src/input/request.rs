//! What is asked of a table before it is read.

use crate::failure::{Failure, Outcome};
use orthant::colide::MissingData;

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

/// What happens at a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Missing {
    /// The table is refused.
    #[default]
    Refuse,
    /// The row is left out.
    Drop,
    /// The covariance is estimated from what is there.
    Estimate(MissingData),
}

/// Whether rows stay in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Keep {
    /// While they are few.
    #[default]
    IfFew,
    /// All of them, because the work needs them.
    All,
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
    /// What happens at a missing value.
    pub(crate) missing: Missing,
    /// Take natural logarithms.
    pub(crate) log: bool,
    /// Whether the rows stay in memory, beside their covariance.
    pub(crate) keep: Keep,
    /// Rows of the past that join each row: the variables are that many times more.
    pub(crate) lags: usize,
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

/// Numbers that are kept although nothing needs them: 64 MiB.
const FEW: usize = 1 << 23;

impl Request {
    /// Refuses a number of variables whose work matrices do not fit.
    pub(crate) fn check_memory(&self, file: &str, variables: usize) -> Outcome<()> {
        let all = (variables as u64).saturating_mul(1 + self.lags as u64);
        let need = all.saturating_mul(all).saturating_mul(8 * (WORK_MATRICES + self.more_matrices));
        if self.memory > 0 && need > self.memory {
            return Err(Failure::input(format!(
                "`{file}` has {variables} columns{}: the work matrices would need about {} of memory, and the limit is {}; \
                 choose columns with --columns a,b,c, or raise the limit with --memory",
                if self.lags > 0 { format!(" and {} lags of each", self.lags) } else { String::new() },
                gibibytes(need),
                gibibytes(self.memory)
            )));
        }
        Ok(())
    }

    /// Refuses more rows to keep than fit.
    pub(crate) fn check_kept(&self, file: &str, numbers: usize) -> Outcome<()> {
        // A series is copied once for each lag, by the fit and for the residuals.
        let copies = if self.lags > 0 { 3 + 2 * self.lags as u64 } else { 1 };
        let need = (numbers as u64).saturating_mul(8 * copies);
        if self.memory > 0 && need > self.memory {
            return Err(Failure::input(format!(
                "`{file}`: --bootstrap, --intervened, --lags and --missing em or pairwise keep all rows in memory, and they \
                 need more than the limit of {}; raise it with --memory",
                gibibytes(self.memory)
            )));
        }
        Ok(())
    }

    /// Refuses more numbers of a table than fit: they are held twice while the table is turned into columns, and once more
    /// by the work on it.
    pub(crate) fn check_numbers(&self, file: &str, numbers: usize) -> Outcome<()> {
        let need = (numbers as u64).saturating_mul(3 * 8);
        if self.memory > 0 && need > self.memory {
            return Err(Failure::input(format!(
                "`{file}` has more numbers than fit into the limit of {}; choose columns with --columns a,b,c, or raise the \
                 limit with --memory",
                gibibytes(self.memory)
            )));
        }
        Ok(())
    }

    /// How many numbers are kept although nothing needs them.
    pub(crate) fn few(&self) -> usize {
        if self.memory > 0 { FEW.min((self.memory / 16) as usize) } else { FEW }
    }
}

/// The separator that an option names.
pub(crate) fn parse_separator(text: Option<&str>, decimal_comma: bool) -> Outcome<Option<u8>> {
    let separator = match text {
        None => None,
        Some("tab" | "\t" | "\\t") => Some(b'\t'),
        Some(text) if text.len() == 1 && text.is_ascii() && text != "\"" => text.bytes().next(),
        Some(text) => {
            return Err(Failure::input(format!("--separator `{text}` must be one character other than \", or `tab`")));
        }
    };
    if decimal_comma && separator == Some(b',') {
        return Err(Failure::input("--decimal-comma needs a --separator other than the comma"));
    }
    Ok(separator)
}

/// The limit that --memory names, in bytes.
pub(crate) fn parse_memory(gibibytes: f64) -> Outcome<u64> {
    if !(gibibytes >= 0.0 && gibibytes.is_finite()) {
        return Err(Failure::input(format!("--memory is {gibibytes}; it must be finite and >= 0")));
    }
    Ok((gibibytes * (1_u64 << 30) as f64) as u64)
}

fn gibibytes(bytes: u64) -> String {
    let gib = bytes as f64 / (1_u64 << 30) as f64;
    if gib >= 10.0 { format!("{gib:.0} GiB") } else { format!("{gib:.1} GiB") }
}
