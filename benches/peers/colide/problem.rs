//! The problems that both sides solve.

use crate::Outcome;
use ndarray::Array2;
use ndarray_npy::{read_npy, write_npy};
use orthant_benches::sem;
use serde_json::{Value, json};
use std::path::Path;

/// Nodes, and how many graphs. DAGMA needs minutes at d = 200.
pub(crate) const SIZES: [(usize, u64); 4] = [(20, 3), (50, 3), (100, 2), (200, 1)];
/// Rows of each.
pub(crate) const ROWS: usize = 1000;
/// Weight of the l1 norm, and threshold, on both sides.
pub(crate) const SPARSITY: f64 = 0.05;
pub(crate) const THRESHOLD: f64 = 0.3;

/// One data set.
pub(crate) struct Problem {
    pub(crate) name: String,
    pub(crate) nodes: usize,
    seed: u64,
}

/// All of them, the small ones first.
pub(crate) fn problems() -> Vec<Problem> {
    let of_size =
        |(nodes, graphs)| (1..=graphs).map(move |seed| Problem { name: format!("{nodes}-{seed}"), nodes, seed });
    SIZES.into_iter().flat_map(of_size).collect()
}

impl Problem {
    /// The data (rows × nodes).
    pub(crate) fn data(&self, folder: &Path) -> Outcome<Array2<f64>> {
        Ok(read_npy(folder.join(format!("x-{}.npy", self.name)))?)
    }

    /// The true graph (nodes × nodes of 0 and 1).
    pub(crate) fn truth(&self) -> Outcome<Array2<f64>> {
        Ok(sem::model(self.nodes, 4.0, self.seed)?.adjacency())
    }

    /// The weights (nodes × nodes) that a method has written.
    pub(crate) fn weights(&self, folder: &Path, method: &str) -> Outcome<Array2<f64>> {
        Ok(read_npy(folder.join(format!("{method}-{}.npy", self.name)))?)
    }

    pub(crate) fn write_weights(&self, folder: &Path, method: &str, weights: &Array2<f64>) -> Outcome<()> {
        Ok(write_npy(folder.join(format!("{method}-{}.npy", self.name)), weights)?)
    }
}

/// Writes the data and the list of problems.
pub(crate) fn prepare(folder: &Path) -> Outcome<()> {
    let mut list: Vec<Value> = Vec::new();
    for problem in problems() {
        let Problem { name, nodes, seed } = &problem;
        let x = sem::model(*nodes, 4.0, *seed)?.sample(ROWS, seed + 1_000_000)?;
        write_npy(folder.join(format!("x-{name}.npy")), &x)?;
        list.push(json!({"name": name, "nodes": nodes}));
    }
    Ok(std::fs::write(folder.join("problems.json"), Value::from(list).to_string())?)
}
