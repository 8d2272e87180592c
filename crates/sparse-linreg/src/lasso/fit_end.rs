//! Why the solver of one level ended.

use core_optim::Stopped;
use std::fmt;

/// Why the solver of one level ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FitEnd {
    /// The duality gap is within the tolerance.
    Converged,
    /// The gap is at the end of the precision, or no dual bound can be had; the optimality conditions hold up to rounding.
    Settled,
    /// A limit was reached first.
    Limit,
    /// A value became NaN or infinite; the last finite point is returned.
    Breakdown,
}

impl FitEnd {
    /// True for [`Converged`](Self::Converged) and [`Settled`](Self::Settled).
    pub fn is_success(self) -> bool {
        matches!(self, Self::Converged | Self::Settled)
    }
}

impl From<Stopped> for FitEnd {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Converged => Self::Converged,
            Stopped::Settled => Self::Settled,
            Stopped::NumericalBreakdown => Self::Breakdown,
            _ => Self::Limit,
        }
    }
}

impl fmt::Display for FitEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "converged: the duality gap is within the tolerance",
            Self::Settled => "settled: the optimality conditions hold up to rounding",
            Self::Limit => "stopped at a limit before the duality gap was within the tolerance",
            Self::Breakdown => "stopped because a value became NaN or infinite",
        })
    }
}
