//! Experiments of orthogonal convolutions and of λ-orthogonality.

mod embeddings;
mod existence;
mod flattened;
mod lambda;
mod network;
mod sizes;
mod training;

pub(crate) use existence::EXISTENCE;
pub(crate) use flattened::FLATTENED;
pub(crate) use lambda::LAMBDA;
pub(crate) use sizes::SIZES;
pub(crate) use training::TRAINING;
