//! Why a run ended.

use std::fmt;

/// Why a method stopped. Reaching a limit is a result, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stopped {
    /// The certificate (gradient norm, residual, gap) is within the tolerance.
    Converged,
    /// Objective or point moved by less than the tolerance; the certificate is not (yet) within its own.
    Settled,
    /// The iteration limit was reached.
    IterationLimit,
    /// The observer asked to stop.
    Observer,
    /// The line search found no acceptable step within its limits.
    LineSearchFailed,
    /// No step that the numbers can represent lowers the objective: the end of the precision.
    NoProgress,
    /// The objective decreases without end along a direction, as far as steps are allowed to go.
    Unbounded,
    /// A value, gradient or measure became NaN or infinite; the last finite point is returned.
    NumericalBreakdown,
}

impl Stopped {
    /// True when a tolerance was met: [`Converged`](Stopped::Converged) or [`Settled`](Stopped::Settled).
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Stopped::Converged | Stopped::Settled)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stopped::Converged => "converged: the optimality measure is within the tolerance",
            Stopped::Settled => "settled: objective or point no longer change by more than the tolerance",
            Stopped::IterationLimit => "stopped at the iteration limit",
            Stopped::Observer => "stopped by the observer",
            Stopped::LineSearchFailed => "stopped because the line search found no acceptable step",
            Stopped::NoProgress => "stopped because no representable step lowers the objective any more",
            Stopped::Unbounded => "stopped because the objective decreases without end along a direction",
            Stopped::NumericalBreakdown => "stopped because a value became NaN or infinite",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Stopped;

    #[test]
    fn every_reason_is_a_sentence() {
        for (reason, text) in [
            (Stopped::Converged, "converged: the optimality measure is within the tolerance"),
            (Stopped::Settled, "settled: objective or point no longer change by more than the tolerance"),
            (Stopped::IterationLimit, "stopped at the iteration limit"),
            (Stopped::Observer, "stopped by the observer"),
            (Stopped::LineSearchFailed, "stopped because the line search found no acceptable step"),
            (Stopped::NoProgress, "stopped because no representable step lowers the objective any more"),
            (Stopped::Unbounded, "stopped because the objective decreases without end along a direction"),
            (Stopped::NumericalBreakdown, "stopped because a value became NaN or infinite"),
        ] {
            assert_eq!(reason.to_string(), text);
            assert_eq!(reason.is_success(), matches!(reason, Stopped::Converged | Stopped::Settled));
        }
    }
}
