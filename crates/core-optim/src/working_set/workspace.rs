//! Memory that fits can share.

use super::logistic::LogisticMemory;
use super::squared::SquaredMemory;
use core_tensor::Scalar;

/// Memory of a fit, kept for the next one. Any workspace serves any problem; its contents never influence a result.
#[derive(Debug, Clone)]
pub struct Workspace<T> {
    pub(super) squared: SquaredMemory<T>,
    pub(super) logistic: LogisticMemory<T>,
}

impl<T: Scalar> Workspace<T> {
    /// No memory yet: it grows with the first fit.
    #[must_use]
    pub fn new() -> Self {
        Self { squared: SquaredMemory::default(), logistic: LogisticMemory::default() }
    }
}

impl<T: Scalar> Default for Workspace<T> {
    fn default() -> Self {
        Self::new()
    }
}
