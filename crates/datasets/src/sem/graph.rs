//! Random directed acyclic graphs.

use crate::Result;
use core_tensor::check_range;
use core_tensor::random::permutation;
use rand::{Rng, RngExt};

/// How the edges of a random DAG are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum GraphModel {
    /// ER-k: every pair of nodes is joined with probability `p = 2 k d / (d² − d)`, and directed by a random order.
    ErdosRenyi {
        /// Expected number of edges divided by the number of nodes, k; at most (d − 1) / 2.
        edges_per_node: f64,
    },
    /// SF-k, Barabási–Albert: the nodes arrive one after the other; from the (m + 1)-th on each is joined to m = k
    /// earlier ones, drawn with probability proportional to their degree, and points at them (newer -> older). That
    /// makes m (d − m) edges. Labels are then permuted at random.
    ScaleFree {
        /// Number of edges that each new node brings, m; from 1 to d − 1.
        edges_per_node: usize,
    },
}

impl GraphModel {
    /// The edges `(cause, effect)` of one random DAG on `nodes` nodes, without repetition.
    pub(crate) fn draw<R: Rng>(&self, nodes: usize, rng: &mut R) -> Result<Vec<(usize, usize)>> {
        let edges = match *self {
            Self::ErdosRenyi { edges_per_node } => erdos_renyi(nodes, edges_per_node, rng)?,
            Self::ScaleFree { edges_per_node } => scale_free(nodes, edges_per_node, rng)?,
        };
        let labels = permutation(rng, nodes);
        Ok(edges.into_iter().map(|(i, j)| (labels[i], labels[j])).collect())
    }
}

fn erdos_renyi<R: Rng>(nodes: usize, edges_per_node: f64, rng: &mut R) -> Result<Vec<(usize, usize)>> {
    let most = 0.5 * (nodes as f64 - 1.0).max(0.0);
    let legal = edges_per_node >= 0.0 && edges_per_node <= most;
    check_range("edges_per_node", edges_per_node, legal, "at least 0 and at most (d - 1) / 2")?;
    let probability = if most > 0.0 { edges_per_node / most } else { 0.0 };
    let mut edges = Vec::new();
    for i in 0..nodes {
        for j in i + 1..nodes {
            if rng.random::<f64>() < probability {
                edges.push((i, j));
            }
        }
    }
    Ok(edges)
}

fn scale_free<R: Rng>(nodes: usize, m: usize, rng: &mut R) -> Result<Vec<(usize, usize)>> {
    check_range("edges_per_node", m as f64, (1..nodes).contains(&m), "at least 1 and less than the number of nodes")?;
    let mut edges = Vec::with_capacity(m * (nodes - m));
    // Each node stands in `ends` once per edge it has, so a uniform draw from it is a draw by degree.
    let mut ends: Vec<usize> = Vec::with_capacity(2 * m * (nodes - m));
    let mut targets: Vec<usize> = (0..m).collect();
    for new in m..nodes {
        for &old in &targets {
            edges.push((new, old));
            ends.extend([new, old]);
        }
        targets.clear();
        while targets.len() < m {
            let old = ends[rng.random_range(0..ends.len())];
            if !targets.contains(&old) {
                targets.push(old);
            }
        }
    }
    Ok(edges)
}
