//! The Markov equivalence class of a DAG.

use crate::{Dag, NodeSet, Result};
use ndarray::{Array2, ArrayRef2};

/// A completed partially directed acyclic graph: which edges all DAGs of a Markov equivalence class share, and which
/// may point either way.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Cpdag {
    /// d × d, zeros and ones; `[[i, j]] = 1` alone is the directed edge i -> j, in both directions the undirected i -- j.
    pub adjacency: Array2<f64>,
}

impl Cpdag {
    /// The edges i -> j whose direction data can tell, in row-major order.
    pub fn compelled(&self) -> Vec<(usize, usize)> {
        self.edges(|forth, back| forth && !back)
    }

    /// The edges i -- j, i < j, whose direction no observational data can tell.
    pub fn reversible(&self) -> Vec<(usize, usize)> {
        self.edges(|forth, back| forth && back).into_iter().filter(|&(i, j)| i < j).collect()
    }

    /// The matrix (d × d) that [`crate::compare`] takes: 1 for i -> j, and −1 once, above the diagonal, for i -- j.
    pub fn estimate(&self) -> Array2<f64> {
        let mut estimate = self.adjacency.clone();
        for (i, j) in self.reversible() {
            estimate[[i, j]] = -1.0;
            estimate[[j, i]] = 0.0;
        }
        estimate
    }

    fn edges(&self, wanted: impl Fn(bool, bool) -> bool) -> Vec<(usize, usize)> {
        let a = &self.adjacency;
        let entries = a.indexed_iter().map(|(edge, _)| edge);
        entries.filter(|&(i, j)| wanted(a[[i, j]] != 0.0, a[[j, i]] != 0.0)).collect()
    }
}

/// The CPDAG of a DAG (d × d, `dag[[i, j]] = 1` for i -> j, else 0): skeleton, v-structures, then Meek's rules R1 to R3
/// until nothing changes. (R4 is needed only with prior knowledge.)
///
/// # Errors
/// [`crate::Error::NotAdjacency`], [`crate::Error::Cyclic`], or a matrix that is not square.
pub fn cpdag(dag: &ArrayRef2<f64>) -> Result<Cpdag> {
    let dag = Dag::from_adjacency("dag", dag)?;
    let graph = dag.graph();
    let d = graph.nodes();
    let set = |nodes: &[usize]| NodeSet::from_nodes(d, nodes.iter().copied());
    let adjacent: Vec<NodeSet> = (0..d)
        .map(|j| {
            let mut all = set(graph.parents(j));
            all.union_with(&set(graph.children(j)));
            all
        })
        .collect();
    let mut pattern = Pattern::undirected(adjacent);
    for b in 0..d {
        let parents = set(graph.parents(b));
        for &a in graph.parents(b) {
            // Some other parent of b is not adjacent to a.
            if parents.exceeds(&pattern.adjacent[a], a) {
                pattern.orient(a, b);
            }
        }
    }
    pattern.close();
    let mut adjacency = Array2::zeros((d, d));
    for i in 0..d {
        for j in pattern.children[i].iter().chain(pattern.undirected[i].iter()) {
            adjacency[[i, j]] = 1.0;
        }
    }
    Ok(Cpdag { adjacency })
}

/// A partially directed graph while edges are being oriented.
struct Pattern {
    adjacent: Vec<NodeSet>,
    undirected: Vec<NodeSet>,
    parents: Vec<NodeSet>,
    children: Vec<NodeSet>,
}

impl Pattern {
    fn undirected(adjacent: Vec<NodeSet>) -> Self {
        let none = vec![NodeSet::new(adjacent.len()); adjacent.len()];
        Self { undirected: adjacent.clone(), adjacent, parents: none.clone(), children: none }
    }

    fn orient(&mut self, a: usize, b: usize) {
        self.undirected[a].remove(b);
        self.undirected[b].remove(a);
        self.children[a].insert(b);
        self.parents[b].insert(a);
    }

    /// Applies Meek's rules until none applies.
    fn close(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for a in 0..self.adjacent.len() {
                let open: Vec<usize> = self.undirected[a].iter().collect();
                for b in open {
                    if self.undirected[a].contains(b) && self.must_point(a, b) {
                        self.orient(a, b);
                        changed = true;
                    }
                }
            }
        }
    }

    /// True when a rule turns a -- b into a -> b.
    fn must_point(&self, a: usize, b: usize) -> bool {
        // R1: c -> a, and c not adjacent to b.
        let first = self.parents[a].exceeds(&self.adjacent[b], b);
        // R2: a -> c -> b.
        let second = self.children[a].intersects(&self.parents[b]);
        // R3: a -- c -> b and a -- e -> b with c and e not adjacent.
        let third = || {
            let between = self.undirected[a].intersection(&self.parents[b]);
            between.iter().any(|c| between.exceeds(&self.adjacent[c], c))
        };
        first || second || third()
    }
}
