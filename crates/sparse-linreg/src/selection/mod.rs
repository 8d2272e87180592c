//! Choosing among models.

mod criterion;
mod curve;
mod cv;
mod folds;
mod progress;
mod race;
mod stability;

pub use criterion::Criterion;
pub use curve::{CvCurve, Rule};
pub use cv::Validated;
pub use folds::{Fold, Folds};
pub use progress::SelectionProgress;
pub use race::{Entrant, Heat, Model, Race, RaceResult};
pub use stability::{StabilitySelection, StableColumns};

pub(crate) use criterion::first_smallest;
