//! `orthant bcd`: block coordinate descent.

mod arguments;
mod design;
mod document;
mod parts;
mod report;
mod solve;

pub(crate) use arguments::SolveArguments;
pub(crate) use solve::solve;
