//! Blocks of a graph: forests, partitions into forests, colourings (section 2).

use crate::error::check_index;
use crate::graph::Graph;
use crate::union_find::UnionFind;
use crate::{Error, Result};
use core_tensor::Scalar;

/// The forest that grows when nodes are visited in `order`: a node joins if its neighbours in the forest lie in different trees.
/// Sorted. Near-linear time.
///
/// # Errors
/// A node out of range.
pub fn greedy_forest<T: Scalar>(graph: &Graph<T>, order: &[usize]) -> Result<Vec<usize>> {
    let mut growth = ForestGrowth::new(graph.nodes());
    let mut out = Vec::new();
    for &node in order {
        check_index("order", node, graph.nodes(), "nodes")?;
    }
    growth.grow(graph, order.iter().copied(), &mut out);
    out.sort_unstable();
    Ok(out)
}

/// Memory for growing one forest after the other.
#[derive(Debug, Clone)]
pub(crate) struct ForestGrowth {
    sets: UnionFind,
    member: Vec<bool>,
    roots: Vec<usize>,
}

impl ForestGrowth {
    pub(crate) fn new(nodes: usize) -> Self {
        Self { sets: UnionFind::new(nodes), member: vec![false; nodes], roots: Vec::new() }
    }

    /// Writes the members in the order in which they joined.
    pub(crate) fn grow<T: Scalar>(
        &mut self,
        graph: &Graph<T>,
        order: impl Iterator<Item = usize>,
        out: &mut Vec<usize>,
    ) {
        self.sets.reset();
        self.member.fill(false);
        out.clear();
        for node in order.filter(|&node| node < graph.nodes()) {
            let inside = |member: &[bool], j: &usize| member[*j];
            if !self.member[node] && self.joins(graph.neighbours(node), inside) {
                self.member[node] = true;
                out.push(node);
                for &j in graph.neighbours(node) {
                    if self.member[j] {
                        self.sets.union(node, j);
                    }
                }
            }
        }
    }

    /// Whether the neighbours that count all lie in different trees.
    fn joins(&mut self, neighbours: &[usize], counts: impl Fn(&[bool], &usize) -> bool) -> bool {
        self.roots.clear();
        for j in neighbours {
            if counts(&self.member, j) {
                let root = self.sets.find(*j);
                if self.roots.contains(&root) {
                    return false;
                }
                self.roots.push(root);
            }
        }
        true
    }
}

/// A partition of all nodes into forests: nodes are visited in `order` and each joins the first forest that stays one, or opens a
/// new one. Each forest is sorted.
///
/// # Errors
/// An `order` that is not one of all nodes.
pub fn forest_partition<T: Scalar>(graph: &Graph<T>, order: &[usize]) -> Result<Vec<Vec<usize>>> {
    check_order(graph, order)?;
    let n = graph.nodes();
    // One union-find serves all forests: nodes of different ones are never joined.
    let mut sets = UnionFind::new(n);
    let mut owner = vec![usize::MAX; n];
    let mut forests: Vec<Vec<usize>> = Vec::new();
    let mut roots = Vec::new();
    for &node in order {
        let mut forest = 0;
        while forest < forests.len() {
            roots.clear();
            let mut fits = true;
            for &j in graph.neighbours(node).iter().filter(|&&j| owner[j] == forest) {
                let root = sets.find(j);
                fits &= !roots.contains(&root);
                roots.push(root);
            }
            if fits {
                break;
            }
            forest += 1;
        }
        if forest == forests.len() {
            forests.push(Vec::new());
        }
        forests[forest].push(node);
        owner[node] = forest;
        for &j in graph.neighbours(node).iter().filter(|&&j| owner[j] == forest) {
            sets.union(node, j);
        }
    }
    forests.iter_mut().for_each(|forest| forest.sort_unstable());
    Ok(forests)
}

/// A colouring: nodes are visited in `order`, and each takes the colour with the fewest members among those that its neighbours do
/// not have (ties: the lowest), or a new one. The classes, each sorted; inside a class no two nodes are linked.
///
/// # Errors
/// An `order` that is not one of all nodes.
pub fn colouring<T: Scalar>(graph: &Graph<T>, order: &[usize]) -> Result<Vec<Vec<usize>>> {
    check_order(graph, order)?;
    let mut colour = vec![usize::MAX; graph.nodes()];
    let mut classes: Vec<Vec<usize>> = Vec::new();
    let mut taken = Vec::new();
    for &node in order {
        taken.clear();
        taken.resize(classes.len(), false);
        for &j in graph.neighbours(node) {
            if colour[j] != usize::MAX {
                taken[colour[j]] = true;
            }
        }
        let free = (0..classes.len()).filter(|&c| !taken[c]).min_by_key(|&c| classes[c].len());
        let chosen = free.unwrap_or_else(|| {
            classes.push(Vec::new());
            classes.len() - 1
        });
        colour[node] = chosen;
        classes[chosen].push(node);
    }
    classes.iter_mut().for_each(|class| class.sort_unstable());
    Ok(classes)
}

fn check_order<T: Scalar>(graph: &Graph<T>, order: &[usize]) -> Result<()> {
    let mut seen = vec![false; graph.nodes()];
    for &node in order {
        check_index("order", node, graph.nodes(), "nodes")?;
        if std::mem::replace(&mut seen[node], true) {
            return Err(Error::InvalidBlock {
                block: 0,
                coordinate: node,
                reason: "of visits names a coordinate twice",
            });
        }
    }
    match seen.iter().position(|seen| !seen) {
        None => Ok(()),
        Some(node) => {
            Err(Error::InvalidBlock { block: 0, coordinate: node, reason: "of visits leaves a coordinate out" })
        }
    }
}

/// Nodes by descending priority; ties by number.
///
/// # Errors
/// [`Error::NotANumber`] for a priority that is NaN.
pub fn descending<T: Scalar>(priority: &[T]) -> Result<Vec<usize>> {
    let mut order = Vec::new();
    descending_into(priority, &mut order)?;
    Ok(order)
}

/// [`descending`] into memory of the caller.
pub(crate) fn descending_into<T: Scalar>(priority: &[T], order: &mut Vec<usize>) -> Result<()> {
    if let Some(coordinate) = priority.iter().position(|v| v.is_nan()) {
        return Err(Error::NotANumber { what: "score", coordinate });
    }
    order.clear();
    order.extend(0..priority.len());
    order.sort_unstable_by(|&a, &b| {
        priority[b].partial_cmp(&priority[a]).unwrap_or(std::cmp::Ordering::Equal).then(a.cmp(&b))
    });
    Ok(())
}
