//! The random-span preconditioner.

mod double_double;
mod preconditioner;
mod probe;
mod reason;
mod residuals;
mod span;

pub use preconditioner::{Choice, Preconditioner};
pub use reason::Reason;
pub use residuals::Precision;
pub use span::{RandomSpan, Round, SpanDiagnostics};

pub(crate) use preconditioner::{check_repetitions, distinct};
