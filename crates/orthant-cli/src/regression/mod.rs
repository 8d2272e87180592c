//! What the commands for tables with a response have in common.

mod arguments;
mod data;

pub(crate) use arguments::{ResultArguments, TableArguments};
pub(crate) use data::load;
