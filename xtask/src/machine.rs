//! The machine that measurements were taken on.

use crate::process::{Outcome, read};
use serde_json::{Value, json};
use std::process::Command;

/// Processor, cores, compiler and load, for the head of a page of measurements.
pub(crate) fn describe() -> Outcome<Value> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiler = read(Command::new(compiler).arg("--version"))?;
    Ok(json!({
        "processor": processor(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "compiler": compiler.trim(),
    }))
}

/// The mean number of runnable processes over the last minute, where the system tells.
pub(crate) fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// Name, and the widest vector instructions: they say more than the name on virtual machines.
fn processor(cpuinfo: &str) -> String {
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
        Some(line.split_once(':')?.1.trim())
    };
    let has = |flag: &str| field("flags").is_some_and(|flags| flags.split(' ').any(|one| one == flag));
    let vectors = ["avx512f", "avx2", "avx"].into_iter().find(|flag| has(flag));
    let name = field("model name").unwrap_or("unknown");
    vectors.map_or_else(|| name.to_owned(), |vectors| format!("{name} ({vectors})"))
}

#[cfg(test)]
mod tests {
    use super::processor;

    #[test]
    fn the_processor_is_named() {
        assert_eq!(processor("model name\t: Some CPU\nflags\t\t: fpu avx avx2\n"), "Some CPU (avx2)");
        assert_eq!(processor(""), "unknown");
    }
}
