//! StableMax, softmax collapse, orthogonal gradients: L. Prieto, M. Barsbey, P. Mediano, T. Birdal, "Grokking at the Edge of Numerical
//! Stability", ICLR 2025, arXiv 2501.04697.

mod float_types;
mod orthogonal;
mod parity;
mod real_data;
mod recipe;
mod stall;

pub(crate) use float_types::FLOAT_TYPES;
pub(crate) use orthogonal::ORTHOGONAL;
pub(crate) use parity::PARITY;
pub(crate) use real_data::REAL_DATA;
pub(crate) use stall::STALL;
