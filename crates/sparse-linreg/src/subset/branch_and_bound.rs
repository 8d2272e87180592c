//! All supports, most of them without looking: leaps and bounds.
//!
//! A node is an ordered list of columns of which the first few are fixed. Its residual sum of squares bounds that of every
//! sublist that keeps the fixed ones; a child drops one column that is not fixed, and fixes those before it. The list is in the
//! order of pursuit, important columns first, so that the large subtrees are those whose bound is high.

use super::model::Certificate;
use super::progress::{SearchProgress, SearchStage};
use crate::error::Result;
use crate::greedy::pursue;
use crate::subset_qr::least_squares;
use core_optim::Observer;
use ndarray::{Array1, Array2};
use std::ops::ControlFlow;

/// What is searched, and how long.
pub(super) struct Task<'a> {
    pub(super) x: &'a Array2<f64>,
    pub(super) y: &'a Array1<f64>,
    /// Ascending.
    pub(super) sizes: &'a [usize],
    pub(super) always_in: &'a [usize],
    pub(super) max_nodes: usize,
}

pub(super) struct Found {
    /// One support per requested size.
    pub(super) supports: Vec<Vec<usize>>,
    /// What is known of all of them.
    pub(super) certificate: Certificate,
}

/// Nodes between two looks of the observer.
const LOOK: usize = 1024;

/// Relative improvement below which a support does not count as better.
const MARGIN: f64 = 1e-12;
/// A pivot below this part of its column is no pivot.
const DEPENDENT: f64 = 1e-10;

struct Tree<'a, 'o> {
    task: &'a Task<'a>,
    observer: &'o mut dyn Observer<SearchProgress>,
    /// Best residual sum of squares and support for each size from 0 to d; infinite for sizes nobody asked for.
    best: Vec<(f64, Vec<usize>)>,
    wanted: Vec<bool>,
    largest: usize,
    /// Nodes that were looked at.
    nodes: usize,
}

/// An upper triangular matrix with the response as last column: row i of the factor of [X y].
#[derive(Clone)]
struct Node {
    columns: Vec<usize>,
    rows: Vec<Vec<f64>>,
    /// Number of leading columns that may not be dropped.
    fixed: usize,
}

/// Searches from the supports `start`, one per size.
pub(super) fn run(task: &Task<'_>, start: &[Vec<usize>], observer: &mut dyn Observer<SearchProgress>) -> Result<Found> {
    let Task { x, y, sizes, always_in, .. } = *task;
    let d = x.ncols();
    let mut tree = Tree {
        task,
        observer,
        best: vec![(f64::INFINITY, Vec::new()); d + 1],
        wanted: (0..=d).map(|size| sizes.contains(&size)).collect(),
        largest: sizes.last().copied().unwrap_or(0),
        nodes: 0,
    };
    for support in start {
        tree.offer(support)?;
    }
    let mut order = always_in.to_vec();
    let (steps, _) = pursue(x, y, x.nrows().min(d), 0.0, always_in, &[])?;
    if let Some(last) = steps.last() {
        order.extend(last.support.iter().filter(|j| !always_in.contains(j)));
    }
    order.extend((0..d).filter(|j| !order.contains(j)).collect::<Vec<_>>());
    let root = factor(x, y, order, always_in.len());
    tree.visit(&root)?;
    let certificate = match tree.search(&root)? {
        ControlFlow::Continue(()) => Certificate::Optimal,
        ControlFlow::Break(certificate) => certificate,
    };
    Ok(Found { supports: sizes.iter().map(|&size| tree.best[size].1.clone()).collect(), certificate })
}

