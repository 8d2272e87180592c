//! The companding function ψ.

use core_tensor::Scalar;

/// An odd, increasing function ψ, steepest at zero, that turns a latent weight into an effective one:
///
/// ```text
/// w = a ψ(u),   u = v / b
/// ```
///
/// The families of the crate are [`Arctan`](crate::Arctan), [`Tanh`](crate::Tanh), [`Softsign`](crate::Softsign),
/// [`Algebraic`](crate::Algebraic), [`ErrorFunction`](crate::ErrorFunction), all bounded, the unbounded
/// [`Asinh`](crate::Asinh) and [`Identity`](crate::Identity), and [`Power`](crate::Power), which does the opposite. A function
/// of one's own needs five methods; [`check_contract`](crate::check_contract) says whether they fit together.
///
/// Every method takes any number, infinities included: ψ(±∞) = ±sup ψ, and NaN gives NaN. Implementations mark the
/// methods `#[inline(always)]`, or the loops over arrays do not vectorise.
pub trait CompandingFunction<T: Scalar>: Copy + Send + Sync {
    /// ψ(u).
    fn value(&self, u: T) -> T;

    /// ψ'(u) ≥ 0.
    fn derivative(&self, u: T) -> T;

    /// ψ''(u).
    fn second_derivative(&self, u: T) -> T;

    /// ψ⁻¹(t) for |t| < sup ψ; what lies outside is the caller's mistake, and gives NaN or an infinity.
    fn inverse(&self, t: T) -> T;

    /// sup ψ; infinity when ψ is unbounded.
    fn supremum(&self) -> T;

    /// u ψ'(u): how much the value changes with the logarithm of the width (up to the sign). The provided form is the
    /// product, 0 at infinity; override it where u ψ'(u) is finite while ψ' underflows.
    #[inline(always)]
    fn elasticity(&self, u: T) -> T {
        let product = u * self.derivative(u);
        if u.abs() == T::infinity() { T::zero() } else { product }
    }

    /// The ratio σ/b above which normal latent weights of deviation σ become effective weights that avoid zero (a density
    /// with two modes): √(ψ'(0)/-ψ'''(0)). The provided form differences ψ'.
    fn critical_deviation(&self) -> T {
        let h = <T as Scalar>::from_f64(1e-3);
        let peak = self.derivative(T::zero());
        let third = (self.derivative(h) - peak) / h / h * <T as Scalar>::from_f64(2.0);
        (peak / -third).sqrt()
    }

    /// M(u) = ∫₀ᵘ dt / ψ'(t), the mirror map in units of b²/a (section 3 of the method's page).
    ///
    /// The provided form integrates numerically to about 1e-13 while the integrand is finite.
    fn mirror(&self, u: T) -> T {
        crate::quadrature::odd_integral(u, |t| T::one() / self.derivative(t))
    }

    /// P(u) = ∫₀ᵘ M(t) ψ'(t) dt, the potential in units of b².
    ///
    /// The provided form integrates by parts, P = M ψ - ∫ ψ/ψ', numerically.
    fn potential(&self, u: T) -> T {
        let u = u.abs();
        let mirror = self.mirror(u);
        if !mirror.is_finite() {
            return mirror;
        }
        mirror * self.value(u) - crate::quadrature::odd_integral(u, |t| self.value(t) / self.derivative(t))
    }

    /// The u with M(u) = m. The provided form is a safeguarded Newton iteration; M' = 1/ψ'.
    fn inverse_mirror(&self, m: T) -> T {
        crate::geometry::inverse_mirror(self, m)
    }
}
