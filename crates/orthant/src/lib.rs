#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "bcd")]
pub use bcd;
#[cfg(feature = "bilevel")]
pub use bilevel;
#[cfg(feature = "colide")]
pub use colide;
#[cfg(feature = "compander")]
pub use compander;
#[cfg(feature = "core-optim")]
pub use core_optim;
#[cfg(feature = "core-tensor")]
pub use core_tensor;
#[cfg(feature = "datasets")]
pub use datasets;
#[cfg(feature = "olinear")]
pub use olinear;
#[cfg(feature = "ortho-conv")]
pub use ortho_conv;
#[cfg(feature = "sparse-linreg")]
pub use sparse_linreg;
#[cfg(feature = "stablemax")]
pub use stablemax;
#[cfg(feature = "wgsef")]
pub use wgsef;
