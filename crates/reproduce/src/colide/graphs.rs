//! The synthetic data of the paper: Erdős–Rényi graphs, Gaussian noise.

use crate::experiment::Outcome;
use colide::{Covariance, covariance};
use datasets::sem::{GraphModel, LinearSem, NoiseVariance, SemModel};
use ndarray::Array2;

/// Rows of each data set unless said otherwise.
pub(super) const ROWS: usize = 1000;

/// Where the noise variances come from; the weights follow the paper's protocol for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Noise {
    /// One variance for all; weights ±[0.5, 2].
    Equal(f64),
    /// Uniform on [0.5, 10]; weights ±[0.25, 1].
    Uniform,
}

/// A true model and data drawn from it.
pub(super) struct Sample {
    pub(super) sem: LinearSem,
    pub(super) x: Array2<f64>,
    pub(super) covariance: Covariance,
}

/// `rows` rows of an ER-k model on d nodes. The seed gives the model; the rows come from a stream of their own.
pub(super) fn draw(d: usize, edges_per_node: f64, noise: Noise, rows: usize, seed: u64) -> Outcome<Sample> {
    let model = SemModel::new(GraphModel::ErdosRenyi { edges_per_node });
    let model = match noise {
        Noise::Equal(variance) => model.variance(NoiseVariance::Equal(variance)),
        Noise::Uniform => model.weights(0.25, 1.0).variance(NoiseVariance::Uniform { low: 0.5, high: 10.0 }),
    };
    let sem = model.generate(d, seed)?;
    let x = sem.sample(rows, seed + 1_000_000)?;
    let covariance = covariance(&x)?;
    Ok(Sample { sem, x, covariance })
}
