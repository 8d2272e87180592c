//! One companding function with its range and width.

use crate::{Arctan, CompandingFunction, Error, Result};
use core_tensor::Scalar;

/// The map from latent weights to effective ones,
///
/// ```text
/// w = a ψ(v / b),      |w| < B = a sup ψ,      slope at zero κ = a ψ'(0)/b
/// ```
///
/// with range parameter a > 0 and width parameter b > 0.
///
/// ```
/// use compander::Compander;
///
/// let compander = Compander::arctan(0.5, 0.25)?;
/// assert_eq!(compander.gain(), 2.0);
/// let w = compander.value(0.1_f64);
/// assert!((compander.inverse(w)? - 0.1).abs() < 1e-15);
/// // A step on v moves a small weight fast and a large one slowly.
/// assert!(compander.effective_learning_rate(0.0)? > 10.0 * compander.effective_learning_rate(0.6)?);
/// # Ok::<(), compander::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Compander<T, F = Arctan> {
    function: F,
    range: T,
    width: T,
}

impl<T: Scalar> Compander<T, Arctan> {
    /// w = a arctan(v/b), the method's default.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] unless `range` and `width` are finite and positive.
    pub fn arctan(range: T, width: T) -> Result<Self> {
        Self::new(Arctan, range, width)
    }
}

impl<T: Scalar, F: CompandingFunction<T>> Compander<T, F> {
    /// w = a ψ(v/b) with range a and width b.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] unless `range` and `width` are finite and positive, and so are their ratio and the bound.
    pub fn new(function: F, range: T, width: T) -> Result<Self> {
        let legal = |x: T| x > T::zero() && x.is_finite();
        let compander = Self { function, range, width };
        let bound = compander.bound();
        if legal(range)
            && legal(width)
            && legal(range / width)
            && (bound.is_finite() || function.supremum() == T::infinity())
        {
            Ok(compander)
        } else {
            Err(Error::InvalidShape { range: Scalar::to_f64(range), width: Scalar::to_f64(width) })
        }
    }

    /// The compander with bound B (for an unbounded function: range B) and slope κ at zero.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] unless both are finite and positive.
    pub fn with_bound(function: F, bound: T, gain: T) -> Result<Self> {
        let supremum = function.supremum();
        let range = if supremum.is_finite() { bound / supremum } else { bound };
        Self::new(function, range, range * function.derivative(T::zero()) / gain)
    }

    /// The function ψ.
    pub fn function(&self) -> F {
        self.function
    }

    /// The range parameter a.
    pub fn range(&self) -> T {
        self.range
    }

    /// The width parameter b.
    pub fn width(&self) -> T {
        self.width
    }

    /// B = a sup ψ, which no weight reaches; infinity when ψ is unbounded.
    pub fn bound(&self) -> T {
        self.range * self.function.supremum()
    }

    /// κ = a ψ'(0)/b, the slope at zero.
    pub fn gain(&self) -> T {
        self.range / self.width * self.function.derivative(T::zero())
    }

    /// w = a ψ(v/b).
    #[inline(always)]
    pub fn value(&self, v: T) -> T {
        self.range * self.function.value(v / self.width)
    }

    /// dw/dv = (a/b) ψ'(v/b).
    #[inline(always)]
    pub fn derivative(&self, v: T) -> T {
        self.range / self.width * self.function.derivative(v / self.width)
    }

    /// d²w/dv² = (a/b²) ψ''(v/b).
    #[inline(always)]
    pub fn second_derivative(&self, v: T) -> T {
        self.range / self.width * self.function.second_derivative(v / self.width) / self.width
    }

    /// dw/da = ψ(v/b).
    #[inline(always)]
    pub fn range_derivative(&self, v: T) -> T {
        self.function.value(v / self.width)
    }

    /// dw/db = -(a/b) u ψ'(u), u = v/b.
    #[inline(always)]
    pub fn width_derivative(&self, v: T) -> T {
        -(self.range / self.width * self.function.elasticity(v / self.width))
    }

    /// v = b ψ⁻¹(w/a), for |w| < B.
    ///
    /// Ill-conditioned near the bound: see [`Compander::inverse_condition`].
    ///
    /// # Errors
    /// [`Error::Unreachable`] for any other w, NaN included.
    pub fn inverse(&self, w: T) -> Result<T> {
        Ok(self.width * self.latent_ratio(w)?)
    }

    /// The relative condition number of the inverse at w = `value(v)`: ψ(u)/(u ψ'(u)), 1 at v = 0. A relative error ε of w
    /// becomes one of about this times ε in v; for the arc tangent it grows like (π/2)|u|.
    pub fn inverse_condition(&self, v: T) -> T {
        let u = v / self.width;
        if u == T::zero() { T::one() } else { self.function.value(u) / self.function.elasticity(u) }
    }

    /// u = ψ⁻¹(w/a).
    pub(crate) fn latent_ratio(&self, w: T) -> Result<T> {
        if w.abs() < self.bound() {
            let t = w / self.range;
            let u = self.function.inverse(t);
            // The rounding of w/a counts in full near the bound: one step of Newton's iteration on what it left.
            let remainder = (-t).mul_add(self.range, w) / self.range;
            let refined = u + remainder / self.function.derivative(u);
            if refined.is_finite() {
                return Ok(refined);
            }
            if u.is_finite() {
                return Ok(u);
            }
        }
        Err(Error::Unreachable {
            argument: "w",
            found: Scalar::to_f64(w),
            index: Vec::new(),
            bound: Scalar::to_f64(self.bound()),
        })
    }
}

/// Read as written, but refused when range and width make no compander.
#[cfg(feature = "serde")]
impl<'de, T, F> serde::Deserialize<'de> for Compander<T, F>
where
    T: Scalar + serde::Deserialize<'de>,
    F: CompandingFunction<T> + serde::Deserialize<'de>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "Compander")]
        struct Written<T, F> {
            function: F,
            range: T,
            width: T,
        }
        let written = Written::deserialize(deserializer)?;
        Self::new(written.function, written.range, written.width).map_err(serde::de::Error::custom)
    }
}
