#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod frequency_form;
mod geometry;
mod l_orth;
mod lag_form;
mod lags;
mod polyphase;

pub use error::{Error, Result};
pub use geometry::{Geometry, Regime};
pub use l_orth::{Form, LOrth, l_orth, l_orth_gradient};
