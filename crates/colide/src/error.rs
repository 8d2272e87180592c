//! What can go wrong, said to a person.

/// Why a fit, a query or a metric was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range, finiteness or symmetry check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// Too few rows to estimate a covariance.
    #[error("`{argument}` has {found} rows; at least 2 are needed, because one sample has no variance")]
    TooFewSamples {
        /// The argument's name.
        argument: &'static str,
        /// Number of rows.
        found: usize,
    },
    /// No variable varies.
    #[error("every column of `{argument}` is constant: there is nothing to explain")]
    ZeroVariance {
        /// The argument's name.
        argument: &'static str,
    },
    /// A covariance has a negative diagonal entry or eigenvalue.
    #[error("`{argument}` is not a covariance: {what} {index} is {found:e}, and it must not be negative")]
    NotPositiveSemidefinite {
        /// The argument's name.
        argument: &'static str,
        /// "diagonal entry" or "eigenvalue".
        what: &'static str,
        /// Its index.
        index: usize,
        /// Its value.
        found: f64,
    },
    /// The data are so large or so small that a variance is no number.
    #[error(
        "the entries of `{argument}` are of the order 2^{exponent}: a mean or variance overflows or underflows; \
         multiply the data by a constant first"
    )]
    ScaleOutOfRange {
        /// The argument's name.
        argument: &'static str,
        /// Binary exponent of the largest entry.
        exponent: i32,
    },
    /// A graph that must be acyclic has a cycle.
    #[error("`{argument}` has a cycle: {}", cycle_text(.cycle))]
    Cyclic {
        /// The argument's name.
        argument: &'static str,
        /// The nodes of one cycle, in order; the first is not repeated at the end.
        cycle: Vec<usize>,
    },
    /// An entry of an adjacency matrix is none of the legal values.
    #[error("`{argument}` holds {found} at ({row}, {column}); legal are {expected}")]
    NotAdjacency {
        /// The argument's name.
        argument: &'static str,
        /// Row of the entry.
        row: usize,
        /// Column of the entry.
        column: usize,
        /// The entry.
        found: f64,
        /// The legal values.
        expected: &'static str,
    },
    /// A node does not exist.
    #[error("`{argument}` names node {found}, but there are only {nodes} nodes (counted from 0)")]
    UnknownNode {
        /// The argument's name.
        argument: &'static str,
        /// The index given.
        found: usize,
        /// The number of nodes.
        nodes: usize,
    },
    /// Pieces of prior knowledge contradict each other.
    #[error("the prior knowledge contradicts itself: {reason}")]
    InconsistentKnowledge {
        /// Which pieces, in words.
        reason: String,
    },
    /// The starting weights have a spectral radius that no accepted domain parameter covers.
    #[error("the starting weights leave the domain of the log-determinant even at s = {s}")]
    OutOfDomain {
        /// The largest domain parameter that was tried.
        s: f64,
    },
    /// Too few rows have the named columns.
    #[error("{}; at least 2 are needed", rows_text(.columns, .rows))]
    NeverObserved {
        /// One column, or two that are missing in turn.
        columns: Vec<usize>,
        /// Rows that have them all.
        rows: usize,
    },
    /// A variable was intervened on in (nearly) every row.
    #[error(
        "variable {node} is a target in all but {rows} rows; at least 2 rows must leave it alone to learn its causes"
    )]
    AlwaysIntervened {
        /// Index of the variable.
        node: usize,
        /// Rows in which it was no target.
        rows: usize,
    },
    /// The options ask for two things that exclude each other.
    #[error("{first} and {second} exclude each other: {reason}")]
    Conflict {
        /// One option.
        first: &'static str,
        /// The other option.
        second: &'static str,
        /// Why.
        reason: &'static str,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

fn rows_text(columns: &[usize], rows: &usize) -> String {
    match columns {
        [column] => format!("column {column} has {rows} entries"),
        _ => format!("columns {columns:?} have {rows} rows in common"),
    }
}

fn cycle_text(cycle: &[usize]) -> String {
    let mut text: Vec<String> = cycle.iter().map(ToString::to_string).collect();
    text.extend(cycle.first().map(ToString::to_string));
    text.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn messages_are_interface() {
        let text = |error: Error| error.to_string();
        assert_eq!(
            text(Error::Cyclic { argument: "required", cycle: vec![0, 2] }),
            "`required` has a cycle: 0 -> 2 -> 0"
        );
        assert_eq!(
            text(Error::TooFewSamples { argument: "x", found: 1 }),
            "`x` has 1 rows; at least 2 are needed, because one sample has no variance"
        );
        assert_eq!(
            text(Error::NotPositiveSemidefinite {
                argument: "covariance",
                what: "diagonal entry",
                index: 3,
                found: -1.0
            }),
            "`covariance` is not a covariance: diagonal entry 3 is -1e0, and it must not be negative"
        );
        assert_eq!(
            text(Error::ScaleOutOfRange { argument: "x", exponent: 600 }),
            "the entries of `x` are of the order 2^600: a mean or variance overflows or underflows; multiply the data by \
             a constant first"
        );
        assert_eq!(
            text(Error::NeverObserved { columns: vec![2], rows: 0 }),
            "column 2 has 0 entries; at least 2 are needed"
        );
        assert_eq!(
            text(Error::NeverObserved { columns: vec![1, 2], rows: 1 }),
            "columns [1, 2] have 1 rows in common; at least 2 are needed"
        );
        assert_eq!(
            text(Error::AlwaysIntervened { node: 3, rows: 1 }),
            "variable 3 is a target in all but 1 rows; at least 2 rows must leave it alone to learn its causes"
        );
        assert_eq!(
            text(Error::UnknownNode { argument: "node", found: 9, nodes: 4 }),
            "`node` names node 9, but there are only 4 nodes (counted from 0)"
        );
    }
}
