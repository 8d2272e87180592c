//! One working set, solved.

use super::block::Block;
use super::newton::{Newton, NewtonStep};
use super::quadratic::Quadratic;
use super::{Effort, Finish};
use crate::descent::Anderson;
use crate::reduce::constant;
use core_tensor::Scalar;
use ndarray::ArrayView1;

/// Sweeps between two Anderson steps.
const DIFFERENCES: usize = 5;
/// From here on a step is dear: many sweeps come first, and sweeps alone may do.
const DEAR: usize = 12;

/// Sweeps after which a Newton step is tried, however dear.
const PATIENCE: usize = 200;
/// Free coordinates that a Newton step can have: beyond, a factor would take too much memory and time.
const LARGEST: usize = 3000;

/// How a working set is to be solved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace<T> {
    pub(super) finish: Finish,
    /// A sweep that gains less ends the work.
    pub(super) target: T,
    /// So does one that gains less than this after a Newton step, or where those are dear.
    pub(super) early: T,
    /// How many times the cost of the sweeps before it a Newton step may have.
    pub(super) balance: usize,
    /// Of sweeps, over all working sets.
    pub(super) limit: usize,
}

/// Minimises over the block; false if the limit of sweeps came first.
pub(super) fn solve<T: Scalar, Q: Quadratic<T>>(
    quadratic: &mut Q,
    block: &mut Block<T>,
    newton: &mut Newton<T>,
    pace: Pace<T>,
    effort: &mut Effort,
) -> bool {
    let Pace { finish, target, early, limit, .. } = pace;
    let within = match finish {
        Finish::Exact => exact(quadratic, block, newton, pace, effort),
        Finish::Descent => descent(quadratic, block, target.max(early), limit, effort),
    };
    // The dual asks that the residual is orthogonal to unpenalised columns up to rounding.
    if block.thresholds.contains(&T::zero()) && block.free() <= LARGEST {
        for _ in 0..3 {
            effort.newton_steps += 1;
            if newton.step(quadratic, block, T::zero()) != NewtonStep::Full {
                break;
            }
        }
    }
    within
}

fn exact<T: Scalar, Q: Quadratic<T>>(
    quadratic: &mut Q,
    block: &mut Block<T>,
    newton: &mut Newton<T>,
    pace: Pace<T>,
    effort: &mut Effort,
) -> bool {
    let Pace { target, early, balance, limit, .. } = pace;
    let negligible = constant::<T>(1e-3) * target;
    let (mut patience, mut steps, mut refused) = (0, 0, 0);
    let sweep_cost = block.len() * quadratic.column_cost() + 1;
    loop {
        if effort.inner_iterations >= limit {
            return false;
        }
        effort.inner_iterations += 1;
        let report = block.sweep(quadratic);
        // A step should cost no more than a few times the sweeps before it.
        let worth = newton.cost(quadratic, block) / sweep_cost / balance;
        if report.decrease <= target || (report.decrease <= early && (steps > 0 || worth > DEAR)) {
            return true;
        }
        patience += 1;
        // The pattern of zeros must be roughly right before a factorisation pays.
        let settled = report.flips * 10 <= block.len().min(200) && worth <= DEAR;
        let fits = block.free() <= LARGEST;
        if fits && !settled && patience < worth.clamp(6, PATIENCE) {
            continue;
        }
        patience = 0;
        if refused < 3 && fits {
            (effort.newton_steps, steps) = (effort.newton_steps + 1, steps + 1);
            if newton.step(quadratic, block, negligible) == NewtonStep::Refused {
                refused += 1;
            }
        } else if !descent(quadratic, block, target, limit, effort) {
            return false;
        }
    }
}

fn descent<T: Scalar, Q: Quadratic<T>>(
    quadratic: &mut Q,
    block: &mut Block<T>,
    target: T,
    limit: usize,
    effort: &mut Effort,
) -> bool {
    let Ok(mut anderson) = Anderson::new(block.len(), DIFFERENCES) else { return false };
    let mut candidate = ndarray::Array1::zeros(block.len());
    let mut by = vec![T::zero(); block.len()];
    let half = constant::<T>(0.5);
    loop {
        if effort.inner_iterations >= limit {
            return false;
        }
        effort.inner_iterations += 1;
        let report = block.sweep(quadratic);
        if report.decrease <= target {
            return true;
        }
        // Lengths fit by construction.
        let _ = anderson.push(&ArrayView1::from(&block.w[..]));
        if anderson.is_full() {
            if anderson.extrapolate_into(&mut candidate) == Ok(true) {
                let before = half * quadratic.energy() + block.penalty();
                let old = block.w.clone();
                quadratic.save(0);
                for k in 0..block.len() {
                    let new = candidate[k].max(block.lower[k]).min(block.upper[k]);
                    by[k] = new - old[k];
                    block.w[k] = new;
                }
                quadratic.advance(&block.slots, &by);
                if !(half * quadratic.energy() + block.penalty() < before) {
                    quadratic.restore(0);
                    block.w.copy_from_slice(&old);
                }
            }
            anderson.clear();
        }
    }
}
