//! The paper's problems in the crate's types.

use crate::experiment::Outcome;
use bcd::{Graph, LabelPropagation};
use core_optim::design::CscMatrix;
use datasets::bcd::{SparseColumns, lattice_d, moons};

/// A design of the bundled generators.
pub(super) fn design(columns: SparseColumns) -> Outcome<CscMatrix<f64>> {
    Ok(CscMatrix::new(columns.rows, columns.starts, columns.indices, columns.values)?)
}

/// Set D with its size.
pub(super) fn lattice() -> Outcome<(LabelPropagation<f64>, usize, usize)> {
    let grid = lattice_d();
    let graph = Graph::lattice(grid.rows, grid.columns, grid.weight)?;
    Ok((LabelPropagation::new(&graph, &grid.labels)?, grid.rows, grid.columns))
}

/// Set E: labels are the classes 1 and 2.
pub(super) fn two_moons() -> Outcome<LabelPropagation<f64>> {
    let moons = moons();
    let edges: Vec<(usize, usize, f64)> = moons.edges.iter().map(|&(i, j)| (i, j, 1.0)).collect();
    let graph = Graph::new(moons.class.len(), &edges)?;
    let labels: Vec<(usize, f64)> = moons.labelled.iter().map(|&i| (i, f64::from(moons.class[i]))).collect();
    Ok(LabelPropagation::new(&graph, &labels)?)
}

/// An n × n grid with about 4 % of the nodes labelled by ±1 or so, the same for every run.
pub(super) fn large_lattice(n: usize) -> Outcome<LabelPropagation<f64>> {
    let graph = Graph::lattice(n, n, 1.0)?;
    let mut random = datasets::mersenne::MersenneTwister::new(2);
    let labels = (0..n * n).filter(|_| random.uniform() < 0.04).collect::<Vec<_>>();
    let labels: Vec<(usize, f64)> = labels.into_iter().map(|node| (node, random.normal())).collect();
    Ok(LabelPropagation::new(&graph, &labels)?)
}
