//! The one degree of parallelism of the workspace.

use faer::Par;

/// How faer's routines are split: a constant, so that no result depends on the number of threads.
///
/// `Par::rayon(8)` with feature `rayon`, `Par::Seq` without. The degree fixes how sums are cut into parts and therefore
/// every bit of the result; how many threads work on the parts is decided by the rayon pool in which the call is made.
/// Results with and without the feature agree to rounding only.
#[must_use]
pub fn parallelism() -> Par {
    #[cfg(feature = "rayon")]
    {
        Par::rayon(8)
    }
    #[cfg(not(feature = "rayon"))]
    {
        Par::Seq
    }
}

/// [`parallelism`] for a job of at least `THRESHOLD` multiplications, `Par::Seq` below: starting threads costs more
/// than a small job takes. The choice depends on the size alone.
pub(crate) fn parallelism_for(multiplications: usize) -> Par {
    const THRESHOLD: usize = 1 << 22;
    if multiplications < THRESHOLD { Par::Seq } else { parallelism() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_degree_is_a_constant_of_the_build() {
        assert_eq!(parallelism().degree(), if cfg!(feature = "rayon") { 8 } else { 1 });
        assert_eq!(parallelism_for(1000).degree(), 1);
        assert_eq!(parallelism_for(usize::MAX).degree(), parallelism().degree());
    }
}
