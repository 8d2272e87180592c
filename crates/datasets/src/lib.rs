#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod designs;
mod diabetes;
mod digits;
mod error;
mod mnist;
mod packed;
mod sachs;
pub mod sem;

pub use diabetes::{Diabetes, diabetes};
pub use digits::{Digits, digits};
pub use error::{Error, Result};
pub use mnist::{Mnist, mnist};
pub use sachs::{Sachs, sachs};
