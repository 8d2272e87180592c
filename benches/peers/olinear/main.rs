//! Training steps, forecasts and instant fits against torch and statsforecast, the Rust side:
//! `peer-olinear prepare FOLDER`, `run FOLDER`, `report FOLDER FILE`.
//!
//! `cargo xtask bench --peers olinear` calls the three, and `run.py` between the last two.

#![forbid(unsafe_code)]

use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser};
use ndarray::{Array2, Array3, Axis};
use ndarray_npy::write_npy;
use olinear::{
    Architecture, Basis, Folding, Forecaster, Loss, MomentRidge, Network, Parts, Rotation, Scaler, Split, Workspace,
    evaluate, windows,
};
use orthant_benches::Outcome;
use orthant_benches::comparison::{Entry, Heading, Rivals, report};
use orthant_benches::cpu::Stopwatch;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

const LOOK_BACK: usize = 96;
const HORIZONS: [usize; 2] = [96, 720];
const BATCH: usize = 32;
const BATCH_SECONDS: f64 = 0.05;
const BATCHES: usize = 9;
/// Origins of forecasts in the test part, a day and a bit apart.
const ORIGINS: usize = 20;
const APART: usize = 100;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["prepare", folder] => prepare(Path::new(folder)),
        ["run", folder] => run(Path::new(folder)),
        ["report", folder, file] => compare(Path::new(folder), Path::new(file)),
        _ => Err("usage: peer-olinear prepare FOLDER | run FOLDER | report FOLDER FILE".into()),
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

fn series() -> Outcome<(Array2<f64>, Parts)> {
    let raw = datasets::etth1().values;
    let parts = Split::EttHour.parts(raw.nrows(), LOOK_BACK)?;
    let train = raw.slice_axis(Axis(0), parts.train.clone().into());
    Ok((Scaler::fit(&train)?.transform(&raw)?, parts))
}

fn network(horizon: usize) -> Outcome<Network<f32>> {
    let (scaled, parts) = series()?;
    let train = scaled.slice_axis(Axis(0), parts.train.into());
    let basis = |size| -> Outcome<Rotation<f32>> { Ok(Rotation::shared(&Basis::default().build(size, &train)?)) };
    let form = Architecture { width: 512, hidden: 512, ..Architecture::new(LOOK_BACK, horizon, 7) };
    Ok(Network::new(form, basis(LOOK_BACK)?, basis(horizon)?, None, 1)?)
}

fn batch(horizon: usize) -> Outcome<(Array3<f32>, Array3<f32>)> {
    let (scaled, _) = series()?;
    let starts: Vec<usize> = (0..BATCH).map(|i| 200 * i).collect();
    Ok(windows(&scaled.mapv(|v| v as f32), &starts, LOOK_BACK, horizon)?)
}

/// Initial weights, bases and a batch for each horizon; the standardised series.
fn prepare(folder: &Path) -> Outcome<()> {
    for horizon in HORIZONS {
        let network = network(horizon)?;
        let (scaled, parts) = series()?;
        let train = scaled.slice_axis(Axis(0), parts.train.into());
        for (name, size) in [("Q_in", LOOK_BACK), ("Q_out", horizon)] {
            let q = Basis::default().build(size, &train)?.matrix().mapv(|v| v as f32);
            write_npy(folder.join(format!("{horizon}-{name}.npy")), &q)?;
        }
        for tensor in network.tensors() {
            write_npy(folder.join(format!("{horizon}-{}.npy", tensor.name)), &network.tensor(&tensor.name)?)?;
        }
        let (x, y) = batch(horizon)?;
        write_npy(folder.join(format!("{horizon}-x.npy")), &x)?;
        write_npy(folder.join(format!("{horizon}-y.npy")), &y)?;
    }
    Ok(write_npy(folder.join("series.npy"), &series()?.0)?)
}

