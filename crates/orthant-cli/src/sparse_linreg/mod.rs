//! `orthant sparse-linreg`: sparse linear models, certified.

mod arguments;
mod model;
mod path;
mod words;

pub(crate) use arguments::PathArguments;
pub(crate) use path::path;
