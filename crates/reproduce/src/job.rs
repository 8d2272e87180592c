//! Many runs of one kind, spread over the cores.

use crate::experiment::Outcome;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `work` on every job, one job per core at a time, and returns the results in the order of the jobs. Says on
/// standard error how far it is. Give the long jobs first.
pub(crate) fn for_all<J: Sync, R: Send>(
    what: &str,
    jobs: &[J],
    work: impl Fn(&J) -> Outcome<R> + Sync,
) -> Outcome<Vec<R>> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Vec<Mutex<Option<Outcome<R>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((job, result)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(index).zip(results.get(index))
                } {
                    let found = work(job);
                    let finished = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if finished == jobs.len() || finished % jobs.len().div_ceil(10) == 0 {
                        note(&format!("{what}: {finished} of {}", jobs.len()));
                    }
                    if let Ok(mut result) = result.lock() {
                        *result = Some(found);
                    }
                }
            });
        }
    });
    let unfinished = || Err("a run ended without a result".into());
    results.into_iter().map(|result| result.into_inner().ok().flatten().unwrap_or_else(unfinished)).collect()
}

/// A line on standard error.
pub(crate) fn note(line: &str) {
    // Progress is for whoever watches; nobody misses it when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::for_all;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let jobs: Vec<u64> = (0..40).collect();
        assert_eq!(
            for_all("squares", &jobs, |job| Ok(job * job)).unwrap(),
            jobs.iter().map(|j| j * j).collect::<Vec<_>>()
        );
        assert!(for_all("squares", &jobs, |&job| if job == 7 { Err("seven".into()) } else { Ok(job) }).is_err());
        assert!(for_all("nothing", &[], |&(): &()| Ok(())).unwrap().is_empty());
    }
}
