//! The data sets of the block coordinate descent paper (Nutini, Laradji, Schmidt, 2022).
//!
//! | set | problem | drawn by |
//! | --- | --- | --- |
//! | A: [`least_squares_a`] | least squares, 1000 × 10000, sparse | Mersenne Twister, seed 1 (the authors' own draw is not public) |
//! | B: [`logistic_b`] | logistic, the same matrix | the same stream as the authors: identical data |
//! | C: [`softmax_c`] | 50 classes, 1000 × 1000 | the same |
//! | D: [`lattice_d`] | labels on a 50 × 50 grid | the same |
//! | E: [`moons`] | labels on a 5-neighbour graph of two moons | shipped; a fresh draw |

mod lattice;
mod moons;
mod sparse;
mod synthetic;

pub use lattice::{LatticeLabels, lattice_d};
pub use moons::{Moons, moons};
pub use sparse::SparseColumns;
pub use synthetic::{Classification, MultiClass, Regression, least_squares_a, logistic_b, softmax_c};
