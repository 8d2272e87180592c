//! Is the plain Lasso safe on this design?

use super::preconditioner::Preconditioner;
use super::span::SpanDiagnostics;
use crate::Design;
use crate::error::Result;
use crate::reduction::Reduced;
use std::fmt;

/// What the columns of a design say about the Lasso, before any response is seen.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Diagnosis {
    /// Fraction of the columns that a random block of k - 1 others shortens by half.
    pub explained_fraction: f64,
    /// The fraction δ/k up to which that is harmless.
    pub threshold: f64,
    /// True when the fraction is at most the threshold: by Theorem A′ with an empty span, Σ |wₜ| ‖xₜ‖ ≤ (k/η) ‖X w‖ for all w on
    /// a random support, with probability 1 - δ, and nothing needs preconditioning.
    pub lasso_is_safe: bool,
    /// The span that preconditioning would take out.
    pub span: SpanDiagnostics,
}

/// Looks at the columns of `x` (n × d, centred here) for supports of `sparsity` columns: random blocks of k - 1 columns should explain
/// hardly any other column. Default settings of [`Preconditioner::peel`].
///
/// ```
/// use sparse_linreg::diagnose;
///
/// let diabetes = datasets::diabetes();
/// let report = diagnose(&diabetes.x, 3)?;
/// assert!(report.lasso_is_safe, "{report}");
/// # Ok::<(), sparse_linreg::Error>(())
/// ```
///
/// # Errors
/// An empty or non-finite design; `sparsity` = 0.
pub fn diagnose(x: &(impl Design + ?Sized), sparsity: usize) -> Result<Diagnosis> {
    let columns = x.as_columns();
    columns.check()?;
    let reduced = Reduced::of_columns(columns, None, None, true)?;
    let span = Preconditioner::peel(sparsity).span(&reduced.x)?.diagnostics();
    let explained_fraction = span.mean_fractions.first().copied().unwrap_or(0.0);
    let threshold = 0.25 / sparsity as f64;
    Ok(Diagnosis { explained_fraction, threshold, lasso_is_safe: explained_fraction <= threshold, span })
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = 100.0 * self.explained_fraction;
        let limit = 100.0 * self.threshold;
        if self.lasso_is_safe {
            write!(
                f,
                "safe: a random block of columns explains {share:.1} % of the others, at most {limit:.1} % is harmless"
            )
        } else {
            write!(
                f,
                "not safe: a random block of columns explains {share:.1} % of the others, more than {limit:.1} %; \
                 preconditioning takes out {} dimensions",
                self.span.rank
            )
        }
    }
}
