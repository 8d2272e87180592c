//! The loss of one sample.

use core_tensor::Scalar;

/// A convex loss ℓ(z, y) of a linear predictor z and a target y, with its derivatives in z.
pub trait Loss<T: Scalar> {
    /// ℓ(z, y) ≥ 0.
    fn value(&self, z: T, y: T) -> T;

    /// ℓ'(z, y) and ℓ''(z, y) (any number between the one-sided ones where ℓ' has a kink).
    fn derivatives(&self, z: T, y: T) -> (T, T);

    /// ν = sup ℓ'': the Lipschitz constant of ℓ', and of Xᵀ ℓ'(X w) per unit of ‖X‖².
    fn curvature_bound(&self) -> T;

    /// The conjugate ℓ*(u, y) = `sup_z u z - ℓ(z, y)`; +∞ outside its domain, which contains 0 and is convex.
    fn conjugate(&self, u: T, y: T) -> T;

    /// The legal targets: `None` if `y` is one, otherwise the loss's name and the legal values, for the message.
    fn reject_target(&self, y: T) -> Option<(&'static str, &'static str)>;

    /// ℓ'(z, y).
    #[inline]
    fn derivative(&self, z: T, y: T) -> T {
        self.derivatives(z, y).0
    }

    /// ℓ and ℓ' at once, for losses that can share work.
    #[inline]
    fn value_and_derivative(&self, z: T, y: T) -> (T, T) {
        (self.value(z, y), self.derivative(z, y))
    }
}
