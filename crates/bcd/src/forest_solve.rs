//! Message passing: linear systems on forests in linear time (section 5).

use crate::error::check_index;
use crate::graph::Graph;
use crate::objective::{Curvature, Objective};
use crate::{Error, Result, State};
use core_tensor::Scalar;

/// An order of a block in which parents precede their children.
///
/// Depth first, so that paths of the forest are runs of memory.
#[derive(Debug, Clone, PartialEq)]
pub struct ForestOrder {
    nodes: Vec<usize>,
    /// Position of the parent; `ROOT` for a root.
    parents: Vec<u32>,
    /// The slot of the graph that leads to the parent.
    slots: Vec<usize>,
}

const ROOT: u32 = u32::MAX;
const OUTSIDE: u32 = u32::MAX;
const WAITING: u32 = u32::MAX - 1;

/// Memory for making orders.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderScratch {
    positions: Vec<u32>,
    /// Nodes to visit, with the position of the parent and the slot that leads to it.
    stack: Vec<(usize, u32, usize)>,
}

impl ForestOrder {
    /// The order of `block`, which must induce a forest in `graph`.
    ///
    /// # Errors
    /// A node out of range or named twice, [`Error::NotAForest`].
    pub fn new<T: Scalar>(graph: &Graph<T>, block: &[usize]) -> Result<Self> {
        let mut order = Self::empty();
        order.renew(graph, block, &mut OrderScratch::default())?;
        Ok(order)
    }

    /// The order of no node.
    pub(crate) fn empty() -> Self {
        Self { nodes: Vec::new(), parents: Vec::new(), slots: Vec::new() }
    }

    /// [`new`](Self::new) in the memory of the order before.
    pub(crate) fn renew<T: Scalar>(
        &mut self,
        graph: &Graph<T>,
        block: &[usize],
        scratch: &mut OrderScratch,
    ) -> Result<()> {
        let OrderScratch { positions, stack } = scratch;
        positions.clear();
        positions.resize(graph.nodes(), OUTSIDE);
        stack.clear();
        for &node in block {
            check_index("block", node, graph.nodes(), "nodes")?;
            if std::mem::replace(&mut positions[node], WAITING) != OUTSIDE {
                return Err(Error::InvalidBlock { block: 0, coordinate: node, reason: "names a coordinate twice" });
            }
        }
        let order = self;
        order.nodes.clear();
        order.parents.clear();
        order.slots.clear();
        for &root in block {
            if positions[root] == WAITING {
                stack.push((root, ROOT, 0));
            }
            while let Some((node, parent, slot)) = stack.pop() {
                if positions[node] != WAITING {
                    return Err(Error::NotAForest { node });
                }
                let position = order.nodes.len() as u32;
                positions[node] = position;
                order.nodes.push(node);
                order.parents.push(parent);
                order.slots.push(slot);
                let above = if parent == ROOT { usize::MAX } else { order.nodes[parent as usize] };
                for &j in graph.neighbours(node) {
                    if j == above || positions[j] == OUTSIDE {
                        continue;
                    }
                    if positions[j] != WAITING {
                        return Err(Error::NotAForest { node: j });
                    }
                    // The slot that leads back from the child.
                    let back = graph.slots(j).start + graph.neighbours(j).partition_point(|&k| k < node);
                    stack.push((j, position, back));
                }
            }
        }
        Ok(())
    }

    /// The nodes, parents first.
    #[must_use]
    pub fn nodes(&self) -> &[usize] {
        &self.nodes
    }

    /// Number of trees.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.parents.iter().filter(|&&p| p == ROOT).count()
    }
}

/// The factor of a forest's matrix: what the messages carry of precision, kept for any number of right-hand sides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForestFactor<T> {
    /// 1/D.
    inverse: Vec<T>,
    /// t = w/D of the link to the parent; 0 for roots.
    ratio: Vec<T>,
}

impl<T: Scalar> ForestFactor<T> {
    /// Nothing factorised.
    #[must_use]
    pub fn new() -> Self {
        Self { inverse: Vec::new(), ratio: Vec::new() }
    }

