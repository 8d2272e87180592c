#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
#[cfg(feature = "linalg")]
#[cfg_attr(docsrs, doc(cfg(feature = "linalg")))]
pub mod linalg;
#[cfg(feature = "linalg")]
mod parallelism;
mod scalar;

pub use error::{Error, Result, check_finite, check_range, check_shape, check_square, check_symmetric};
#[cfg(feature = "linalg")]
#[cfg_attr(docsrs, doc(cfg(feature = "linalg")))]
pub use parallelism::parallelism;
pub use scalar::Scalar;
