//! Penalties that are sums over coordinates.

use super::Proximal;
use core_tensor::Scalar;

/// g(x) = Σ gⱼ(xⱼ): what coordinate methods need, one coordinate at a time.
///
/// `j` counts from 0. Out of the range that [`Proximal::check_dimension`] accepts, an implementation may return anything
/// (the ones here treat a missing weight as 1), but does not panic.
pub trait Separable<T: Scalar>: Proximal<T> {
    /// gⱼ(x).
    fn coordinate_value(&self, j: usize, x: T) -> T;

    /// `argmin_u gⱼ(u) + (u - v)² / (2 step)`, for `step` in (0, ∞].
    fn coordinate_prox(&self, j: usize, v: T, step: T) -> T;

    /// The subdifferential ∂gⱼ(x) as (lower end, upper end). Outside the domain it is empty: (∞, -∞).
    fn subdifferential(&self, j: usize, x: T) -> (T, T);

    /// Distance of -`gradient` to ∂gⱼ(x): 0 exactly when coordinate j of x is optimal for f + g, ∂f/∂xⱼ = `gradient`.
    fn violation(&self, j: usize, x: T, gradient: T) -> T {
        let (lower, upper) = self.subdifferential(j, x);
        let pull = -gradient;
        if pull.is_nan() { pull } else { (lower - pull).max(pull - upper).max(T::zero()) }
    }
}
