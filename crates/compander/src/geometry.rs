//! What training the latent weights does to the effective ones: the effective learning rate and the mirror map.
//!
//! A gradient step on v is, to first order, a step on w with the rate multiplied by h(w) = (dw/dv)²; gradient flow on v is
//! mirror descent on w with the potential φ, φ'' = 1/h.

use crate::{Compander, CompandingFunction, Result};
use core_tensor::Scalar;

impl<T: Scalar, F: CompandingFunction<T>> Compander<T, F> {
    /// h(w) = (dw/dv)² = (a/b)² ψ'(u)², the factor by which training on v changes the learning rate of w: κ² at w = 0,
    /// towards 0 at the bound. For the arc tangent it is (a/b)² cos⁴(w/a).
    ///
    /// # Errors
    /// [`Error::Unreachable`](crate::Error::Unreachable) unless |w| < B.
    pub fn effective_learning_rate(&self, w: T) -> Result<T> {
        let slope = self.range() / self.width() * self.function().derivative(self.latent_ratio(w)?);
        Ok(slope * slope)
    }

    /// φ'(w) = (b²/a) M(u), with M(u) = ∫₀ᵘ dt/ψ'(t): the dual variable of w. For the arc tangent
    /// (b²/a)(tan u + tan³u/3) with u = w/a.
    ///
    /// # Errors
    /// [`Error::Unreachable`](crate::Error::Unreachable) unless |w| < B.
    pub fn mirror_map(&self, w: T) -> Result<T> {
        let u = self.latent_ratio(w)?;
        Ok(self.function().mirror(u) * self.width() / self.range() * self.width())
    }

    /// The w with φ'(w) = z, for any finite z.
    pub fn inverse_mirror_map(&self, z: T) -> T {
        self.range() * self.function().value(self.inverse_mirror_ratio(z))
    }

    /// φ(w) = b² P(u) with P' = M ψ': even, convex, (b/a)² w²/2 near 0, and for bounded functions rising steeply at the bound.
    ///
    /// # Errors
    /// [`Error::Unreachable`](crate::Error::Unreachable) unless |w| < B.
    pub fn potential(&self, w: T) -> Result<T> {
        let u = self.latent_ratio(w)?;
        Ok(self.function().potential(u) * self.width() * self.width())
    }

    /// λ/2 v² as a penalty on w: λ b²/2 ψ⁻¹(w/a)². Ordinary weight decay on the latent weights is this barrier.
    ///
    /// # Errors
    /// [`Error::Unreachable`](crate::Error::Unreachable) unless |w| < B.
    pub fn latent_decay_penalty(&self, w: T, decay: T) -> Result<T> {
        let v = self.inverse(w)?;
        Ok(decay / <T as Scalar>::from_f64(2.0) * v * v)
    }

    /// u = v/b at the dual variable z.
    pub(crate) fn inverse_mirror_ratio(&self, z: T) -> T {
        self.function().inverse_mirror(z / self.width() * self.range() / self.width())
    }
}

/// The u with M(u) = m for a function without a closed form: M' = 1/ψ' ≥ 1/ψ'(0), so the root lies between 0 and
/// m ψ'(0). Newton's steps within a shrinking bracket, halving it where they leave it; on ln M where M is far above m,
/// because M may grow like an exponential, down which plain steps are short.
pub(crate) fn inverse_mirror<T: Scalar, F: CompandingFunction<T>>(function: &F, m: T) -> T {
    let magnitude = m.abs();
    let mut high = magnitude * function.derivative(T::zero());
    if !(high > T::zero()) || !high.is_finite() {
        return if high == T::zero() { m } else { high.copysign(m) };
    }
    let (mut low, mut u) = (T::zero(), high.min(T::one()));
    for _ in 0..200 {
        let mirror = function.mirror(u);
        let excess = mirror - magnitude;
        if !(excess < T::zero()) {
            high = u;
        } else {
            low = u;
        }
        let far = mirror > magnitude + magnitude;
        let change = if far { (mirror / magnitude).ln() * mirror } else { excess };
        let step = u - change * function.derivative(u);
        let next = if step > low && step < high {
            step
        } else if low > T::zero() && high / low > <T as Scalar>::from_f64(4.0) {
            (low.sqrt() * high.sqrt()).max(low)
        } else {
            low + (high - low) / <T as Scalar>::from_f64(2.0)
        };
        if (next - u).abs() <= T::epsilon() * u {
            return next.copysign(m);
        }
        u = next;
    }
    u.copysign(m)
}
