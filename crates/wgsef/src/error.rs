//! What can go wrong, said to a person.

/// Why groups, a budget, a tensor or a configuration were refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// A loss or solver was refused.
    #[error(transparent)]
    Optimisation(#[from] core_optim::Error),
    /// A budget of no group at all.
    #[error("the budget `k` is 0; at least one group must be allowed (there are {groups})")]
    InvalidBudget {
        /// How many groups there are.
        groups: usize,
    },
    /// A coordinate stands in two groups, or twice in one.
    #[error(
        "coordinate {coordinate} stands in group {first} and again in group {second}; groups must not overlap (`Latent` is the \
         model for groups that do)"
    )]
    Overlap {
        /// The coordinate, in row-major order.
        coordinate: usize,
        /// The group that had it first.
        first: usize,
        /// The group that names it again (may be the same).
        second: usize,
    },
    /// A coordinate stands in no group.
    #[error("coordinate {coordinate} stands in no group; `Uncovered::Free` leaves such coordinates alone")]
    NotCovered {
        /// The first such coordinate, in row-major order.
        coordinate: usize,
    },
    /// A group names a coordinate that does not exist.
    #[error("group {group} names coordinate {found}, but there are only {length} (counted from 0)")]
    OutOfRange {
        /// The group.
        group: usize,
        /// The coordinate.
        found: usize,
        /// How many there are.
        length: usize,
    },
    /// The pointers of groups given by index lists do not describe lists.
    #[error("`pointers` does not cut `indices` into groups: {reason} (entry {position})")]
    Pointers {
        /// The first entry concerned.
        position: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// An axis that a tensor does not have, or names twice.
    #[error("axis {axis} {reason} (the tensor has {axes})")]
    Axis {
        /// The axis.
        axis: usize,
        /// How many axes there are.
        axes: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A module has no such parameter.
    #[cfg(feature = "burn")]
    #[error("`{path}` is not {expected}")]
    UnknownParameter {
        /// The name.
        path: String,
        /// What was looked for.
        expected: &'static str,
    },
    /// A layer that should follow another has another size.
    #[cfg(feature = "burn")]
    #[error("`{path}` has {found} positions for the outputs of `{layer}`, but {expected} are expected")]
    Chain {
        /// The parameter.
        path: String,
        /// How many it has.
        found: usize,
        /// How many follow from the layer.
        expected: usize,
        /// The layer.
        layer: String,
    },
    /// A group's norm is larger than the largest number.
    #[error("the norm of group {group} is larger than the largest number; scale the tensor")]
    Overflow {
        /// The group.
        group: usize,
    },
    /// Two parts of a configuration, or a part and the problem, do not go together.
    #[error("{first} does not go with {second}: {reason}")]
    Incompatible {
        /// One part.
        first: &'static str,
        /// The other part.
        second: &'static str,
        /// Why.
        reason: &'static str,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Accepts a regularisation level: finite and ≥ 0.
pub(crate) fn check_lambda(lambda: f64) -> Result<()> {
    Ok(core_tensor::check_range("lambda", lambda, lambda >= 0.0 && lambda.is_finite(), "finite and >= 0")?)
}

/// Accepts a number that is finite and > 0.
pub(crate) fn check_positive(argument: &'static str, found: f64) -> Result<()> {
    Ok(core_tensor::check_range(argument, found, found > 0.0 && found.is_finite(), "finite and > 0")?)
}

/// Accepts a length.
pub(crate) fn check_length(argument: &'static str, found: usize, expected: usize, reason: &'static str) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(core_tensor::Error::Shape { argument, found: vec![found], expected: vec![expected], reason }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_interface() {
        let text = |error: Error| error.to_string();
        assert_eq!(
            text(Error::InvalidBudget { groups: 7 }),
            "the budget `k` is 0; at least one group must be allowed (there are 7)"
        );
        assert_eq!(
            text(Error::Overlap { coordinate: 3, first: 0, second: 2 }),
            "coordinate 3 stands in group 0 and again in group 2; groups must not overlap (`Latent` is the model for groups that do)"
        );
        assert_eq!(
            text(Error::NotCovered { coordinate: 4 }),
            "coordinate 4 stands in no group; `Uncovered::Free` leaves such coordinates alone"
        );
        assert_eq!(
            text(Error::OutOfRange { group: 1, found: 9, length: 5 }),
            "group 1 names coordinate 9, but there are only 5 (counted from 0)"
        );
        assert_eq!(
            text(Error::Pointers { position: 2, reason: "it decreases" }),
            "`pointers` does not cut `indices` into groups: it decreases (entry 2)"
        );
        assert_eq!(
            text(Error::Axis { axis: 4, axes: 2, reason: "does not exist" }),
            "axis 4 does not exist (the tensor has 2)"
        );
        assert_eq!(
            text(Error::Overflow { group: 1 }),
            "the norm of group 1 is larger than the largest number; scale the tensor"
        );
        assert_eq!(text(Error::Incompatible { first: "a", second: "b", reason: "c" }), "a does not go with b: c");
        assert_eq!(text(check_lambda(f64::NAN).unwrap_err()), "`lambda` is NaN; it must be finite and >= 0");
        assert_eq!(text(check_positive("d", 0.0).unwrap_err()), "`d` is 0; it must be finite and > 0");
    }
}
