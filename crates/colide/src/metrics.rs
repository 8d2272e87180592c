//! How far an estimated graph is from the true one.

use crate::{Dag, Error, Graph, Result, cpdag};
use core_tensor::{check_finite, check_range, check_shape, check_square};
use ndarray::{ArrayRef1, ArrayRef2};

/// Edge counts of an estimate against the true DAG, and the rates made of them; see [`compare`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GraphMetrics {
    /// Structural Hamming distance: pairs adjacent in one graph only, plus reversed edges.
    pub shd: usize,
    /// False discovery rate, (reversed + false positives) / max(predicted, 1).
    pub fdr: f64,
    /// True positive rate, true positives / max(true edges, 1).
    pub tpr: f64,
    /// False positive rate, (reversed + false positives) / max(d (d − 1) / 2 − true edges, 1).
    pub fpr: f64,
    /// Number of estimated edges; an undirected one counts once.
    pub predicted: usize,
    /// Estimated edges of the true direction, and undirected ones on a pair that is adjacent in truth.
    pub true_positives: usize,
    /// Directed estimated edges of which truth has the reverse.
    pub reversed: usize,
    /// Estimated edges on pairs that are not adjacent in truth.
    pub false_positives: usize,
    /// Pairs that are adjacent in truth but not in the estimate.
    pub missing: usize,
}

/// Compares an estimate B with the true DAG A (both d × d).
///
/// A holds zeros and ones; `[[i, j]] = 1` is i -> j. B may moreover hold −1, once per undirected edge (a CPDAG).
///
/// # Errors
/// [`Error::NotAdjacency`] for other entries or two entries on one undirected edge; [`Error::Cyclic`] for a cycle of
/// directed edges in either; shapes that differ.
pub fn compare(truth: &ArrayRef2<f64>, estimate: &ArrayRef2<f64>) -> Result<GraphMetrics> {
    let d = check_pair(truth, estimate)?;
    Dag::from_adjacency("truth", truth)?;
    check_estimate(estimate)?;
    let mut counts = [0_usize; 6];
    let [edges, predicted, true_positives, reversed, false_positives, missing] = &mut counts;
    for i in 0..d {
        for j in i + 1..d {
            let (forth, back) = (truth[[i, j]] == 1.0, truth[[j, i]] == 1.0);
            let adjacent = forth || back;
            let (down, up) = (estimate[[i, j]], estimate[[j, i]]);
            *edges += usize::from(adjacent);
            if down == 0.0 && up == 0.0 {
                *missing += usize::from(adjacent);
                continue;
            }
            *predicted += 1;
            let undirected = down == -1.0 || up == -1.0;
            if !adjacent {
                *false_positives += 1;
            } else if undirected || (down == 1.0) == forth {
                *true_positives += 1;
            } else {
                *reversed += 1;
            }
        }
    }
    let wrong = (*reversed + *false_positives) as f64;
    let empty_pairs = (d * d.saturating_sub(1) / 2).saturating_sub(*edges);
    Ok(GraphMetrics {
        shd: *reversed + *false_positives + *missing,
        fdr: wrong / (*predicted).max(1) as f64,
        tpr: *true_positives as f64 / (*edges).max(1) as f64,
        fpr: wrong / empty_pairs.max(1) as f64,
        predicted: *predicted,
        true_positives: *true_positives,
        reversed: *reversed,
        false_positives: *false_positives,
        missing: *missing,
    })
}

/// SHD-C: the number of unordered pairs whose status (none, ->, <-, --) differs between the CPDAGs of two DAGs (d × d,
/// zeros and ones).
///
/// # Errors
/// [`Error::NotAdjacency`], [`Error::Cyclic`], or shapes that differ.
pub fn shd_cpdag(truth: &ArrayRef2<f64>, estimate: &ArrayRef2<f64>) -> Result<usize> {
    let d = check_pair(truth, estimate)?;
    let (a, b) = (cpdag(truth)?.adjacency, cpdag(estimate)?.adjacency);
    let pairs = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
    Ok(pairs.filter(|&(i, j)| (a[[i, j]], a[[j, i]]) != (b[[i, j]], b[[j, i]])).count())
}

/// Mean relative error of the noise variances, `mean_j |σ̂_j² − σ_j²| / σ_j²`, from standard deviations (d each; one
/// entry each for EV).
///
/// # Errors
/// Lengths that differ or are 0, entries that are not finite, a true deviation that is not positive.
pub fn noise_error(estimate: &ArrayRef1<f64>, truth: &ArrayRef1<f64>) -> Result<f64> {
    if truth.is_empty() {
        return Err(core_tensor::Error::Empty { argument: "truth", expected: "entry" }.into());
    }
    check_shape("estimate", estimate, truth.shape(), "there is one deviation for each true one")?;
    check_finite("estimate", estimate)?;
    for &sigma in truth {
        check_range("truth", sigma, sigma > 0.0 && sigma.is_finite(), "finite and > 0")?;
    }
    let errors = estimate.iter().zip(truth).map(|(&found, &sigma)| ((found / sigma).powi(2) - 1.0).abs());
    Ok(errors.sum::<f64>() / truth.len() as f64)
}

pub(crate) fn check_pair(truth: &ArrayRef2<f64>, estimate: &ArrayRef2<f64>) -> Result<usize> {
    let d = check_square("truth", truth)?;
    check_shape("estimate", estimate, &[d, d], "it must have the shape of `truth`")?;
    Ok(d)
}

fn check_estimate(estimate: &ArrayRef2<f64>) -> Result<()> {
    for ((row, column), &found) in estimate.indexed_iter() {
        let bad = |expected| Err(Error::NotAdjacency { argument: "estimate", row, column, found, expected });
        if !(found == 0.0 || found == 1.0 || found == -1.0) {
            return bad("0, 1 and -1");
        }
        if found == -1.0 && (row == column || estimate[[column, row]] != 0.0) {
            return bad("-1 once per undirected edge, off the diagonal, with 0 in the other direction");
        }
    }
    let directed = estimate.indexed_iter().filter(|&(_, &b)| b == 1.0).map(|(edge, _)| edge);
    Dag::from_graph("estimate", Graph::from_edges(estimate.nrows(), directed))?;
    Ok(())
}
