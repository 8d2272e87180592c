//! `orthant colide`: learn a graph, and ask it questions.

mod arguments;
mod document;
mod fit;
mod knowledge;
mod plot;
mod query;
mod report;
mod results;
mod settings;
mod stability;
mod summary;
mod trace;
mod truth;
mod words;

pub(crate) use arguments::FitArguments;
pub(crate) use fit::fit;
pub(crate) use query::{QueryArguments, query};
