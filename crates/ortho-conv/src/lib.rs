#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod almost_orthogonal;
mod bound;
#[cfg(feature = "burn")]
#[cfg_attr(docsrs, doc(cfg(feature = "burn")))]
pub mod burn;
mod certificate;
pub mod compatibility;
mod error;
mod existence;
mod frequency_form;
pub mod generate;
mod geometry;
mod grid;
mod l_orth;
mod lag_form;
mod lags;
pub mod lambda;
mod layer;
pub mod orthogonaliser;
mod padding;
mod penalty;
mod polish;
mod polyphase;
mod power;
mod regulariser;
mod solver;
mod spectral_gram;
mod spectral_map;
mod spectrum;

pub use almost_orthogonal::almost_orthogonal;
pub use bound::{continuum_bound, correlation_bound, flattened_bound, flattened_norm, gram_bound};
pub use certificate::{Certificate, alpha, frobenius_error, near_isometry};
pub use error::{Error, Result};
pub use existence::{Existence, existence};
pub use geometry::{Geometry, Regime};
pub use l_orth::{Form, LOrth, l_orth, l_orth_gradient};
pub use layer::Layer;
pub use padding::Padding;
pub use penalty::{kernel_orthogonality, row_orthogonality_into};
pub use polish::{Polished, bjorck_step, polish};
pub use power::{LargestSingularValue, PowerIteration};
pub use regulariser::{LayerReport, Regulariser, lipschitz_bound};
pub use solver::{Orthogonalised, Orthogonaliser, Status};
pub use spectral_map::{clip_singular_values, crop, map_singular_values};
pub use spectrum::{Spectrum, extreme_singular_values};
