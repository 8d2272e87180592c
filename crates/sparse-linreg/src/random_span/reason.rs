//! Why no more columns were added to a span.

use std::fmt;

/// Why the search for a preconditioner ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Reason {
    /// A random block hardly explains a random column any more: Theorem A′ holds for the span.
    Conditioned,
    /// Every column lies in the span.
    Exhausted,
    /// The largest number of blocks, or of basis vectors, is reached. With blocks taken as they come, Theorem A holds for
    /// those that were added.
    Cap,
    /// The number of blocks was fixed beforehand: Theorem A.
    Fixed,
    /// The caller named the columns.
    Given,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conditioned => "conditioned: a random block of columns hardly explains any other column",
            Self::Exhausted => "exhausted: every column lies in the span",
            Self::Cap => "capped: the largest number of blocks or of basis vectors is reached",
            Self::Fixed => "fixed: the number of blocks was given",
            Self::Given => "given: the columns were named",
        })
    }
}