    /// Eliminates from the leaves to the roots the matrix with `diagonal(node)` and `link(slot)`. Nodes (in the order's sequence) that
    /// are `masked` are left out, with their links.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`].
    pub fn factorise(
        &mut self,
        order: &ForestOrder,
        diagonal: impl Fn(usize) -> T,
        link: impl Fn(usize) -> T,
        masked: Option<&[bool]>,
    ) -> Result<()> {
        let n = order.nodes.len();
        let masked = |k: usize| masked.is_some_and(|masked| masked.get(k).copied().unwrap_or(false));
        self.inverse.clear();
        self.inverse.extend(order.nodes.iter().map(|&node| diagonal(node)));
        self.ratio.clear();
        self.ratio.resize(n, T::zero());
        for k in (0..n).rev() {
            let pivot = self.inverse[k];
            if masked(k) {
                self.inverse[k] = T::zero();
                continue;
            }
            if !(pivot > T::zero() && pivot.is_finite()) {
                return Err(Error::NotPositiveDefinite { node: order.nodes[k], pivot: Scalar::to_f64(pivot) });
            }
            self.inverse[k] = pivot.recip();
            let parent = order.parents[k];
            if parent != ROOT && !masked(parent as usize) {
                let w = link(order.slots[k]);
                let t = w * self.inverse[k];
                self.ratio[k] = t;
                self.inverse[parent as usize] -= t * w;
            }
        }
        Ok(())
    }

    /// Overwrites `r` (in the order's sequence) with the solution: one pass up, one pass down. Masked entries become 0.
    ///
    /// # Errors
    /// A length that is not that of the order.
    pub fn solve(&self, order: &ForestOrder, r: &mut [T]) -> Result<()> {
        let n = order.nodes.len();
        if r.len() != n || self.inverse.len() != n {
            let reason = "there is an entry per node of the block";
            let (argument, found, expected) = ("r", vec![r.len()], vec![n]);
            return Err(core_tensor::Error::Shape { argument, found, expected, reason }.into());
        }
        for k in (0..n).rev() {
            let parent = order.parents[k];
            if parent != ROOT {
                let message = self.ratio[k] * r[k];
                r[parent as usize] -= message;
            }
        }
        for k in 0..n {
            let parent = order.parents[k];
            let above = if parent == ROOT { T::zero() } else { self.ratio[k] * r[parent as usize] };
            r[k] = r[k] * self.inverse[k] - above;
        }
        Ok(())
    }
}

/// Solves `H_bb d = -∇_b f(x)` for a block that induces a forest; d in the order of `block`.
///
/// # Errors
/// [`Error::Incompatible`] for an objective without a graph, [`Error::NotAForest`], [`Error::NotPositiveDefinite`].
pub fn forest_direction<T: Scalar>(
    objective: &dyn Objective<T>,
    state: &mut State<T>,
    block: &[usize],
    curvature: Curvature,
) -> Result<Vec<T>> {
    let Some(graph) = objective.graph() else { return Err(no_graph("message passing")) };
    let order = ForestOrder::new(graph, block)?;
    let mut factor = ForestFactor::new();
    let at = &*state;
    factor.factorise(
        &order,
        |i| objective.diagonal_entry(at, curvature, i),
        |slot| objective.link_entry(at, curvature, slot),
        None,
    )?;
    let mut r = vec![T::zero(); block.len()];
    objective.block_gradient(state, order.nodes(), &mut r)?;
    r.iter_mut().for_each(|r| *r = -*r);
    factor.solve(&order, &mut r)?;
    let found: std::collections::BTreeMap<usize, T> = order.nodes().iter().copied().zip(r).collect();
    Ok(block.iter().map(|i| found[i]).collect())
}

pub(crate) fn no_graph(first: &'static str) -> Error {
    Error::Incompatible { first, second: "this objective", reason: "its Hessian is not sparse: it has no graph" }
}
