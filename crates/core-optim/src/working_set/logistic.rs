//! The logistic loss: one Newton model per outer iteration, minimised with the penalty over the working set.

use super::block::Block;
use super::dense_columns::DenseColumns;
use super::inner::{self, Pace};
use super::logistic_state::LogisticState;
use super::newton::Newton;
use super::outer::Outer;
use super::progress;
use super::reduced::Reduced;
use super::sparse_columns::SparseColumns;
use super::{Effort, Intercept, Options, SparseFit, SparsePenalty, WorkingSet, WorkingSetState};
use crate::design::DesignMatrix;
use crate::error::check_labels;
use crate::prox::Separable;
use crate::reduce::{constant, sum_pairs};
use crate::{Observer, Result, Stopped};
use core_tensor::{Kernel, Scalar, vectorised};
use ndarray::{Array1, ArrayRef1, ArrayViewMut1};

/// Of the gap: what a sweep may gain when the model counts as minimised.
const EARLY: f64 = 0.05;
/// How many times the cost of the sweeps before it a Newton step may have.
const BALANCE: usize = 2;

/// Memory of the logistic loss.
#[derive(Debug, Clone, Default)]
pub(super) struct LogisticMemory<T> {
    outer: Outer<T>,
    state: LogisticState<T>,
    dense: DenseColumns<T>,
    sparse: SparseColumns<T>,
    newton: Newton<T>,
    block: Block<T>,
    /// √h and h of the model, kept away from 0.
    roots: Vec<T>,
    curvatures: Vec<T>,
    direction: Vec<T>,
    before: Vec<T>,
}

