//! Random linear structural equation models, after the protocol of the structure-learning papers (NOTEARS, GOLEM, DAGMA,
//! CoLiDE).
//!
//! A [`SemModel`] says how graph, weights and noise are drawn; [`SemModel::generate`] draws a [`LinearSem`]; that one
//! samples rows and knows its exact covariance. Everywhere `w[[i, j]] != 0` is the edge i -> j, and rows are samples.

mod graph;
mod linear;
mod model;
mod noise;

pub use graph::GraphModel;
pub use linear::LinearSem;
pub use model::{NoiseVariance, SemModel, WeightRange};
pub use noise::NoiseLaw;
