//! Experiments of bilevel optimisation and of self-tuning networks.

mod bounds;
mod denoise;
mod digits;
mod logistic;
mod quadratic;
mod self_tuning;

pub(crate) use bounds::BOUNDS;
pub(crate) use denoise::{EXPERTS, VARIATION};
pub(crate) use digits::DIGITS;
pub(crate) use logistic::LOGISTIC;
pub(crate) use quadratic::QUADRATIC;
pub(crate) use self_tuning::SELF_TUNING;
