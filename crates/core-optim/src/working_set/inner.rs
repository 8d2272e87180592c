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

/// Minimises over the block until a sweep gains less than `target`; false if the limit of sweeps came first.
pub(super) fn solve<T: Scalar, Q: Quadratic<T>>(
    quadratic: &mut Q,
    block: &mut Block<T>,
    newton: &mut Newton<T>,
    finish: Finish,
    target: T,
    early: T,
    limit: usize,
    effort: &mut Effort,
) -> bool {
    match finish {
        Finish::Exact => exact(quadratic, block, newton, target, early, limit, effort),
        Finish::Descent => descent(quadratic, block, target.max(early), limit, effort),
    }
}

fn exact<T: Scalar, Q: Quadratic<T>>(
    quadratic: &mut Q,
    block: &mut Block<T>,
    newton: &mut Newton<T>,
    target: T,
    early: T,
    limit: usize,
    effort: &mut Effort,
) -> bool {
    let negligible = constant::<T>(1e-3) * target;
    let mut refused = 0;
    // The pattern of zeros must be roughly right before a factorisation pays.
    let (mut patience, mut steps) = (0, 0);
    loop {
        if effort.inner_iterations >= limit {
            return false;
        }
        effort.inner_iterations += 1;
        let report = block.sweep(quadratic);
        if report.decrease <= target || (steps > 0 && report.decrease <= early) {
            return true;
        }
        patience += 1;
        let settled = report.flips * 10 <= block.len().min(200) || patience >= 6;
        if !settled {
            continue;
        }
        patience = 0;
        if refused < 3 {
            effort.newton_steps += 1;
            steps += 1;
            match newton.step(quadratic, block, negligible) {
                NewtonStep::Refused => refused += 1,
                NewtonStep::Idle | NewtonStep::Full | NewtonStep::Shrunk => {}
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
                for k in 0..block.len() {
                    let new = candidate[k].max(block.lower[k]).min(block.upper[k]);
                    by[k] = new - old[k];
                    block.w[k] = new;
                }
                quadratic.advance(&block.slots, &by);
                if !(half * quadratic.energy() + block.penalty() < before) {
                    by.iter_mut().for_each(|by| *by = -*by);
                    quadratic.advance(&block.slots, &by);
                    block.w.copy_from_slice(&old);
                }
            }
            anderson.clear();
        }
    }
}
