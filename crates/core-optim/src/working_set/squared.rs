//! The squared loss: outer loop over working sets, for one level after the other.

use super::block::Block;
use super::gram_columns::GramColumns;
use super::inner::{self, Pace};
use super::newton::Newton;
use super::outer::Outer;
use super::progress;
use super::quadratic::Quadratic;
use super::reduced::Reduced;
use super::space::Space;
use super::{Effort, Finish, Intercept, Options, SparseFit, SparsePenalty, WorkingSet, WorkingSetState};
use crate::design::DesignMatrix;
use crate::reduce::{constant, sum_pairs};
use crate::{Observer, Result, Stopped, Unobserved};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1};

/// Of the gap: what a sweep may gain when a working set that is not the last one counts as solved.
const EARLY: f64 = 1e-3;
/// How many times the cost of the sweeps before it a Newton step may have.
const BALANCE: usize = 8;
/// A cold start comes down from the largest level by this factor, with so many outer iterations per level.
const CONTINUATION: (f64, usize) = (0.5, 3);
/// Outer iterations in a row, with ever stricter sweeps, that may fail to halve the gap.
const STALLED: usize = 8;
/// Sweeps after which the residual is computed from nothing.
const OLD: usize = 100;

/// Memory of the squared loss.
#[derive(Debug, Clone, Default)]
pub(super) struct SquaredMemory<T> {
    outer: Outer<T>,
    space: Space<T>,
    gram: GramColumns<T>,
    newton: Newton<T>,
    block: Block<T>,
    /// y - ȳ.
    target: Vec<T>,
    residual: Vec<T>,
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
    /// Sweeps since the residual was computed from nothing.
    age: usize,
    /// Whether all work goes through the Gram matrix of all columns.
    by_gram: bool,
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized> SquaredRun<'a, T, X> {
    pub(super) fn new(
        solver: &'a WorkingSet<T>,
        x: &'a X,
        y: &ArrayRef1<T>,
        penalty: &SparsePenalty<T>,
        options: &Options<'_, T>,
        levels: usize,
        memory: &'a mut SquaredMemory<T>,
    ) -> Result<Self> {
        let reduced = Reduced::new(x, options)?;
        let weight = |i: usize| reduced.weights.as_ref().map_or(T::one(), |s| s[i]);
        let mean = match options.intercept {
            Intercept::Absent => T::zero(),
            Intercept::Free => y.iter().enumerate().map(|(i, &y)| weight(i) * y).sum::<T>() / reduced.total,
        };
        memory.target.clear();
        memory.target.extend(y.iter().map(|&y| y - mean));
        let squares: T = memory.target.iter().enumerate().map(|(i, &y)| weight(i) * y * y).sum();
        let expected = "of a squared norm that the numbers can hold";
        core_tensor::check_range("y", Scalar::to_f64(squares), squares.is_finite(), expected)?;
        memory.outer.clear(&reduced, penalty, options);
        memory.residual.clear();
        memory.residual.resize(reduced.rows, T::zero());
        memory.space.clear(&reduced);
        memory.newton.clear();
        let by_gram = gram_pays(reduced.rows, reduced.columns, levels);
        if by_gram {
            gram_of_all(&reduced, memory)?;
        }
        let scale = constant::<T>(0.5) * squares;
        let mut run = Self { solver, reduced, memory, mean, scale, norm: squares.sqrt(), age: 0, by_gram };
        run.refresh()?;
        Ok(run)
    }

    /// Computes the residual from nothing.
    fn refresh(&mut self) -> Result<()> {
        let memory = &mut *self.memory;
        memory.residual.copy_from_slice(&memory.target);
        self.reduced.subtract_fit(&memory.outer.w, &mut memory.residual)?;
        memory.space.set_residual(&memory.residual);
        memory.outer.moved = true;
        self.age = 0;
        if self.by_gram {
            let outer = &mut memory.outer;
            outer.slope_sum = memory.space.read_residual(&mut outer.reduced_slopes, &mut outer.slopes);
            memory.gram.energy = sum_pairs(&outer.reduced_slopes, &outer.reduced_slopes, |a, b| a * b);
            let all: Vec<usize> = (0..self.reduced.columns).collect();
            self.reduced.dots_into(&all, &outer.slopes, outer.slope_sum, &mut memory.gram.pulls)?;
        }
        Ok(())
    }

    fn read_residual(&mut self) {
        let outer = &mut self.memory.outer;
        if outer.moved && self.by_gram {
            outer.correlations.assign(&self.memory.gram.pulls);
            outer.moved = false;
        } else if outer.moved {
            outer.slope_sum = self.memory.space.read_residual(&mut outer.reduced_slopes, &mut outer.slopes);
        }
    }

