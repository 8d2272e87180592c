//! `orthant stablemax`: softmax collapse and delayed generalisation.

mod arguments;
mod curves;
mod diagnose;
mod grok;

pub(crate) use arguments::{CollapseArguments, GrokArguments};
pub(crate) use diagnose::diagnose;
pub(crate) use grok::grok;
