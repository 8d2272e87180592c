//! Loops that run on threads when the feature `rayon` is on, with results that never depend on how many there are.

/// Calls `task(index, item)` for each item and returns the results in order.
pub(crate) fn map<A: Send, R: Send>(
    items: impl IntoIterator<Item = A>,
    task: impl Fn(usize, A) -> R + Sync + Send,
) -> Vec<R> {
    let items: Vec<(usize, A)> = items.into_iter().enumerate().collect();
    #[cfg(feature = "rayon")]
    if items.len() > 1 {
        use rayon::prelude::*;
        return items.into_par_iter().map(|(i, a)| task(i, a)).collect();
    }
    items.into_iter().map(|(i, a)| task(i, a)).collect()
}