    /// Correlations where they matter; returns ‖r̂‖².
    fn evaluate(&mut self, penalty: &SparsePenalty<T>) -> Result<T> {
        self.read_residual();
        let SquaredMemory { outer, gram, .. } = &mut *self.memory;
        outer.evaluate(&self.reduced, penalty)?;
        if self.by_gram {
            return Ok(gram.energy.max(T::zero()));
        }
        Ok(sum_pairs(&outer.reduced_slopes, &outer.reduced_slopes, |a, b| a * b))
    }

    /// The smallest λ₁ without a penalised coefficient.
    pub(super) fn largest_level(&mut self, penalty: &SparsePenalty<T>) -> Result<T> {
        self.read_residual();
        self.memory.outer.largest_pull(&self.reduced, penalty)
    }

    /// Solves for one penalty, from where the last one ended.
    pub(super) fn solve(
        &mut self,
        penalty: &SparsePenalty<T>,
        observer: &mut impl for<'s> Observer<WorkingSetState<'s, T>>,
    ) -> Result<SparseFit<T>> {
        let tolerance = self.solver.tolerance.max(constant::<T>(8.0) * T::epsilon()) * self.scale;
        let mut effort = Effort::default();
        let mut stopped = None;
        if self.solver.finish == Finish::Exact && self.memory.outer.is_zero() {
            // Support and factor grow step by step instead of being guessed at once.
            let ratio = constant::<T>(CONTINUATION.0);
            let mut level = ratio * self.largest_level(penalty)?;
            let loose = tolerance.max(constant::<T>(1e-2) * self.scale);
            let end = constant::<T>(1e-3) * level;
            while level * ratio.sqrt() > penalty.l1() && level > end {
                let limit = effort.outer_iterations + CONTINUATION.1;
                let fit = self.rounds(&penalty.with_l1(level)?, loose, limit, effort, observer)?;
                effort = fit.effort;
                stopped = (fit.stopped == Stopped::Observer).then_some(fit.stopped);
                if stopped.is_some() {
                    break;
                }
                level *= ratio;
            }
        }
        let limit = effort.outer_iterations + self.solver.outer_limit;
        let mut fit = match stopped {
            None => self.rounds(penalty, tolerance, limit, effort, observer)?,
            // Stopped on the way down: only the certificate at the level asked for is missing.
            Some(stopped) => {
                let limit = effort.outer_iterations + 1;
                let fit = self.rounds(penalty, T::infinity(), limit, effort, &mut Unobserved)?;
                SparseFit { stopped, ..fit }
            }
        };
        let w = &self.memory.outer.w;
        fit.coefficients = Array1::from(w.clone());
        fit.intercept = match self.reduced.intercept {
            Intercept::Absent => T::zero(),
            Intercept::Free => self.mean - self.reduced.offset_of(w),
        };
        Ok(fit)
    }

    /// Outer iterations until the gap is within `tolerance`, at most until the effort has `limit` of them.
    fn rounds(
        &mut self,
        penalty: &SparsePenalty<T>,
        tolerance: T,
        limit: usize,
        effort: Effort,
        observer: &mut impl for<'s> Observer<WorkingSetState<'s, T>>,
    ) -> Result<SparseFit<T>> {
        let half = constant::<T>(0.5);
        let mut fit = progress::begin(penalty, self.scale, effort);
        self.memory.outer.begin(self.reduced.columns);
        // What a sweep may gain when the working set counts as solved.
        let mut target = constant::<T>(1e-3) * tolerance;
        let mut early = constant::<T>(EARLY);
        let mut stalled = 0;
        while fit.effort.outer_iterations < limit {
            fit.effort.outer_iterations += 1;
            if self.age > OLD {
                self.refresh()?;
            }
            let energy = self.evaluate(penalty)?;
            let before = fit.gap;
            let noise = self.noise() * (energy.sqrt() + self.norm);
            let outer = &mut self.memory.outer;
            let (dual, violation) = outer.certify(&self.reduced, penalty, energy, noise);
            let off = T::one() - dual.scale;
            let gap = half * off * off * energy + dual.penalty_gap;
            progress::certify(&mut fit, half * energy + outer.penalty_value(penalty), gap, violation);
            if progress::is_over(&mut fit, &outer.w, observer) {
                break;
            }
            if fit.gap <= tolerance {
                if self.age == 0 || self.solver.tolerance >= self.trust() {
                    fit.stopped = Stopped::Converged;
                    break;
                }
                // So tight a gap must not rest on a residual that was updated many times.
                self.refresh()?;
                (fit.dual, fit.gap) = (T::neg_infinity(), T::infinity());
                fit.effort.outer_iterations -= 1;
                continue;
            }
            let radius = (constant::<T>(2.0) * gap).sqrt();
            fit.effort.screened = outer.screen(&self.reduced, penalty, dual.scale, radius);
            let fresh = outer.choose(&self.reduced, penalty);
            fit.effort.working_sets.push(outer.chosen.len());
            if !(fit.gap < half * before) {
                early *= constant::<T>(0.1);
            }
            if fresh == 0 {
                // Nothing is missing: the set must be solved better.
                stalled = if fit.gap < half * before { 0 } else { stalled + 1 };
                if stalled >= STALLED {
                    let largest = self.reduced.roots.iter().fold(T::zero(), |m, &r| m.max(r));
                    fit.stopped = progress::end_of_precision(&fit, noise * largest);
                    break;
                }
                (target, early) = (target * constant::<T>(1e-3), early * constant::<T>(1e-3));
            }
            let within = self.solve_block(penalty, target, early * fit.gap, &mut fit.effort)?;
            if !within {
                break;
            }
        }
        Ok(fit)
    }

