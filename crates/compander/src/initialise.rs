//! Companders for weights that a usual initialisation draws.

use crate::{CompandedWeight, Compander, CompandingFunction, OutOfBound, Result};
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{ArrayRef, Axis, RemoveAxis};

/// How wide a compander's bound is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum BoundRule {
    /// B = c σ₀ for weights that were drawn with standard deviation σ₀.
    Deviation {
        /// σ₀ > 0.
        deviation: f64,
        /// c > 0; 1 to 3 regularises from strongly to gently.
        multiple: f64,
    },
    /// B = c r for weights that were drawn uniformly from [-r, r].
    Uniform {
        /// r > 0.
        limit: f64,
        /// c, above 1 for no clipping.
        multiple: f64,
    },
    /// B = c times the root mean square of the weights themselves, of the layer or of each channel.
    Measured {
        /// c > 0.
        multiple: f64,
    },
    /// B as given.
    Fixed(f64),
}

/// Whether a layer has one compander or one for each output channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Scope {
    /// One for all weights.
    #[default]
    Layer,
    /// One for each index of axis 0.
    Channel,
}

/// Makes the companded form of freshly drawn weights: effective weights follow the network's usual initialisation, within
/// the bound.
///
/// ```
/// use compander::{Arctan, Initialisation};
/// use ndarray::Array2;
///
/// // He's initialisation for 64 inputs; a draw of it stands here as a formula.
/// let drawn = Array2::from_shape_fn((128, 64), |(i, j)| ((i * 64 + j) as f64 * 0.7).sin() * 0.25);
/// let (layer, clipped) = Initialisation::he(64)?.companded(Arctan, &drawn)?;
/// assert_eq!(clipped, 0);
/// assert!((layer.companders()[0].bound() - 3.0 * (2.0_f64 / 64.0).sqrt()).abs() < 1e-15);
/// # Ok::<(), compander::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Initialisation {
    bound: BoundRule,
    gain: f64,
    policy: OutOfBound,
    scope: Scope,
}

impl Initialisation {
    /// A bound by rule, slope 1 at zero, clipping at 0.999 of the bound, one compander.
    pub fn new(bound: BoundRule) -> Self {
        Self { bound, gain: 1.0, policy: OutOfBound::default(), scope: Scope::Layer }
    }

    /// For He's initialisation, σ₀ = √(2/inputs), with B = 3 σ₀.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when `inputs` is 0.
    pub fn he(inputs: usize) -> Result<Self> {
        Self::drawn(2.0, inputs)
    }

    /// For Glorot's initialisation, σ₀ = √(2/(inputs + outputs)), with B = 3 σ₀.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when both are 0.
    pub fn glorot(inputs: usize, outputs: usize) -> Result<Self> {
        Self::drawn(2.0, inputs.saturating_add(outputs))
    }

    /// For weights drawn uniformly from ±1/√inputs, with B = 1.25 of that.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when `inputs` is 0.
    pub fn uniform(inputs: usize) -> Result<Self> {
        check_range("inputs", inputs as f64, inputs > 0, "at least 1")?;
        Ok(Self::new(BoundRule::Uniform { limit: (inputs as f64).sqrt().recip(), multiple: 1.25 }))
    }

    fn drawn(scale: f64, inputs: usize) -> Result<Self> {
        check_range("inputs", inputs as f64, inputs > 0, "at least 1")?;
        Ok(Self::new(BoundRule::Deviation { deviation: (scale / inputs as f64).sqrt(), multiple: 3.0 }))
    }

    /// Another multiple c of the rule; for a fixed bound, the bound itself is multiplied.
    #[must_use]
    pub fn multiple(mut self, c: f64) -> Self {
        match &mut self.bound {
            BoundRule::Deviation { multiple, .. }
            | BoundRule::Uniform { multiple, .. }
            | BoundRule::Measured { multiple } => {
                *multiple = c;
            }
            BoundRule::Fixed(bound) => *bound *= c,
        }
        self
    }

