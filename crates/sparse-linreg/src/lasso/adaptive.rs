//! The adaptive Lasso.

use super::elastic_net::ElasticNet;
use super::path::Path;
use crate::Design;
use crate::error::{Result, check_not_negative, check_positive};
use core_tensor::check_finite;
use ndarray::{Array1, ArrayRef1};

/// The Lasso with penalty factors pⱼ = 1 / max(|w⁰ⱼ|, ε)^γ from a first estimate w⁰ (Zou 2006): large coefficients are shrunk less.
///
/// The factors multiply those of the given [`ElasticNet`], whose weights, bounds and scales hold for both steps.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdaptiveLasso {
    lasso: ElasticNet,
    initial: Initial,
    gamma: f64,
    epsilon: f64,
}

/// The first estimate w⁰.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Initial {
    /// Ridge at this level.
    Ridge(f64),
    /// The Lasso at this level.
    Lasso(f64),
    /// Given coefficients (d), on the scale of the data.
    Coefficients(Array1<f64>),
}

/// 1 / max(|wⱼ|, ε)^γ (d).
///
/// # Errors
/// Coefficients that are not finite; γ < 0; ε ≤ 0.
pub fn adaptive_factors(w: &ArrayRef1<f64>, gamma: f64, epsilon: f64) -> Result<Array1<f64>> {
    check_finite("w", w)?;
    check_not_negative("gamma", gamma)?;
    check_positive("epsilon", epsilon)?;
    Ok(w.mapv(|w| w.abs().max(epsilon).powf(-gamma)))
}

impl AdaptiveLasso {
    /// With the settings of `lasso` and a first estimate; γ = 1, ε = 1e-6.
    pub fn new(lasso: ElasticNet, initial: Initial) -> Self {
        Self { lasso, initial, gamma: 1.0, epsilon: 1e-6 }
    }

    /// The exponent γ ≥ 0.
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }

    /// The smallest size ε > 0 of a first coefficient.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// The Lasso of the second step.
    ///
    /// # Errors
    /// As [`ElasticNet::fit`]; γ < 0; ε ≤ 0.
    pub fn second_step(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<ElasticNet> {
        let first = |alpha: f64, lambda: f64| {
            let mut config = self.lasso.clone();
            config.alpha = alpha;
            Ok::<_, crate::Error>(config.fit(x, y, lambda)?.coefficients)
        };
        let w = match &self.initial {
            Initial::Ridge(lambda) => first(0.0, *lambda)?,
            Initial::Lasso(lambda) => first(1.0, *lambda)?,
            Initial::Coefficients(w) => w.clone(),
        };
        let mut factors = adaptive_factors(&w, self.gamma, self.epsilon)?;
        if let Some(p) = &self.lasso.penalty_factors
            && p.len() == factors.len()
        {
            factors *= p;
        }
        Ok(self.lasso.clone().penalty_factors(factors))
    }

    /// The path of the second step.
    ///
    /// # Errors
    /// As [`second_step`](Self::second_step).
    pub fn fit_path(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<Path> {
        self.second_step(x, y)?.fit_path(x, y)
    }
}
