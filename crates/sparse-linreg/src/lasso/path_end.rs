//! Why a path ended.

use std::fmt;

/// Why a path ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum PathEnd {
    /// All levels were fitted.
    Complete,
    /// The requested fraction of the variance is explained.
    Explained,
    /// More coefficients than allowed are not zero.
    LargestSupport,
    /// An observer ended it.
    Observer,
}

impl fmt::Display for PathEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete: every level was fitted",
            Self::Explained => "ended early: the requested fraction of the variance is explained",
            Self::LargestSupport => "ended early: more coefficients than allowed are not zero",
            Self::Observer => "ended early: an observer stopped it",
        })
    }
}
