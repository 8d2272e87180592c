//! What a line search found.

/// How a line search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LineSearchEnd {
    /// The conditions hold at the step.
    Satisfied,
    /// The values at the step and at 0 differ by rounding only, and the conditions hold in their form on slopes (the
    /// approximate Wolfe conditions of Hager and Zhang, 2005): as good as [`Satisfied`](Self::Satisfied).
    SatisfiedToRounding,
    /// The longest legal step still goes down steeply; it is returned.
    StepLimit,
    /// The evaluations are used up.
    EvaluationLimit,
    /// The bracket has shrunk to neighbouring numbers.
    IntervalTooSmall,
}

/// The step, and what is known there.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LineSearchOutcome<T> {
    /// The step t; 0 when no trial gave the sufficient decrease.
    pub step: T,
    /// φ(t).
    pub value: T,
    /// φ'(t), where the search computes slopes.
    pub slope: Option<T>,
    /// Evaluations of φ.
    pub evaluations: usize,
    /// How the search ended. At [`Satisfied`](LineSearchEnd::Satisfied) and
    /// [`SatisfiedToRounding`](LineSearchEnd::SatisfiedToRounding) the last evaluation was at the returned step.
    pub end: LineSearchEnd,
}

impl<T> LineSearchOutcome<T> {
    /// True when the search's conditions hold at the step.
    pub fn is_satisfied(&self) -> bool {
        matches!(self.end, LineSearchEnd::Satisfied | LineSearchEnd::SatisfiedToRounding)
    }
}