/// Median processor time of a call.
fn seconds(mut call: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    call()?;
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
    let mut results = Vec::new();
    let mut add = |problem: &str, time: f64, setting: &str| {
        note(&format!("orthant {problem}: {:.3} ms", 1e3 * time));
        results.push(json!({"problem": problem, "seconds": time, "setting": setting}));
    };
    for horizon in HORIZONS {
        let mut network = network(horizon)?;
        let (x, y) = batch(horizon)?;
        let folded = network.fold()?;
        write_npy(folder.join(format!("{horizon}-forecast.npy")), &folded.forecast(&x)?)?;
        if horizon == HORIZONS[0] {
            let one = x.slice_axis(Axis(0), (..1).into()).to_owned();
            add("forecast-1", seconds(|| Ok(folded.forecast(&one).map(|_| ())?))?, "folded");
            add("forecast-32", seconds(|| Ok(folded.forecast(&x).map(|_| ())?))?, "folded");
        }
        let mut workspace = Workspace::new(&network, BATCH, Folding::Automatic)?;
        let loss = workspace.loss_and_gradient(&network, &x, &y, &Loss::default(), None)?;
        std::fs::write(folder.join(format!("{horizon}-loss.json")), json!(loss).to_string())?;
        let options = AdamWOptions { learning_rate: 5e-4, ..AdamWOptions::default() };
        let mut optimiser = AdamW::new(network.parameters().len(), options)?;
        let time = seconds(|| {
            workspace.loss_and_gradient(&network, &x, &y, &Loss::default(), None)?;
            Ok(optimiser.step(network.parameters_mut(), workspace.gradient())?)
        })?;
        add(&format!("step-{horizon}"), time, "forward, backward, Adam");
    }
    let (scaled, parts) = series()?;
    let fit = || -> Outcome<_> { Ok(MomentRidge::new(LOOK_BACK, &[96]).fit(&scaled, &parts)?) };
    let time = seconds(|| fit().map(|_| ()))?;
    let ridge = fit()?;
    let error = evaluate(&ridge.maps[0], &scaled, &parts.test)?.mse;
    add("benchmark", time, "moment ridge");
    let starts: Vec<usize> = (0..ORIGINS).map(|i| parts.test.start + APART * i).collect();
    let (x, y) = windows(&scaled, &starts, LOOK_BACK, 96)?;
    let time = seconds(|| Ok(fit()?.maps[0].forecast_windows(&x).map(|_| ())?))?;
    let difference = ridge.maps[0].forecast_windows(&x)? - &y;
    add("origins", time, "moment ridge, fit and forecasts");
    let many = seconds(|| Ok(MomentRidge::new(LOOK_BACK, &[96, 192, 336, 720]).fit(&scaled, &parts).map(|_| ())?))?;
    note(&format!("orthant, ridge of four horizons: {:.1} ms", 1e3 * many));
    let origins = difference.mapv(|v| v * v).mean().unwrap_or(f64::NAN);
    std::fs::write(
        folder.join("errors.json"),
        json!({"benchmark": error, "origins": origins, "four": many}).to_string(),
    )?;
    Ok(std::fs::write(folder.join("orthant.json"), Value::from(results).to_string())?)
}

fn compare(folder: &Path, file: &Path) -> Outcome<()> {
    let entry = |name: &str, title: &str, target: f64, factor: f64, rivals: Rivals, measure: &str| Entry {
        name: name.to_owned(),
        title: title.to_owned(),
        target,
        factor,
        rivals,
        measure: measure.to_owned(),
    };
    let loss = "loss, relative difference";
    let output = "forecast, relative difference";
    let entries = [
        entry("step-96", "one training step, D = 512, 96 to 96, batch 32", 1e-5, 1.6, Rivals::AtTarget, loss),
        entry("step-720", "one training step, D = 512, 96 to 720, batch 32", 1e-5, 2.0, Rivals::AtTarget, loss),
        entry("forecast-1", "forecast of one window, D = 512, 96 to 96", 1e-4, 5.0, Rivals::AtTarget, output),
        entry("forecast-32", "forecast of 32 windows, D = 512, 96 to 96", 1e-4, 2.0, Rivals::AtTarget, output),
        entry("benchmark", "ETTh1, 96 to 96: a linear forecaster, fitted", 0.39, 20.0, Rivals::All, "test MSE"),
        entry("origins", "ETTh1, 96 hours of 7 series from 20 origins", 10.0, 10.0, Rivals::All, "MSE"),
    ];
    let four: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("errors.json"))?)?;
    let setting = format!(
        "Every side runs on one thread; processor time is compared, the median of {BATCHES} batches of calls (statsforecast and the training of \
         DLinear run once). torch computes the same network from the same weights, in the module of run.py. The ridge fits four horizons \
         (96, 192, 336, 720) together in {:.0} ms.",
        1e3 * four["four"].as_f64().unwrap_or(f64::NAN)
    );
    let heading = Heading { benchmark: "olinear", title: "Forecasts", setting: &setting };
    report(folder, file, heading, &entries, &[])
}
