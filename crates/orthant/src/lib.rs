#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "bcd")]
pub use bcd;
#[cfg(feature = "colide")]
pub use colide;
#[cfg(feature = "datasets")]
pub use datasets;
