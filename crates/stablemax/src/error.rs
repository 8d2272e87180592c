//! What can go wrong, said to a person.

/// Why a loss, a report, an optimiser or a task was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// An optimiser refused its arguments.
    #[error(transparent)]
    Optimiser(#[from] core_optim::Error),
    /// A label names a class that does not exist.
    #[error("`labels` holds {found} at row {row}, but there are only {classes} classes (counted from 0)")]
    Label {
        /// The row.
        row: usize,
        /// The label.
        found: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A logit is NaN or +∞.
    #[error("`logits` holds {found} at row {row}, class {class}; legal are finite numbers and -inf (a masked class)")]
    NonFinite {
        /// The row.
        row: usize,
        /// The class.
        class: usize,
        /// The logit.
        found: f64,
    },
    /// The label's own class is masked.
    #[error("the label of row {row} is class {class}, whose logit is -inf: its loss is infinite")]
    InfiniteLoss {
        /// The row.
        row: usize,
        /// The label.
        class: usize,
    },
    /// Every class of a row is masked.
    #[error("every class of row {row} is masked by -inf: it has no probabilities")]
    AllMasked {
        /// The row.
        row: usize,
    },
    /// The mean over no rows.
    #[error(
        "the mean loss needs at least one row that counts; {rows} rows were given, all of them ignored or of weight 0"
    )]
    EmptyBatch {
        /// Rows given.
        rows: usize,
    },
    /// A logit lies outside the range of the float type that the loss is to be computed in.
    #[error("`logits` holds {found} at row {row}, class {class}, which is infinite in {float}")]
    Overflow {
        /// The row.
        row: usize,
        /// The class.
        class: usize,
        /// The logit.
        found: f64,
        /// Name of the type.
        float: &'static str,
    },
    /// A number of a task is not prime where a field is needed.
    #[error("`modulus` is {found}; division needs a prime, so that every number but 0 has an inverse")]
    NotPrime {
        /// The modulus.
        found: usize,
    },
    /// Training left the finite numbers.
    #[error("training diverged at step {step}: {what} is no longer finite")]
    Diverged {
        /// The step, counted from 1.
        step: u64,
        /// What is not finite.
        what: &'static str,
    },
    /// A method was asked for something that this loss does not have.
    #[error("{loss} has no {what}")]
    Unsupported {
        /// The loss.
        loss: &'static str,
        /// What it lacks.
        what: &'static str,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Accepts `found` when it equals `expected`.
pub(crate) fn check_count(argument: &'static str, found: usize, expected: usize, reason: &'static str) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(core_tensor::Error::Shape { argument, found: vec![found], expected: vec![expected], reason }.into())
    }
}

/// Accepts a shape.
pub(crate) fn check_same_shape(
    argument: &'static str,
    found: &[usize],
    expected: &[usize],
    reason: &'static str,
) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        let (found, expected) = (found.to_vec(), expected.to_vec());
        Err(core_tensor::Error::Shape { argument, found, expected, reason }.into())
    }
}

/// Accepts a finite number above zero.
pub(crate) fn check_positive(argument: &'static str, found: f64) -> Result<()> {
    Ok(core_tensor::check_range(argument, found, found > 0.0 && found.is_finite(), "finite and > 0")?)
}

/// Accepts a finite number that is at least zero.
pub(crate) fn check_non_negative(argument: &'static str, found: f64) -> Result<()> {
    Ok(core_tensor::check_range(argument, found, found >= 0.0 && found.is_finite(), "finite and >= 0")?)
}

/// Accepts a count of at least `least`.
pub(crate) fn check_at_least(argument: &'static str, found: usize, least: usize, expected: &'static str) -> Result<()> {
    Ok(core_tensor::check_range(argument, found as f64, found >= least, expected)?)
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn messages_are_interface() {
        let check = |error: Error, text: &str| assert_eq!(error.to_string(), text);
        check(
            Error::Label { row: 3, found: 10, classes: 10 },
            "`labels` holds 10 at row 3, but there are only 10 classes (counted from 0)",
        );
        check(
            Error::NonFinite { row: 2, class: 1, found: f64::NAN },
            "`logits` holds NaN at row 2, class 1; legal are finite numbers and -inf (a masked class)",
        );
        check(
            Error::InfiniteLoss { row: 0, class: 4 },
            "the label of row 0 is class 4, whose logit is -inf: its loss is infinite",
        );
        check(Error::AllMasked { row: 5 }, "every class of row 5 is masked by -inf: it has no probabilities");
        check(
            Error::EmptyBatch { rows: 0 },
            "the mean loss needs at least one row that counts; 0 rows were given, all of them ignored or of weight 0",
        );
        check(
            Error::Overflow { row: 1, class: 0, found: 70000.0, float: "f16" },
            "`logits` holds 70000 at row 1, class 0, which is infinite in f16",
        );
        check(
            Error::NotPrime { found: 12 },
            "`modulus` is 12; division needs a prime, so that every number but 0 has an inverse",
        );
        check(
            Error::Diverged { step: 7, what: "the loss" },
            "training diverged at step 7: the loss is no longer finite",
        );
        check(Error::Unsupported { loss: "textbook softmax", what: "Hessian" }, "textbook softmax has no Hessian");
    }
}
