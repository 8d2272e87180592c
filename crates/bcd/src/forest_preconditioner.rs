//! Forests as a preconditioner of conjugate gradients (section 15.5).

use crate::forest_solve::{ForestFactor, ForestOrder, no_graph};
use crate::objective::{Curvature, Objective};
use crate::{Result, SparseQuadratic, state_at};
use core_tensor::Scalar;
use core_tensor::operator::LinearOperator;
use ndarray::{Array1, ArrayRef1};
use std::sync::{Mutex, PoisonError};

/// M⁻¹ of symmetric block Gauss-Seidel over a partition into forests F₁, …, F_k: one exact sweep F₁ … F_k … F₁ from zero.
///
/// Symmetric positive definite whenever the matrix is. One application costs about three products with the matrix for two forests.
#[derive(Debug)]
pub struct ForestPreconditioner<T> {
    /// Per forest: its order and factor, and the links that leave it, as (position, node outside, entry).
    forests: Vec<Forest<T>>,
    nodes: usize,
    scratch: Mutex<Scratch<T>>,
}

#[derive(Debug)]
struct Forest<T> {
    order: ForestOrder,
    factor: ForestFactor<T>,
    /// Links that leave the forest: of position k those in `starts[k]..starts[k + 1]`.
    starts: Vec<u32>,
    outside: Vec<u32>,
    entries: Vec<T>,
}

#[derive(Debug)]
struct Scratch<T> {
    residual: Vec<T>,
    block: Vec<T>,
}

impl<T: Scalar> ForestPreconditioner<T> {
    /// Factorises the matrix of `quadratic` on each of the `forests`, which partition its variables.
    ///
    /// # Errors
    /// Blocks that are no partition, [`Error::NotAForest`](crate::Error::NotAForest),
    /// [`Error::NotPositiveDefinite`](crate::Error::NotPositiveDefinite).
    pub fn new(quadratic: &SparseQuadratic<T>, forests: &[Vec<usize>]) -> Result<Self> {
        let nodes = quadratic.variables();
        let problem = crate::Problem::new(quadratic, &crate::Penalty::None)?;
        let mut state = state_at(quadratic, &Array1::zeros(nodes))?;
        let forests = crate::Partition::User(forests.to_vec()).blocks(&problem, &mut state, 0)?;
        let Some(graph) = quadratic.graph() else { return Err(no_graph("a forest preconditioner")) };
        let mut owner = vec![0; nodes];
        for (number, forest) in forests.iter().enumerate() {
            forest.iter().for_each(|&i| owner[i] = number);
        }
        let mut built = Vec::with_capacity(forests.len());
        for (number, forest) in forests.iter().enumerate() {
            let order = ForestOrder::new(graph, forest)?;
            let mut factor = ForestFactor::new();
            let entry = |slot| quadratic.link_entry(&state, Curvature::Bound, slot);
            factor.factorise(&order, |i| quadratic.diagonal()[i], entry, None)?;
            let (mut starts, mut outside, mut entries) = (vec![0], Vec::new(), Vec::new());
            for &i in order.nodes() {
                for (&j, &w) in graph.neighbours(i).iter().zip(graph.weights(i)) {
                    if owner[j] != number {
                        outside.push(j as u32);
                        entries.push(w);
                    }
                }
                starts.push(outside.len() as u32);
            }
            built.push(Forest { order, factor, starts, outside, entries });
        }
        let largest = forests.iter().map(Vec::len).max().unwrap_or(0);
        let scratch = Scratch { residual: vec![T::zero(); nodes], block: vec![T::zero(); largest] };
        Ok(Self { forests: built, nodes, scratch: Mutex::new(scratch) })
    }
}

impl<T: Scalar> Forest<T> {
    /// Solves for the residual on the forest, adds the solution to `z`, and takes its effect from the residual.
    fn sweep(&self, residual: &mut [T], block: &mut [T], z: &mut ArrayRef1<T>) -> Result<()> {
        let nodes = self.order.nodes();
        let block = &mut block[..nodes.len()];
        for (b, &i) in block.iter_mut().zip(nodes) {
            *b = residual[i];
            // Solved exactly: nothing is left on the forest itself.
            residual[i] = T::zero();
        }
        self.factor.solve(&self.order, block)?;
        for (k, (&d, &i)) in block.iter().zip(nodes).enumerate() {
            z[i] += d;
            for s in self.starts[k] as usize..self.starts[k + 1] as usize {
                residual[self.outside[s] as usize] -= self.entries[s] * d;
            }
        }
        Ok(())
    }
}

impl<T: Scalar> LinearOperator<T> for ForestPreconditioner<T> {
    fn rows(&self) -> usize {
        self.nodes
    }

    fn columns(&self) -> usize {
        self.nodes
    }

    fn apply_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> core_tensor::Result<()> {
        const WHY: &str = "the matrix has that many rows";
        core_tensor::check_shape("x", x, &[self.nodes], WHY)?;
        core_tensor::check_shape("out", out, &[self.nodes], WHY)?;
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let Scratch { residual, block } = &mut *scratch;
        residual.iter_mut().zip(x).for_each(|(r, &x)| *r = x);
        out.fill(T::zero());
        let back = self.forests.iter().rev().skip(1);
        for forest in self.forests.iter().chain(back) {
            forest.sweep(residual, block, out).map_err(|error| match error {
                crate::Error::Argument(error) => error,
                _ => core_tensor::Error::NoConvergence { argument: "M", what: "forest sweep" },
            })?;
        }
        Ok(())
    }

    fn apply_transposed_into(&self, x: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> core_tensor::Result<()> {
        self.apply_into(x, out)
    }
}
