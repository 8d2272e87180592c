//! Block coordinate descent against scikit-learn, celer, skglm and SciPy, the Rust side:
//! `peer-bcd prepare FOLDER`, `run FOLDER`, `report FOLDER FILE`.
//!
//! `cargo xtask bench --peers bcd` calls the three, and `run.py` between the last two.

#![forbid(unsafe_code)]

mod problem;
mod run;

use orthant_benches::Outcome;
use orthant_benches::comparison::{Entry, Heading, Rivals, report};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["prepare", folder] => problem::prepare(Path::new(folder)),
        ["run", folder] => run::run(Path::new(folder)),
        ["report", folder, file] => compare(Path::new(folder), Path::new(file)),
        _ => Err("usage: peer-bcd prepare FOLDER | run FOLDER | report FOLDER FILE".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            note(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn compare(folder: &Path, file: &Path) -> Outcome<()> {
    let entries: Vec<Entry> = problem::list(folder)?
        .into_iter()
        .map(|problem| Entry {
            title: format!("{}, {}", problem.title, problem.kind.measure()),
            name: problem.name,
            target: problem.target,
            factor: 1.0,
            rivals: Rivals::AtTarget,
            measure: "reached value".into(),
        })
        .collect();
    let heading = Heading {
        benchmark: "bcd",
        title: "Block coordinate descent against scikit-learn, celer, skglm and SciPy",
        setting: "Every side runs on one thread; processor time is compared, the median of repeats where a fit is short. \
            Orthant's side is `Bcd::new()`, which chooses blocks, rule and update (or working sets) by the problem, and \
            `LabelPropagation`. What is reached is computed by one function for all sides: for penalised losses the duality gap of \
            the rescaled residual relative to the objective at zero; for the multinomial model the largest entry of the gradient; on \
            graphs the largest residual of the optimality conditions relative to the largest entry of the right-hand side. \
            Every side's tolerance is lowered until the target is reached, and its time is that of the last call.",
    };
    report(folder, file, heading, &entries, &[])
}

/// A line on standard error.
fn note(line: &str) {
    // Nothing is left to do when even this cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
