//! Range and width that are trained with the network.

use crate::{Compander, CompandingFunction, Error, Result, ShapeGradient};
use core_tensor::{Scalar, check_range, check_shape};
use ndarray::{ArrayRef, Dimension};

/// Beyond e^±60 a logarithm is refused: no network has such weights.
const LARGEST_LOGARITHM: f64 = 60.0;

/// The logarithms α = ln a and β = ln b as trainable numbers, so that range and width stay positive.
///
/// Left alone, the range tends to escape: the network learns a larger a and with it loses the regularisation. Anchor it,
/// bound it, let it decay, or free it late: see [`ShapeTraining`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LearnedShape {
    log_range: f64,
    log_width: f64,
    start: (f64, f64),
    steps: usize,
}

/// How [`LearnedShape`] moves. Gradients are those of the loss plus
/// `μ (α - α₀)² + ν (β - β₀)² + δ a²`; then α is brought back into the limits of a.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShapeTraining {
    /// The learning rate of α and β; a tenth of the network's is a good start.
    pub learning_rate: f64,
    /// μ, which draws the range back to where it began. Default 0.
    pub range_anchor: f64,
    /// ν, the same for the width. Default 0.
    pub width_anchor: f64,
    /// δ, which shrinks the range. Default 0.
    pub range_decay: f64,
    /// Least and largest range a. Default none.
    pub range_limits: Option<(f64, f64)>,
    /// Steps before anything moves. Default 0.
    pub warm_up: usize,
}

impl ShapeTraining {
    /// Plain descent with this learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, range_anchor: 0.0, width_anchor: 0.0, range_decay: 0.0, range_limits: None, warm_up: 0 }
    }

    fn check(&self) -> Result<()> {
        for (argument, found) in [
            ("learning_rate", self.learning_rate),
            ("range_anchor", self.range_anchor),
            ("width_anchor", self.width_anchor),
            ("range_decay", self.range_decay),
        ] {
            check_range(argument, found, found >= 0.0 && found.is_finite(), "finite and >= 0")?;
        }
        if let Some((least, largest)) = self.range_limits {
            check_range("range_limits", least, least > 0.0 && least <= largest, "positive and increasing")?;
            check_range("range_limits", largest, largest.is_finite(), "finite")?;
        }
        Ok(())
    }
}

impl LearnedShape {
    /// Starts from the shape of a compander.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] when a or b lies outside e^±60.
    pub fn new<T: Scalar, F: CompandingFunction<T>>(compander: &Compander<T, F>) -> Result<Self> {
        let (range, width) = (Scalar::to_f64(compander.range()), Scalar::to_f64(compander.width()));
        let (log_range, log_width) = (range.ln(), width.ln());
        if log_range.abs() <= LARGEST_LOGARITHM && log_width.abs() <= LARGEST_LOGARITHM {
            Ok(Self { log_range, log_width, start: (log_range, log_width), steps: 0 })
        } else {
            Err(Error::InvalidShape { range, width })
        }
    }

    /// α = ln a and β = ln b.
    pub fn logarithms(&self) -> (f64, f64) {
        (self.log_range, self.log_width)
    }

    /// The compander of the present shape.
    ///
    /// # Errors
    /// [`Error::InvalidShape`] when T cannot hold it.
    pub fn compander<T: Scalar, F: CompandingFunction<T>>(&self, function: F) -> Result<Compander<T, F>> {
        let number = |log: f64| <T as Scalar>::from_f64(log.exp());
        Compander::new(function, number(self.log_range), number(self.log_width))
    }

    /// dL/dα = a dL/da and dL/dβ = b dL/db.
    pub fn gradient(&self, shape: ShapeGradient) -> (f64, f64) {
        (self.log_range.exp() * shape.range, self.log_width.exp() * shape.width)
    }

    /// One step down the gradient of the loss and the penalties.
    ///
    /// # Errors
    /// [`Error::Argument`] for numbers of `training` that are not legal or a gradient that is not finite; nothing moves then.
    pub fn step(&mut self, training: &ShapeTraining, shape: ShapeGradient) -> Result<()> {
        training.check()?;
        check_range("shape.range", shape.range, shape.range.is_finite(), "finite")?;
        check_range("shape.width", shape.width, shape.width.is_finite(), "finite")?;
        self.steps += 1;
        if self.steps <= training.warm_up {
            return Ok(());
        }
        let (mut range, mut width) = self.gradient(shape);
        range += 2.0 * training.range_anchor * (self.log_range - self.start.0);
        range += 2.0 * training.range_decay * (2.0 * self.log_range).exp();
        width += 2.0 * training.width_anchor * (self.log_width - self.start.1);
        let inside = |log: f64| log.clamp(-LARGEST_LOGARITHM, LARGEST_LOGARITHM);
        self.log_range = inside(self.log_range - training.learning_rate * range);
        self.log_width = inside(self.log_width - training.learning_rate * width);
        if let Some((least, largest)) = training.range_limits {
            self.log_range = self.log_range.clamp(least.ln(), largest.ln());
        }
        Ok(())
    }
}

/// |⟨w, G⟩| / (‖w‖ ‖G‖): how much of the upstream gradient is along the weights, which is all that a range can use, since
/// dL/dα = ⟨w, G⟩. Near zero at every step (below 1e-3, say), a normalisation layer behind this one undoes the range: freeze
/// it. 0 when either vanishes.
///
/// # Errors
/// [`Error::Argument`] when the shapes differ.
pub fn range_leverage<T: Scalar, D: Dimension>(weights: &ArrayRef<T, D>, upstream: &ArrayRef<T, D>) -> Result<f64> {
    check_shape("upstream", upstream, weights.shape(), "`weights` has that shape")?;
    let (mut product, mut left, mut right) = (0.0, 0.0, 0.0);
    for (&w, &g) in weights.iter().zip(upstream.iter()) {
        let (w, g) = (Scalar::to_f64(w), Scalar::to_f64(g));
        product += w * g;
        left += w * w;
        right += g * g;
    }
    let norms = left.sqrt() * right.sqrt();
    Ok(if norms > 0.0 { product.abs() / norms } else { 0.0 })
}
