//! Ready-made problems.

mod field_of_experts;
mod image;
mod quadratic;
mod softmax;
mod total_variation;

pub use field_of_experts::{FieldOfExperts, FieldOfExpertsParameters};
pub use quadratic::Quadratic;
pub use softmax::{Groups, SoftmaxRegression};
pub use total_variation::{TotalVariation, Variation};
