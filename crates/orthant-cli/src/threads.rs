//! How many threads work.

use crate::failure::{Failure, Outcome};

/// Sets the number of threads of the process; results do not depend on it.
pub(crate) fn set_threads(threads: Option<u16>) -> Outcome<()> {
    let Some(threads) = threads else { return Ok(()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(threads))
        .build_global()
        .map_err(|error| Failure::Internal(format!("cannot start {threads} threads: {error}")))
}
