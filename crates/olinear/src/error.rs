//! What can go wrong, said to a person.

/// Why data, a configuration or a model were refused, or training could not go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, range or finiteness check failed, or a factorisation did.
    #[error(transparent)]
    Argument(#[from] core_tensor::Error),
    /// An optimiser was refused.
    #[error(transparent)]
    Optimisation(#[from] core_optim::Error),
    /// A part of the series has fewer rows than one window needs.
    #[error("the {part} part has {rows} rows; a window of look-back and horizon needs {needed}")]
    TooShort {
        /// Which part ("training", "validation", …).
        part: &'static str,
        /// Its rows.
        rows: usize,
        /// Rows of one window.
        needed: usize,
    },
    /// A value is missing where the policy does not allow it.
    #[error("row {row} of channel {channel} is missing; fill gaps or choose a policy for missing values")]
    Missing {
        /// Row, counted from 0.
        row: usize,
        /// Channel, counted from 0.
        channel: usize,
    },
    /// No channel varies enough to estimate a temporal correlation.
    #[error("every channel is constant (a lagged variance is below {floor:e}): there is no temporal correlation")]
    NoVariation {
        /// The variance below which a channel is dropped.
        floor: f64,
    },
    /// A matrix given as a basis is not orthogonal.
    #[error("`{argument}` is not orthogonal: an entry of Q Qᵀ - I is {deviation:e}")]
    NotOrthogonal {
        /// The argument.
        argument: &'static str,
        /// Largest |entry| of Q Qᵀ - I.
        deviation: f64,
    },
    /// A loss stopped being finite.
    #[error("training diverged in epoch {epoch}, step {step}: the loss is {loss}; lower the learning rate")]
    Diverged {
        /// Epoch, counted from 1.
        epoch: usize,
        /// Step within the epoch, counted from 1.
        step: usize,
        /// The loss.
        loss: f64,
    },
    /// A model has no tensor of that name.
    #[error("the model has no tensor `{name}`")]
    NoTensor {
        /// The name asked for.
        name: String,
    },
    /// A fit does not hold what is asked of it.
    #[error("{what}; it has {held}")]
    NotFitted {
        /// What is missing.
        what: &'static str,
        /// What there is.
        held: String,
    },
    /// A saved model cannot be used.
    #[error("the saved model cannot be read: {reason}")]
    Saved {
        /// Why.
        reason: String,
    },
}

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
