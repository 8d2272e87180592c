//! Problems of structure learning from a fixed seed.

use colide::{Covariance, covariance};
use datasets::sem::{GraphModel, LinearSem, SemModel};
use ndarray::Array2;

/// A linear model on an Erdős–Rényi graph with weights ±[0.5, 2] and Gaussian noise of variance 1.
///
/// # Errors
/// More edges per node than the graph can have.
pub fn model(nodes: usize, edges_per_node: f64, seed: u64) -> Result<LinearSem, datasets::Error> {
    SemModel::new(GraphModel::ErdosRenyi { edges_per_node }).generate(nodes, seed)
}

/// The covariance of `rows` rows of [`model`] with four edges per node.
///
/// # Errors
/// Fewer than nine nodes, fewer than two rows.
pub fn er4(nodes: usize, rows: usize) -> Result<Covariance, Box<dyn std::error::Error>> {
    Ok(covariance(&data(nodes, rows)?)?)
}

/// `rows` rows of [`model`] with four edges per node (rows × nodes).
///
/// # Errors
/// Fewer than nine nodes.
pub fn data(nodes: usize, rows: usize) -> Result<Array2<f64>, datasets::Error> {
    model(nodes, 4.0, 1)?.sample(rows, 1_000_001)
}
