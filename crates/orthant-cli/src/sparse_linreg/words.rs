//! Refusals of the library in the words of the program.

use crate::failure::Failure;
use orthant::sparse_linreg::Error;

/// The failure for an error of the library. Its arguments are named like the options.
pub(super) fn failure(source: &str, error: &Error) -> Failure {
    Failure::input(format!("`{source}`: {error}"))
}
