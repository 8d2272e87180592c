//! CoLiDE: S. S. Saboksayr, G. Mateos, M. Tepper, "CoLiDE: Concomitant Linear DAG Estimation", ICLR 2024,
//! arXiv 2310.02895.

mod graphs;
mod heteroscedastic;
mod interventions;
mod methods;
mod noise_estimation;
mod noise_sweep;
mod order_start;
mod sachs;
mod speed;
mod units;

pub(crate) use heteroscedastic::HETEROSCEDASTIC;
pub(crate) use interventions::INTERVENTIONS;
pub(crate) use noise_estimation::NOISE_ESTIMATION;
pub(crate) use noise_sweep::NOISE_SWEEP;
pub(crate) use order_start::ORDER_START;
pub(crate) use sachs::SACHS;
pub(crate) use speed::SPEED;
pub(crate) use units::UNITS;
