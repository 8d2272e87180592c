//! Drawing a structural equation model.

use super::{GraphModel, LinearSem, NoiseLaw};
use crate::Result;
use core_tensor::{Error, check_range};
use ndarray::{Array1, Array2};
use rand::{Rng, RngExt};

/// How a random linear structural equation model is drawn.
///
/// | setting | default | meaning |
/// | --- | --- | --- |
/// | `graph` | | [`GraphModel`] |
/// | `weights` | ±[0.5, 2] | [`WeightRange`]; the heteroscedastic experiments of CoLiDE use ±[0.25, 1] |
/// | `noise` | Gaussian | [`NoiseLaw`] |
/// | `variance` | equal, 1 | [`NoiseVariance`] |
#[derive(Debug, Clone, PartialEq)]
pub struct SemModel {
    graph: GraphModel,
    weights: WeightRange,
    noise: NoiseLaw,
    variance: NoiseVariance,
}

/// Weights uniform on [−high, −low] ∪ [low, high], each sign with probability 1/2, independently for each edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightRange {
    /// Smallest absolute weight; positive, so that every edge has a weight.
    pub low: f64,
    /// Largest absolute weight; at least `low`.
    pub high: f64,
}

/// The noise variances of the variables.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum NoiseVariance {
    /// Homoscedastic (EV): one value, positive.
    Equal(f64),
    /// Heteroscedastic (NV): independent and uniform on [low, high], 0 < low ≤ high. The papers use [0.5, 10].
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

impl SemModel {
    /// A model with the given graphs, weights in ±[0.5, 2] and Gaussian noise of variance 1.
    pub fn new(graph: GraphModel) -> Self {
        Self {
            graph,
            weights: WeightRange { low: 0.5, high: 2.0 },
            noise: NoiseLaw::Gaussian,
            variance: NoiseVariance::Equal(1.0),
        }
    }

    /// Absolute weights uniform on [low, high].
    pub fn weights(mut self, low: f64, high: f64) -> Self {
        self.weights = WeightRange { low, high };
        self
    }

    /// Another noise law.
    pub fn noise(mut self, noise: NoiseLaw) -> Self {
        self.noise = noise;
        self
    }

    /// Other noise variances.
    pub fn variance(mut self, variance: NoiseVariance) -> Self {
        self.variance = variance;
        self
    }

    /// Draws a model on `nodes` nodes (d). The same seed gives the same model, bit for bit.
    ///
    /// # Errors
    /// [`Error::Empty`] for d = 0, [`Error::OutOfRange`] for a setting outside its legal range.
    pub fn generate(&self, nodes: usize, seed: u64) -> Result<LinearSem> {
        if nodes == 0 {
            return Err(Error::Empty { argument: "nodes", expected: "node" }.into());
        }
        check_range("nodes", nodes as f64, nodes <= 1 << 24, "at most 2^24")?;
        self.check()?;
        let mut rng = core_tensor::random::rng(seed);
        let edges = self.graph.draw(nodes, &mut rng)?;
        let mut weights = Array2::zeros((nodes, nodes));
        for (cause, effect) in edges {
            weights[[cause, effect]] = self.weights.draw(&mut rng);
        }
        let noise_variance = Array1::from_shape_simple_fn(nodes, || self.variance.draw(&mut rng));
        LinearSem::new(weights, noise_variance, self.noise)
    }

    fn check(&self) -> Result<()> {
        let WeightRange { low, high } = self.weights;
        check_range("weights.low", low, low > 0.0 && low.is_finite(), "finite and > 0")?;
        check_range("weights.high", high, high >= low && high.is_finite(), "finite and at least `weights.low`")?;
        match self.variance {
            NoiseVariance::Equal(v) => check_range("variance", v, v > 0.0 && v.is_finite(), "finite and > 0")?,
            NoiseVariance::Uniform { low, high } => {
                check_range("variance.low", low, low > 0.0 && low.is_finite(), "finite and > 0")?;
                check_range(
                    "variance.high",
                    high,
                    high >= low && high.is_finite(),
                    "finite and at least `variance.low`",
                )?;
            }
        }
        Ok(())
    }
}

impl WeightRange {
    fn draw<R: Rng>(self, rng: &mut R) -> f64 {
        let size = uniform(self.low, self.high, rng);
        if rng.random::<bool>() { size } else { -size }
    }
}

impl NoiseVariance {
    fn draw<R: Rng>(self, rng: &mut R) -> f64 {
        match self {
            Self::Equal(v) => v,
            Self::Uniform { low, high } => uniform(low, high, rng),
        }
    }
}

fn uniform<R: Rng>(low: f64, high: f64, rng: &mut R) -> f64 {
    (low + (high - low) * rng.random::<f64>()).min(high)
}
