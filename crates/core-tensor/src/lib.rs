#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// `deny` and not `forbid`: `vectorised` calls code compiled for wide vector units, the one unsafe block of the workspace.
#![deny(unsafe_code)]

pub mod elementary;
mod error;
#[cfg(feature = "fft")]
#[cfg_attr(docsrs, doc(cfg(feature = "fft")))]
pub mod fft;
pub mod gradient;
#[cfg(feature = "linalg")]
#[cfg_attr(docsrs, doc(cfg(feature = "linalg")))]
pub mod linalg;
pub mod operator;
#[cfg(feature = "linalg")]
mod parallelism;
#[cfg(feature = "random")]
#[cfg_attr(docsrs, doc(cfg(feature = "random")))]
pub mod random;
mod scalar;
mod vectorised;

pub use error::{Error, Result, check_finite, check_range, check_shape, check_square, check_symmetric};
#[cfg(feature = "linalg")]
#[cfg_attr(docsrs, doc(cfg(feature = "linalg")))]
pub use parallelism::parallelism;
pub use scalar::Scalar;
pub use vectorised::{Kernel, vectorised};
