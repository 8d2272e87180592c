//! Claims about group sparsity with an explicit budget.

mod digits;
mod linear_time;
mod module;
mod network;
mod neurons;
mod regression;

pub(crate) use digits::DIGITS;
pub(crate) use linear_time::LINEAR_TIME;
pub(crate) use module::MODULE;
pub(crate) use neurons::NEURONS;
pub(crate) use regression::REGRESSION;
