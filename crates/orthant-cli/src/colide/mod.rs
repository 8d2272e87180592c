//! `orthant colide`: learn a graph, and ask it questions.

mod arguments;
mod conflicts;
mod criterion;
mod document;
mod fit;
mod knowledge;
mod plot;
mod query;
mod report;
mod resample;
mod residuals;
mod results;
mod settings;
mod solve;
mod summary;
mod trace;
mod truth;
mod words;

pub(crate) use arguments::FitArguments;
pub(crate) use fit::fit;
pub(crate) use query::{QueryArguments, query};
