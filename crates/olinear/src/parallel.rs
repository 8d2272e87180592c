//! Channels in parallel.

/// `f` of each channel, in order: on all threads with the feature `rayon`, on one without.
#[cfg(feature = "rayon")]
pub(crate) fn map<R: Send>(channels: &[usize], f: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
    channels.par_iter().map(|&c| f(c)).collect()
}

#[cfg(not(feature = "rayon"))]
/// `f` of each channel, in order.
pub(crate) fn map<R>(channels: &[usize], f: impl Fn(usize) -> R) -> Vec<R> {
    channels.iter().map(|&c| f(c)).collect()
}
