//! Experiments of OLinear and of its closed-form ridge.

mod conformal;
mod data;
mod decorrelation;
mod gaps;
mod illness;
mod mixing;
mod network;
mod ridge;

pub(crate) use conformal::CONFORMAL;
pub(crate) use decorrelation::DECORRELATION;
pub(crate) use gaps::GAPS;
pub(crate) use illness::ILLNESS;
pub(crate) use mixing::MIXING;
pub(crate) use network::{FULL, SMALL};
pub(crate) use ridge::RIDGE;
