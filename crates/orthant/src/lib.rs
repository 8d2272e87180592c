#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "colide")]
pub use colide;
#[cfg(feature = "datasets")]
pub use datasets;
#[cfg(feature = "sparse-linreg")]
pub use sparse_linreg;
