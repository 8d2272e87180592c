#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod scalar;

pub use error::{Error, Result, check_finite, check_range, check_shape, check_square, check_symmetric};
pub use scalar::Scalar;
