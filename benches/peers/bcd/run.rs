//! Orthant on the problems.

use crate::problem::{Entry, Kind, list};
use crate::{Outcome, note};
use bcd::{
    Bcd, Blocks, Graph, LabelPropagation, LinearLoss, Objective, Penalty, Problem, Softmax, Update, certificate,
    state_at,
};
use core_optim::design::{Dense, DesignMatrix};
use core_optim::prox::{L1, NonNegative};
use ndarray::{Array1, Array2};
use ndarray_npy::{read_npy, write_npy};
use orthant_benches::cpu::Stopwatch;
use orthant_benches::design::Design;
use serde_json::{Value, json};
use std::path::Path;

/// Repeats until this many seconds have passed, at least three times.
const SECONDS: f64 = 0.5;

/// Solves every problem; writes solutions and times.
pub(crate) fn run(folder: &Path) -> Outcome<()> {
    let mut results: Vec<Value> = Vec::new();
    for entry in list(folder)? {
        let (solution, seconds, setting) = match entry.kind {
            Kind::Propagation | Kind::Bounded => graph(&entry, folder)?,
            _ => match entry.data(folder)? {
                (Design::Dense(x), y) => model(&entry, &Dense::new(&x)?, &y)?,
                (Design::Sparse(x), y) => model(&entry, &x, &y)?,
            },
        };
        write_npy(folder.join(format!("w-{}.npy", entry.name)), &solution)?;
        note(&format!("orthant {}: {seconds:.5} s at {setting}", entry.name));
        results.push(json!({"problem": entry.name, "seconds": seconds, "setting": setting}));
    }
    Ok(std::fs::write(folder.join("orthant.json"), Value::from(results).to_string())?)
}

/// The solution of `solve` at the first tolerance that is good enough, its median processor time, and the tolerance.
fn timed(
    tolerance: f64,
    mut solve: impl FnMut(f64) -> Outcome<Array1<f64>>,
    mut is_good: impl FnMut(&Array1<f64>) -> Outcome<bool>,
) -> Outcome<(Array1<f64>, f64, String)> {
    let mut tolerance = tolerance;
    while !is_good(&solve(tolerance)?)? && tolerance > 1e-13 {
        tolerance *= 0.1;
    }
    let (watch, mut times) = (Stopwatch::start(), Vec::new());
    loop {
        let one = Stopwatch::start();
        let solution = solve(tolerance)?;
        times.push(one.elapsed().cpu);
        if watch.elapsed().wall >= SECONDS && times.len() >= 3 {
            times.sort_by(f64::total_cmp);
            return Ok((solution, times[times.len() / 2], format!("{tolerance:.0e}")));
        }
    }
}

fn model<X: DesignMatrix<f64> + Sync>(entry: &Entry, x: &X, y: &Array1<f64>) -> Outcome<(Array1<f64>, f64, String)> {
    let penalty: Penalty<f64> = match entry.kind {
        Kind::NonNegative => NonNegative::new(entry.level)?.into(),
        Kind::Multinomial => Penalty::None,
        _ => L1::new(entry.level)?.into(),
    };
    // From the data to the solution, its checks and preparations included.
    let solve = |tolerance: f64| -> Outcome<Array1<f64>> {
        let bcd = Bcd::new().tolerance(tolerance);
        Ok(match entry.kind {
            Kind::Logistic => bcd.fit(&LinearLoss::logistic(x, y)?, &penalty)?.x,
            Kind::Multinomial => {
                let loss = softmax(entry, x, y)?;
                let whole = bcd.blocks(Blocks::Variable(loss.variables())).update(Update::newton());
                whole.fit(&loss, &penalty)?.x
            }
            _ => bcd.fit(&LinearLoss::least_squares(x, y)?, &penalty)?.x,
        })
    };
    let is_good = |w: &Array1<f64>| -> Outcome<bool> {
        match entry.kind {
            Kind::Logistic => reaches(entry, &LinearLoss::logistic(x, y)?, &penalty, w),
            Kind::Multinomial => {
                let loss = softmax(entry, x, y)?;
                Ok(certificate(&Problem::new(&loss, &penalty)?, &mut state_at(&loss, w)?)?.kkt <= entry.target)
            }
            _ => reaches(entry, &LinearLoss::least_squares(x, y)?, &penalty, w),
        }
    };
    timed(entry.target, solve, is_good)
}

fn softmax<'a, X: DesignMatrix<f64>>(entry: &Entry, x: &'a X, y: &Array1<f64>) -> Outcome<Softmax<'a, f64, X>> {
    let labels: Vec<usize> = y.iter().map(|&label| label as usize).collect();
    let classes = labels.iter().max().map_or(2, |&largest| largest + 1);
    Ok(Softmax::new(x, &labels, classes)?.with_ridge(entry.level)?)
}

/// Whether the rescaled residual certifies the gap, relative to the objective at 0.
fn reaches(entry: &Entry, loss: &dyn Objective<f64>, penalty: &Penalty<f64>, w: &Array1<f64>) -> Outcome<bool> {
    let zero = state_at(loss, &Array1::zeros(w.len()))?.value;
    let found = certificate(&Problem::new(loss, penalty)?, &mut state_at(loss, w)?)?;
    Ok(found.gap.is_some_and(|gap| gap <= entry.target * zero))
}

fn graph(entry: &Entry, folder: &Path) -> Outcome<(Array1<f64>, f64, String)> {
    let edges: Array2<i64> = read_npy(folder.join("edges.npy"))?;
    let nodes: Array1<i64> = read_npy(folder.join("labelled.npy"))?;
    let values: Array1<f64> = read_npy(folder.join("values.npy"))?;
    let edges: Vec<(usize, usize, f64)> =
        edges.rows().into_iter().map(|row| (row[0] as usize, row[1] as usize, 1.0)).collect();
    let count = edges.iter().map(|&(i, j, _)| i.max(j) + 1).max().unwrap_or(0);
    let labels: Vec<(usize, f64)> = nodes.iter().map(|&node| node as usize).zip(values.iter().copied()).collect();
    let graph = Graph::new(count, &edges)?;
    let problem = LabelPropagation::new(&graph, &labels)?;
    let bounded = match entry.kind {
        Kind::Bounded => problem.clone().bounds(-entry.level, entry.level)?,
        _ => problem.clone(),
    };
    // The peers begin with the matrix, and so does this side.
    let solve = |tolerance: f64| -> Outcome<Array1<f64>> { Ok(bounded.solve(tolerance)?.values) };
    let quadratic = problem.objective();
    let largest = quadratic.linear().iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let is_good = |y: &Array1<f64>| -> Outcome<bool> {
        let x: Array1<f64> = problem.unlabelled().iter().map(|&node| y[node]).collect();
        let mut state = state_at(quadratic, &x)?;
        quadratic.update_gradient(&mut state)?;
        let residual = |(x, g): (&f64, &f64)| match entry.kind {
            Kind::Bounded => (x - (x - g).clamp(-entry.level, entry.level)).abs(),
            _ => g.abs(),
        };
        Ok(x.iter().zip(&state.gradient).map(residual).fold(0.0, f64::max) <= entry.target * largest)
    };
    timed(entry.target, solve, is_good)
}
