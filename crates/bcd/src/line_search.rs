//! Backtracking along a block direction.

use crate::number::constant;
use crate::step::Problem;
use crate::{Result, State};
use core_tensor::Scalar;

/// Backtracking from step 1 (section 4, item 4): accept a if `F(x + a d) ≤ F(x) + c a φ`, φ the predicted slope; shorten by
/// quadratic interpolation first, by cubic interpolation through the last two trials later.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LineSearch {
    /// c, in (0, 1). Default 10⁻⁴.
    pub decrease: f64,
    /// Whether a shortened step is clipped to [0.1 a, 0.5 a]. Default yes.
    pub safeguarded: bool,
    /// Most trials. Default 60.
    pub trials: usize,
}

impl Default for LineSearch {
    fn default() -> Self {
        Self { decrease: 1e-4, safeguarded: true, trials: 60 }
    }
}

impl LineSearch {
    /// As in the authors' code: c = 10⁻¹⁰, no safeguards.
    #[must_use]
    pub const fn reference() -> Self {
        Self { decrease: 1e-10, safeguarded: false, trials: 60 }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let legal = self.decrease > 0.0 && self.decrease < 1.0;
        core_tensor::check_range("decrease", self.decrease, legal, "in (0, 1)")?;
        Ok(core_tensor::check_range("trials", self.trials as f64, self.trials > 0, ">= 1")?)
    }

    /// An accepted step, or `None`. `slope` is φ < 0, `extra(a)` the change of the penalty at a.
    pub(crate) fn search<T: Scalar>(
        &self,
        problem: &Problem<'_, T>,
        state: &mut State<T>,
        block: &[usize],
        d: &[T],
        slope: T,
        mut extra: impl FnMut(T) -> T,
    ) -> Result<Option<T>> {
        let start = state.value;
        let slack = rounding_slack(start);
        // Close to the optimum the sign of the slope is rounding, and the full step is right.
        if !(slope < slack) {
            return Ok(None);
        }
        let slope = slope.min(T::zero());
        problem.objective.prepare(state, block, d)?;
        let c = constant::<T>(self.decrease);
        let mut a = T::one();
        let mut before: Option<(T, T)> = None;
        for _ in 0..self.trials {
            let change = problem.objective.value_along(state, block, d, a)? - start + extra(a);
            if change <= c * a * slope + slack {
                return Ok(Some(a));
            }
            let next = shortened(slope, a, change, &mut before, self.safeguarded);
            if next == T::zero() {
                break;
            }
            a = next;
        }
        Ok(None)
    }
}

/// A step shorter than a, where F changed by `change`: quadratic interpolation at first, cubic once `before` holds a trial.
pub(crate) fn shortened<T: Scalar>(slope: T, a: T, change: T, before: &mut Option<(T, T)>, safeguarded: bool) -> T {
    let half = constant::<T>(0.5);
    if !change.is_finite() {
        return a * half;
    }
    let zeta = change - a * slope;
    let next = match *before {
        None => -slope * a * a / (zeta + zeta),
        Some((old, zeta_old)) => cubic(slope, a, zeta, old, zeta_old),
    };
    *before = Some((a, zeta));
    if safeguarded {
        let (low, high) = (a * constant::<T>(0.1), a * half);
        if next >= low && next <= high {
            next
        } else if next < low {
            low
        } else {
            high
        }
    } else if next.is_finite() && next > T::zero() && next < a {
        next
    } else {
        a * half
    }
}

/// Minimiser of the cubic through f(0), f'(0) and the last two trials.
fn cubic<T: Scalar>(slope: T, a: T, zeta: T, old: T, zeta_old: T) -> T {
    let q = ((a - old) * old * old * a * a).recip();
    let third = q * (old * old * zeta - a * a * zeta_old);
    let second = q * (a * a * a * zeta_old - old * old * old * zeta);
    let three = constant::<T>(3.0);
    (-second + (second * second - three * third * slope).sqrt()) / (three * third)
}

/// How far two values of F near `value` may differ by rounding alone.
pub(crate) fn rounding_slack<T: Scalar>(value: T) -> T {
    constant::<T>(8.0) * T::epsilon() * value.abs()
}
