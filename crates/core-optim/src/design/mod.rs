//! Design matrices by columns: dense, sparse, and centred or scaled views of both.
//!
//! Coordinate methods touch a matrix through three column operations, gathered in the trait [`DesignMatrix`]. The vector
//! they work on (a residual, say) is a [`WorkingVector`], which can carry a constant offset implicitly: that is what
//! keeps a centred sparse column as cheap as the sparse column itself.

mod csc;
mod dense;
mod design_matrix;
mod standardised;
mod working_vector;

pub use csc::CscMatrix;
pub use dense::Dense;
pub use design_matrix::DesignMatrix;
pub use standardised::Standardised;
pub use working_vector::WorkingVector;
