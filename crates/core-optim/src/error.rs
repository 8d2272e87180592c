//! What can go wrong before a computation starts.

/// Why an argument was refused, or a check failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// A target value is not one that the loss is defined for.
    #[error("`{argument}` holds {found} at {index}; a {loss} loss needs {expected}")]
    Target {
        /// The argument's name.
        argument: &'static str,
        /// The value.
        found: f64,
        /// Where it stands.
        index: usize,
        /// The loss.
        loss: &'static str,
        /// The legal values.
        expected: &'static str,
    },
    /// The three arrays of a sparse matrix do not describe one.
    #[error("`{argument}` is not a sparse matrix by columns: {reason} (column {column})")]
    SparseStructure {
        /// The argument's name.
        argument: &'static str,
        /// The first column concerned.
        column: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// An index lies outside the array it points into.
    #[error("`{argument}` is {found}, but there are only {length} {what} (counted from 0)")]
    Index {
        /// The argument's name.
        argument: &'static str,
        /// The index.
        found: usize,
        /// How many there are.
        length: usize,
        /// Of what ("columns", "coordinates", …).
        what: &'static str,
    },
    /// A coordinate belongs to two groups, or twice to one.
    #[error("coordinate {coordinate} stands in group {first} and again in group {second}; groups must not overlap")]
    OverlappingGroups {
        /// The coordinate.
        coordinate: usize,
        /// The group that had it first.
        first: usize,
        /// The group that names it again (may be the same).
        second: usize,
    },
    /// A lower bound exceeds the upper one.
    #[error(
        "the bounds of coordinate {coordinate} are [{lower}, {upper}]; the lower one must not exceed the upper one"
    )]
    EmptyInterval {
        /// The coordinate.
        coordinate: usize,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// The objective or its gradient is NaN or infinite where the run would start.
    #[error(
        "the objective at the starting point is {value} and its gradient has norm {gradient_norm}; both must be finite"
    )]
    StartNotFinite {
        /// The objective there.
        value: f64,
        /// The norm of its gradient there.
        gradient_norm: f64,
    },
    /// A penalty cannot do what a computation needs of it.
    #[error("this penalty offers no {what}, which {needed_by} needs")]
    Unsupported {
        /// What is missing.
        what: &'static str,
        /// The computation.
        needed_by: &'static str,
    },
    /// A proximal operator returned a point that is not the minimiser it must be.
    #[error(
        "the proximal operator with step {step} is {excess:e} above the objective of another point (trial {trial}): \
         it does not minimise g(u) + ‖u - v‖² / (2 step)"
    )]
    NotProximal {
        /// The step.
        step: f64,
        /// By how much the defining inequality fails, relative to the size of its terms.
        excess: f64,
        /// The trial that shows it; the same seed repeats it.
        trial: usize,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Accepts `found` when it is an index below `length`.
#[inline]
pub(crate) fn check_index(argument: &'static str, found: usize, length: usize, what: &'static str) -> Result<()> {
    if found < length { Ok(()) } else { Err(Error::Index { argument, found, length, what }) }
}

/// Accepts a vector of the given length.
#[inline]
pub(crate) fn check_length<T>(
    argument: &'static str,
    x: &ndarray::ArrayRef1<T>,
    length: usize,
    reason: &'static str,
) -> Result<()> {
    check_count(argument, x.len(), length, reason)
}

/// Accepts a vector of the given length, of which only the length is known.
#[inline]
pub(crate) fn check_count(argument: &'static str, found: usize, length: usize, reason: &'static str) -> Result<()> {
    if found == length { Ok(()) } else { Err(wrong_length(argument, found, length, reason)) }
}

#[cold]
fn wrong_length(argument: &'static str, found: usize, expected: usize, reason: &'static str) -> Error {
    core_tensor::Error::Shape { argument, found: vec![found], expected: vec![expected], reason }.into()
}

/// Accepts a finite number that is at least zero.
pub(crate) fn check_non_negative(argument: &'static str, found: f64) -> Result<()> {
    Ok(core_tensor::check_range(argument, found, found >= 0.0 && found.is_finite(), "finite and >= 0")?)
}

/// Accepts a finite number above zero.
pub(crate) fn check_positive(argument: &'static str, found: f64) -> Result<()> {
    Ok(core_tensor::check_range(argument, found, found > 0.0 && found.is_finite(), "finite and > 0")?)
}

/// Accepts labels -1 and 1.
pub(crate) fn check_labels<T: core_tensor::Scalar>(argument: &'static str, y: &ndarray::ArrayRef1<T>) -> Result<()> {
    match y.iter().position(|&y| y.abs() != T::one()) {
        None => Ok(()),
        Some(index) => {
            let found = core_tensor::Scalar::to_f64(y[index]);
            Err(Error::Target { argument, found, index, loss: "logistic", expected: "-1 or 1" })
        }
    }
}

/// Accepts a vector of finite numbers that are at least zero.
pub(crate) fn check_weights<T: core_tensor::Scalar>(argument: &'static str, x: &ndarray::ArrayRef1<T>) -> Result<()> {
    core_tensor::check_finite(argument, x)?;
    match x.iter().find(|&&v| v < T::zero()) {
        None => Ok(()),
        Some(&v) => check_non_negative(argument, core_tensor::Scalar::to_f64(v)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_interface() {
        let text = |error: Error| error.to_string();
        assert_eq!(
            text(Error::Target { argument: "targets", found: 2.0, index: 4, loss: "logistic", expected: "-1 or 1" }),
            "`targets` holds 2 at 4; a logistic loss needs -1 or 1"
        );
        assert_eq!(
            text(Error::SparseStructure { argument: "x", column: 3, reason: "a row index is repeated" }),
            "`x` is not a sparse matrix by columns: a row index is repeated (column 3)"
        );
        assert_eq!(
            text(check_index("column", 7, 5, "columns").unwrap_err()),
            "`column` is 7, but there are only 5 columns (counted from 0)"
        );
        assert_eq!(
            text(Error::OverlappingGroups { coordinate: 2, first: 0, second: 1 }),
            "coordinate 2 stands in group 0 and again in group 1; groups must not overlap"
        );
        assert_eq!(
            text(Error::EmptyInterval { coordinate: 0, lower: 1.0, upper: -1.0 }),
            "the bounds of coordinate 0 are [1, -1]; the lower one must not exceed the upper one"
        );
        assert_eq!(
            text(Error::StartNotFinite { value: f64::NAN, gradient_norm: 1.0 }),
            "the objective at the starting point is NaN and its gradient has norm 1; both must be finite"
        );
        assert_eq!(
            text(Error::Unsupported { what: "conjugate", needed_by: "a duality gap" }),
            "this penalty offers no conjugate, which a duality gap needs"
        );
        assert_eq!(
            text(Error::NotProximal { step: 0.5, excess: 0.25, trial: 3 }),
            "the proximal operator with step 0.5 is 2.5e-1 above the objective of another point (trial 3): it does not \
             minimise g(u) + ‖u - v‖² / (2 step)"
        );
        assert_eq!(
            text(check_length("v", &ndarray::Array1::<f64>::zeros(2), 3, "`x` has 3 rows").unwrap_err()),
            "`v` has shape [2], but [3] is needed because `x` has 3 rows"
        );
        assert_eq!(text(check_positive("step", -1.0).unwrap_err()), "`step` is -1; it must be finite and > 0");
        assert_eq!(
            text(check_non_negative("level", f64::NAN).unwrap_err()),
            "`level` is NaN; it must be finite and >= 0"
        );
    }
}
