//! What a layer sees beyond the ends of its signal.

/// How the signal continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Periodically: input s N, output N. All exact theory is about this one.
    Circular,
    /// With zeros: input s N, output N.
    Zero,
    /// Not at all: input s N, output ⌊(s N - k)/s⌋ + 1.
    Valid,
}

impl std::fmt::Display for Padding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Circular => "circular",
            Self::Zero => "zero",
            Self::Valid => "valid",
        })
    }
}
