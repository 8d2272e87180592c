//! The random-span preconditioner.

mod diagnose;
mod double_double;
mod polish;
mod preconditioner;
mod probe;
mod projected;
mod reason;
mod residuals;
mod rsp;
mod rsp_fit;
mod span;

pub use diagnose::{Diagnosis, diagnose};
pub use polish::Polished;
pub use preconditioner::{Choice, Preconditioner};
pub use reason::Reason;
pub use residuals::Precision;
pub use rsp::{Greedy, Level, Rsp};
pub use rsp_fit::{RspFit, RspLevel, RspPath, RspResponses};
pub use span::{RandomSpan, Round, SpanDiagnostics};

pub(crate) use preconditioner::{check_repetitions, distinct};
