//! Gradients without their component along the weights: perpGrad, also called OrthoGrad (Definition 7 of the paper).
//!
//! `project` is the formula on one tensor; `OrthoGrad` wraps any optimiser of a flat parameter vector.

mod ortho_grad;
mod project;

pub use ortho_grad::{OrthoGrad, OrthoGradOptions, ProjectAt, ProjectionReport, Scope};
pub use project::{Arithmetic, Outcome, Projected, Rescale, project};
