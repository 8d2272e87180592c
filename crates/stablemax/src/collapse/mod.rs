//! Softmax collapse: where it has happened, how far it is, when it will come (Definitions 1 and 3 of the paper).

mod absorption;
mod forecast;
mod report;
mod row;
mod watch;

pub use absorption::{Absorption, absorption};
pub use forecast::Forecast;
pub use report::{CollapseReport, report};
pub use row::{RowCollapse, rows};
pub use watch::{CollapseWarning, CollapseWatch, Observation};
