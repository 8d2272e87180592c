//! Two-metric projection: bounds by a linear system and a projection.

use crate::line_search::{rounding_slack, shortened};
use crate::number::{constant, dot, largest_abs};
use crate::penalty::{Shape, clip};
use crate::step::{Block, Memory, Problem, Step};
use crate::{Curvature, Result, State};
use core_tensor::Scalar;

/// Which coordinates at a bound count as active, and how they are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum ActiveRule {
    /// ε = min(10⁻⁴, ‖x_b - proj(x_b - ∇)‖∞) max(1, ‖x_b‖∞); active coordinates step by -gradient / Lᵢ.
    #[default]
    Adaptive,
    /// As in the authors' code: ε = 10⁻⁴, active coordinates step by -gradient / Σ Lᵢ, sufficient decrease 10⁻¹⁰.
    Reference,
}

/// What the projected search needs of a block: linear slopes on an interval.
pub(crate) struct Bounds<T> {
    pub(crate) lower: Vec<T>,
    pub(crate) upper: Vec<T>,
}

impl<T: Scalar> Bounds<T> {
    pub(crate) fn new() -> Self {
        Self { lower: Vec::new(), upper: Vec::new() }
    }

    /// Reads the bounds of the block, and adds the slopes of the penalty to its gradient.
    pub(crate) fn load(&mut self, problem: &Problem<'_, T>, block: &[usize], g: &mut [T]) -> Result<()> {
        self.lower.clear();
        self.upper.clear();
        for (k, &i) in block.iter().enumerate() {
            match problem.penalty.shape(i) {
                Some(Shape::Interval { lower, upper, slope }) => {
                    self.lower.push(lower);
                    self.upper.push(upper);
                    g[k] += slope;
                }
                _ => return Err(only_bounds(problem)),
            }
        }
        Ok(())
    }

    /// Marks the coordinates that are near a bound and pushed against it.
    pub(crate) fn mark_active(&self, rule: ActiveRule, x: &[T], g: &[T], active: &mut Vec<bool>) {
        let epsilon = match rule {
            ActiveRule::Reference => constant::<T>(1e-4),
            ActiveRule::Adaptive => {
                let moved = (0..x.len())
                    .map(|k| (x[k] - clip(x[k] - g[k], self.lower[k], self.upper[k])).abs())
                    .fold(T::zero(), |m, v| if v > m { v } else { m });
                constant::<T>(1e-4).min(moved) * largest_abs(x).max(T::one())
            }
        };
        active.clear();
        active.extend((0..x.len()).map(|k| {
            (x[k] - self.lower[k] <= epsilon && g[k] > T::zero())
                || (self.upper[k] - x[k] <= epsilon && g[k] < T::zero())
        }));
    }

    /// Bertsekas' search along the projected path proj(x + a s): shortens a until F falls enough, then moves.
    #[expect(clippy::too_many_arguments, reason = "the arrays of one block, all of its length")]
    pub(crate) fn search(
        &self,
        rule: ActiveRule,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        block: &[usize],
        memory: (&[T], &[T], &[T]),
        active: &[bool],
        d: &mut [T],
        u: &mut [T],
    ) -> Result<()> {
        let (g, x, s) = memory;
        let c = constant::<T>(if rule == ActiveRule::Reference { 1e-10 } else { 1e-4 });
        let (start, slack) = (state.value, rounding_slack(state.value));
        let penalty = problem.penalty.block_value(block, x);
        let (slope, mut before) = (dot(g, s), None);
        let mut a = T::one();
        for _ in 0..60 {
            let mut expected = T::zero();
            for k in 0..x.len() {
                u[k] = clip(x[k] + a * s[k], self.lower[k], self.upper[k]);
                d[k] = u[k] - x[k];
                expected += if active[k] { g[k] * d[k] } else { a * g[k] * s[k] };
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
            a = shortened(slope, a, change, &mut before, rule != ActiveRule::Reference);
        }
        Ok(())
    }
}

pub(crate) fn only_bounds<T: Scalar>(problem: &Problem<'_, T>) -> crate::Error {
    problem
        .penalty
        .incompatible("update TwoMetric", "it projects on bounds; the penalty must be NonNegative, Box or none")
}

/// Item 8.
pub(crate) struct TwoMetricStep<T: Scalar> {
    memory: Memory<T>,
    bounds: Bounds<T>,
    active: Vec<bool>,
    working: Vec<usize>,
    names: Vec<usize>,
    right: Vec<T>,
    s: Vec<T>,
    rule: ActiveRule,
}

impl<T: Scalar> TwoMetricStep<T> {
    pub(crate) fn new(rule: ActiveRule) -> Self {
        Self {
            memory: Memory::new(),
            bounds: Bounds::new(),
            active: Vec::new(),
            working: Vec::new(),
            names: Vec::new(),
            right: Vec::new(),
            s: Vec::new(),
            rule,
        }
    }
}

impl<T: Scalar> Step<T> for TwoMetricStep<T> {
    fn check(&self, problem: &Problem<'_, T>) -> Result<()> {
        match problem.penalty.shape(0) {
            Some(Shape::Interval { .. }) => Ok(()),
            _ => Err(only_bounds(problem)),
        }
    }

    fn step(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, block: Block<'_>) -> Result<()> {
        let indices = block.indices;
        let memory = &mut self.memory;
        memory.load(problem, state, indices)?;
        self.bounds.load(problem, indices, &mut memory.g)?;
        self.bounds.mark_active(self.rule, &memory.x, &memory.g, &mut self.active);
        self.working.clear();
        self.working.extend((0..indices.len()).filter(|&k| !self.active[k]));
        self.names.clear();
        self.names.extend(self.working.iter().map(|&k| indices[k]));
        self.right.clear();
        self.right.extend(self.working.iter().map(|&k| -memory.g[k]));
        if !self.working.is_empty() {
            memory.load_hessian(problem, state, &self.names, Curvature::AtPoint)?;
            memory.solver.solve(&memory.h, &mut self.right, &self.names)?;
        }
        let active = || (0..indices.len()).filter(|&k| self.active[k]);
        let total: T = active().map(|k| problem.curvatures[indices[k]]).sum();
        self.s.clear();
        self.s.resize(indices.len(), T::zero());
        for k in active() {
            let scale = if self.rule == ActiveRule::Reference { total } else { problem.curvatures[indices[k]] };
            self.s[k] = if scale > T::zero() { -memory.g[k] / scale } else { -memory.g[k] };
        }
        for (&k, &r) in self.working.iter().zip(&self.right) {
            self.s[k] = r;
        }
        let Memory { g, x, d, u, .. } = memory;
        self.bounds.search(self.rule, problem, state, indices, (g, x, &self.s), &self.active, d, u)
    }
}
