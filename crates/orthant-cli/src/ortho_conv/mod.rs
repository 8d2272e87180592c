//! `orthant ortho-conv`: spectra and certificates of convolutions.

mod arguments;
mod document;
mod spectrum;

pub(crate) use arguments::SpectrumArguments;
pub(crate) use spectrum::spectrum;
