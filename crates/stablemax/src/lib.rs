#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attention;
#[cfg(feature = "burn")]
#[cfg_attr(docsrs, doc(cfg(feature = "burn")))]
pub mod burn;
pub mod collapse;
mod error;
mod float_type;
#[cfg(feature = "lab")]
#[cfg_attr(docsrs, doc(cfg(feature = "lab")))]
pub mod lab;
mod lanes;
mod layout;
mod link;
mod loss;
pub mod nlm;
pub mod ortho;
pub mod task;
pub mod train;

pub use error::{Error, Result};
pub use float_type::FloatType;
pub use layout::Layout;
pub use link::Link;
pub use loss::{CrossEntropy, Loss, LossReport, Reduction, Targets, hessian};
