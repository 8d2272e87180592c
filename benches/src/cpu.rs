//! Time and memory of this process.

use std::time::Instant;

/// A stopwatch of wall-clock time and of the processor time of all threads of the process.
pub struct Stopwatch {
    wall: Instant,
    cpu: Option<f64>,
}

/// What a [`Stopwatch`] shows, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elapsed {
    /// Wall-clock time.
    pub wall: f64,
    /// Processor time of all threads; wall-clock time where the system does not tell.
    pub cpu: f64,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self { wall: Instant::now(), cpu: process_seconds() }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Elapsed {
        let wall = self.wall.elapsed().as_secs_f64();
        let cpu = self.cpu.zip(process_seconds()).map_or(wall, |(begin, now)| now - begin);
        Elapsed { wall, cpu }
    }
}

/// Processor time of all living threads by the scheduler's books, to the nanosecond (Linux).
fn process_seconds() -> Option<f64> {
    let mut total = 0.0;
    for thread in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        total += text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9;
    }
    Some(total)
}

/// The most memory that this process has held, in bytes (Linux: `VmHWM`).
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time_and_memory() {
        let watch = Stopwatch::start();
        let mut x = vec![1.0_f64; 1 << 20];
        while watch.elapsed().wall < 0.05 {
            x.iter_mut().for_each(|x| *x *= 1.000_1);
        }
        let elapsed = watch.elapsed();
        assert!(elapsed.wall >= 0.05 && elapsed.cpu > 0.0, "{elapsed:?} {}", x[0]);
        assert!(peak_memory().is_none_or(|bytes| bytes > 8 << 20));
    }
}
