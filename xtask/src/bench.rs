//! `cargo xtask bench`.

use crate::criterion::{self, Measurement};
use crate::process::{Outcome, cargo, flags_and_names, print, root, run as execute};
use crate::workspace::Workspace;
use crate::{document, machine, peers, repro};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::SystemTime;

pub(crate) const HELP: &str = "\
Usage: cargo xtask bench [--record] [CRATE…]
       cargo xtask bench --peers [CRATE…]

Runs the benches of every crate, or of the named ones, and prints a table: the median time of each kernel, its rate, and
the fraction of the rate of a matrix product of the same size in the same run. --record also writes
docs/results/kernels-CRATE.json and the page docs/results/benchmarks.md.

With --peers it runs the comparisons of benches/peers/ instead: the same problems by Orthant and by the library that its
users would pick otherwise, in a Python environment of its own under target/peers/. Writes docs/results/peers-CRATE.json and
the page docs/results/benchmarks.md.";

pub(crate) fn run(arguments: &[String]) -> Outcome<()> {
    let ([with_peers, record], names) = flags_and_names(arguments, ["--peers", "--record"])?;
    if with_peers {
        return peers::run(&names);
    }
    let available = benches()?;
    if let Some(unknown) = names.iter().find(|name| !available.contains(&bench_name(name))) {
        return Err(format!("no bench is called `{unknown}`; there are {}", available.join(", ")).into());
    }
    let workspace = Workspace::load()?;
    let chosen: Vec<String> = if names.is_empty() { available } else { names.iter().map(|n| bench_name(n)).collect() };
    for name in chosen {
        let (since, load) = (SystemTime::now(), machine::load());
        execute(&mut cargo(&["bench", "--package", "orthant-benches", "--bench", &name]))?;
        let home = std::env::var_os("CRITERION_HOME").map_or_else(|| workspace.target.join("criterion"), PathBuf::from);
        let measured = criterion::measured_since(&home, since)?;
        let rows: Vec<[String; 5]> = measured.iter().map(|one| row(&measured, one)).collect();
        print(&text(&rows))?;
        if record {
            let path = document::folder().join(format!("kernels-{name}.json"));
            document::write(&path, &serde_json::to_string_pretty(&kernels(&name, &rows))?)?;
            document::stamp(&path, load)?;
            repro::write_pages()?;
        }
    }
    Ok(())
}

/// The bench files, one for each crate.
fn benches() -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("benches/benches"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// `core-tensor` is measured by `core_tensor.rs`.
fn bench_name(name: &str) -> String {
    name.replace('-', "_")
}

const COLUMNS: [&str; 5] = ["kernel", "size", "median", "rate", "of a matrix product"];

fn row(all: &[Measurement], one: &Measurement) -> [String; 5] {
    let kernel = if ["", "orthant"].contains(&one.function.as_str()) {
        one.group.clone()
    } else {
        format!("{} ({})", one.group, one.function)
    };
    let operations = one.elements.map(|elements| format!("{:.3} Gflop/s", elements / one.median));
    let bytes = one.bytes.map(|bytes| format!("{:.3} GB/s", bytes / one.median));
    let rate: Vec<String> = operations.into_iter().chain(bytes).collect();
    let fraction = one.elements.zip(criterion::gemm_rate(all, one));
    let fraction = fraction.map(|(elements, peak)| format!("{:.1} %", 100.0 * elements / one.median / peak));
    [kernel, one.parameter.clone(), criterion::time(one.median), rate.join(", "), fraction.unwrap_or_default()]
}

fn kernels(name: &str, rows: &[[String; 5]]) -> Value {
    json!({
        "kernels": name,
        "setting": "Medians of criterion in the bench profile, all threads. Rates count the floating-point operations that \
                    the formula needs; the last column is the rate over that of a matrix product of the same size in the \
                    same run.",
        "tables": [{"title": "Kernels", "columns": COLUMNS, "rows": rows}],
    })
}

/// Aligned columns.
fn text(rows: &[[String; 5]]) -> String {
    let header = COLUMNS.map(str::to_owned);
    let lines = || std::iter::once(&header).chain(rows);
    let width = |column: usize| lines().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |line: &[String; 5]| -> String {
        let cells = line.iter().zip(widths).enumerate();
        let cells =
            cells.map(|(k, (cell, width))| if k == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_carry_rate_and_fraction() {
        let one = |group: &str, elements: f64| Measurement {
            group: group.to_owned(),
            function: "orthant".to_owned(),
            parameter: "50".to_owned(),
            median: 1000.0,
            elements: Some(elements),
            bytes: None,
        };
        let all = [one("colide/gemm", 8000.0), one("colide/score_gradient", 2000.0)];
        let expected = ["colide/score_gradient", "50", "1.000 µs", "2.000 Gflop/s", "25.0 %"];
        assert_eq!(row(&all, &all[1]), expected);
        assert!(text(&[row(&all, &all[1])]).ends_with("25.0 %"));
    }

    #[test]
    fn every_bench_is_found() {
        assert!(benches().unwrap().contains(&"colide".to_owned()));
        assert_eq!(bench_name("core-tensor"), "core_tensor");
    }
}
