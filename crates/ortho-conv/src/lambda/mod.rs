//! λ-orthogonality: a linear map between two embedding spaces that stays within a chosen distance of an isometry.
//!
//! A gallery was embedded by an old model; a new model's embeddings cannot be compared with it. [`Alignment`] learns a backward map
//! (new → old space), regularised by [`Penalty`], and a forward map (old → the adapted new space), with both models frozen;
//! [`retrieval`] says what that is worth.
//!
//! After S. Ricci, N. Biondi, F. Pernici, I. Patras, A. Del Bimbo, *λ-Orthogonality Regularization for Compatible Representation Learning*,
//! NeurIPS 2025 (arXiv 2509.16664).

mod affine;
mod alignment;
mod closed_form;
mod contrastive;
mod objective;
mod penalty;
pub mod retrieval;

pub use affine::AffineMap;
pub use alignment::{Alignment, AlignmentFit, EpochState};
pub use closed_form::{constrained_map, least_squares_map, procrustes};
pub use contrastive::contrastive;
pub use penalty::{Penalty, PenaltyValue, Threshold, orthogonality_distance};
