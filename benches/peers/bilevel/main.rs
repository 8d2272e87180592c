//! One penalty of logistic regression against tuners in Python, and the lower level of total variation, the Rust side:
//! `peer-bilevel prepare FOLDER`, `run FOLDER`, `report FOLDER FILE`.
//!
//! `cargo xtask bench --peers bilevel` calls the three, and `run.py` between the last two.

#![forbid(unsafe_code)]

use bilevel::problems::{TotalVariation, Variation};
use bilevel::solver::{Fista, Lbfgs, LowerSolver};
use bilevel::tune::{LogisticRegression, tune_logistic};
use bilevel::{LowerLevel, UpperLevel};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, Axis, array};
use ndarray_npy::{read_npy, write_npy};
use orthant_benches::Outcome;
use orthant_benches::comparison::{Entry, Heading, Rivals, report};
use orthant_benches::cpu::Stopwatch;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

const BOX: (f64, f64) = (-14.0, 4.0);
/// Log-loss of the optimum, by four independent tools.
const LOSS: f64 = 0.069_731_536;
/// ‖∇h‖ of the lower-level solves.
const GOAL: f64 = 1e-6;
const BATCH_SECONDS: f64 = 0.02;
const BATCHES: usize = 25;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["prepare", folder] => prepare(Path::new(folder)),
        ["run", folder] => run(Path::new(folder)),
        ["report", folder, file] => compare(Path::new(folder), Path::new(file)),
        _ => Err("usage: peer-bilevel prepare FOLDER | run FOLDER | report FOLDER FILE".into()),
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

/// Standardised features and signs, to train on and to validate on; a noisy photograph.
fn prepare(folder: &Path) -> Outcome<()> {
    let data = datasets::breast_cancer();
    let mut x = data.x;
    for mut column in x.axis_iter_mut(Axis(1)) {
        let mean = column.sum() / column.len() as f64;
        column -= mean;
        let deviation = (column.iter().map(|v| v * v).sum::<f64>() / column.len() as f64).sqrt();
        column /= deviation;
    }
    for (name, rows) in [("training", &data.training), ("validation", &data.validation)] {
        let signs: Array1<f64> = rows.iter().map(|&row| if data.benign[row] { 1.0 } else { -1.0 }).collect();
        write_npy(folder.join(format!("{name}-x.npy")), &x.select(Axis(0), rows))?;
        write_npy(folder.join(format!("{name}-s.npy")), &signs)?;
    }
    let truth = datasets::photographs().index_axis(Axis(0), 0).mapv(|v| f64::from(v) / 255.0);
    let noise: Array2<f64> = normal_array(&mut rng(1), truth.dim());
    write_npy(folder.join("truth.npy"), &truth)?;
    Ok(write_npy(folder.join("noisy.npy"), &(&truth + &(noise * 0.1)))?)
}

/// Median processor time of a call.
fn seconds(mut call: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let mut batch = |calls: usize| -> Outcome<f64> {
        let watch = Stopwatch::start();
        for _ in 0..calls {
            call()?;
        }
        Ok(watch.elapsed().cpu)
    };
    let mut calls = 1;
    while batch(calls)? < BATCH_SECONDS {
        calls *= 2;
    }
    let mut times = Vec::new();
    for _ in 0..BATCHES {
        times.push(batch(calls)? / calls as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[BATCHES / 2])
}

fn run(folder: &Path) -> Outcome<()> {
    let part = |name: &str| -> Outcome<(Array2<f64>, Array1<f64>)> {
        Ok((read_npy(folder.join(format!("{name}-x.npy")))?, read_npy(folder.join(format!("{name}-s.npy")))?))
    };
    let (training, validation) = (part("training")?, part("validation")?);
    let mut value = f64::NAN;
    let logistic = seconds(|| {
        // As a user begins: from the arrays.
        let model = LogisticRegression::new(training.clone(), validation.clone())?;
        value = tune_logistic(&model, Some(BOX))?.value;
        Ok(())
    })?;
    note(&format!("orthant logistic: {:.3} ms, loss {value:.9}", 1e3 * logistic));
    let mut results =
        vec![json!({"problem": "logistic", "seconds": logistic, "setting": "one call", "gap": value - LOSS})];
    let mut others: Vec<Value> = Vec::new();
    let (noisy, truth): (Array2<f64>, Array2<f64>) =
        (read_npy(folder.join("noisy.npy"))?, read_npy(folder.join("truth.npy"))?);
    let mut problem = TotalVariation::new(noisy, truth, Variation::Anisotropic)?;
    let theta = array![-2.1, -4.5];
    let solvers: [(&str, Box<dyn LowerSolver>); 3] = [
        ("Orthant", Box::new(Fista::new())),
        ("momentum always zero, as published code has it", Box::new(Fista::new().without_momentum())),
        ("L-BFGS", Box::new(Lbfgs::default())),
    ];
    for (name, mut solver) in solvers {
        let (mut iterations, mut residual) = (0, f64::NAN);
        let time = seconds(|| {
            let mut x = problem.start();
            let solve = solver.solve(&mut problem, &theta, &mut x, GOAL, 1_000_000)?;
            (iterations, residual) = (solve.iterations, solve.residual);
            Ok(())
        })?;
        note(&format!("total variation, {name}: {:.3} ms, {iterations} iterations", 1e3 * time));
        let setting = format!("{iterations} iterations");
        if name == "Orthant" {
            let setting = format!("FISTA, {setting}");
            results.push(json!({"problem": "tv-lower", "seconds": time, "setting": setting, "gap": residual}));
        } else {
            others.push(
                json!({"problem": "tv-lower", "method": name, "seconds": time, "setting": setting, "gap": residual}),
            );
        }
    }
    // What the value is worth: the loss of the solution is that of any solver.
    let mut gradient = Array1::zeros(problem.variables());
    problem.loss_and_gradient_into(&problem.start(), &mut gradient);
    std::fs::write(folder.join("others.json"), Value::from(others).to_string())?;
    Ok(std::fs::write(folder.join("orthant.json"), Value::from(results).to_string())?)
}

fn compare(folder: &Path, file: &Path) -> Outcome<()> {
    let entry = |name: &str, title: &str, target: f64, factor: f64, measure: &str| Entry {
        name: name.to_owned(),
        title: title.to_owned(),
        target,
        factor,
        rivals: Rivals::AtTarget,
        measure: measure.to_owned(),
    };
    let entries = [
        entry("logistic", "one penalty of logistic regression, breast cancer", 1e-6, 5.0, "loss above the optimum"),
        entry(
            "tv-lower",
            "lower level of total variation, 96 x 96 photograph, from the noisy picture",
            GOAL,
            2.0,
            "gradient norm",
        ),
    ];
    let heading = Heading {
        benchmark: "bilevel",
        title: "Tuning one penalty, and solving the lower level of denoising",
        setting: "Every side runs on one thread; processor time is compared, the median of 25 batches of calls (of 3 to 5 calls for the slow ones). \
            Compilation of jaxopt and optimistix is not counted. Loss: mean log-loss of 269 validation rows, against the optimum that four \
            tools agree on. The lower level is solved by three methods of Orthant itself.",
    };
    report(folder, file, heading, &entries, &[])
}
