//! Undirected graphs with numbers on their edges.

use crate::{Error, Result};
use core_tensor::Scalar;
use ndarray::ArrayRef2;

/// An undirected graph of n nodes: for each node its neighbours in ascending order, with a number on each edge.
///
/// Parallel edges are merged and their numbers added. A *slot* is a position in the list of all (node, neighbour) pairs:
/// each edge has two.
///
/// ```
/// use bcd::Graph;
///
/// let path = Graph::new(3, &[(0, 1, 1.0), (2, 1, 4.0)])?;
/// assert_eq!(path.neighbours(1), [0, 2]);
/// assert_eq!(path.weights(1), [1.0, 4.0]);
/// # Ok::<(), bcd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Graph<T> {
    starts: Vec<usize>,
    neighbours: Vec<usize>,
    weights: Vec<T>,
}

impl<T: Scalar> Graph<T> {
    /// The graph of `nodes` nodes with the given edges (i, j, number).
    ///
    /// # Errors
    /// 2³² - 2 nodes or more, an end out of range, [`Error::SelfLoop`], or a number that is not finite.
    pub fn new(nodes: usize, edges: &[(usize, usize, T)]) -> Result<Self> {
        crate::error::check_count("nodes", Some(nodes))?;
        let mut counts = vec![0_usize; nodes + 1];
        for &(i, j, w) in edges {
            crate::error::check_index("edges", i.max(j), nodes, "nodes")?;
            if i == j {
                return Err(Error::SelfLoop { node: i });
            }
            if !w.is_finite() {
                return Err(Error::NegativeWeight { i, j, weight: Scalar::to_f64(w) });
            }
            counts[i + 1] += 1;
            counts[j + 1] += 1;
        }
        for i in 0..nodes {
            counts[i + 1] += counts[i];
        }
        let mut next = counts.clone();
        let mut slots = vec![(0, T::zero()); 2 * edges.len()];
        for &(i, j, w) in edges {
            slots[next[i]] = (j, w);
            next[i] += 1;
            slots[next[j]] = (i, w);
            next[j] += 1;
        }
        let mut graph = Self { starts: vec![0], neighbours: Vec::with_capacity(slots.len()), weights: Vec::new() };
        for i in 0..nodes {
            let row = &mut slots[counts[i]..counts[i + 1]];
            row.sort_by_key(|&(j, _)| j);
            let first = graph.neighbours.len();
            for &(j, w) in row.iter() {
                match graph.weights.last_mut() {
                    Some(last) if graph.neighbours.len() > first && graph.neighbours.last() == Some(&j) => *last += w,
                    _ => {
                        graph.neighbours.push(j);
                        graph.weights.push(w);
                    }
                }
            }
            graph.starts.push(graph.neighbours.len());
        }
        Ok(graph)
    }

    /// The grid of `rows` × `columns` nodes, number `column * rows + row`, with the same number on every edge.
    ///
    /// # Errors
    /// 2³² - 2 nodes or more, a weight that is not finite.
    pub fn lattice(rows: usize, columns: usize, weight: T) -> Result<Self> {
        let nodes = crate::error::check_count("nodes", rows.checked_mul(columns))?;
        let mut edges = Vec::new();
        for column in 0..columns {
            for row in 0..rows {
                let node = column * rows + row;
                if row + 1 < rows {
                    edges.push((node, node + 1, weight));
                }
                if column + 1 < columns {
                    edges.push((node, node + rows, weight));
                }
            }
        }
        Self::new(nodes, &edges)
    }

    /// Number of nodes.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of edges.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.neighbours.len() / 2
    }

    /// The slots of node `i`; empty if there is no such node.
    #[inline]
    #[must_use]
    pub fn slots(&self, i: usize) -> std::ops::Range<usize> {
        match (self.starts.get(i), self.starts.get(i + 1)) {
            (Some(&from), Some(&to)) => from..to,
            _ => 0..0,
        }
    }

    /// The neighbours of node `i`, ascending.
    #[inline]
    #[must_use]
    pub fn neighbours(&self, i: usize) -> &[usize] {
        &self.neighbours[self.slots(i)]
    }

    /// The numbers on the edges of node `i`, in the order of [`neighbours`](Self::neighbours).
    #[inline]
    #[must_use]
    pub fn weights(&self, i: usize) -> &[T] {
        &self.weights[self.slots(i)]
    }

    /// The neighbour at a slot.
    #[inline]
    pub(crate) fn neighbour_at(&self, slot: usize) -> usize {
        self.neighbours[slot]
    }

    /// The number at a slot.
    #[inline]
    pub(crate) fn weight_at(&self, slot: usize) -> T {
        self.weights[slot]
    }

    /// All edges (i, j, number) with i < j.
    pub fn edge_list(&self) -> impl Iterator<Item = (usize, usize, T)> + '_ {
        (0..self.nodes()).flat_map(move |i| {
            self.neighbours(i).iter().zip(self.weights(i)).filter(move |(j, _)| **j > i).map(move |(&j, &w)| (i, j, w))
        })
    }
}

/// A block of a matrix whose pattern is a graph: `diagonal` gives entry (i, i), `link` that of a slot. `out` is τ × τ, `order` scratch.
///
/// # Errors
/// An `out` of another shape.
pub(crate) fn block_into<T: Scalar>(
    graph: &Graph<T>,
    block: &[usize],
    out: &mut ArrayRef2<T>,
    order: &mut Vec<usize>,
    diagonal: impl Fn(usize) -> T,
    link: impl Fn(usize) -> T,
) -> Result<()> {
    let tau = block.len();
    core_tensor::check_shape("out", out, &[tau, tau], "a Hessian block has a row and a column per coordinate")?;
    out.fill(T::zero());
    // Positions by ascending member, for a search by halves.
    order.clear();
    order.extend(0..tau);
    order.sort_unstable_by_key(|&k| block[k]);
    for (k, &i) in block.iter().enumerate() {
        out[[k, k]] = diagonal(i);
        for slot in graph.slots(i) {
            if let Ok(at) = order.binary_search_by_key(&graph.neighbour_at(slot), |&l| block[l]) {
                out[[k, order[at]]] = link(slot);
            }
        }
    }
    Ok(())
}
