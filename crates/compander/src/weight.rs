//! The weights of one layer: latent values, their companders, and the effective weights they make.

use crate::arrays::{check_no_nan, position};
use crate::{Arctan, Compander, CompandingFunction, Error, MomentumStep, Result, ShapeGradient, WeightReport};
use core_tensor::{Scalar, check_shape};
use ndarray::{Array, ArrayRef, Axis, Dimension, RemoveAxis};

/// What to do with a weight that no latent value maps to.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum OutOfBound {
    /// Refuse it.
    Refuse,
    /// Move it to this fraction ρ of the bound, 0 < ρ < 1; counted.
    Clip(f64),
}

impl Default for OutOfBound {
    /// Clip at 0.999 of the bound.
    fn default() -> Self {
        Self::Clip(0.999)
    }
}

/// The companded weights of one layer, of any dimension: a matrix (outputs × inputs), a kernel (outputs × inputs × height ×
/// width), …
///
/// There is one compander for the whole layer or one for each output channel (axis 0). The latent values are the
/// parameters that an optimiser changes; the effective weights are kept beside them, so that reading them costs nothing.
///
/// ```
/// use compander::{Compander, CompandedWeight, OutOfBound};
/// use ndarray::array;
///
/// let plain = array![[0.3, -0.1], [0.05, 0.7]];
/// let compander = Compander::with_bound(compander::Arctan, 0.6, 1.0)?;
/// let (mut layer, clipped) = CompandedWeight::from_weights(&plain, vec![compander], OutOfBound::default())?;
/// assert_eq!(clipped, 1);
///
/// // One step of an optimiser on the latent values.
/// let upstream = array![[0.2, 0.0], [-0.1, 0.4]];
/// let (gradient, _) = layer.backward(&upstream)?;
/// layer.update(|latent| latent.scaled_add(-0.1, &gradient));
///
/// // For inference: plain weights again, all within the bound.
/// let folded = layer.fold();
/// assert!(folded.iter().all(|w: &f64| w.abs() < 0.6));
/// # Ok::<(), compander::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound = "T: Scalar + serde::Serialize, D: Dimension + serde::Serialize, F: serde::Serialize")
)]
pub struct CompandedWeight<T, D: Dimension, F = Arctan> {
    latent: Array<T, D>,
    companders: Vec<Compander<T, F>>,
    #[cfg_attr(feature = "serde", serde(skip))]
    effective: Array<T, D>,
}

impl<T: Scalar, D: RemoveAxis, F: CompandingFunction<T>> CompandedWeight<T, D, F> {
    /// From latent values, with one compander or one for each index of axis 0.
    ///
    /// # Errors
    /// [`Error::Channels`] for another number of companders, [`Error::NotANumber`] for NaN.
    pub fn new(latent: Array<T, D>, companders: Vec<Compander<T, F>>) -> Result<Self> {
        check_channels(&companders, latent.len_of(Axis(0)))?;
        check_no_nan("latent", &latent)?;
        let effective = latent.clone();
        let mut layer = Self { latent, companders, effective };
        layer.refresh();
        Ok(layer)
    }

    /// The layer whose effective weights are `weights`, and how many had to be clipped.
    ///
    /// # Errors
    /// [`Error::Channels`] for a wrong number of companders; [`Error::Unreachable`] for a weight at or beyond the bound
    /// (under [`OutOfBound::Refuse`]) or not finite; [`Error::Argument`] for a fraction outside (0, 1).
    pub fn from_weights(
        weights: &ArrayRef<T, D>,
        companders: Vec<Compander<T, F>>,
        policy: OutOfBound,
    ) -> Result<(Self, usize)> {
        check_channels(&companders, weights.len_of(Axis(0)))?;
        let mut layer = Self { latent: weights.to_owned(), companders, effective: weights.to_owned() };
        let clipped = layer.set_weights(weights, policy)?;
        Ok((layer, clipped))
    }

