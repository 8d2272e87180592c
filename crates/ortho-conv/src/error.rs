//! What can go wrong, said to a person.

/// Why a kernel, a layer, a map or a configuration was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// A loss or solver was refused.
    #[error(transparent)]
    Optimisation(#[from] core_optim::Error),
    /// No layer of this architecture is orthogonal.
    #[error("no orthogonal layer exists: {reason}")]
    NoOrthogonalKernel {
        /// The condition that fails, with its numbers ("M = 10 > C k² = 9").
        reason: String,
    },
    /// A layer was named that a module does not have.
    #[cfg(feature = "burn")]
    #[error("`{layer}` is no parameter with 3 to 5 axes, and no module that holds one")]
    UnknownLayer {
        /// The name.
        layer: String,
    },
    /// A combination that has no exact theory here.
    #[error("{what} is not supported: {reason}")]
    Unsupported {
        /// The combination.
        what: &'static str,
        /// Why.
        reason: &'static str,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
