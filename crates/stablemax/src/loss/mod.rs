//! Cross-entropy losses with their gradients and Hessian-vector products.

mod cross_entropy;
mod general_row;
mod hessian;
mod options;
mod rest_mass_row;
mod rows;
mod stable_max_row;
mod textbook_row;

pub use cross_entropy::{CrossEntropy, LossReport};
pub use hessian::hessian;
pub use options::{Loss, Reduction, Targets};
pub(crate) use textbook_row::emulated_row;
