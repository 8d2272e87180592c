//! Two-metric steps for the 1-norm.

use crate::line_search::{rounding_slack, shortened};
use crate::number::{constant, dot};
use crate::penalty::Shape;
use crate::step::{Block, Memory, Problem, Step};
use crate::{Curvature, Result, State};
use core_optim::prox::soft_threshold;
use core_tensor::Scalar;

/// Item 9: Newton on the non-zeros with the pseudo-gradient, a scaled gradient step on the zeros that pull, and a search that sets
/// to zero what leaves its orthant.
#[derive(Debug, Clone)]
pub(crate) struct TwoMetricL1Step<T: Scalar> {
    memory: Memory<T>,
    pseudo: Vec<T>,
    orthant: Vec<T>,
    s: Vec<T>,
    working: Vec<usize>,
    names: Vec<usize>,
    right: Vec<T>,
}

impl<T: Scalar> TwoMetricL1Step<T> {
    pub(crate) fn new() -> Self {
        Self {
            memory: Memory::new(),
            pseudo: Vec::new(),
            orthant: Vec::new(),
            s: Vec::new(),
            working: Vec::new(),
            names: Vec::new(),
            right: Vec::new(),
        }
    }
}

impl<T: Scalar> Step<T> for TwoMetricL1Step<T> {
    fn check(&self, problem: &Problem<'_, T>) -> Result<()> {
        match problem.penalty.shape(0) {
            Some(Shape::Kink { .. }) => Ok(()),
            _ => Err(problem.penalty.incompatible("update TwoMetricL1", "it needs a 1-norm: L1 or ElasticNet")),
        }
    }

    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let (indices, zero) = (block.indices, T::zero());
        let memory = &mut self.memory;
        memory.load(problem, state, indices)?;
        self.pseudo.clear();
        self.orthant.clear();
        self.working.clear();
        let mut squares = Vec::with_capacity(indices.len());
        for (k, &i) in indices.iter().enumerate() {
            let Some(Shape::Kink { slope, curvature }) = problem.penalty.shape(i) else { continue };
            let (x, g) = (memory.x[k], memory.g[k]);
            let pseudo = if x != zero {
                g + curvature * x + if x > zero { slope } else { -slope }
            } else {
                soft_threshold(g, slope)
            };
            // A coordinate without kink moves freely.
            let orthant = if slope == zero {
                T::infinity()
            } else if x != zero {
                x.signum()
            } else if pseudo != zero {
                -pseudo.signum()
            } else {
                zero
            };
            if x != zero || slope == zero {
                self.working.push(k);
            }
            self.pseudo.push(pseudo);
            self.orthant.push(orthant);
            squares.push(curvature);
        }
        self.names.clear();
        self.names.extend(self.working.iter().map(|&k| indices[k]));
        self.right.clear();
        self.right.extend(self.working.iter().map(|&k| -self.pseudo[k]));
        if !self.working.is_empty() {
            memory.load_hessian(problem, state, &self.names, Curvature::AtPoint)?;
            self.working.iter().enumerate().for_each(|(a, &k)| memory.h[[a, a]] += squares[k]);
            memory.solver.solve(&memory.h, &mut self.right, &self.names)?;
        }
        self.s.clear();
        self.s.resize(indices.len(), zero);
        for (&k, &r) in self.working.iter().zip(&self.right) {
            self.s[k] = r;
        }
        let pulled = |k: &usize| memory.x[*k] == zero && self.orthant[*k].is_finite() && self.pseudo[*k] != zero;
        let total: T = (0..indices.len()).filter(pulled).map(|k| problem.curvatures[indices[k]] + squares[k]).sum();
        if total > zero {
            for k in (0..indices.len()).filter(pulled) {
                self.s[k] = -self.pseudo[k] / total;
            }
        }
        self.search(problem, state, indices)
    }
}

impl<T: Scalar> TwoMetricL1Step<T> {
    fn search(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: &[usize]) -> Result<()> {
        let Memory { x, d, u, .. } = &mut self.memory;
        let (start, slack) = (state.value, rounding_slack(state.value));
        let penalty = problem.penalty.block_value(block, x);
        let c = constant::<T>(1e-4);
        let (slope, mut before) = (dot(&self.pseudo, &self.s), None);
        let mut a = T::one();
        for _ in 0..60 {
            let mut expected = T::zero();
            for k in 0..x.len() {
                let moved = x[k] + a * self.s[k];
                let stays = self.orthant[k].is_infinite() || moved * self.orthant[k] > T::zero();
                u[k] = if stays { moved } else { T::zero() };
                d[k] = u[k] - x[k];
                let newton = x[k] != T::zero() || self.orthant[k].is_infinite();
                expected += self.pseudo[k] * if newton { a * self.s[k] } else { d[k] };
            }
            problem.objective.prepare(state, block, d)?;
            let value = problem.objective.value_along(state, block, d, T::one())?;
            let change = value - start + problem.penalty.block_value(block, u) - penalty;
            if change <= c * expected + slack {
                if d.iter().any(|&d| d != T::zero()) {
                    problem.objective.advance(state, block, d, T::one())?;
                    block.iter().zip(&*u).for_each(|(&i, &u)| state.x[i] = u);
                }
                return Ok(());
            }
            a = shortened(slope, a, change, &mut before, true);
        }
        Ok(())
    }
}
