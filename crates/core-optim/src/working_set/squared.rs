//! The squared loss: outer loop over working sets, for one level after the other.

use super::block::Block;
use super::certificate::{Pull, dual_scale};
use super::correlations::Correlations;
use super::inner;
use super::newton::Newton;
use super::reduced::Reduced;
use super::space::Space;
use super::{Effort, Intercept, Options, SparseFit, SparsePenalty, WorkingSet, WorkingSetState};
use crate::design::DesignMatrix;
use crate::prox::Separable;
use crate::reduce::{constant, sum_pairs};
use crate::{Observer, Result, Stopped};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1};

/// Memory of the squared loss.
#[derive(Debug, Clone, Default)]
pub(super) struct SquaredMemory<T> {
    space: Space<T>,
    newton: Newton<T>,
    block: Block<T>,
    correlations: Correlations<T>,
    /// y - ȳ.
    target: Vec<T>,
    w: Vec<T>,
    residual: Vec<T>,
    reduced_residual: Vec<T>,
    rho: Vec<T>,
    screened: Vec<bool>,
    list: Vec<usize>,
    values: Vec<T>,
    pulls: Vec<Pull<T>>,
    candidates: Vec<(T, usize)>,
}

/// A problem in the squared loss, to be solved for any number of penalties.
pub(super) struct SquaredRun<'a, T, X: ?Sized> {
    solver: &'a WorkingSet<T>,
    reduced: Reduced<'a, T, X>,
    memory: &'a mut SquaredMemory<T>,
    mean: T,
    /// F(0) and ‖ŷ‖.
    scale: T,
    norm: T,
    /// Sweeps and steps since the residual was computed from nothing.
    age: usize,
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized> SquaredRun<'a, T, X> {
    pub(super) fn new(
        solver: &'a WorkingSet<T>,
        x: &'a X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
        memory: &'a mut SquaredMemory<T>,
    ) -> Result<Self> {
        let reduced = Reduced::new(x, options)?;
        let (n, d) = (reduced.rows, reduced.columns);
        let weight = |i: usize| reduced.weights.as_ref().map_or(T::one(), |s| s[i]);
        let mean = match options.intercept {
            Intercept::Absent => T::zero(),
            Intercept::Free => y.iter().enumerate().map(|(i, &y)| weight(i) * y).sum::<T>() / reduced.total,
        };
        memory.target.clear();
        memory.target.extend(y.iter().map(|&y| y - mean));
        let squares: T = memory.target.iter().enumerate().map(|(i, &y)| weight(i) * y * y).sum();
        memory.w.clear();
        memory.w.resize(d, T::zero());
        if let Some(start) = options.start {
            for (j, (w, &start)) in memory.w.iter_mut().zip(start).enumerate() {
                let (lower, upper) = penalty.interval(j);
                // A zero column is left alone by the sweeps.
                *w = if reduced.norms[j] > T::zero() { start.max(lower).min(upper) } else { T::zero() };
            }
        }
        memory.residual.clear();
        memory.residual.resize(n, T::zero());
        memory.space.clear(&reduced);
        memory.newton.clear();
        memory.correlations.clear(n, d);
        let scale = constant::<T>(0.5) * squares;
        let mut run = Self { solver, reduced, memory, mean, scale, norm: squares.sqrt(), age: 0 };
        run.refresh()?;
        Ok(run)
    }

    /// Computes the residual from nothing.
    fn refresh(&mut self) -> Result<()> {
        let memory = &mut *self.memory;
        memory.residual.copy_from_slice(&memory.target);
        self.reduced.subtract_fit(&memory.w, &mut memory.residual)?;
        memory.space.set_residual(&memory.residual);
        self.age = 0;
        Ok(())
    }

    /// Correlations with the present residual of all columns that may exceed their thresholds or have a coefficient: left in
    /// `list`. Returns ‖r̂‖².
    fn evaluate(&mut self, penalty: &SparsePenalty<T>) -> Result<T> {
        let memory = &mut *self.memory;
        let sum = memory.space.read_residual(&mut memory.reduced_residual, &mut memory.rho);
        memory.correlations.look_at(&memory.reduced_residual);
        let l1 = penalty.l1() * (T::one() - constant::<T>(1e-9).max(constant::<T>(64.0) * T::epsilon()));
        memory.list.clear();
        for j in 0..self.reduced.columns {
            let needed = memory.w[j] != T::zero()
                || (!memory.screened[j]
                    && memory.correlations.bound(j, self.reduced.roots[j]) >= l1 * penalty.factor(j));
            if needed && self.reduced.norms[j] > T::zero() {
                memory.list.push(j);
            }
        }
        memory.values.clear();
        memory.values.resize(memory.list.len(), T::zero());
        self.reduced.dots_into(&memory.list, &memory.rho, sum, &mut memory.values)?;
        for (&j, &value) in memory.list.iter().zip(&memory.values) {
            memory.correlations.set(j, value);
        }
        Ok(sum_pairs(&memory.reduced_residual, &memory.reduced_residual, |a, b| a * b))
    }

    /// Solves for one penalty, from where the last one ended.
    pub(super) fn solve(
        &mut self,
        penalty: &SparsePenalty<T>,
        observer: &mut impl for<'s> Observer<WorkingSetState<'s, T>>,
    ) -> Result<SparseFit<T>> {
        let d = self.reduced.columns;
        let tolerance = self.solver.tolerance.max(constant::<T>(8.0) * T::epsilon()) * self.scale;
        let mut fit = SparseFit {
            l1: penalty.l1(),
            coefficients: Array1::zeros(0),
            intercept: T::zero(),
            primal: T::infinity(),
            dual: T::neg_infinity(),
            gap: T::infinity(),
            scale: self.scale,
            violation: T::infinity(),
            effort: Effort::default(),
            stopped: Stopped::IterationLimit,
        };
        self.memory.screened.clear();
        self.memory.screened.resize(d, false);
        // What a sweep may gain when the working set counts as solved.
        let mut target = constant::<T>(1e-3) * tolerance;
        let mut stalled = 0;
        let half = constant::<T>(0.5);
        while fit.effort.outer_iterations < self.solver.outer_limit {
            fit.effort.outer_iterations += 1;
            if self.age > 100 {
                self.refresh()?;
            }
            let energy = self.evaluate(penalty)?;
            let before = fit.gap;
            let (gap, sigma) = self.certify(penalty, energy, &mut fit);
            fit.primal = half * energy + self.penalty_value(penalty);
            fit.dual = fit.dual.max(fit.primal - gap);
            fit.gap = gap.min((fit.primal - fit.dual).max(T::zero()));
            if fit.gap > tolerance || true {
                let coefficients = ndarray::ArrayView1::from(&self.memory.w[..]);
                let state = WorkingSetState {
                    iteration: fit.effort.outer_iterations,
                    l1: penalty.l1(),
                    primal: fit.primal,
                    gap: fit.gap,
                    working_set: fit.effort.working_sets.last().copied().unwrap_or(0),
                    coefficients: &coefficients,
                };
                if observer.iteration(&state).is_break() {
                    fit.stopped = Stopped::Observer;
                    break;
                }
            }
            if !fit.primal.is_finite() {
                fit.stopped = Stopped::NumericalBreakdown;
                break;
            }
            if fit.gap <= tolerance {
                if self.age == 0 || self.solver.tolerance >= constant::<T>(1e8) * T::epsilon() {
                    fit.stopped = Stopped::Converged;
                    break;
                }
                // So tight a gap must not rest on a residual that was updated many times.
                self.refresh()?;
                (fit.dual, fit.gap) = (T::neg_infinity(), T::infinity());
                continue;
            }
            self.screen(penalty, gap, sigma, &mut fit);
            let fresh = self.select(penalty)?;
            fit.effort.working_sets.push(self.memory.block.len());
            if fresh == 0 {
                // Nothing is missing: the set must be solved better.
                stalled = if fit.gap < half * before { 0 } else { stalled + 1 };
                if stalled >= 4 {
                    fit.stopped = self.at_the_end_of_precision(penalty, &fit);
                    break;
                }
                target *= constant::<T>(1e-3);
            }
            let sweeps = fit.effort.inner_iterations;
            let memory = &mut *self.memory;
            let (block, newton) = (&mut memory.block, &mut memory.newton);
            let (finish, limit) = (self.solver.finish, self.solver.inner_limit);
            let within = if memory.space.is_sparse {
                inner::solve(&mut memory.space.sparse, block, newton, finish, target, limit, &mut fit.effort)
            } else {
                inner::solve(&mut memory.space.dense, block, newton, finish, target, limit, &mut fit.effort)
            };
            self.age += fit.effort.inner_iterations - sweeps;
            for (&j, &w) in memory.block.features.iter().zip(&memory.block.w) {
                memory.w[j] = w;
            }
            if !within && fit.effort.inner_iterations >= limit && fit.effort.outer_iterations > 1 && fresh == 0 {
                break;
            }
        }
        fit.coefficients = Array1::from(self.memory.w.clone());
        fit.intercept = match self.reduced.intercept {
            Intercept::Absent => T::zero(),
            Intercept::Free => self.mean - self.reduced.offset_of(&self.memory.w),
        };
        Ok(fit)
    }

    fn penalty_value(&self, penalty: &SparsePenalty<T>) -> T {
        let w = self.memory.w.iter().enumerate().filter(|(_, w)| **w != T::zero());
        w.map(|(j, &w)| penalty.coordinate_value(j, w)).sum()
    }

    /// The gap and the dual scale at the present point, from the correlations in `list`.
    fn certify(&mut self, penalty: &SparsePenalty<T>, energy: T, fit: &mut SparseFit<T>) -> (T, T) {
        let memory = &mut *self.memory;
        let n = constant::<T>(16.0 * (self.reduced.rows as f64).sqrt());
        let noise = n * T::epsilon() * (energy.sqrt() + self.norm);
        memory.pulls.clear();
        fit.violation = T::zero();
        for &j in &memory.list {
            let (c, w) = (memory.correlations.values[j], memory.w[j]);
            fit.violation = fit.violation.max(penalty.violation(j, w, -c));
            if w != T::zero() || c.abs() >= penalty.l1() * penalty.factor(j) {
                memory.pulls.push(Pull { j, c, w, noise: noise * self.reduced.roots[j] });
            }
        }
        let dual = dual_scale(penalty, &memory.pulls, energy, T::one());
        let off = T::one() - dual.scale;
        (constant::<T>(0.5) * off * off * energy + dual.penalty_gap, dual.scale)
    }

    /// Marks what is zero at the optimum for certain.
    fn screen(&mut self, penalty: &SparsePenalty<T>, gap: T, sigma: T, fit: &mut SparseFit<T>) {
        let memory = &mut *self.memory;
        let radius = (constant::<T>(2.0) * gap).sqrt();
        let margin = T::one() - constant::<T>(1e-10).max(constant::<T>(64.0) * T::epsilon());
        fit.effort.screened = 0;
        for j in 0..self.reduced.columns {
            if !memory.screened[j] && memory.w[j] == T::zero() {
                let root = self.reduced.roots[j];
                let bound = sigma * memory.correlations.bound(j, root) + root * radius;
                memory.screened[j] = bound < penalty.l1() * penalty.factor(j) * margin;
            }
            fit.effort.screened += usize::from(memory.screened[j]);
        }
    }

    /// Fills the block: the support and the columns nearest to entering it. Returns how many violate their condition.
    fn select(&mut self, penalty: &SparsePenalty<T>) -> Result<usize> {
        let memory = &mut *self.memory;
        memory.block.clear();
        memory.candidates.clear();
        let mut support = 0;
        for &j in &memory.list {
            let (w, p) = (memory.w[j], penalty.factor(j));
            if w != T::zero() || p * penalty.l1() == T::zero() {
                let slot = memory.space.slot(&self.reduced, j)?;
                memory.block.push(j, slot, w, self.reduced.norms[j], penalty);
                support += 1;
                continue;
            }
            let c = memory.correlations.values[j];
            let (lower, upper) = penalty.interval(j);
            if (c > T::zero() && upper > T::zero()) || (c < T::zero() && lower < T::zero()) {
                memory.candidates.push(((penalty.l1() * p - c.abs()) / self.reduced.roots[j], j));
            }
        }
        let room = (2 * support).max(10) - support;
        let by_key = |a: &(T, usize), b: &(T, usize)| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal).then(a.1.cmp(&b.1));
        if memory.candidates.len() > room {
            memory.candidates.select_nth_unstable_by(room, by_key);
            memory.candidates.truncate(room);
        }
        memory.candidates.sort_unstable_by(by_key);
        let violating = memory.candidates.iter().filter(|(key, _)| *key < T::zero()).count();
        for c in 0..memory.candidates.len() {
            let j = memory.candidates[c].1;
            let slot = memory.space.slot(&self.reduced, j)?;
            memory.block.push(j, slot, T::zero(), self.reduced.norms[j], penalty);
        }
        Ok(violating)
    }

    /// The gap does not fall any more: whether the optimality conditions hold up to rounding.
    fn at_the_end_of_precision(&self, penalty: &SparsePenalty<T>, fit: &SparseFit<T>) -> Stopped {
        let n = constant::<T>(64.0 * (self.reduced.rows as f64).sqrt());
        let largest = self.reduced.roots.iter().fold(T::zero(), |m, &r| m.max(r));
        let noise = n * T::epsilon() * (self.norm * largest + penalty.l1());
        if fit.violation <= noise { Stopped::Settled } else { Stopped::NoProgress }
    }
}
