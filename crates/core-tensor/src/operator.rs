//! Linear operators and what can be computed from products with them alone: linear systems, extreme eigenvalues and
//! singular values, traces.
//!
//! Every method allocates its memory before its iteration (sizes stand at each) and nothing inside it. None needs a
//! feature; dense matrices are operators as they are.

mod conjugate_gradients;
mod dense;
mod golub_kahan;
mod hutchinson;
mod lanczos;
mod linear_operator;
mod minres;
mod power;
mod scaled;
mod shifted;
mod stopped;
mod sum;
mod transposed;
mod tridiagonal;
mod vector;

pub use conjugate_gradients::{ConjugateGradients, conjugate_gradients};
pub use golub_kahan::{ExtremeSingularValues, extreme_singular_values};
#[cfg(feature = "random")]
#[cfg_attr(docsrs, doc(cfg(feature = "random")))]
pub use hutchinson::hutchinson_trace;
pub use hutchinson::{TraceEstimate, hutchinson_trace_with};
pub use lanczos::{ExtremeEigenvalues, extreme_eigenvalues};
pub use linear_operator::LinearOperator;
pub use minres::{Minres, minres};
pub use power::{DominantEigenvalue, power_iteration};
pub use scaled::Scaled;
pub use shifted::Shifted;
pub use stopped::{Limits, Solved, Stopped};
pub use sum::Sum;
pub use transposed::Transposed;