    /// Gives the layer other effective weights, through the inverse; returns how many were clipped.
    ///
    /// # Errors
    /// As [`CompandedWeight::from_weights`], and [`Error::Argument`] for another shape; the layer is unchanged then.
    pub fn set_weights(&mut self, weights: &ArrayRef<T, D>, policy: OutOfBound) -> Result<usize> {
        check_shape("weights", weights, self.latent.shape(), "the layer has that shape")?;
        if let OutOfBound::Clip(fraction) = policy {
            let legal = fraction > 0.0 && fraction < 1.0;
            core_tensor::check_range("clip fraction", fraction, legal, "> 0 and < 1")?;
        }
        let mut clipped = 0;
        let mut latent = Vec::with_capacity(weights.len());
        let channel = weights.len() / weights.len_of(Axis(0)).max(1);
        for (flat, &w) in weights.iter().enumerate() {
            let compander = &self.companders[if self.companders.len() == 1 { 0 } else { flat / channel }];
            let limit = match policy {
                OutOfBound::Clip(fraction) => <T as Scalar>::from_f64(fraction) * compander.bound(),
                OutOfBound::Refuse => T::infinity(),
            };
            let mut inside = w;
            if w.abs() > limit && w.is_finite() {
                clipped += 1;
                inside = limit.copysign(w);
            }
            latent.push(compander.inverse(inside).map_err(|error| located(error, weights.shape(), flat, w))?);
        }
        // Logical order, which is that of a new array of the same shape.
        self.latent.iter_mut().zip(latent).for_each(|(place, v)| *place = v);
        self.refresh();
        Ok(clipped)
    }

    /// The latent values v.
    pub fn latent(&self) -> &Array<T, D> {
        &self.latent
    }

    /// The effective weights w = a ψ(v/b).
    pub fn weights(&self) -> &Array<T, D> {
        &self.effective
    }

    /// One compander, or one for each index of axis 0.
    pub fn companders(&self) -> &[Compander<T, F>] {
        &self.companders
    }

    /// Lets `change` alter the latent values, then makes the effective weights anew.
    pub fn update(&mut self, change: impl FnOnce(&mut ArrayRef<T, D>)) {
        change(&mut self.latent);
        self.refresh();
    }

    /// Gives the layer other companders with the same latent values: the step of learned shapes.
    ///
    /// # Errors
    /// [`Error::Channels`] for another number of companders than 1 or the length of axis 0.
    pub fn set_companders(&mut self, companders: Vec<Compander<T, F>>) -> Result<()> {
        check_channels(&companders, self.latent.len_of(Axis(0)))?;
        self.companders = companders;
        self.refresh();
        Ok(())
    }

    /// Writes dL/dv to `gradient` and dL/da, dL/db of each compander to `shapes`, for the upstream gradient dL/dw. Does
    /// not allocate.
    ///
    /// # Errors
    /// [`Error::Argument`] when a shape differs, [`Error::Channels`] unless there are as many `shapes` as companders,
    /// [`Error::NotANumber`] when `upstream` holds NaN; nothing is written then.
    pub fn backward_into(
        &self,
        upstream: &ArrayRef<T, D>,
        gradient: &mut ArrayRef<T, D>,
        shapes: &mut [ShapeGradient],
    ) -> Result<()> {
        check_shape("upstream", upstream, self.latent.shape(), "the layer has that shape")?;
        check_shape("gradient", gradient, self.latent.shape(), "the layer has that shape")?;
        if shapes.len() != self.companders.len() {
            return Err(Error::Channels { companders: shapes.len(), channels: self.companders.len() });
        }
        check_no_nan("upstream", upstream)?;
        if let ([compander], [shape]) = (&*self.companders, &mut *shapes) {
            *shape = compander.backward_into(&self.latent, &self.effective, upstream, gradient)?;
            return Ok(());
        }
        let channels = self.latent.outer_iter().zip(self.effective.outer_iter()).zip(upstream.outer_iter());
        let channels = channels.zip(gradient.outer_iter_mut()).zip(&self.companders).zip(shapes);
        for (((((v, w), upstream), mut gradient), compander), shape) in channels {
            *shape = compander.backward_into(&v, &w, &upstream, &mut gradient)?;
        }
        Ok(())
    }

    /// Allocating form of [`CompandedWeight::backward_into`].
    ///
    /// # Errors
    /// The same.
    pub fn backward(&self, upstream: &ArrayRef<T, D>) -> Result<(Array<T, D>, Vec<ShapeGradient>)> {
        let mut gradient = self.latent.clone();
        let mut shapes = vec![ShapeGradient::default(); self.companders.len()];
        self.backward_into(upstream, &mut gradient, &mut shapes)?;
        Ok((gradient, shapes))
    }

