#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod axis;
mod bars;
mod canvas;
mod chart;
mod curves;
mod lines;
mod palette;
mod whiskers;

pub use chart::{Chart, Plot};
pub use curves::Curve;
pub use palette::Palette;
pub use whiskers::Whisker;
