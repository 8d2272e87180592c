//! Certified solutions of sparse linear models: working sets over coordinate descent, with an exact finish on the support.
//!
//! ```text
//! squared loss:   min  ½ Σ sᵢ (yᵢ - b - xᵢw)²           + Σ pⱼ (λ₁ |wⱼ| + λ₂/2 wⱼ²),   lowerⱼ ≤ wⱼ ≤ upperⱼ
//! logistic loss:  min  Σ sᵢ log(1 + exp(-yᵢ (xᵢw + b)))  + the same
//! ```
//!
//! [`WorkingSet`] is the method, [`SparsePenalty`] the penalty, [`Options`] carries sample weights, intercept and starting point. Every
//! [`SparseFit`] comes with a duality gap. Losses are sums: for (1/2n) ‖y - X w‖² + λ ‖w‖₁ use λ₁ = n λ.

mod block;
mod certificate;
mod cholesky;
mod correlations;
mod dense_columns;
mod fit;
mod gram_columns;
mod inner;
mod logistic;
mod logistic_state;
mod newton;
mod options;
mod outer;
mod penalty;
mod progress;
mod quadratic;
mod reduced;
mod solver;
mod space;
mod sparse_columns;
mod squared;
mod workspace;

pub use fit::{Effort, SparseFit, WorkingSetState};
pub use options::{Intercept, Options};
pub use penalty::SparsePenalty;
pub use solver::{Finish, WorkingSet};
pub use workspace::Workspace;
