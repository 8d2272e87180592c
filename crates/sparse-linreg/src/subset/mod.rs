//! Best subsets.

mod best_subset;
mod branch_and_bound;
mod model;
mod progress;
mod splicing;
mod starts;

pub use best_subset::{BestSubset, Search};
pub use model::{Certificate, SubsetModel, SubsetPath};
pub use progress::{SearchProgress, SearchStage};
pub use splicing::{Exchange, SplicingStep};

pub(crate) use model::log_log;
pub(crate) use splicing::splice_directions;
