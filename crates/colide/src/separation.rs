//! d-separation.

use crate::{Dag, NodeSet, Result};
use ndarray::ArrayRef2;

/// True when Z d-separates X from Y in a DAG (d × d, `dag[[i, j]] != 0` for i -> j): no path between them is open given
/// Z, so that X and Y are independent given Z in every model on this graph. O(d + e).
///
/// A node of X or Y that is in Z too is as good as absent; a common node of X and Y outside Z is never separated.
///
/// # Errors
/// [`crate::Error::UnknownNode`], [`crate::Error::Cyclic`], or a matrix that is not square and finite.
///
/// ```
/// // 0 -> 1 <- 2: a collider separates until it is observed.
/// let dag = ndarray::array![[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
/// assert!(colide::d_separated(&dag, &[0], &[2], &[])?);
/// assert!(!colide::d_separated(&dag, &[0], &[2], &[1])?);
/// # Ok::<(), colide::Error>(())
/// ```
pub fn d_separated(dag: &ArrayRef2<f64>, x: &[usize], y: &[usize], z: &[usize]) -> Result<bool> {
    let dag = Dag::from_weights("dag", dag)?;
    for (argument, nodes) in [("x", x), ("y", y), ("z", z)] {
        for &node in nodes {
            dag.graph().check_node(argument, node)?;
        }
    }
    let d = dag.graph().nodes();
    let given = NodeSet::from_nodes(d, z.iter().copied());
    let mut walks = Walks::new(&dag, &given, None);
    for &start in x.iter().filter(|&&start| !given.contains(start)) {
        // Arriving from a child that is not there lets the walk go on in both directions.
        walks.arrive(start, Arrival::FromChild);
    }
    walks.run();
    Ok(!y.iter().any(|&node| !given.contains(node) && walks.reached(node)))
}

/// How a walk comes to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Along an edge out of the node.
    FromChild,
    /// Along an edge into the node, after a turn.
    FromParent,
    /// Along directed edges only, all the way from the start.
    Causal,
}

/// The walks that are open given a set of nodes: non-colliders outside it, colliders in it or with a descendant in it.
pub(crate) struct Walks<'a> {
    dag: &'a Dag,
    given: &'a NodeSet,
    /// `given` and its ancestors: where a collider is open.
    opened: NodeSet,
    /// A node that no walk may come to.
    banned: Option<usize>,
    /// Nodes reached, by arrival.
    seen: [NodeSet; 3],
    open: Vec<(usize, Arrival)>,
}

impl<'a> Walks<'a> {
    pub(crate) fn new(dag: &'a Dag, given: &'a NodeSet, banned: Option<usize>) -> Self {
        let none = NodeSet::new(dag.graph().nodes());
        let opened = dag.graph().with_ancestors(given);
        Self { dag, given, opened, banned, seen: [none.clone(), none.clone(), none], open: Vec::new() }
    }

    pub(crate) fn arrive(&mut self, node: usize, arrival: Arrival) {
        if self.banned != Some(node) && self.seen[arrival as usize].insert(node) {
            self.open.push((node, arrival));
        }
    }

    pub(crate) fn run(&mut self) {
        while let Some((node, arrival)) = self.open.pop() {
            let graph = self.dag.graph();
            let passes = !self.given.contains(node);
            let turns_up = match arrival {
                Arrival::FromChild => passes,
                Arrival::FromParent | Arrival::Causal => self.opened.contains(node),
            };
            if turns_up {
                for &parent in graph.parents(node) {
                    self.arrive(parent, Arrival::FromChild);
                }
            }
            if passes {
                let next = if arrival == Arrival::Causal { Arrival::Causal } else { Arrival::FromParent };
                for &child in graph.children(node) {
                    self.arrive(child, next);
                }
            }
        }
    }

    /// True when an open walk comes to `node` that is not directed all the way.
    pub(crate) fn reached(&self, node: usize) -> bool {
        self.seen[Arrival::FromChild as usize].contains(node) || self.seen[Arrival::FromParent as usize].contains(node)
    }

    /// The nodes that `given` holds or leads to an opening of a collider.
    pub(crate) fn opened(&self) -> &NodeSet {
        &self.opened
    }
}
