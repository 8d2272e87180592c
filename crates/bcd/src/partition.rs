//! Fixed blocks (section 2).

use crate::forest::{colouring, descending, forest_partition};
use crate::forest_solve::no_graph;
use crate::step::Problem;
use crate::{Error, Result, State};
use core_tensor::Scalar;
use core_tensor::random::{Streams, permutation};

/// How the coordinates are cut into blocks that stay the same for the whole run.
///
/// With a group penalty the groups are never split: sizes count coordinates, and a block takes groups as long as they fit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partition {
    /// Consecutive coordinates, so many per block.
    Order(usize),
    /// Ascending Lᵢ, so many per block: similar curvatures together. Published as the best choice.
    Sort(usize),
    /// Smallest, largest, second smallest, second largest, … Lᵢ.
    Average(usize),
    /// Like `Sort` with the key Σⱼ |Hᵢⱼ|.
    RowSumSort(usize),
    /// Like `Average` with the key Σⱼ |Hᵢⱼ|.
    RowSumAverage(usize),
    /// A random order (from the seed of the run), so many per block.
    Random(usize),
    /// One block of everything.
    Whole,
    /// Blocks of one's own: each coordinate in exactly one.
    User(Vec<Vec<usize>>),
    /// Classes of nodes that are not linked in the Hessian.
    Colouring(Visit),
    /// Blocks that induce forests in the Hessian's graph.
    Forests(Visit),
}

/// In which order the nodes of a graph are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visit {
    /// By number.
    Natural,
    /// By descending Lᵢ.
    Curvature,
}

/// `indices` cut into consecutive chunks of `size`; the last may be shorter.
///
/// # Errors
/// [`Error::InvalidBlockSize`] for 0.
pub fn chunks(indices: &[usize], size: usize) -> Result<Vec<Vec<usize>>> {
    if size == 0 {
        return Err(Error::InvalidBlockSize);
    }
    Ok(indices.chunks(size).map(<[usize]>::to_vec).collect())
}

/// Indices by ascending key; ties by number.
///
/// # Errors
/// A key that is NaN.
pub fn ascending<T: Scalar>(key: &[T]) -> Result<Vec<usize>> {
    if let Some(coordinate) = key.iter().position(|v| v.is_nan()) {
        return Err(Error::NotANumber { what: "key", coordinate });
    }
    let mut order: Vec<usize> = (0..key.len()).collect();
    order.sort_by(|&a, &b| key[a].partial_cmp(&key[b]).unwrap_or(std::cmp::Ordering::Equal));
    Ok(order)
}

/// Smallest, largest, second smallest, second largest, …
///
/// # Errors
/// A key that is NaN.
pub fn alternating<T: Scalar>(key: &[T]) -> Result<Vec<usize>> {
    let order = ascending(key)?;
    let n = order.len();
    Ok((0..n).map(|k| if k % 2 == 0 { order[k / 2] } else { order[n - 1 - k / 2] }).collect())
}

impl Partition {
    /// The blocks for a problem.
    ///
    /// # Errors
    /// A size of 0, blocks that are no partition or split a group, no graph where one is needed.
    pub fn blocks<T: Scalar>(
        &self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        seed: u64,
    ) -> Result<Vec<Vec<usize>>> {
        let p = problem.objective.variables();
        let graph = || problem.objective.graph().ok_or_else(|| no_graph("a graph partition"));
        let visit = |visit: Visit| match visit {
            Visit::Natural => Ok((0..p).collect()),
            Visit::Curvature => descending(&problem.curvatures.to_vec()),
        };
        let by_key = |state: &mut State<T>| -> Result<Vec<T>> { Ok(problem.objective.bound_row_sums(state)?.to_vec()) };
        let curvatures = problem.curvatures.to_vec();
        let (order, size) = match self {
            Partition::User(blocks) => return checked_user_blocks(problem, blocks),
            Partition::Colouring(order) => return checked_groups(problem, colouring(graph()?, &visit(*order)?)?),
            Partition::Forests(order) => return checked_groups(problem, forest_partition(graph()?, &visit(*order)?)?),
            Partition::Order(size) => ((0..p).collect(), *size),
            Partition::Whole => ((0..p).collect(), p),
            Partition::Sort(size) => (ascending(&curvatures)?, *size),
            Partition::Average(size) => (alternating(&curvatures)?, *size),
            Partition::RowSumSort(size) => (ascending(&by_key(state)?)?, *size),
            Partition::RowSumAverage(size) => (alternating(&by_key(state)?)?, *size),
            Partition::Random(size) => (permutation(&mut Streams::new(seed).stream(0), p), *size),
        };
        match problem.penalty.groups() {
            None => chunks(&order, size),
            Some(_) => group_chunks(problem, &order, size),
        }
    }
}

/// Groups in the order of their first member, packed into blocks of at most `size` coordinates (or one group).
fn group_chunks<T: Scalar>(problem: &Problem<'_, T>, order: &[usize], size: usize) -> Result<Vec<Vec<usize>>> {
    if size == 0 {
        return Err(Error::InvalidBlockSize);
    }
    let Some(groups) = problem.penalty.groups() else { return chunks(order, size) };
    let mut done = vec![false; groups.penalty().groups()];
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for &i in order {
        let single = [i];
        let unit: &[usize] = match groups.owner(i) {
            Some(group) if std::mem::replace(&mut done[group], true) => continue,
            Some(group) => groups.penalty().group(group),
            None => &single,
        };
        match blocks.last_mut() {
            Some(last) if last.len() + unit.len() <= size => last.extend_from_slice(unit),
            _ => blocks.push(unit.to_vec()),
        }
    }
    Ok(blocks)
}

/// Each coordinate in exactly one block, no block empty, no group split.
fn checked_user_blocks<T: Scalar>(problem: &Problem<'_, T>, blocks: &[Vec<usize>]) -> Result<Vec<Vec<usize>>> {
    let p = problem.objective.variables();
    let mut seen = vec![false; p];
    for (number, block) in blocks.iter().enumerate() {
        if block.is_empty() {
            return Err(Error::InvalidBlock { block: number, coordinate: 0, reason: "is empty" });
        }
        for &coordinate in block {
            let wrong = |reason| Err(Error::InvalidBlock { block: number, coordinate, reason });
            if coordinate >= p {
                return wrong("names a coordinate that does not exist");
            }
            if std::mem::replace(&mut seen[coordinate], true) {
                return wrong("names a coordinate a second time");
            }
        }
    }
    if let Some(coordinate) = seen.iter().position(|seen| !seen) {
        let reason = "would be needed: the blocks leave a coordinate out";
        return Err(Error::InvalidBlock { block: blocks.len(), coordinate, reason });
    }
    checked_groups(problem, blocks.to_vec())
}

/// No group split; the members of each group next to each other.
fn checked_groups<T: Scalar>(problem: &Problem<'_, T>, mut blocks: Vec<Vec<usize>>) -> Result<Vec<Vec<usize>>> {
    let Some(groups) = problem.penalty.groups() else { return Ok(blocks) };
    let mut home = vec![None; groups.penalty().groups()];
    for (number, block) in blocks.iter_mut().enumerate() {
        for &coordinate in block.iter() {
            let Some(group) = groups.owner(coordinate) else { continue };
            if *home[group].get_or_insert(number) != number {
                let reason = "splits a group of the penalty";
                return Err(Error::InvalidBlock { block: number, coordinate, reason });
            }
        }
        block.sort_by_key(|&i| groups.owner(i));
    }
    Ok(blocks)
}
