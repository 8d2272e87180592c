//! Scratch memory of a factorisation, allocated once.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use std::fmt;

/// A buffer that fits one request, lent out any number of times.
pub(crate) struct Memory {
    request: StackReq,
    buffer: MemBuffer,
}

impl Memory {
    /// Allocates what the largest of `requests` needs.
    pub(crate) fn for_any_of(requests: &[StackReq]) -> Self {
        let request = StackReq::any_of(requests);
        Self { request, buffer: MemBuffer::new(request) }
    }

    /// The buffer, in the form that faer's routines take.
    pub(crate) fn stack(&mut self) -> &mut MemStack {
        MemStack::new(&mut self.buffer)
    }
}

/// A clone has its own buffer of the same size; contents are scratch and not copied.
impl Clone for Memory {
    fn clone(&self) -> Self {
        Self::for_any_of(&[self.request])
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("bytes", &self.request.size_bytes()).finish_non_exhaustive()
    }
}
