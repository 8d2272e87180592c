//! What can go wrong when data are generated.

/// Why a model or a sample was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// The weights of a structural equation model contain a directed cycle.
    #[error("`{argument}` has a directed cycle through node {node}; a structural equation model must be acyclic")]
    Cyclic {
        /// The argument's name.
        argument: &'static str,
        /// A node on a cycle, or downstream of one.
        node: usize,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
