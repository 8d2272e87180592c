//! Schedules of budget, level and half-space steps.

use crate::Result;
use core_tensor::check_range;

/// A budget that falls from all groups to the target: `k(t) = k + (m - k)(1 - t/T)³`, rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetSchedule {
    groups: usize,
    target: usize,
    steps: usize,
}

impl BudgetSchedule {
    /// From `groups` down to `target` ≥ 1 in `steps` steps.
    ///
    /// # Errors
    /// A target of 0 or above `groups`.
    pub fn cubic(groups: usize, target: usize, steps: usize) -> Result<Self> {
        check_range("target", target as f64, target >= 1 && target <= groups, "between 1 and the number of groups")?;
        Ok(Self { groups, target, steps })
    }

    /// The budget in step t, counted from 0.
    #[must_use]
    pub fn at(&self, t: usize) -> usize {
        if t >= self.steps {
            return self.target;
        }
        let left = 1.0 - t as f64 / self.steps as f64;
        let more = (self.groups - self.target) as f64 * left * left * left;
        (self.target + more.ceil() as usize).min(self.groups)
    }
}

/// A level that is multiplied until the kept count has fallen to the budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Continuation {
    level: f64,
    largest: f64,
    factor: f64,
}

impl Continuation {
    /// From `lambda` > 0 by factors of 2 up to `largest_factor` ≥ 1 times it.
    ///
    /// # Errors
    /// Numbers out of range.
    pub fn new(lambda: f64, largest_factor: f64) -> Result<Self> {
        crate::error::check_positive("lambda", lambda)?;
        let holds = largest_factor >= 1.0 && largest_factor.is_finite();
        check_range("largest_factor", largest_factor, holds, "finite and >= 1")?;
        Ok(Self { level: lambda, largest: lambda * largest_factor, factor: 2.0 })
    }

    /// Replaces the factor > 1.
    ///
    /// # Errors
    /// A factor out of range.
    pub fn factor(mut self, factor: f64) -> Result<Self> {
        check_range("factor", factor, factor > 1.0 && factor.is_finite(), "finite and > 1")?;
        self.factor = factor;
        Ok(self)
    }

    /// λ at present.
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.level
    }

    /// Told of the kept count, the next λ; `None` once it is at most `k` or λ is at its largest.
    pub fn next(&mut self, kept: usize, k: usize) -> Option<f64> {
        let level = self.level * self.factor;
        if kept <= k || !(level <= self.largest) {
            return None;
        }
        self.level = level;
        Some(level)
    }
}

/// What an epoch of a half-space method does.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Phase {
    /// Proximal steps.
    Prox,
    /// Half-space steps with this ε.
    HalfSpace(f64),
}

/// Alternates proximal and half-space epochs after a warm-up, and makes the half-spaces narrower when sparsity stalls.
///
/// This schedule is our own choice: ε starts at 0 and grows by 0.05, up to 0.95, with each epoch in which the number of zero groups did not grow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HalfSpaceSchedule {
    warm_up: usize,
    prox: usize,
    half_space: usize,
    epoch: usize,
    epsilon: f64,
    zeros: Option<usize>,
}

impl HalfSpaceSchedule {
    /// `warm_up` epochs of proximal steps, then one epoch of each in turn.
    #[must_use]
    pub fn new(warm_up: usize) -> Self {
        Self { warm_up, prox: 1, half_space: 1, epoch: 0, epsilon: 0.0, zeros: None }
    }

    /// Replaces the lengths of the turns, in epochs (at least 1 each).
    ///
    /// # Errors
    /// A length of 0.
    pub fn turns(mut self, prox: usize, half_space: usize) -> Result<Self> {
        check_range("prox", prox as f64, prox > 0, ">= 1")?;
        check_range("half_space", half_space as f64, half_space > 0, ">= 1")?;
        (self.prox, self.half_space) = (prox, half_space);
        Ok(self)
    }

    /// What the present epoch does.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let Some(after) = self.epoch.checked_sub(self.warm_up) else { return Phase::Prox };
        // The turn after the warm-up begins with half-space steps.
        if after % (self.prox + self.half_space) < self.half_space {
            Phase::HalfSpace(self.epsilon)
        } else {
            Phase::Prox
        }
    }

    /// Ends the epoch, told of the number of zero groups.
    pub fn end_epoch(&mut self, zero_groups: usize) {
        let grew = self.zeros.is_none_or(|before| zero_groups > before);
        if !grew && self.epoch >= self.warm_up {
            self.epsilon = (self.epsilon + 0.05).min(0.95);
        }
        self.zeros = Some(zero_groups);
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_fall_to_the_target() {
        let schedule = BudgetSchedule::cubic(100, 10, 10).unwrap();
        let budgets: Vec<usize> = (0..12).map(|t| schedule.at(t)).collect();
        assert_eq!(budgets, [100, 76, 57, 41, 30, 22, 16, 13, 11, 11, 10, 10]);
        assert_eq!(
            BudgetSchedule::cubic(3, 4, 1).unwrap_err().to_string(),
            "`target` is 4; it must be between 1 and the number of groups"
        );
    }

    #[test]
    fn levels_grow_until_the_budget_is_met() {
        let mut levels = Continuation::new(1.0, 5.0).unwrap();
        assert_eq!(levels.next(9, 4), Some(2.0));
        assert_eq!(levels.next(9, 4), Some(4.0));
        assert_eq!(levels.next(9, 4), None);
        assert_eq!((levels.lambda(), levels.next(4, 4)), (4.0, None));
    }

    #[test]
    fn half_spaces_narrow_when_sparsity_stalls() {
        let mut schedule = HalfSpaceSchedule::new(1);
        assert_eq!(schedule.phase(), Phase::Prox);
        schedule.end_epoch(3);
        assert_eq!(schedule.phase(), Phase::HalfSpace(0.0));
        schedule.end_epoch(3);
        assert_eq!(schedule.phase(), Phase::Prox);
        schedule.end_epoch(5);
        assert_eq!(schedule.phase(), Phase::HalfSpace(0.05));
    }
}
