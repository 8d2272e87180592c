//! What a selection rule looks like.

use crate::step::Problem;
use crate::{Result, State};
use core_tensor::Scalar;

/// A rule that picks the next block: implement it to plug in your own.
pub trait Select<T: Scalar> {
    /// Whether [`select`](Self::select) needs the whole gradient in the state.
    fn needs_gradient(&self) -> bool;

    /// Writes the block to `block` and returns its number if it is one of a fixed list. An empty block means that the rule
    /// sees nothing to improve.
    ///
    /// # Errors
    /// A score that is NaN, what the rule's linear algebra can meet.
    fn select(
        &mut self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        iteration: usize,
        block: &mut Vec<usize>,
    ) -> Result<Option<usize>>;

    /// Updates in which every coordinate has had its turn, or could have had it.
    fn epoch(&self) -> usize;
}
