#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bcd;
mod breast_cancer;
pub mod designs;
mod diabetes;
mod digits;
mod error;
pub mod mersenne;
mod mnist;
mod packed;
mod photographs;
mod sachs;
pub mod sem;
mod series;

pub use breast_cancer::{BreastCancer, breast_cancer};
pub use diabetes::{Diabetes, diabetes};
pub use digits::{Digits, digits};
pub use error::{Error, Result};
pub use mnist::{Mnist, mnist};
pub use photographs::{PHOTOGRAPHS, photographs};
pub use sachs::{Sachs, sachs};
pub use series::{Series, co2_weekly, etth1, illness, unemployment};