/// A problem in the logistic loss, to be solved for any number of penalties.
pub(super) struct LogisticRun<'a, T, X: ?Sized> {
    solver: &'a WorkingSet<T>,
    reduced: Reduced<'a, T, X>,
    memory: &'a mut LogisticMemory<T>,
    b: T,
    /// F(0) with the best b.
    scale: T,
    is_sparse: bool,
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized> LogisticRun<'a, T, X> {
    pub(super) fn new(
        solver: &'a WorkingSet<T>,
        x: &'a X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
        memory: &'a mut LogisticMemory<T>,
    ) -> Result<Self> {
        check_labels("y", y)?;
        let reduced = Reduced::new(x, options)?;
        let is_sparse = x.sparse_column(0).is_some() && u32::try_from(reduced.rows).is_ok();
        memory.outer.clear(&reduced, penalty, options);
        let state = &mut memory.state;
        state.labels.clear();
        state.labels.extend(y.iter().copied());
        state.weights.clear();
        state.weights.extend(reduced.weights.iter().flatten().copied());
        state.z.clear();
        state.z.resize(reduced.rows, T::zero());
        let mut run = Self { solver, reduced, memory, b: T::zero(), scale: T::zero(), is_sparse };
        run.memory.state.look();
        run.fit_intercept();
        run.scale = run.memory.state.value;
        if !run.memory.outer.is_zero() {
            if run.reduced.intercept == Intercept::Free {
                run.b = options.start_intercept;
            }
            run.predict()?;
            run.fit_intercept();
        }
        run.read_slopes();
        Ok(run)
    }

    /// z = X w + b from nothing.
    fn predict(&mut self) -> Result<()> {
        let LogisticMemory { outer, state, .. } = &mut *self.memory;
        let mut shift = self.b;
        let mut z = ArrayViewMut1::from(&mut state.z[..]);
        z.fill(T::zero());
        for (j, &w) in outer.w.iter().enumerate().filter(|(_, w)| **w != T::zero()) {
            self.reduced.x.stored_axpy(j, w, &mut z)?;
            shift -= w * self.reduced.x.shift(j).unwrap_or(T::zero());
        }
        state.shift(shift);
        state.look();
        Ok(())
    }

    /// Newton's method on b alone, with steps that cannot overshoot: at the end Σ u = 0, as the dual needs.
    fn fit_intercept(&mut self) {
        if self.reduced.intercept == Intercept::Absent {
            return;
        }
        let rounding = constant::<T>(4.0 * (self.reduced.rows as f64).sqrt()) * T::epsilon();
        let state = &mut self.memory.state;
        for _ in 0..100 {
            let sum: T = state.slopes.iter().copied().sum();
            let size: T = state.slopes.iter().map(|u| u.abs()).sum();
            let curvature: T = state.curvatures.iter().copied().sum();
            if !(sum.abs() > rounding * size) || !(curvature > T::zero()) {
                break;
            }
            // The curvature changes by at most a factor e per unit of b.
            let step = (sum / curvature).max(-T::one()).min(T::one());
            if self.b + step == self.b {
                break;
            }
            self.b += step;
            state.shift(step);
            state.look();
        }
    }

    fn read_slopes(&mut self) {
        let LogisticMemory { outer, state, .. } = &mut *self.memory;
        outer.slopes.clear();
        outer.slopes.extend_from_slice(&state.slopes);
        outer.slope_sum = match self.reduced.intercept {
            Intercept::Absent => state.slopes.iter().copied().sum(),
            Intercept::Free => T::zero(),
        };
        outer.reduced_slopes.clear();
        if state.weights.is_empty() {
            outer.reduced_slopes.extend_from_slice(&state.slopes);
        } else {
            let divided = |(&u, &s): (&T, &T)| if s > T::zero() { u / s.sqrt() } else { T::zero() };
            outer.reduced_slopes.extend(state.slopes.iter().zip(&state.weights).map(divided));
        }
        outer.moved = true;
    }

    /// The smallest λ₁ without a penalised coefficient.
    pub(super) fn largest_level(&mut self, penalty: &SparsePenalty<T>) -> Result<T> {
        self.memory.outer.largest_pull(&self.reduced, penalty)
    }

    /// Solves for one penalty, from where the last one ended.
    pub(super) fn solve(
        &mut self,
        penalty: &SparsePenalty<T>,
        observer: &mut impl for<'s> Observer<WorkingSetState<'s, T>>,
    ) -> Result<SparseFit<T>> {
        let tolerance = self.solver.tolerance.max(constant::<T>(8.0) * T::epsilon()) * self.scale;
        let mut fit = progress::begin(penalty, self.scale, Effort::default());
        self.memory.outer.begin(self.reduced.columns);
        let noise = constant::<T>(16.0 * (self.reduced.rows as f64).sqrt()) * T::epsilon();
        let mut stalled = 0;
        // What a sweep may gain when the model counts as minimised, and per unit of the gap.
        let (mut target, mut early) = (constant::<T>(1e-3) * tolerance, constant::<T>(EARLY));
        while fit.effort.outer_iterations < self.solver.outer_limit {
            fit.effort.outer_iterations += 1;
            let LogisticMemory { outer, state, .. } = &mut *self.memory;
            outer.evaluate(&self.reduced, penalty)?;
            let energy = sum_pairs(&outer.reduced_slopes, &outer.reduced_slopes, |a, b| a * b);
            let noise = noise * (energy.sqrt() + self.scale.sqrt());
            let (dual, violation) = outer.certify(&self.reduced, penalty, state.gap_curvature(), noise);
            let gap = state.gap(dual.scale) + dual.penalty_gap;
            let before = fit.gap;
            let primal = state.value + outer.penalty_value(penalty);
            progress::certify(&mut fit, primal, gap, violation);
            if progress::is_over(&mut fit, &outer.w, observer) {
                break;
            }
            if fit.gap <= tolerance {
                fit.stopped = Stopped::Converged;
                break;
            }
            if !(fit.gap < constant::<T>(0.3) * before) {
                target *= constant::<T>(0.03);
                early *= constant::<T>(0.3);
            }
            stalled = if fit.gap < constant::<T>(0.9) * before { 0 } else { stalled + 1 };
            if stalled >= 12 {
                let largest = self.reduced.roots.iter().fold(T::zero(), |m, &r| m.max(r));
                fit.stopped = progress::end_of_precision(&fit, noise * largest);
                break;
            }
            // The dual is strongly concave with 4 per unit of weight.
            let radius = (constant::<T>(0.5) * gap).sqrt();
            fit.effort.screened = outer.screen(&self.reduced, penalty, dual.scale, radius);
            outer.choose(&self.reduced, penalty);
            fit.effort.working_sets.push(outer.chosen.len());
            self.model(penalty)?;
            let LogisticMemory { dense, sparse, newton, block, before, .. } = &mut *self.memory;
            before.clear();
            before.extend_from_slice(&block.w);
            newton.clear();
            let (finish, limit) = (self.solver.finish, self.solver.inner_limit);
            let sweep_target = target.max(progress::floor(self.scale));
            let pace = Pace { finish, target: sweep_target, early: early * gap, balance: BALANCE, limit };
            let within = if self.is_sparse {
                inner::solve(sparse, block, newton, pace, &mut fit.effort)
            } else {
                inner::solve(dense, block, newton, pace, &mut fit.effort)
            };
            if !self.search(penalty)? {
                // The model was minimised too loosely to show a direction, or the numbers allow none.
                (target, early) = (target * constant::<T>(0.01), early * constant::<T>(0.01));
            }
            if !within && fit.effort.inner_iterations >= limit {
                break;
            }
        }
        fit.coefficients = Array1::from(self.memory.outer.w.clone());
        fit.intercept = self.b;
        Ok(fit)
    }

    /// The quadratic model at the present point on the chosen columns: curvatures h, r̂ = u/√h.
    fn model(&mut self, penalty: &SparsePenalty<T>) -> Result<()> {
        let LogisticMemory { outer, state, dense, sparse, block, roots, curvatures, .. } = &mut *self.memory;
        let n = self.reduced.rows;
        // Far out the curvature vanishes; a floor keeps r̂ finite and only makes the model more careful.
        let floor = |i: usize| constant::<T>(1e-10) * state.weights.get(i).copied().unwrap_or(T::one());
        curvatures.clear();
        curvatures.extend(state.curvatures.iter().enumerate().map(|(i, &h)| h.max(floor(i))));
        let total: T = curvatures.iter().copied().sum();
        roots.clear();
        roots.extend(curvatures.iter().map(|h| h.sqrt()));
        let centred = self.reduced.intercept == Intercept::Free;
        block.clear();
        if self.is_sparse {
            sparse.clear(n);
            sparse.weights.copy_from_slice(curvatures);
            sparse.total = total;
            sparse.residual.copy_from_slice(&state.slopes);
            sparse.settle();
            for (slot, &j) in outer.chosen.iter().enumerate() {
                let Some((rows, values, factor)) = self.reduced.x.sparse_column(j) else { continue };
                let norm = sparse.push_model_column(rows, values, factor, centred, self.reduced.mean(j));
                block.push(j, slot, outer.w[j], norm, penalty);
            }
        } else {
            dense.clear(n);
            dense.columns.resize(n * outer.chosen.len(), T::zero());
            for (i, r) in dense.residual.iter_mut().enumerate() {
                *r = if roots[i] > T::zero() { state.slopes[i] / roots[i] } else { T::zero() };
            }
            for (slot, &j) in outer.chosen.iter().enumerate() {
                let column = &mut dense.columns[slot * n..(slot + 1) * n];
                self.reduced.x.stored_column_into(j, column)?;
                let mean = if centred { None } else { Some(self.reduced.mean(j)) };
                let norm = vectorised(ModelColumn { column, curvatures, roots, total, mean });
                block.push(j, slot, outer.w[j], norm, penalty);
            }
        }
        Ok(())
    }

    /// Moves towards the minimiser of the model until the objective falls enough; false if no step does.
    fn search(&mut self, penalty: &SparsePenalty<T>) -> Result<bool> {
        let LogisticMemory { outer, state, block, direction, before, curvatures, .. } = &mut *self.memory;
        direction.clear();
        direction.resize(self.reduced.rows, T::zero());
        let mut view = ArrayViewMut1::from(&mut direction[..]);
        let (mut shift, mut constant_part, mut penalty_change) = (T::zero(), T::zero(), T::zero());
        let mut any = false;
        for (k, &j) in block.features.iter().enumerate() {
            let moved = block.w[k] - before[k];
            if moved != T::zero() {
                any = true;
                self.reduced.x.stored_axpy(j, moved, &mut view)?;
                shift += moved * self.reduced.x.shift(j).unwrap_or(T::zero());
                penalty_change += penalty.coordinate_value(j, block.w[k]) - penalty.coordinate_value(j, before[k]);
            }
        }
        direction.iter_mut().for_each(|v| *v -= shift);
        if self.reduced.intercept == Intercept::Free {
            // The model's b: what keeps the weighted mean of its residual at 0.
            let total: T = curvatures.iter().copied().sum();
            let pull: T = direction.iter().zip(&*curvatures).map(|(&v, &h)| v * h).sum();
            let slopes: T = state.slopes.iter().copied().sum();
            constant_part = (slopes - pull) / total;
            direction.iter_mut().for_each(|v| *v += constant_part);
        }
        let slope = sum_pairs(direction, &state.slopes, |a, b| a * b);
        let predicted = penalty_change - slope;
        let start = state.value;
        let slack = constant::<T>(4.0) * T::epsilon() * (start + outer.penalty_value(penalty));
        // Near the optimum the gain drowns in the rounding of the objective, but the step is still a good one.
        if !any || !(predicted <= slack) {
            return Ok(false);
        }
        let predicted = predicted.min(T::zero());
        let mut step = T::one();
        for _ in 0..40 {
            let mut change = state.value_along(direction, step) - start;
            if step == T::one() {
                change += penalty_change;
            } else {
                for (k, &j) in block.features.iter().enumerate() {
                    let at = before[k] + step * (block.w[k] - before[k]);
                    change += penalty.coordinate_value(j, at) - penalty.coordinate_value(j, before[k]);
                }
            }
            if change <= constant::<T>(1e-4) * step * predicted + slack {
                for (k, &j) in block.features.iter().enumerate() {
                    outer.w[j] =
                        if step == T::one() { block.w[k] } else { before[k] + step * (block.w[k] - before[k]) };
                }
                self.b += step * constant_part;
                for (z, &v) in state.z.iter_mut().zip(direction.iter()) {
                    *z += step * v;
                }
                state.look();
                self.fit_intercept();
                self.read_slopes();
                return Ok(true);
            }
            step *= constant::<T>(0.5);
        }
        Ok(false)
    }
}

/// column ← √h ∘ (column - mean), `mean` the h-weighted one if none is given; returns the squared norm.
struct ModelColumn<'a, T> {
    column: &'a mut [T],
    curvatures: &'a [T],
    roots: &'a [T],
    total: T,
    mean: Option<T>,
}

impl<T: Scalar> Kernel for ModelColumn<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run(self) -> T {
        let mean = match self.mean {
            Some(mean) => mean,
            None => sum_pairs(self.column, self.curvatures, |x, h| x * h) / self.total,
        };
        for (x, &root) in self.column.iter_mut().zip(self.roots) {
            *x = root * (*x - mean);
        }
        sum_pairs(self.column, self.column, |a, b| a * b)
    }
}
