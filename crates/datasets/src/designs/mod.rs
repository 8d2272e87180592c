//! Designs of sparse regression whose columns depend strongly on one another, and signals planted in them.
//!
//! A [`HardDesign`] draws a matrix X with columns of norm √n; [`Plant`] chooses a support and coefficients for it, random or as an
//! adversary would; [`dependence_failures`] counts how often a random support depends more on itself than on random
//! other columns, the event behind the guarantee of random-span preconditioning.

mod dependence;
mod hard_design;
mod plant;

pub use dependence::{dependence_failures, distance_to_span};
pub use hard_design::{HardDesign, norm_columns};
pub use plant::{Coefficients, Plant, Planted, Support};
