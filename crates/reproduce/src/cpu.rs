//! Processor time.

use std::time::Instant;

/// A stopwatch of the processor time of the calling thread, or of wall-clock time where the system does not tell.
pub(crate) struct Stopwatch {
    wall: Instant,
    cpu: Option<u64>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { wall: Instant::now(), cpu: thread_nanoseconds() }
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        match (self.cpu, thread_nanoseconds()) {
            (Some(begin), Some(now)) => now.saturating_sub(begin) as f64 * 1e-9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

/// Time that this thread has spent on a processor, by the scheduler's books (Linux).
fn thread_nanoseconds() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Stopwatch;

    #[test]
    fn work_takes_time() {
        let watch = Stopwatch::start();
        let mut x = 1.0_f64;
        while watch.wall.elapsed().as_millis() < 60 {
            x = std::hint::black_box(x * 1.000_1);
        }
        assert!(watch.seconds() > 1e-4, "{} {x}", watch.seconds());
    }
}