    /// A whole step of gradient descent with momentum in one pass: see [`Compander::momentum_step`].
    ///
    /// # Errors
    /// As [`CompandedWeight::backward_into`], and for a step whose numbers are not legal.
    pub fn momentum_step(
        &mut self,
        step: &MomentumStep,
        velocity: &mut ArrayRef<T, D>,
        upstream: &ArrayRef<T, D>,
        shapes: &mut [ShapeGradient],
    ) -> Result<()> {
        check_shape("velocity", velocity, self.latent.shape(), "the layer has that shape")?;
        check_shape("upstream", upstream, self.latent.shape(), "the layer has that shape")?;
        if shapes.len() != self.companders.len() {
            return Err(Error::Channels { companders: shapes.len(), channels: self.companders.len() });
        }
        check_no_nan("upstream", upstream)?;
        if let ([compander], [shape]) = (&*self.companders, &mut *shapes) {
            *shape = compander.momentum_step(step, &mut self.latent, &mut self.effective, velocity, upstream)?;
            return Ok(());
        }
        let channels = self.latent.outer_iter_mut().zip(self.effective.outer_iter_mut()).zip(velocity.outer_iter_mut());
        let channels = channels.zip(upstream.outer_iter()).zip(&self.companders).zip(shapes);
        for (((((mut v, mut w), mut velocity), upstream), compander), shape) in channels {
            *shape = compander.momentum_step(step, &mut v, &mut w, &mut velocity, &upstream)?;
        }
        Ok(())
    }

    /// The plain weights; latent values and companders are dropped.
    pub fn fold(self) -> Array<T, D> {
        self.effective
    }

    /// Figures of the layer's weights, for a layer with one compander; with one for each channel, those of plain weights.
    ///
    /// # Errors
    /// [`Error::Argument`] when the layer is empty or a latent value is infinite.
    pub fn report(&self) -> Result<WeightReport> {
        match &*self.companders {
            [compander] => WeightReport::companded(compander, &self.latent),
            _ => WeightReport::new(&self.effective),
        }
    }

    fn refresh(&mut self) {
        if let [compander] = &*self.companders {
            compander.fill(&self.latent, &mut self.effective);
            return;
        }
        let channels = self.latent.outer_iter().zip(self.effective.outer_iter_mut()).zip(&self.companders);
        for ((v, mut w), compander) in channels {
            compander.fill(&v, &mut w);
        }
    }
}

/// Makes the effective weights anew, and refuses what [`CompandedWeight::new`] would.
#[cfg(feature = "serde")]
impl<'de, T, D, F> serde::Deserialize<'de> for CompandedWeight<T, D, F>
where
    T: Scalar + serde::Deserialize<'de>,
    D: RemoveAxis + serde::Deserialize<'de>,
    F: CompandingFunction<T> + serde::Deserialize<'de>,
{
    fn deserialize<De: serde::Deserializer<'de>>(deserializer: De) -> std::result::Result<Self, De::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename = "CompandedWeight")]
        #[serde(bound = "T: Scalar + serde::Deserialize<'de>, D: RemoveAxis + serde::Deserialize<'de>, \
                         F: CompandingFunction<T> + serde::Deserialize<'de>")]
        struct Written<T, D: Dimension, F> {
            latent: Array<T, D>,
            companders: Vec<Compander<T, F>>,
        }
        let written = Written::<T, D, F>::deserialize(deserializer)?;
        Self::new(written.latent, written.companders).map_err(serde::de::Error::custom)
    }
}

/// One compander serves all channels, whatever their number.
fn check_channels<T, F>(companders: &[Compander<T, F>], channels: usize) -> Result<()> {
    if companders.len() == 1 || companders.len() == channels {
        Ok(())
    } else {
        Err(Error::Channels { companders: companders.len(), channels })
    }
}

fn located<T: Scalar>(error: Error, shape: &[usize], flat: usize, found: T) -> Error {
    match error {
        Error::Unreachable { bound, .. } => Error::Unreachable {
            argument: "weights",
            found: Scalar::to_f64(found),
            index: position(shape, flat),
            bound,
        },
        other => other,
    }
}
