//! Noise laws.

use rand::{Rng, RngExt};
use rand_distr::{Exp1, StandardNormal};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The law of a noise variable with a given variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NoiseLaw {
    /// Normal with mean 0.
    #[default]
    Gaussian,
    /// Exponential with scale √v; its mean √v is not removed.
    Exponential,
    /// Laplace with scale √(v / 2) and mean 0.
    Laplace,
    /// Gumbel with scale √(6 v) / π; its mean 0.5772 √(6 v) / π is not removed.
    Gumbel,
}

impl NoiseLaw {
    /// Mean of the law with standard deviation `deviation`.
    pub fn mean(self, deviation: f64) -> f64 {
        const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
        match self {
            Self::Gaussian | Self::Laplace => 0.0,
            Self::Exponential => deviation,
            Self::Gumbel => EULER_GAMMA * deviation * 6.0_f64.sqrt() / PI,
        }
    }

    /// One draw with standard deviation `deviation`.
    pub(crate) fn draw<R: Rng>(self, deviation: f64, rng: &mut R) -> f64 {
        let standard = match self {
            Self::Gaussian => rng.sample(StandardNormal),
            Self::Exponential => rng.sample(Exp1),
            Self::Laplace => {
                let size: f64 = rng.sample(Exp1);
                FRAC_1_SQRT_2 * if rng.random::<bool>() { size } else { -size }
            }
            Self::Gumbel => {
                let exponential: f64 = rng.sample(Exp1);
                -exponential.max(f64::MIN_POSITIVE).ln() * 6.0_f64.sqrt() / PI
            }
        };
        deviation * standard
    }
}
