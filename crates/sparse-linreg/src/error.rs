//! What can go wrong, said to a person.

/// Why a fit, a path or a selection was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// A check of the solver or of a sparse matrix failed.
    #[error(transparent)]
    Solver(#[from] core_optim::Error),
    /// More columns are asked for than rows or columns allow.
    #[error(
        "`{argument}` is {found}, but at most {largest} columns can be chosen: the data have {rows} rows and {columns} columns"
    )]
    SparsityTooLarge {
        /// The argument's name.
        argument: &'static str,
        /// Its value.
        found: usize,
        /// The largest legal value.
        largest: usize,
        /// n.
        rows: usize,
        /// d.
        columns: usize,
    },
    /// A column or row index points outside the data.
    #[error("`{argument}` holds {found}, but there are only {length} {what} (counted from 0)")]
    Index {
        /// The argument's name.
        argument: &'static str,
        /// The index.
        found: usize,
        /// How many there are.
        length: usize,
        /// Of what: "columns", "rows".
        what: &'static str,
    },
    /// An index stands twice where each may stand once.
    #[error("`{argument}` holds {found} twice")]
    Repeated {
        /// The argument's name.
        argument: &'static str,
        /// The index.
        found: usize,
    },
    /// A fold has no rows, or leaves none to train on.
    #[error("fold {fold} {problem}; every fold needs rows to test on and rows to train on")]
    Fold {
        /// Number of the fold.
        fold: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A problem is larger than a method can finish.
    #[error("`{argument}` has {found} {what}, more than the {largest} that {method} handles")]
    TooLarge {
        /// The argument's name.
        argument: &'static str,
        /// How many.
        found: usize,
        /// Of what.
        what: &'static str,
        /// The limit.
        largest: usize,
        /// The method.
        method: &'static str,
    },
    /// The asked-for accuracy was not reached, and the caller does not accept less.
    #[error("the relative duality gap is {gap:e} after {iterations} rounds, above the tolerance {tolerance:e}")]
    NotConverged {
        /// The gap that was reached, relative to ‖y‖²/2n.
        gap: f64,
        /// The tolerance.
        tolerance: f64,
        /// Rounds of the solver.
        iterations: usize,
    },
    /// An observer ended the work before there was a result.
    #[error("the {what} was stopped by its observer after {done} of {total} fits")]
    Stopped {
        /// The work.
        what: &'static str,
        /// Fits that were done.
        done: usize,
        /// Fits in all.
        total: usize,
    },
    /// The data leave nothing to compute with.
    #[error("{what}: {reason}")]
    NotPossible {
        /// What was asked for.
        what: &'static str,
        /// Why it has no answer.
        reason: &'static str,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Accepts indices that are below `length` and differ from one another.
pub(crate) fn check_distinct(
    argument: &'static str,
    indices: &[usize],
    length: usize,
    what: &'static str,
) -> Result<()> {
    let mut seen = vec![false; length];
    for &index in indices {
        match seen.get_mut(index) {
            None => return Err(Error::Index { argument, found: index, length, what }),
            Some(true) => return Err(Error::Repeated { argument, found: index }),
            Some(seen) => *seen = true,
        }
    }
    Ok(())
}

/// Accepts a number of columns to choose.
pub(crate) fn check_sparsity(argument: &'static str, found: usize, (rows, columns): (usize, usize)) -> Result<()> {
    let largest = rows.min(columns);
    if found <= largest { Ok(()) } else { Err(Error::SparsityTooLarge { argument, found, largest, rows, columns }) }
}

/// Accepts a finite number that is at least zero.
pub(crate) fn check_not_negative(argument: &'static str, found: f64) -> Result<()> {
    Ok(core_tensor::check_range(argument, found, found >= 0.0 && found.is_finite(), "finite and >= 0")?)
}

/// Accepts a finite number above zero.
pub(crate) fn check_positive(argument: &'static str, found: f64) -> Result<()> {
    Ok(core_tensor::check_range(argument, found, found > 0.0 && found.is_finite(), "finite and > 0")?)
}

/// Accepts a number strictly between zero and one.
pub(crate) fn check_fraction(argument: &'static str, found: f64) -> Result<()> {
    Ok(core_tensor::check_range(argument, found, found > 0.0 && found < 1.0, "above 0 and below 1")?)
}

/// Accepts a count of at least one.
pub(crate) fn check_count(argument: &'static str, found: usize) -> Result<()> {
    Ok(core_tensor::check_range(argument, found as f64, found >= 1, ">= 1")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_interface() {
        let text = |error: Error| error.to_string();
        assert_eq!(
            text(check_sparsity("k", 7, (5, 9)).unwrap_err()),
            "`k` is 7, but at most 5 columns can be chosen: the data have 5 rows and 9 columns"
        );
        assert_eq!(
            text(check_distinct("set", &[0, 9], 4, "columns").unwrap_err()),
            "`set` holds 9, but there are only 4 columns (counted from 0)"
        );
        assert_eq!(text(check_distinct("set", &[2, 2], 4, "columns").unwrap_err()), "`set` holds 2 twice");
        assert_eq!(
            text(Error::Fold { fold: 1, problem: "has no rows" }),
            "fold 1 has no rows; every fold needs rows to test on and rows to train on"
        );
        assert_eq!(
            text(Error::TooLarge {
                argument: "x",
                found: 40,
                what: "columns",
                largest: 30,
                method: "exhaustive search"
            }),
            "`x` has 40 columns, more than the 30 that exhaustive search handles"
        );
        assert_eq!(
            text(Error::NotConverged { gap: 1e-3, tolerance: 1e-6, iterations: 50 }),
            "the relative duality gap is 1e-3 after 50 rounds, above the tolerance 1e-6"
        );
        assert_eq!(
            text(Error::Stopped { what: "cross-validation", done: 4, total: 11 }),
            "the cross-validation was stopped by its observer after 4 of 11 fits"
        );
        assert_eq!(text(Error::NotPossible { what: "a test", reason: "no rows" }), "a test: no rows");
        assert_eq!(text(check_fraction("delta", 1.0).unwrap_err()), "`delta` is 1; it must be above 0 and below 1");
        assert_eq!(text(check_count("probes", 0).unwrap_err()), "`probes` is 0; it must be >= 1");
        assert_eq!(text(check_positive("sigma", -1.0).unwrap_err()), "`sigma` is -1; it must be finite and > 0");
        assert_eq!(text(check_not_negative("l", f64::NAN).unwrap_err()), "`l` is NaN; it must be finite and >= 0");
    }
}