    /// Rounding of a correlation per ‖x̂‖ ‖r̂‖.
    fn noise(&self) -> T {
        constant::<T>(16.0 * (self.reduced.rows as f64).sqrt()) * T::epsilon()
    }

    /// The smallest tolerance that may rest on a residual, or on correlations, that were updated many times.
    fn trust(&self) -> T {
        let tight = constant::<T>(1e8) * T::epsilon();
        if !self.by_gram {
            return tight;
        }
        // What cancels when the correlations are Xᵀy - G w.
        let lengths: T = self.memory.outer.w.iter().zip(&self.reduced.roots).map(|(w, &root)| w.abs() * root).sum();
        let cancelled = lengths / self.norm;
        tight.max(constant::<T>(1e5) * T::epsilon() * cancelled * cancelled)
    }

    fn solve_block(&mut self, penalty: &SparsePenalty<T>, target: T, early: T, effort: &mut Effort) -> Result<bool> {
        let SquaredMemory { outer, space, gram, newton, block, .. } = &mut *self.memory;
        block.clear();
        for &j in &outer.chosen {
            let slot = if self.by_gram { j } else { space.slot(&self.reduced, j)? };
            block.push(j, slot, outer.w[j], self.reduced.norms[j], penalty);
        }
        let sweeps = effort.inner_iterations;
        let (finish, limit) = (self.solver.finish, self.solver.inner_limit);
        let target = target.max(progress::floor(self.scale));
        let pace = Pace { finish, target, early, balance: BALANCE, limit };
        let within = if self.by_gram {
            inner::solve(gram, block, newton, pace, effort)
        } else if space.is_sparse {
            inner::solve(&mut space.sparse, block, newton, pace, effort)
        } else {
            inner::solve(&mut space.dense, block, newton, pace, effort)
        };
        self.age += effort.inner_iterations - sweeps;
        outer.moved = true;
        for (&j, &w) in block.features.iter().zip(&block.w) {
            outer.w[j] = w;
        }
        Ok(within)
    }
}

/// Whether the Gram matrix of all columns costs less than the passes over the columns that it saves.
fn gram_pays(n: usize, d: usize, levels: usize) -> bool {
    levels > 0 && n >= 2 * d && d <= 3000 && d <= 24 * levels.max(4)
}

fn gram_of_all<T: Scalar, X: DesignMatrix<T> + ?Sized>(
    reduced: &Reduced<'_, T, X>,
    memory: &mut SquaredMemory<T>,
) -> Result<()> {
    let SquaredMemory { space, gram, .. } = memory;
    let d = reduced.columns;
    gram.pulls.clear();
    gram.pulls.resize(d, T::zero());
    #[cfg(feature = "linalg")]
    if reduced.is_plain()
        && let Some(x) = reduced.x.stored_array()
    {
        gram.gram.clear();
        gram.gram.resize(d * d, T::zero());
        if let Ok(mut out) = ndarray::ArrayViewMut2::from_shape((d, d), gram.gram.as_mut_slice()) {
            core_tensor::linalg::gram_into(&mut out, core_tensor::linalg::Accumulate::Replace, T::one(), &x)?;
            return Ok(());
        }
    }
    let slots = (0..d).map(|j| space.slot(reduced, j)).collect::<Result<Vec<_>>>()?;
    if space.is_sparse {
        space.sparse.gram_into(&slots, &mut gram.gram);
    } else {
        space.dense.gram_into(&slots, &mut gram.gram);
    }
    for i in 0..d {
        for j in 0..i {
            gram.gram[j * d + i] = gram.gram[i * d + j];
        }
    }
    Ok(())
}
