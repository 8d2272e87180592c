//! Block coordinate descent: J. Nutini, I. Laradji, M. Schmidt, "Let's Make Block Coordinate Descent Converge Faster", JMLR 23(131),
//! 2022, arXiv 1712.08859.

mod active_set;
mod curve;
mod estimated;
mod greedy_rules;
mod lattices;
mod message_passing;
mod partitions;
mod problems;
mod real_data;
mod superlinear;

pub(crate) use active_set::ACTIVE_SET;
pub(crate) use estimated::ESTIMATED;
pub(crate) use greedy_rules::GREEDY_RULES;
pub(crate) use lattices::LATTICES;
pub(crate) use message_passing::MESSAGE_PASSING;
pub(crate) use partitions::PARTITIONS;
pub(crate) use real_data::REAL_DATA;
pub(crate) use superlinear::SUPERLINEAR;
