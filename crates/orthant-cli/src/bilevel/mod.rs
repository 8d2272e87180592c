//! `orthant bilevel`: penalties and regularisers learned from data.

mod arguments;
mod denoise;
mod picture;
mod split;
mod tune;

pub(crate) use arguments::{DenoiseArguments, TuneArguments};
pub(crate) use denoise::denoise;
pub(crate) use tune::tune;
