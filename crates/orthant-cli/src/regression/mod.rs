//! What the commands for tables with a response have in common.

mod arguments;
mod coefficients;
mod data;
mod explained;
mod matrix;
mod record;
mod session;

pub(crate) use arguments::{ResultArguments, TableArguments};
pub(crate) use coefficients::{COEFFICIENT_COLUMNS, COEFFICIENT_NOTE, CoefficientRecord, moments};
pub(crate) use explained::{explained, total_variation};
pub(crate) use matrix::Matrix;
pub(crate) use record::{TableRecord, numbers};
pub(crate) use session::{Session, Target};