/// The triangular factor of the columns in the given order, by Gram-Schmidt twice; dependent columns have a zero pivot.
fn factor(x: &Array2<f64>, y: &Array1<f64>, columns: Vec<usize>, fixed: usize) -> Node {
    let d = columns.len();
    let mut basis: Vec<Array1<f64>> = Vec::with_capacity(d);
    let mut rows = vec![vec![0.0; d + 1]; d + 1];
    for (at, &j) in columns.iter().enumerate() {
        let mut v = x.column(j).to_owned();
        let length = v.dot(&v).sqrt();
        for _ in 0..2 {
            for (i, q) in basis.iter().enumerate() {
                let c = q.dot(&v);
                rows[i][at] += c;
                v.scaled_add(-c, q);
            }
        }
        let rest = v.dot(&v).sqrt();
        if rest > DEPENDENT * length {
            rows[at][at] = rest;
            v.mapv_inplace(|v| v / rest);
        } else {
            v.fill(0.0);
        }
        basis.push(v);
    }
    let mut residual = y.clone();
    for (i, q) in basis.iter().enumerate() {
        let c = q.dot(&residual);
        rows[i][d] = c;
        residual.scaled_add(-c, q);
    }
    rows[d][d] = residual.dot(&residual).sqrt();
    Node { columns, rows, fixed }
}

impl Node {
    /// What is left of y beside the rows of the columns: the residual sum of squares, or less if columns are dependent.
    fn bound(&self) -> f64 {
        let last = self.rows.first().map_or(0, Vec::len).saturating_sub(1);
        self.rows.iter().skip(self.columns.len()).map(|row| row[last] * row[last]).sum()
    }

    fn is_independent(&self) -> bool {
        (0..self.columns.len()).all(|i| {
            let size = self.rows[..=i].iter().map(|row| row[i] * row[i]).sum::<f64>().sqrt();
            self.rows[i][i].abs() > DEPENDENT * size
        })
    }

    /// Without the column at position `at`; the ones before it become fixed.
    fn without(&self, at: usize) -> Self {
        let mut columns = self.columns.clone();
        columns.remove(at);
        let mut rows = self.rows.clone();
        for row in &mut rows {
            row.remove(at);
        }
        let width = columns.len() + 1;
        for i in at..columns.len() {
            let (a, b) = (rows[i][i], rows[i + 1][i]);
            let length = a.hypot(b);
            if length > 0.0 {
                let (c, s) = (a / length, b / length);
                for column in i..width {
                    let (top, below) = (rows[i][column], rows[i + 1][column]);
                    rows[i][column] = c * top + s * below;
                    rows[i + 1][column] = c * below - s * top;
                }
            }
        }
        Self { columns, rows, fixed: at }
    }
}

impl Tree<'_, '_> {
    /// Offers a support with its exact residual sum of squares.
    fn offer(&mut self, support: &[usize]) -> Result<()> {
        let (_, residual) = least_squares(self.task.x, self.task.y, support)?;
        self.record(residual.dot(&residual), support);
        Ok(())
    }

    fn record(&mut self, rss: f64, support: &[usize]) {
        let best = &mut self.best[support.len()];
        if rss < best.0 * (1.0 - MARGIN) || best.0.is_infinite() {
            let mut support = support.to_vec();
            support.sort_unstable();
            *best = (rss, support);
        }
    }

    fn visit(&mut self, node: &Node) -> Result<()> {
        let size = node.columns.len();
        if self.wanted[size] {
            let bound = node.bound();
            if bound < self.best[size].0 * (1.0 - MARGIN) || self.best[size].0.is_infinite() {
                if node.is_independent() {
                    self.record(bound, &node.columns);
                } else {
                    self.offer(&node.columns)?;
                }
            }
        }
        Ok(())
    }

    /// Looks below a node; breaks with what is known then when the limit of nodes is reached or the observer has seen enough.
    fn search(&mut self, node: &Node) -> Result<ControlFlow<Certificate>> {
        for at in node.fixed..node.columns.len() {
            if at > self.largest {
                break;
            }
            if self.nodes == self.task.max_nodes {
                return Ok(ControlFlow::Break(Certificate::NodeLimit));
            }
            self.nodes += 1;
            if self.nodes.is_multiple_of(LOOK) {
                let (stage, total) = (SearchStage::BranchAndBound, self.task.max_nodes);
                if self.observer.iteration(&SearchProgress { stage, done: self.nodes, total }).is_break() {
                    return Ok(ControlFlow::Break(Certificate::Stopped));
                }
            }
            let child = node.without(at);
            let bound = child.bound();
            self.visit(&child)?;
            let open =
                (at..child.columns.len()).any(|size| self.wanted[size] && bound < self.best[size].0 * (1.0 - MARGIN));
            if open && let ControlFlow::Break(certificate) = self.search(&child)? {
                return Ok(ControlFlow::Break(certificate));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
