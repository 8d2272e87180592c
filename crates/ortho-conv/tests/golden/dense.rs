//! Dense matrices and generators: orthogonalisers, block convolutions, strided composition, λ-orthogonality.

/// Adds the kinds of this file.
pub(crate) fn add(runner: golden::Runner) -> golden::Runner {
    runner
}
