//! What can go wrong, said to a person.

/// Why a problem, a point or a configuration was refused, or a run could not go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// A solver of the lower level was refused.
    #[error(transparent)]
    Optimisation(#[from] core_optim::Error),
    /// The Hessian of the lower level has a direction without positive curvature.
    #[error("the lower level is not strongly convex: its curvature along a direction is {curvature:e}")]
    NotStronglyConvex {
        /// vᵀ H v of a unit vector v.
        curvature: f64,
    },
    /// A function of the problem is not finite where it must be.
    #[error("{what} is not finite at the starting point")]
    NotFinite {
        /// Which function.
        what: &'static str,
    },
    /// A solver needs something that the problem does not know.
    #[error("{what} needs {needed}, which the problem does not provide")]
    Missing {
        /// Who asks.
        what: &'static str,
        /// For what.
        needed: &'static str,
    },
    /// A label stands for no class.
    #[error("`{argument}` holds label {found} in row {row}; labels are below {classes}")]
    Label {
        /// The argument.
        argument: &'static str,
        /// The label.
        found: usize,
        /// Its row.
        row: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A saved state belongs to another problem.
    #[error("the saved state does not fit the problem: {reason}")]
    State {
        /// What does not fit.
        reason: &'static str,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
