//! `orthant bcd`: block coordinate descent.

mod arguments;
mod design;
mod document;
mod network;
mod parts;
mod propagate;
mod report;
mod solve;

pub(crate) use arguments::{PropagateArguments, SolveArguments};
pub(crate) use propagate::propagate;
pub(crate) use solve::solve;
