#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod descent;
pub mod design;
mod error;
mod fista;
mod lbfgs;
pub mod line_search;
pub mod loss;
mod observer;
mod power_iteration;
pub mod prox;
mod reduce;
mod smooth;
mod split_mix;
pub mod stochastic;
mod stopped;
mod stopping;
pub mod working_set;

pub use error::{Error, Result};
pub use fista::{Fista, FistaWorkspace, Momentum, Restart, StepRule};
pub use lbfgs::{Lbfgs, LbfgsWorkspace};
pub use observer::{Observer, Unobserved};
pub use power_iteration::largest_curvature;
pub use smooth::{Minimum, SmoothObjective, SolverState, Summary, TwiceDifferentiable};
pub use stopped::Stopped;
pub use stopping::{Measures, StoppingRule};
