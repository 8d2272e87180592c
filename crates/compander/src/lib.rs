#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod arrays;
#[cfg(feature = "burn")]
#[cfg_attr(docsrs, doc(cfg(feature = "burn")))]
pub mod burn;
mod compander;
mod contract;
mod decay;
mod density;
mod distribution;
mod error;
mod families;
mod function;
mod geometry;
mod initialise;
mod interpolation;
mod learned;
mod quadrature;
mod quantisation;
mod weight;

pub use arrays::{MomentumStep, ShapeGradient, check_latent};
pub use compander::Compander;
pub use contract::check_contract;
pub use decay::Decay;
pub use density::WeightDistribution;
pub use distribution::{CompandedReport, WeightReport};
pub use error::{Error, Result};
pub use families::{Algebraic, Arctan, Asinh, ErrorFunction, Identity, Power, Softsign, Tanh};
pub use function::CompandingFunction;
pub use initialise::{BoundRule, Initialisation, Scope};
pub use interpolation::Interpolation;
pub use learned::{LearnedShape, ShapeTraining, range_leverage};
pub use quantisation::UniformGrid;
pub use weight::{CompandedWeight, OutOfBound};

use distribution::SATURATED;
