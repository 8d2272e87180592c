//! From weights to a directed acyclic graph (section "post-processing" of the method).

use crate::components::strongly_connected_components;
use crate::{Graph, NodeSet, Result};
use core_tensor::{check_finite, check_range, check_square};
use ndarray::{Array2, ArrayRef2};

/// Sets the entries with `|w| <= threshold` to zero (d × d).
///
/// # Errors
/// W not square or not finite; `threshold` not finite or negative.
pub fn threshold(w: &ArrayRef2<f64>, threshold: f64) -> Result<Array2<f64>> {
    check_weights(w)?;
    check_range("threshold", threshold, threshold >= 0.0 && threshold.is_finite(), "finite and >= 0")?;
    Ok(w.map(|&w| if w.abs() > threshold { w } else { 0.0 }))
}

/// Removes edges one at a time in increasing |w| until the graph is acyclic, whether or not they lie on a cycle.
///
/// Ties go in row-major order. This is the reference's rule; [`drop_only_cycle_edges`] keeps at least as many edges.
///
/// # Errors
/// W not square or not finite.
pub fn prune(w: &ArrayRef2<f64>) -> Result<Array2<f64>> {
    let d = check_weights(w)?;
    let edges = sorted_edges(w);
    let keep = smallest(edges.len(), |removed| is_acyclic(d, &edges[removed..]));
    Ok(with_edges(w, &edges[keep..]))
}

/// [`threshold`], then [`prune`]: the reference's way to a DAG. The paper's threshold is 0.3.
///
/// # Errors
/// Those of [`threshold`].
pub fn threshold_and_prune(w: &ArrayRef2<f64>, level: f64) -> Result<Array2<f64>> {
    prune(&threshold(w, level)?)
}

/// The smallest t, zero or some |w|, such that dropping all entries with `|w| <= t` leaves a DAG. O(d² log d).
///
/// # Errors
/// W not square or not finite.
pub fn min_dag_threshold(w: &ArrayRef2<f64>) -> Result<f64> {
    let d = check_weights(w)?;
    let edges = sorted_edges(w);
    let mut levels: Vec<f64> = std::iter::once(0.0).chain(edges.iter().map(|edge| edge.2)).collect();
    levels.dedup();
    let over = |level: f64| edges.partition_point(|edge| edge.2 <= level);
    let index = smallest(levels.len() - 1, |index| is_acyclic(d, &edges[over(levels[index])..]));
    Ok(levels[index])
}

/// Removes, in increasing |w|, only edges that lie on a cycle (both ends in one strongly connected component, which is
/// looked at anew after each removal), until the graph is acyclic. Ties go in row-major order.
///
/// # Errors
/// W not square or not finite.
pub fn drop_only_cycle_edges(w: &ArrayRef2<f64>) -> Result<Array2<f64>> {
    let d = check_weights(w)?;
    let mut dag = with_edges(w, &sorted_edges(w));
    let mut open = vec![((0..d).collect::<Vec<usize>>(), sorted_edges(w))];
    let mut label = vec![usize::MAX; d];
    while let Some((nodes, edges)) = open.pop() {
        // Split by component; edges between components stay for good.
        let mut local = vec![usize::MAX; d];
        for (position, &node) in nodes.iter().enumerate() {
            local[node] = position;
        }
        let graph = Graph::from_edges(nodes.len(), edges.iter().map(|&(i, j, _)| (local[i], local[j])));
        for (number, component) in strongly_connected_components(&graph).into_iter().enumerate() {
            for &member in &component {
                label[nodes[member]] = number;
            }
            let inside = |i: usize, j: usize| label[i] == number && label[j] == number;
            let within: Vec<Edge> = edges.iter().copied().filter(|&(i, j, _)| inside(i, j)).collect();
            if !within.is_empty() {
                // While the component holds together all of its edges lie on cycles: they go one after the other.
                let members: Vec<usize> = component.iter().map(|&member| nodes[member]).collect();
                let removed = smallest(within.len(), |removed| !is_strong(&members, &within[removed..], d)).max(1);
                for &(i, j, _) in &within[..removed] {
                    dag[[i, j]] = 0.0;
                }
                open.push((members, within[removed..].to_vec()));
            }
            for &member in &component {
                label[nodes[member]] = usize::MAX;
            }
        }
    }
    Ok(dag)
}

/// Inserts edges in decreasing |w| and skips each that would close a cycle: a maximal acyclic subset. Ties go in
/// reversed row-major order, so that the edge [`prune`] would remove first comes last.
///
/// # Errors
/// W not square or not finite.
pub fn greedy_acyclic_subset(w: &ArrayRef2<f64>) -> Result<Array2<f64>> {
    let d = check_weights(w)?;
    let mut dag = Array2::zeros((d, d));
    // reach[i]: nodes with a path from i so far, with i itself.
    let mut reach: Vec<NodeSet> = (0..d).map(|i| NodeSet::from_nodes(d, [i])).collect();
    for &(i, j, _) in sorted_edges(w).iter().rev() {
        if reach[j].contains(i) {
            continue;
        }
        dag[[i, j]] = w[[i, j]];
        if !reach[i].contains(j) {
            let gained = reach[j].clone();
            for from in reach.iter_mut().filter(|from| from.contains(i) && !from.contains(j)) {
                from.union_with(&gained);
            }
        }
    }
    Ok(dag)
}

/// Cause, effect, |w|.
type Edge = (usize, usize, f64);

fn check_weights(w: &ArrayRef2<f64>) -> Result<usize> {
    let d = check_square("w", w)?;
    check_finite("w", w)?;
    Ok(d)
}

/// The edges by increasing |w|, ties in row-major order.
fn sorted_edges(w: &ArrayRef2<f64>) -> Vec<Edge> {
    let entries = w.indexed_iter().filter(|&(_, &w)| w != 0.0);
    let mut edges: Vec<Edge> = entries.map(|((i, j), &w)| (i, j, w.abs())).collect();
    edges.sort_by(|a, b| a.2.total_cmp(&b.2));
    edges
}

/// The smallest index in `0..=last` where `holds` becomes true; it must hold at `last` and never turn false again.
fn smallest(last: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

fn is_acyclic(nodes: usize, edges: &[Edge]) -> bool {
    Graph::from_edges(nodes, edges.iter().map(|&(i, j, _)| (i, j))).topological_order().is_some()
}

/// True when every member reaches every other, and a single member itself.
fn is_strong(members: &[usize], edges: &[Edge], nodes: usize) -> bool {
    let graph = Graph::from_edges(nodes, edges.iter().map(|&(i, j, _)| (i, j)));
    let Some(&first) = members.first() else { return false };
    let (down, up) = (graph.descendants(first), graph.ancestors(first));
    members.iter().all(|&node| down.contains(node) && up.contains(node))
}

fn with_edges(w: &ArrayRef2<f64>, edges: &[Edge]) -> Array2<f64> {
    let mut kept = Array2::zeros(w.raw_dim());
    for &(i, j, _) in edges {
        kept[[i, j]] = w[[i, j]];
    }
    kept
}
