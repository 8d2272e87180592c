//! What can go wrong, said to a person.

/// Why an array, a parameter or a weight was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// A range or width that no compander has.
    #[error("range {range} and width {width} make no compander: both must be finite and > 0")]
    InvalidShape {
        /// The range parameter a.
        range: f64,
        /// The width parameter b.
        width: f64,
    },
    /// A weight that no latent value maps to.
    #[error(
        "`{argument}` holds {found} at {index:?}; weights of this compander lie strictly between -{bound} and {bound}"
    )]
    Unreachable {
        /// The argument's name.
        argument: &'static str,
        /// The weight.
        found: f64,
        /// Where it stands, one index per axis.
        index: Vec<usize>,
        /// The bound B = a sup ψ.
        bound: f64,
    },
    /// An entry is NaN, where infinities are legal.
    #[error("`{argument}` holds NaN at {index:?}")]
    NotANumber {
        /// The argument's name.
        argument: &'static str,
        /// Where it stands, one index per axis.
        index: Vec<usize>,
    },
    /// As many companders as channels are needed.
    #[error("there are {companders} companders for {channels} channels (axis 0 of the weights)")]
    Channels {
        /// Number of companders.
        companders: usize,
        /// Length of axis 0.
        channels: usize,
    },
    /// A function is not what the crate expects of a compander.
    #[error("the function is no compander: {violation}, at u = {at}")]
    Contract {
        /// What is violated.
        violation: &'static str,
        /// Where.
        at: f64,
    },
    /// A linear system that no weights inside the bound solve.
    #[error(
        "no weights inside the bound {bound} solve the system: the residual stays at {residual:e} after {iterations} \
         Newton steps; widen the range or drop equations"
    )]
    Infeasible {
        /// The bound B.
        bound: f64,
        /// Norm of X w - y, relative to that of y.
        residual: f64,
        /// Steps taken.
        iterations: usize,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn messages_are_interface() {
        for (error, message) in [
            (
                Error::InvalidShape { range: -1.0, width: f64::NAN },
                "range -1 and width NaN make no compander: both must be finite and > 0",
            ),
            (
                Error::Unreachable { argument: "w", found: 2.0, index: vec![0, 3], bound: 1.5 },
                "`w` holds 2 at [0, 3]; weights of this compander lie strictly between -1.5 and 1.5",
            ),
            (Error::NotANumber { argument: "v", index: vec![4] }, "`v` holds NaN at [4]"),
            (
                Error::Channels { companders: 3, channels: 4 },
                "there are 3 companders for 4 channels (axis 0 of the weights)",
            ),
            (
                Error::Contract { violation: "it decreases", at: 0.5 },
                "the function is no compander: it decreases, at u = 0.5",
            ),
            (
                Error::Infeasible { bound: 1.0, residual: 0.25, iterations: 50 },
                "no weights inside the bound 1 solve the system: the residual stays at 2.5e-1 after 50 Newton steps; \
                 widen the range or drop equations",
            ),
        ] {
            assert_eq!(error.to_string(), message);
        }
    }
}
