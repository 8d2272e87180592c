//! Loops that run on threads when the feature `rayon` is on, with results that never depend on how many there are.

/// Calls `task(index, a, b, c)` for the aligned items of three iterators and returns the results in order.
pub(crate) fn for_each_chunk<A: Send, B: Send, C: Send, R: Send>(
    a: impl Iterator<Item = A>,
    b: impl Iterator<Item = B>,
    c: impl Iterator<Item = C>,
    task: impl Fn(usize, A, B, C) -> R + Sync + Send,
) -> Vec<R> {
    let items: Vec<(usize, A, B, C)> = a.zip(b).zip(c).enumerate().map(|(i, ((a, b), c))| (i, a, b, c)).collect();
    #[cfg(feature = "rayon")]
    if items.len() > 1 {
        use rayon::prelude::*;
        return items.into_par_iter().map(|(i, a, b, c)| task(i, a, b, c)).collect();
    }
    items.into_iter().map(|(i, a, b, c)| task(i, a, b, c)).collect()
}
