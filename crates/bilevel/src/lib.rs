#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod adjoint;
mod bounds;
mod check;
mod cost;
mod descent;
mod differences;
mod error;
mod exact;
mod hoag;
mod implicit;
mod maid;
mod oracle;
mod problem;
pub mod problems;
mod run;
mod samples;
mod search;
pub mod self_tuning;
pub mod solver;
mod stochastic;
pub mod tune;
mod vector;

pub use adjoint::{Adjoint, conjugate_gradients};
pub use bounds::{ValueBounds, hypergradient_error, line_search_excess};
pub use check::{DerivativeReport, check_derivatives};
pub use cost::Cost;
pub use error::{Error, Result};
pub use exact::Exact;
pub use hoag::{Hoag, HoagAction, HoagFit, HoagStep, Schedule};
pub use implicit::{AccuracyScale, BoundMode, Certificate, Implicit};
pub use maid::{FirstStep, Maid};
pub use oracle::{Evaluation, Hypergradient, Oracle, Scale};
pub use problem::{Constants, LowerLevel, UpperLevel};
pub use run::{MaidFit, MaidState, MaidStep, Status};
pub use samples::Samples;
pub use search::{SearchFit, grid_search, random_search};
pub use stochastic::{Decay, StochasticDescent, StochasticStep};
