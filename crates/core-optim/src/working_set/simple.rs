//! Cyclic coordinate descent on all columns: the plain form.

use super::certificate::{Pull, dual_scale};
use super::{Intercept, Options, SparseFit, SparsePenalty, WorkingSet, WorkingSetState};
use crate::design::DesignMatrix;
use crate::loss::{EmpiricalLoss, Loss};
use crate::prox::Separable;
use crate::reduce::constant;
use crate::{Observer, Result, Stopped, Unobserved};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1};
use std::ops::ControlFlow;

pub(super) fn loss<T: Scalar, L: Loss<T>>(
    loss: L,
    y: &ArrayRef1<T>,
    options: &Options<'_, T>,
) -> Result<EmpiricalLoss<T, L>> {
    let loss = EmpiricalLoss::new(loss, y)?;
    match options.weights {
        Some(weights) => loss.weights(weights),
        None => Ok(loss),
    }
}

struct Model<'a, T, X: ?Sized, L> {
    x: &'a X,
    loss: &'a EmpiricalLoss<T, L>,
    intercept: Intercept,
    w: Array1<T>,
    b: T,
    z: Array1<T>,
    u: Array1<T>,
    curvature: Array1<T>,
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>> Model<'_, T, X, L> {
    fn predict(&mut self) -> Result<()> {
        self.x.apply_into(&self.w, &mut self.z)?;
        let b = self.b;
        self.z.mapv_inplace(|z| z + b);
        Ok(())
    }

    /// u = -∇f(z).
    fn refresh(&mut self) -> Result<()> {
        self.loss.gradient_into(&self.z, &mut self.u)?;
        self.u.mapv_inplace(|u| -u);
        Ok(())
    }

    fn fit_intercept(&mut self) -> Result<()> {
        if self.intercept == Intercept::Free {
            let bound = self.loss.curvature_bound();
            for _ in 0..50 {
                self.refresh()?;
                self.loss.curvature_into(&self.z, &mut self.curvature)?;
                let floor = constant::<T>(1e-3) * bound;
                let step = self.u.sum() / self.curvature.sum().max(floor);
                if !(step.abs() > T::epsilon() * self.b.abs()) {
                    break;
                }
                self.b += step;
                self.z.mapv_inplace(|z| z + step);
            }
        }
        self.refresh()
    }

    fn pull(&self, j: usize) -> Result<T> {
        let plain = self.x.stored_dot(j, &self.u)?;
        Ok(plain - self.x.shift(j).unwrap_or(T::zero()) * self.u.sum())
    }
}

