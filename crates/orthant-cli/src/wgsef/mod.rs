//! `orthant wgsef`: group sparsity with a budget on the tensors of a file.

mod arguments;
mod document;
mod run;

pub(crate) use arguments::{InspectArguments, ProxArguments, PruneArguments};
pub(crate) use run::{inspect, prox, prune};
