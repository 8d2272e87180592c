//! The laboratory: a multilayer perceptron with explicit gradients, full-batch training, and the history of all diagnostics.

mod activations;
mod history;
mod mlp;
mod trainer;

pub use activations::Activations;
pub use history::{CollapseAt, History, HistoryRow};
pub use mlp::{Biases, Mlp};
pub use trainer::{TrainOptions, Trainer, accuracy};
