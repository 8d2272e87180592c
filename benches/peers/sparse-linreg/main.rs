//! Sparse linear models against scikit-learn, celer, skglm, adelie, liblinear, glmnet and abess, the Rust side:
//! `peer-sparse-linreg prepare FOLDER [PREFIX]`, `run FOLDER`, `report FOLDER FILE`. With a prefix only the problems whose names
//! begin so are written, and compared by the other two: `subset` for best subsets.
//!
//! `cargo xtask bench --peers sparse-linreg` calls the three, and `run.py` between the last two. Data under the GPL are read from the
//! folder that `ORTHANT_DATA` names; without it their rows are left out, and the report says so.

#![forbid(unsafe_code)]

mod problem;
mod report;
mod run;
mod subset;

use orthant_benches::Outcome;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["prepare", folder] => problem::prepare(Path::new(folder), ""),
        ["prepare", folder, prefix] => problem::prepare(Path::new(folder), prefix),
        ["run", folder] => run::run(Path::new(folder)),
        ["report", folder, file] => report::report(Path::new(folder), Path::new(file)),
        _ => Err("usage: peer-sparse-linreg prepare FOLDER [PREFIX] | run FOLDER | report FOLDER FILE".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            note(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// A line on standard error.
fn note(line: &str) {
    // Nothing is left to do when even this cannot be written.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
