//! Distances between DAGs by the interventions they get wrong.

use crate::adjustment::{misjudged, o_set};
use crate::metrics::check_pair;
use crate::{Dag, NodeSet, Result};
use ndarray::ArrayRef2;

/// Structural intervention distance (Peters and Bühlmann 2015) of two DAGs (d × d, zeros and ones): the number of
/// ordered pairs (i, j) whose total effect comes out wrong in `truth` when one adjusts for the parents of i in
/// `estimate`. From 0 to d (d − 1), not symmetric. O(d (d + e)).
///
/// # Errors
/// [`crate::Error::NotAdjacency`], [`crate::Error::Cyclic`], or shapes that differ.
pub fn sid(truth: &ArrayRef2<f64>, estimate: &ArrayRef2<f64>) -> Result<usize> {
    distance(truth, estimate, |estimate, i| {
        let parents = NodeSet::from_nodes(estimate.graph().nodes(), estimate.graph().parents(i).iter().copied());
        (parents.clone(), parents)
    })
}

/// Ancestor adjustment distance: like [`sid`], but one adjusts for all ancestors of i in `estimate`, and pairs without a
/// directed path i -> j in `estimate` claim that there is no effect. O(d (d + e)).
///
/// # Errors
/// [`crate::Error::NotAdjacency`], [`crate::Error::Cyclic`], or shapes that differ.
pub fn ancestor_aid(truth: &ArrayRef2<f64>, estimate: &ArrayRef2<f64>) -> Result<usize> {
    distance(truth, estimate, |estimate, i| {
        let graph = estimate.graph();
        let after = graph.descendants(i);
        let no_effect = (0..graph.nodes()).filter(|&j| !after.contains(j));
        (NodeSet::from_nodes(graph.nodes(), no_effect), graph.ancestors(i))
    })
}

/// Optimal adjustment distance: like [`ancestor_aid`], but one adjusts for the optimal adjustment set of (i, j) in
/// `estimate`. O(d² (d + e)).
///
/// # Errors
/// [`crate::Error::NotAdjacency`], [`crate::Error::Cyclic`], or shapes that differ.
pub fn oset_aid(truth: &ArrayRef2<f64>, estimate: &ArrayRef2<f64>) -> Result<usize> {
    let d = check_pair(truth, estimate)?;
    let (truth, estimate) = (Dag::from_adjacency("truth", truth)?, Dag::from_adjacency("estimate", estimate)?);
    let mut wrong = 0;
    for i in 0..d {
        let after = truth.graph().descendants(i);
        for j in (0..d).filter(|&j| j != i) {
            let is_wrong = match o_set(estimate.graph(), i, j) {
                None => after.contains(j),
                Some(set) => misjudged(&truth, i, &set).contains(j),
            };
            wrong += usize::from(is_wrong);
        }
    }
    Ok(wrong)
}

/// Counts wrong pairs (i, j), where `claims` gives for i the nodes without an effect and the adjustment set for the others.
fn distance(
    truth: &ArrayRef2<f64>,
    estimate: &ArrayRef2<f64>,
    claims: impl Fn(&Dag, usize) -> (NodeSet, NodeSet),
) -> Result<usize> {
    let d = check_pair(truth, estimate)?;
    let (truth, estimate) = (Dag::from_adjacency("truth", truth)?, Dag::from_adjacency("estimate", estimate)?);
    let mut wrong = 0;
    for i in 0..d {
        let (no_effect, given) = claims(&estimate, i);
        let after = truth.graph().descendants(i);
        let misjudged = misjudged(&truth, i, &given);
        let is_wrong = |j: usize| if no_effect.contains(j) { after.contains(j) } else { misjudged.contains(j) };
        wrong += (0..d).filter(|&j| j != i && is_wrong(j)).count();
    }
    Ok(wrong)
}
