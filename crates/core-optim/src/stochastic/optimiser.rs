//! What an optimiser of a flat parameter vector does.

use crate::Result;
use crate::error::check_count;
use core_tensor::{Scalar, check_finite};
use ndarray::ArrayView1;

/// An optimiser with its state, for one flat vector of parameters.
///
/// A step is `w ← keep · w - update`, where `keep` is below one under decoupled weight decay. Both methods advance the state by
/// one step; they check their arguments first and change nothing when they return an error.
pub trait Optimiser<T: Scalar> {
    /// Length of the parameter vector.
    fn parameters(&self) -> usize;

    /// Learning rate of the next step.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate of the steps to come: schedules call this.
    ///
    /// # Errors
    /// When it is not finite or negative.
    fn set_learning_rate(&mut self, rate: f64) -> Result<()>;

    /// One step on `w` with the gradient `g`, in place.
    ///
    /// # Errors
    /// On lengths other than [`Optimiser::parameters`] and entries that are not finite; nothing is changed then.
    fn step(&mut self, w: &mut [T], g: &[T]) -> Result<()>;

    /// The step without taking it: writes `update` and returns `keep` of `w ← keep · w - update`.
    ///
    /// # Errors
    /// As for [`Optimiser::step`].
    fn update_into(&mut self, w: &[T], g: &[T], update: &mut [T]) -> Result<T>;
}

impl<T: Scalar, O: Optimiser<T> + ?Sized> Optimiser<T> for Box<O> {
    fn parameters(&self) -> usize {
        (**self).parameters()
    }

    fn learning_rate(&self) -> f64 {
        (**self).learning_rate()
    }

    fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        (**self).set_learning_rate(rate)
    }

    fn step(&mut self, w: &mut [T], g: &[T]) -> Result<()> {
        (**self).step(w, g)
    }

    fn update_into(&mut self, w: &[T], g: &[T], update: &mut [T]) -> Result<T> {
        (**self).update_into(w, g, update)
    }
}

/// Accepts parameters and a gradient of the right length with finite gradient entries.
pub(super) fn check_step<T: Scalar>(parameters: usize, w: &[T], g: &[T]) -> Result<()> {
    check_count("w", w.len(), parameters, "the optimiser was made for that many parameters")?;
    check_count("g", g.len(), parameters, "the optimiser was made for that many parameters")?;
    Ok(check_finite("g", &ArrayView1::from(g))?)
}

/// Accepts an output of the right length.
pub(super) fn check_update<T>(parameters: usize, update: &[T]) -> Result<()> {
    check_count("update", update.len(), parameters, "the optimiser was made for that many parameters")
}
