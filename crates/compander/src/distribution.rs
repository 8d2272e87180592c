//! What a layer's weights look like.

use crate::{Compander, CompandingFunction, Result};
use core_tensor::{Scalar, check_finite};
use ndarray::{ArrayRef, Dimension};

/// From this fraction of the bound on, a weight counts as saturated.
pub(crate) const SATURATED: f64 = 0.95;

/// Figures of a set of weights, comparable between plain and companded layers.
///
/// Companding shows as negative excess kurtosis, few weights near zero and a high participation ratio; strong weight decay
/// as the opposite of all three.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct WeightReport {
    /// Number of weights n.
    pub count: usize,
    /// Standard deviation about the mean.
    pub deviation: f64,
    /// Fourth central moment over the squared variance, less 3; NaN when all weights are equal.
    pub excess_kurtosis: f64,
    /// Fraction of weights with |w| < deviation/10.
    pub near_zero: f64,
    /// max |w| over the deviation.
    pub peak: f64,
    /// (Σw²)²/(n Σw⁴): 1 when all |w| are equal, 1/n when one carries everything.
    pub participation: f64,
    /// Entropy of |w|/Σ|w| over ln n: 1 when all |w| are equal, 0 when one carries everything.
    pub entropy: f64,
    /// What only a companded layer has.
    pub companded: Option<CompandedReport>,
}

/// Figures of a companded layer.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CompandedReport {
    /// Fraction of weights with |w| > 0.95 B; 0 for unbounded functions.
    pub saturated: f64,
    /// Deviation of the latent weights over b, relative to the critical value: above 1, normal latent weights would avoid
    /// zero. For the arc tangent √2 σ/b.
    pub bimodality: f64,
    /// Least, median and largest effective learning rate h = (dw/dv)².
    pub effective_learning_rate: [f64; 3],
}

impl WeightReport {
    /// Of plain weights.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when there are none or one is not finite.
    pub fn new<T: Scalar, D: Dimension>(weights: &ArrayRef<T, D>) -> Result<Self> {
        check_finite("weights", weights)?;
        if weights.is_empty() {
            return Err(core_tensor::Error::Empty { argument: "weights", expected: "entry" }.into());
        }
        let n = weights.len() as f64;
        let largest = weights.iter().fold(0.0, |m: f64, w| m.max(Scalar::to_f64(w.abs())));
        // Scaled by the largest, so that fourth powers neither overflow nor vanish.
        let scale = if largest > 0.0 { largest } else { 1.0 };
        let scaled = || weights.iter().map(|&w| Scalar::to_f64(w) / scale);
        let mean = scaled().sum::<f64>() / n;
        let central = |power: i32| scaled().map(|w| (w - mean).powi(power)).sum::<f64>() / n;
        let (variance, raw) = (central(2), |power: i32| scaled().map(|w| w.powi(power)).sum::<f64>());
        let deviation = variance.sqrt();
        let total: f64 = scaled().map(f64::abs).sum();
        let entropy = -scaled().map(|w| w.abs() / total).filter(|&p| p > 0.0).map(|p| p * p.ln()).sum::<f64>();
        Ok(Self {
            count: weights.len(),
            deviation: deviation * scale,
            excess_kurtosis: central(4) / (variance * variance) - 3.0,
            near_zero: scaled().filter(|w| w.abs() < deviation / 10.0).count() as f64 / n,
            peak: largest / scale / deviation,
            participation: raw(2).powi(2) / (n * raw(4)),
            entropy: if weights.len() == 1 { 1.0 } else { entropy / n.ln() },
            companded: None,
        })
    }

    /// Of the effective weights of `latent` under one compander.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) when there are none or one is not finite.
    pub fn companded<T: Scalar, D: Dimension, F: CompandingFunction<T>>(
        compander: &Compander<T, F>,
        latent: &ArrayRef<T, D>,
    ) -> Result<Self> {
        check_finite("latent", latent)?;
        let weights = compander.compand(latent);
        let report = Self::new(&weights)?;
        let n = latent.len() as f64;
        let edge = <T as Scalar>::from_f64(SATURATED) * compander.bound();
        let mean = latent.iter().map(|&v| Scalar::to_f64(v)).sum::<f64>() / n;
        let variance = latent.iter().map(|&v| (Scalar::to_f64(v) - mean).powi(2)).sum::<f64>() / n;
        let mut rates: Vec<f64> = latent.iter().map(|&v| Scalar::to_f64(compander.derivative(v)).powi(2)).collect();
        rates.sort_by(f64::total_cmp);
        let critical = Scalar::to_f64(compander.function().critical_deviation());
        let companded = CompandedReport {
            saturated: weights.iter().filter(|w| w.abs() > edge).count() as f64 / n,
            bimodality: variance.sqrt() / Scalar::to_f64(compander.width()) / critical,
            effective_learning_rate: [rates[0], rates[rates.len() / 2], rates[rates.len() - 1]],
        };
        Ok(Self { companded: Some(companded), ..report })
    }
}