    /// The slope κ at zero; default 1, so that early training resembles the plain network's. 1 to 4 is sensible.
    #[must_use]
    pub fn gain(mut self, gain: f64) -> Self {
        self.gain = gain;
        self
    }

    /// What happens to drawn weights beyond the bound; default: they are moved to 0.999 of it.
    #[must_use]
    pub fn out_of_bound(mut self, policy: OutOfBound) -> Self {
        self.policy = policy;
        self
    }

    /// One compander or one for each channel; default one.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// The companders for these weights: one, or one for each index of axis 0.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when a weight is not finite, the rule's numbers are not finite and positive, or
    /// a channel of measured weights is all zero.
    pub fn companders<T: Scalar, D: RemoveAxis, F: CompandingFunction<T>>(
        &self,
        function: F,
        weights: &ArrayRef<T, D>,
    ) -> Result<Vec<Compander<T, F>>> {
        check_finite("weights", weights)?;
        let positive = |argument, x: f64| check_range(argument, x, x > 0.0 && x.is_finite(), "finite and > 0");
        positive("gain", self.gain)?;
        let make = |bound: f64| -> Result<Compander<T, F>> {
            positive("bound", bound)?;
            Compander::with_bound(function, <T as Scalar>::from_f64(bound), <T as Scalar>::from_f64(self.gain))
        };
        let multiple = match self.bound {
            BoundRule::Deviation { deviation, multiple } => return self.repeated(make(deviation * multiple)?, weights),
            BoundRule::Uniform { limit, multiple } => return self.repeated(make(limit * multiple)?, weights),
            BoundRule::Fixed(bound) => return self.repeated(make(bound)?, weights),
            BoundRule::Measured { multiple } => multiple,
        };
        match self.scope {
            Scope::Layer => Ok(vec![make(multiple * root_mean_square(weights))?]),
            Scope::Channel => weights.outer_iter().map(|channel| make(multiple * root_mean_square(&channel))).collect(),
        }
    }

    /// The companded layer for these weights, and how many of them were clipped.
    ///
    /// # Errors
    /// As [`Initialisation::companders`] and [`CompandedWeight::from_weights`].
    pub fn companded<T: Scalar, D: RemoveAxis, F: CompandingFunction<T>>(
        &self,
        function: F,
        weights: &ArrayRef<T, D>,
    ) -> Result<(CompandedWeight<T, D, F>, usize)> {
        CompandedWeight::from_weights(weights, self.companders(function, weights)?, self.policy)
    }

    /// The layer whose *latent* values are these weights: their effective deviation is then smaller than the drawn one (see
    /// [`Compander::calibrated_deviation`] for companders that keep it).
    ///
    /// # Errors
    /// As [`Initialisation::companders`].
    pub fn direct<T: Scalar, D: RemoveAxis, F: CompandingFunction<T>>(
        &self,
        function: F,
        weights: &ArrayRef<T, D>,
    ) -> Result<CompandedWeight<T, D, F>> {
        CompandedWeight::new(weights.to_owned(), self.companders(function, weights)?)
    }

    fn repeated<T: Scalar, D: RemoveAxis, F: CompandingFunction<T>>(
        &self,
        compander: Compander<T, F>,
        weights: &ArrayRef<T, D>,
    ) -> Result<Vec<Compander<T, F>>> {
        let count = match self.scope {
            Scope::Layer => 1,
            Scope::Channel => weights.len_of(Axis(0)),
        };
        Ok(vec![compander; count])
    }
}

fn root_mean_square<T: Scalar, D: ndarray::Dimension>(weights: &ArrayRef<T, D>) -> f64 {
    let squares: f64 = weights.iter().map(|&w| Scalar::to_f64(w).powi(2)).sum();
    (squares / weights.len().max(1) as f64).sqrt()
}
