//! Hyperparameters with their ranges.

use crate::Result;
use core_tensor::{check_range, check_shape};
use ndarray::ArrayRef1;

/// What values a hyperparameter may take; its unconstrained form u is what is tuned.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Range {
    /// a + (b - a) σ(u).
    Interval {
        /// a.
        low: f64,
        /// b > a.
        high: f64,
    },
    /// a + softplus(u).
    AtLeast(f64),
    /// b - softplus(u).
    AtMost(f64),
    /// u.
    Free,
}

impl Range {
    fn check(self) -> Result<()> {
        match self {
            Self::Interval { low, high } => {
                check_range("low", low, low.is_finite(), "finite")?;
                check_range("high", high, high.is_finite() && high > low, "finite and above `low`")?;
            }
            Self::AtLeast(end) | Self::AtMost(end) => check_range("end", end, end.is_finite(), "finite")?,
            Self::Free => {}
        }
        Ok(())
    }

    /// The constrained value.
    #[must_use]
    pub fn value(self, u: f64) -> f64 {
        match self {
            Self::Interval { low, high } => (low + (high - low) * logistic(u)).max(low).min(high),
            Self::AtLeast(low) => low + softplus(u),
            Self::AtMost(high) => high - softplus(u),
            Self::Free => u,
        }
    }

    /// The unconstrained form of a value strictly inside the range.
    ///
    /// # Errors
    /// A value outside the open range.
    pub fn unconstrained(self, value: f64) -> Result<f64> {
        self.check()?;
        let inside = match self {
            Self::Interval { low, high } => value > low && value < high,
            Self::AtLeast(low) => value > low && value.is_finite(),
            Self::AtMost(high) => value < high && value.is_finite(),
            Self::Free => value.is_finite(),
        };
        check_range("value", value, inside, "strictly inside the range")?;
        Ok(match self {
            Self::Interval { low, high } => ((value - low) / (high - value)).ln(),
            Self::AtLeast(low) => softplus_inverse(value - low),
            Self::AtMost(high) => softplus_inverse(high - value),
            Self::Free => value,
        })
    }
}

/// A hyperparameter as a user describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperparameter {
    pub(crate) name: String,
    pub(crate) range: Range,
    pub(crate) start: f64,
    pub(crate) discrete: bool,
    pub(crate) shared: bool,
}

impl Hyperparameter {
    /// With its name, range, and a start strictly inside it.
    ///
    /// # Errors
    /// An empty range, a start outside it.
    pub fn new(name: impl Into<String>, range: Range, start: f64) -> Result<Self> {
        range.unconstrained(start)?;
        Ok(Self { name: name.into(), range, start, discrete: false, shared: false })
    }

    /// Takes whole values: the floor.
    #[must_use]
    pub fn discrete(mut self) -> Self {
        self.discrete = true;
        self
    }

    /// Cannot differ between the examples of a batch, as weight decay: all of them get the first one's perturbation.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value that regularisers see for an unconstrained u.
    #[must_use]
    pub fn value(&self, u: f64) -> f64 {
        let value = self.range.value(u);
        if self.discrete { value.floor() } else { value }
    }
}

/// log(1 + eᵘ), in overflow-safe form.
#[must_use]
pub fn softplus(u: f64) -> f64 {
    u.max(0.0) + (-u.abs()).exp().ln_1p()
}

/// The u with softplus(u) = v > 0; -∞ at 0, NaN below.
#[must_use]
pub fn softplus_inverse(v: f64) -> f64 {
    // ln(eᵛ - 1), of which either end is lost otherwise.
    if v > 1.0 { v + (-(-v).exp()).ln_1p() } else { v.exp_m1().ln() }
}

pub(crate) fn logistic(u: f64) -> f64 {
    if u >= 0.0 {
        1.0 / (1.0 + (-u).exp())
    } else {
        let e = u.exp();
        e / (1.0 + e)
    }
}

/// Σ log(σᵢ √(2 π e)) with σ = softplus(s): the entropy of the perturbations.
#[must_use]
pub fn entropy(scales: &ArrayRef1<f64>) -> f64 {
    let constant = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln();
    scales.iter().map(|&s| softplus(s).ln() + constant).sum()
}

/// Its gradient in s.
///
/// # Errors
/// Another length.
pub fn entropy_gradient_into(scales: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> Result<()> {
    check_shape("gradient", gradient, &[scales.len()], "there is one per scale")?;
    gradient.iter_mut().zip(scales).for_each(|(g, &s)| *g = logistic(s) / softplus(s));
    Ok(())
}
