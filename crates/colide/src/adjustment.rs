//! Adjustment sets: which covariates turn a regression into a causal effect.

use crate::separation::{Arrival, Walks};
use crate::{Dag, Graph, NodeSet, Result};
use ndarray::ArrayRef2;

/// True when adjusting for Z gives the total effect of `cause` on `effect` in every model on the DAG (d × d,
/// `dag[[i, j]] != 0` for i -> j): Z has no descendant of a node on a directed path between the two (`cause` itself
/// apart), and blocks every other path. A set that holds `cause` or `effect` is never valid. O(d + e).
///
/// # Errors
/// [`crate::Error::UnknownNode`], [`crate::Error::Cyclic`], or a matrix that is not square and finite.
pub fn is_valid_adjustment(dag: &ArrayRef2<f64>, cause: usize, effect: usize, z: &[usize]) -> Result<bool> {
    let dag = Dag::from_weights("dag", dag)?;
    dag.graph().check_node("cause", cause)?;
    dag.graph().check_node("effect", effect)?;
    for &node in z {
        dag.graph().check_node("z", node)?;
    }
    let given = NodeSet::from_nodes(dag.graph().nodes(), z.iter().copied());
    let disjoint = cause != effect && !given.contains(cause) && !given.contains(effect);
    Ok(disjoint && !misjudged(&dag, cause, &given).contains(effect))
}

/// The optimal adjustment set (O-set) of a pair in a DAG (d × d, `dag[[i, j]] != 0` for i -> j): among all valid sets
/// the one whose estimate varies least. It is the parents of the nodes on directed paths from `cause` to `effect`, less
/// those nodes, their descendants and `cause`. `None` when there is no directed path: the total effect is 0.
///
/// # Errors
/// [`crate::Error::UnknownNode`], [`crate::Error::Cyclic`], or a matrix that is not square and finite.
pub fn optimal_adjustment_set(dag: &ArrayRef2<f64>, cause: usize, effect: usize) -> Result<Option<Vec<usize>>> {
    let dag = Dag::from_weights("dag", dag)?;
    dag.graph().check_node("cause", cause)?;
    dag.graph().check_node("effect", effect)?;
    Ok(o_set(dag.graph(), cause, effect).map(|set| set.iter().collect()))
}

/// The O-set of a pair, `None` without a directed path.
pub(crate) fn o_set(graph: &Graph, cause: usize, effect: usize) -> Option<NodeSet> {
    let after = graph.descendants(cause);
    if !after.contains(effect) {
        return None;
    }
    let d = graph.nodes();
    let causal = after.intersection(&graph.with_ancestors(&NodeSet::from_nodes(d, [effect])));
    let forbidden = graph.with_descendants(&causal);
    let mut set = NodeSet::new(d);
    for node in causal.iter() {
        for &parent in graph.parents(node) {
            if parent != cause && !forbidden.contains(parent) {
                set.insert(parent);
            }
        }
    }
    Some(set)
}

/// The nodes whose total effect from `cause` adjusting for `given` gets wrong: those that a forbidden member makes
/// wrong, and those that an open path other than a directed one leads to. (`given` must not hold `cause`; says nothing
/// about its own members.) O(d + e) for all nodes together.
pub(crate) fn misjudged(dag: &Dag, cause: usize, given: &NodeSet) -> NodeSet {
    let graph = dag.graph();
    let mut walks = Walks::new(dag, given, Some(cause));
    for &parent in graph.parents(cause) {
        walks.arrive(parent, Arrival::FromChild);
    }
    for &child in graph.children(cause) {
        walks.arrive(child, Arrival::Causal);
    }
    walks.run();
    // A descendant of the cause with a descendant in `given` spoils every effect that it is an ancestor of.
    let spoiling = graph.descendants(cause).intersection(walks.opened());
    let mut wrong = graph.with_descendants(&spoiling);
    for node in 0..graph.nodes() {
        if walks.reached(node) {
            wrong.insert(node);
        }
    }
    wrong
}
