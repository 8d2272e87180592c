//! Sparse regression with random-span preconditioning, after the guarantee of G. Chandrasekaran, R. Meka,
//! K. Stavropoulos, "Sparse Linear Regression is Easy on Random Supports", arXiv 2511.06211. The method is an independent
//! derivation; the paper publishes no numbers, so the criteria are those of the derivation.

mod condition;
mod guarantee;
mod methods;
mod real_data;
mod real_designs;
mod real_responses;
mod samples;
mod supports;

pub(crate) use condition::CONDITION;
pub(crate) use guarantee::GUARANTEE;
pub(crate) use real_designs::REAL_DESIGNS;
pub(crate) use real_responses::REAL_RESPONSES;
pub(crate) use samples::SAMPLES;
pub(crate) use supports::SUPPORTS;
