//! Memory that fits can share.

use core_tensor::Scalar;
use std::marker::PhantomData;

/// Memory of a fit, kept for the next one. Any workspace serves any problem; its contents never influence a result.
#[derive(Debug, Clone, Default)]
pub struct Workspace<T> {
    scalar: PhantomData<T>,
}

impl<T: Scalar> Workspace<T> {
    /// No memory yet: it grows with the first fit.
    #[must_use]
    pub fn new() -> Self {
        Self { scalar: PhantomData }
    }
}
