//! Do variances, or explained variances, alone give the causal order away?

use crate::cholesky::Cholesky;
use crate::covariance::check_covariance;
use crate::{Dag, NodeSet, Result};
use core_tensor::check_shape;
use ndarray::{Array1, ArrayRef2};

/// Varsortability: of all pairs (i, j) with a directed path of exactly k edges, k = 1, 2, …, the share with
/// Var(i) < Var(j); ties count 1/2. `None` without edges.
///
/// Near 1 a baseline that sorts by variance finds the order without any structure learning.
///
/// `w`: the DAG, d × d, `w[[i, j]] != 0` for i -> j. `covariance`: d × d.
///
/// # Errors
/// [`crate::Error::Cyclic`], a covariance that is none, or shapes that differ.
pub fn varsortability(w: &ArrayRef2<f64>, covariance: &ArrayRef2<f64>) -> Result<Option<f64>> {
    let dag = checked(w, covariance)?;
    Ok(sortability(&dag, &covariance.diag().to_owned()))
}

/// R²-sortability: the same share with each variable's coefficient of determination, regressed on all others, in place
/// of its variance. It does not depend on units. `None` without edges.
///
/// `w`: the DAG, d × d, `w[[i, j]] != 0` for i -> j. `covariance`: d × d.
///
/// # Errors
/// [`crate::Error::Cyclic`], a covariance that is none, or shapes that differ.
pub fn r2_sortability(w: &ArrayRef2<f64>, covariance: &ArrayRef2<f64>) -> Result<Option<f64>> {
    let dag = checked(w, covariance)?;
    Ok(sortability(&dag, &r_squared(covariance)))
}

/// `R²_j = 1 − 1 / (C_jj (C⁻¹)_jj)`, from the correlation matrix; 0 for a constant variable. A singular matrix is
/// inverted with 1e-12 added to the diagonal of the correlations.
fn r_squared(covariance: &ArrayRef2<f64>) -> Array1<f64> {
    let deviation = covariance.diag().mapv(f64::sqrt);
    let mut correlation = covariance.to_owned();
    for ((i, j), value) in correlation.indexed_iter_mut() {
        let constant = !(deviation[i] > 0.0 && deviation[j] > 0.0);
        *value = match (i == j, constant) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => *value / deviation[i] / deviation[j],
        };
    }
    let inverse = match Cholesky::ridged(correlation, 1e-12) {
        Some((factor, _)) => factor.inverse_diagonal(),
        None => Array1::ones(deviation.len()),
    };
    inverse.mapv(|v| 1.0 - 1.0 / v)
}

fn sortability(dag: &Dag, score: &Array1<f64>) -> Option<f64> {
    const TOLERANCE: f64 = 1e-9;
    let graph = dag.graph();
    let d = graph.nodes();
    let mut count = 0.0;
    let mut sorted = 0.0;
    for i in 0..d {
        // The nodes at the end of a path of exactly k edges.
        let mut ends = NodeSet::from_nodes(d, [i]);
        while !ends.is_empty() {
            let mut next = NodeSet::new(d);
            for &child in ends.iter().flat_map(|node| graph.children(node)) {
                if next.insert(child) {
                    count += 1.0;
                    if score[child] > score[i] * (1.0 + TOLERANCE) {
                        sorted += 1.0;
                    } else if score[child] >= score[i] * (1.0 - TOLERANCE) {
                        sorted += 0.5;
                    }
                }
            }
            ends = next;
        }
    }
    (count > 0.0).then(|| sorted / count)
}

fn checked(w: &ArrayRef2<f64>, covariance: &ArrayRef2<f64>) -> Result<Dag> {
    let d = check_covariance("covariance", covariance)?;
    check_shape("w", w, &[d, d], "it must have the shape of `covariance`")?;
    Dag::from_weights("w", w)
}
