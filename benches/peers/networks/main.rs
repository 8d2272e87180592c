//! Losses, companded weights, group sparsity and orthogonal convolutions against torch and NumPy, the Rust side:
//! `peer-networks prepare FOLDER`, `run FOLDER`, `report FOLDER FILE`.
//!
//! `cargo xtask bench --peers networks` calls the three, and `run.py` between the last two.

#![forbid(unsafe_code)]

mod companding;
mod convolution;
mod losses;
mod problem;
mod sparsity;

use orthant_benches::Outcome;
use orthant_benches::comparison::{Heading, report};
use problem::{Measured, note};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["prepare", folder] => prepare(Path::new(folder)),
        ["run", folder] => run(Path::new(folder)),
        ["report", folder, file] => compare(Path::new(folder), Path::new(file)),
        _ => Err("usage: peer-networks prepare FOLDER | run FOLDER | report FOLDER FILE".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            note(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn prepare(folder: &Path) -> Outcome<()> {
    losses::prepare(folder)?;
    companding::prepare(folder)?;
    sparsity::prepare(folder)?;
    convolution::prepare(folder)
}

fn run(folder: &Path) -> Outcome<()> {
    let mut results: Vec<Value> = Vec::new();
    for Measured { problem, seconds, setting } in
        [losses::run(folder)?, companding::run(folder)?, sparsity::run(folder)?, convolution::run(folder)?].concat()
    {
        note(&format!("orthant {problem}: {:.3} ms", 1e3 * seconds));
        results.push(json!({"problem": problem, "seconds": seconds, "setting": setting}));
    }
    Ok(std::fs::write(folder.join("orthant.json"), Value::from(results).to_string())?)
}

fn compare(folder: &Path, file: &Path) -> Outcome<()> {
    let heading = Heading {
        benchmark: "networks",
        title: "Losses, companded weights, group sparsity and orthogonal convolutions against torch and NumPy",
        setting: "Every side runs on one thread; processor time is compared, the median of 25 batches of calls. Results are held \
            against the same formula in double precision, computed by NumPy or torch; the distance is the largest difference \
            relative to the largest entry. Overhead of a companded layer: forward and backward pass of the companded layer less \
            that of the plain one, both in the same framework (Orthant's in burn on its CPU device).",
    };
    report(folder, file, heading, &problem::entries(), &[])
}