pub(super) fn solve<T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>>(
    solver: &WorkingSet<T>,
    x: &X,
    loss: &EmpiricalLoss<T, L>,
    penalty: &SparsePenalty<T>,
    options: &Options<'_, T>,
    observer: &mut impl for<'s> Observer<WorkingSetState<'s, T>>,
) -> Result<SparseFit<T>> {
    let (n, d) = (x.rows(), x.columns());
    let mut model = Model {
        x,
        loss,
        intercept: options.intercept,
        w: Array1::zeros(d),
        b: T::zero(),
        z: Array1::zeros(n),
        u: Array1::zeros(n),
        curvature: Array1::zeros(n),
    };
    model.fit_intercept()?;
    let scale = loss.value(&model.z)?;
    if let Some(start) = options.start {
        for (j, (w, &start)) in model.w.iter_mut().zip(start).enumerate() {
            let (lower, upper) = penalty.interval(j);
            *w = start.max(lower).min(upper);
        }
    }
    model.predict()?;
    let bound = loss.curvature_bound();
    let norms = x.column_norms_squared()?;
    let tolerance = solver.tolerance.max(constant::<T>(8.0) * T::epsilon());
    let mut fit = SparseFit {
        l1: penalty.l1(),
        coefficients: Array1::zeros(d),
        intercept: T::zero(),
        primal: T::infinity(),
        dual: T::neg_infinity(),
        gap: T::infinity(),
        scale,
        violation: T::infinity(),
        effort: super::Effort::default(),
        stopped: Stopped::IterationLimit,
    };
    for round in 0..solver.inner_limit {
        model.fit_intercept()?;
        if round % 10 == 0 {
            fit.effort.outer_iterations += 1;
            let mut pulls = Vec::with_capacity(d);
            fit.violation = T::zero();
            let noise =
                constant::<T>(16.0 * (n as f64).sqrt()) * T::epsilon() * (model.u.dot(&model.u).sqrt() + scale.sqrt());
            for j in 0..d {
                let c = model.pull(j)?;
                fit.violation = fit.violation.max(penalty.violation(j, model.w[j], -c));
                pulls.push(Pull { j, c, w: model.w[j], noise: noise * norms[j].sqrt() });
            }
            let curvature = model.u.dot(&model.z);
            let _ = curvature;
            let value = loss.value(&model.z)?;
            fit.primal = value + penalty.value(&model.w);
            let dual = dual_scale(penalty, &pulls, T::zero(), T::one());
            let scaled = model.u.mapv(|u| -dual.scale * u);
            let conjugate = loss.conjugate(&scaled)?;
            let loss_gap = (value + conjugate - scaled.dot(&model.z)).max(T::zero());
            fit.gap = dual.penalty_gap + loss_gap;
            fit.dual = fit.dual.max(fit.primal - fit.gap);
            fit.gap = (fit.primal - fit.dual).min(fit.gap);
            let state = WorkingSetState {
                iteration: fit.effort.outer_iterations,
                l1: penalty.l1(),
                primal: fit.primal,
                gap: fit.gap,
                working_set: 0,
                coefficients: &model.w,
            };
            if observer.iteration(&state).is_break() {
                fit.stopped = Stopped::Observer;
                break;
            }
            if fit.gap <= tolerance * scale {
                fit.stopped = Stopped::Converged;
                break;
            }
        }
        fit.effort.inner_iterations += 1;
        for j in 0..d {
            let l = bound * norms[j];
            let old = model.w[j];
            let new = if l > T::zero() {
                penalty.coordinate_prox(j, old + model.pull(j)? / l, l.recip())
            } else {
                penalty.coordinate_prox(j, old, T::infinity())
            };
            if new != old {
                model.w[j] = new;
                let step = new - old;
                x.stored_axpy(j, step, &mut model.z)?;
                let shift = step * x.shift(j).unwrap_or(T::zero());
                if shift != T::zero() {
                    model.z.mapv_inplace(|z| z - shift);
                }
                model.refresh()?;
            }
        }
    }
    fit.coefficients.assign(&model.w);
    fit.intercept = model.b;
    Ok(fit)
}

pub(super) fn path<T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>>(
    solver: &WorkingSet<T>,
    x: &X,
    loss: &EmpiricalLoss<T, L>,
    penalty: &SparsePenalty<T>,
    levels: &ArrayRef1<T>,
    options: &Options<'_, T>,
    each: &mut impl FnMut(SparseFit<T>) -> ControlFlow<()>,
) -> Result<()> {
    let mut start: Option<Array1<T>> = options.start.map(|w| w.to_owned());
    for &level in levels {
        let mut options = *options;
        options.start = start.as_deref();
        let fit = solve(solver, x, loss, &penalty.with_l1(level)?, &options, &mut Unobserved)?;
        start = Some(fit.coefficients.clone());
        if each(fit).is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn largest_level<T: Scalar, X: DesignMatrix<T> + ?Sized, L: Loss<T>>(
    solver: &WorkingSet<T>,
    x: &X,
    loss: &EmpiricalLoss<T, L>,
    penalty: &SparsePenalty<T>,
    options: &Options<'_, T>,
) -> Result<T> {
    let d = x.columns();
    // Everything penalised is held at 0.
    let at = |j, end| if penalty.factor(j) > T::zero() { T::zero() } else { end };
    let lower = Array1::from_shape_fn(d, |j| at(j, penalty.interval(j).0));
    let upper = Array1::from_shape_fn(d, |j| at(j, penalty.interval(j).1));
    let held = penalty.clone().bounds(&lower, &upper)?.with_l1(T::one())?;
    let fit = solve(solver, x, loss, &held, options, &mut Unobserved)?;
    let (mut z, mut u) = (Array1::zeros(x.rows()), Array1::zeros(x.rows()));
    x.apply_into(&fit.coefficients, &mut z)?;
    z.mapv_inplace(|z| z + fit.intercept);
    loss.gradient_into(&z, &mut u)?;
    let sum = u.sum();
    let mut largest = T::zero();
    for j in 0..d {
        let p = penalty.factor(j);
        if p > T::zero() {
            let c = -(x.stored_dot(j, &u)? - x.shift(j).unwrap_or(T::zero()) * sum);
            let (lower, upper) = penalty.interval(j);
            let pull = if c > T::zero() && upper > T::zero() || c < T::zero() && lower < T::zero() {
                c.abs()
            } else {
                T::zero()
            };
            largest = largest.max(pull / p);
        }
    }
    Ok(largest)
}
