//! CoLiDE against DAGMA, the Rust side: `peer-colide prepare FOLDER`, `run FOLDER`, `report FOLDER FILE`.
//!
//! `cargo xtask bench --peers colide` calls the three, and `run.py` between the last two.

#![forbid(unsafe_code)]

mod problem;
mod report;
mod run;
mod scale;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["prepare", folder] => problem::prepare(Path::new(folder)),
        ["run", folder] => run::run(Path::new(folder)),
        ["report", folder, file] => report::report(Path::new(folder), Path::new(file)),
        [scale::COMMAND, nodes] => scale::order_start(nodes),
        _ => Err("usage: peer-colide prepare FOLDER | run FOLDER | report FOLDER FILE".into()),
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
