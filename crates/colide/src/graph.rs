//! Directed graphs: topological orders, cycles, ancestors and descendants.

use crate::{Error, NodeSet, Result};
use core_tensor::{check_finite, check_square};
use ndarray::{Array2, ArrayRef2};

/// A directed graph on the nodes 0..d, cycles and self-loops allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

/// A directed acyclic graph with one of its topological orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dag {
    graph: Graph,
    order: Vec<usize>,
}

impl Graph {
    /// The graph of a weight matrix W (d × d): `w[[i, j]] != 0` is the edge i -> j. `argument` names W in errors.
    ///
    /// # Errors
    /// [`Error::Argument`] when W is not square or an entry is not finite.
    pub fn from_weights(argument: &'static str, w: &ArrayRef2<f64>) -> Result<Self> {
        let d = check_square(argument, w)?;
        check_finite(argument, w)?;
        Ok(Self::from_edges(d, w.indexed_iter().filter(|&(_, &w)| w != 0.0).map(|(edge, _)| edge)))
    }

    /// The graph with the given edges, each once and with ends in `0..nodes`.
    pub(crate) fn from_edges(nodes: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut graph = Self { parents: vec![Vec::new(); nodes], children: vec![Vec::new(); nodes] };
        for (i, j) in edges {
            graph.children[i].push(j);
            graph.parents[j].push(i);
        }
        graph
    }

    /// Number of nodes, d.
    pub fn nodes(&self) -> usize {
        self.parents.len()
    }

    /// Number of edges.
    pub fn edges(&self) -> usize {
        self.parents.iter().map(Vec::len).sum()
    }

    /// Direct causes of node `j`; empty when there is no such node.
    pub fn parents(&self, j: usize) -> &[usize] {
        self.parents.get(j).map_or(&[], Vec::as_slice)
    }

    /// Direct effects of node `i`; empty when there is no such node.
    pub fn children(&self, i: usize) -> &[usize] {
        self.children.get(i).map_or(&[], Vec::as_slice)
    }

    /// An order with every cause before its effects, or `None` for a cyclic graph. Kahn's algorithm, O(d + e).
    pub fn topological_order(&self) -> Option<Vec<usize>> {
        let order = self.partial_order();
        (order.len() == self.nodes()).then_some(order)
    }

    /// The nodes of one directed cycle in order, the first not repeated; `None` for an acyclic graph. O(d + e).
    pub fn cycle(&self) -> Option<Vec<usize>> {
        let order = self.partial_order();
        let mut left = vec![true; self.nodes()];
        for &node in &order {
            left[node] = false;
        }
        // Every node that is left has a parent that is left: walk upwards until a node comes again.
        let mut node = left.iter().position(|&l| l)?;
        let mut place = vec![usize::MAX; self.nodes()];
        let mut walk = Vec::new();
        while place[node] == usize::MAX {
            place[node] = walk.len();
            walk.push(node);
            node = self.parents[node].iter().copied().find(|&p| left[p])?;
        }
        let mut cycle = walk.split_off(place[node]);
        cycle.reverse();
        Some(cycle)
    }

    /// The nodes that `node` has a directed path to; `node` itself only when it lies on a cycle.
    pub fn descendants(&self, node: usize) -> NodeSet {
        reach(&self.children, self.children(node))
    }

    /// The nodes that have a directed path to `node`; `node` itself only when it lies on a cycle.
    pub fn ancestors(&self, node: usize) -> NodeSet {
        reach(&self.parents, self.parents(node))
    }

    /// The members of `from` and all their descendants.
    pub(crate) fn with_descendants(&self, from: &NodeSet) -> NodeSet {
        reach(&self.children, &from.iter().collect::<Vec<_>>())
    }

    /// The members of `from` and all their ancestors.
    pub(crate) fn with_ancestors(&self, from: &NodeSet) -> NodeSet {
        reach(&self.parents, &from.iter().collect::<Vec<_>>())
    }

    /// Accepts a node that exists.
    pub(crate) fn check_node(&self, argument: &'static str, node: usize) -> Result<()> {
        let nodes = self.nodes();
        if node < nodes { Ok(()) } else { Err(Error::UnknownNode { argument, found: node, nodes }) }
    }

    /// The longest prefix of a topological order: every node that no cycle leads to.
    fn partial_order(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = self.parents.iter().map(Vec::len).collect();
        let mut order: Vec<usize> = (0..self.nodes()).filter(|&j| missing[j] == 0).collect();
        let mut next = 0;
        while next < order.len() {
            for &j in &self.children[order[next]] {
                missing[j] -= 1;
                if missing[j] == 0 {
                    order.push(j);
                }
            }
            next += 1;
        }
        order
    }
}

impl Dag {
    /// The graph of a weight matrix W (d × d), which must be acyclic. `argument` names W in errors.
    ///
    /// # Errors
    /// [`Error::Cyclic`] with a cycle; [`Error::Argument`] when W is not square or an entry is not finite.
    pub fn from_weights(argument: &'static str, w: &ArrayRef2<f64>) -> Result<Self> {
        Self::from_graph(argument, Graph::from_weights(argument, w)?)
    }

    /// The graph of a matrix of zeros and ones (d × d), which must be acyclic. `argument` names it in errors.
    ///
    /// # Errors
    /// [`Error::NotAdjacency`], [`Error::Cyclic`] with a cycle, [`Error::Argument`].
    pub fn from_adjacency(argument: &'static str, a: &ArrayRef2<f64>) -> Result<Self> {
        check_square(argument, a)?;
        for ((row, column), &found) in a.indexed_iter() {
            if !(found == 0.0 || found == 1.0) {
                return Err(Error::NotAdjacency { argument, row, column, found, expected: "0 and 1" });
            }
        }
        Self::from_weights(argument, a)
    }

    /// A graph that must be acyclic. `argument` names it in errors.
    ///
    /// # Errors
    /// [`Error::Cyclic`] with a cycle.
    pub fn from_graph(argument: &'static str, graph: Graph) -> Result<Self> {
        match graph.topological_order() {
            Some(order) => Ok(Self { graph, order }),
            None => Err(Error::Cyclic { argument, cycle: graph.cycle().unwrap_or_default() }),
        }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// A topological order: causes before effects.
    pub fn order(&self) -> &[usize] {
        &self.order
    }
}

/// Where the entries of `w` are not zero: 1 there, else 0 (d × d).
pub fn support(w: &ArrayRef2<f64>) -> Array2<f64> {
    w.map(|&w| if w == 0.0 { 0.0 } else { 1.0 })
}

fn reach(neighbours: &[Vec<usize>], from: &[usize]) -> NodeSet {
    let mut found = NodeSet::from_nodes(neighbours.len(), from.iter().copied());
    let mut open: Vec<usize> = from.to_vec();
    while let Some(node) = open.pop() {
        for &next in &neighbours[node] {
            if found.insert(next) {
                open.push(next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn cycles_follow_the_edges() {
        let w = array![[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.5], [0.0, 0.0, 0.0, 0.0]];
        let graph = Graph::from_weights("w", &w).unwrap();
        assert_eq!(graph.topological_order(), None);
        let cycle = graph.cycle().unwrap();
        assert!(cycle == [1, 2] || cycle == [2, 1]);
        let selfish = Graph::from_weights("w", &array![[1.0]]).unwrap();
        assert_eq!(selfish.cycle(), Some(vec![0]));
        assert_eq!(graph.descendants(0).iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(graph.ancestors(0).len(), 0);
        assert!(graph.descendants(1).contains(1));
    }
}
