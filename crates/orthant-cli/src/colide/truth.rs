//! The true graph, and how far the learned one is from it.

use super::settings::square;
use super::words;
use crate::failure::{Failure, Outcome};
use crate::input::{Request, find_name, read_records};
use ndarray::Array2;
use orthant::colide::{compare, shd_cpdag, sid, support};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Distances of the learned graph from the true one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Metrics {
    pub(super) true_edges: usize,
    pub(super) shd: usize,
    pub(super) shd_cpdag: usize,
    pub(super) sid: usize,
    pub(super) fdr: f64,
    pub(super) tpr: f64,
    pub(super) true_positives: usize,
    pub(super) reversed: usize,
    pub(super) false_positives: usize,
    pub(super) missing: usize,
    /// The true edges, as pairs of indices (cause, effect).
    pub(super) edges: Vec<(usize, usize)>,
}

impl Metrics {
    /// Compares learned weights with a true graph of 0 and 1.
    pub(super) fn new(truth: &Array2<f64>, weights: &Array2<f64>, names: &[String]) -> Outcome<Self> {
        let library =
            |error: orthant::colide::Error| Failure::input(format!("--truth: {}", words::failure(&error, names)));
        let learned = support(weights);
        let counts = compare(truth, &learned).map_err(library)?;
        let edges: Vec<(usize, usize)> =
            truth.indexed_iter().filter(|&(_, &value)| value != 0.0).map(|(edge, _)| edge).collect();
        Ok(Self {
            true_edges: edges.len(),
            shd: counts.shd,
            shd_cpdag: shd_cpdag(truth, &learned).map_err(library)?,
            sid: sid(truth, &learned).map_err(library)?,
            fdr: counts.fdr,
            tpr: counts.tpr,
            true_positives: counts.true_positives,
            reversed: counts.reversed,
            false_positives: counts.false_positives,
            missing: counts.missing,
            edges,
        })
    }
}

/// The adjacency matrix of a list of edges.
pub(super) fn of_edges(variables: usize, edges: &[(usize, usize)]) -> Array2<f64> {
    let mut matrix = Array2::zeros((variables, variables));
    for &(cause, effect) in edges {
        matrix[[cause, effect]] = 1.0;
    }
    matrix
}

/// Reads a list of edges (two columns, by name or index, with or without the header `cause,effect`) or a 0/1 matrix.
pub(super) fn read(path: &Path, names: &[String]) -> Outcome<Array2<f64>> {
    let is_npy = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy"));
    if is_npy {
        return square(path, names);
    }
    let (header, rows) = read_records(path, &Request::default())?;
    let pairs = header.as_ref().map_or(rows.first().map(|row| row.1.len()), |header| Some(header.len())) == Some(2);
    let titled =
        header.as_ref().is_some_and(|cells| cells.len() == 2 && !cells.iter().any(|cell| names.contains(cell)));
    if !pairs || (names.len() == 2 && !titled && rows.len() == 2) {
        return square(path, names);
    }
    let mut edges = Vec::with_capacity(rows.len());
    // Names look like a header to the reader; a first row of variables is an edge.
    let first = header.filter(|_| !titled).map(|cells| (1, cells));
    for (line, cells) in first.into_iter().chain(rows) {
        let place = format!("`{}`, row {line}", path.display());
        let cause = find_name(&place, &cells[0], names)?;
        let effect = find_name(&place, &cells[1], names)?;
        edges.push((cause, effect));
    }
    Ok(of_edges(names.len(), &edges))
}
