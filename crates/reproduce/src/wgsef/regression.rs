//! E4: groups of a synthetic regression.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use core_optim::design::Dense;
use core_optim::loss::{EmpiricalLoss, LinearModel, Squared};
use core_optim::prox::GroupL2;
use core_optim::{Fista, StoppingRule};
use core_tensor::random::{normal_array, permutation, rng};
use ndarray::{Array1, Array2};
use serde_json::json;
use wgsef::{Groups, Solver, Wgsef, Workspace};

pub(crate) const REGRESSION: Experiment =
    Experiment { name: "wgsef-regression", title: "Group regression with a budget", run: regression };

const ROWS: usize = 150;
const GROUPS: usize = 60;
const SIZE: usize = 5;
const ACTIVE: usize = 6;
const SEEDS: u64 = 10;

#[derive(Clone, Copy, PartialEq)]
enum Method {
    Wgsef(f64),
    GroupLasso(f64),
}

const METHODS: [Method; 6] = [
    Method::Wgsef(0.01),
    Method::Wgsef(0.1),
    Method::Wgsef(1.0),
    Method::GroupLasso(0.05),
    Method::GroupLasso(0.2),
    Method::GroupLasso(0.5),
];

struct Run {
    method: usize,
    kept: usize,
    found: usize,
    error: f64,
    refit: f64,
}

/// AR(1) columns with ρ = 0.5, six active groups, signal three times the noise.
fn problem(seed: u64) -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let mut random = rng(seed);
    let d = GROUPS * SIZE;
    let mut x: Array2<f64> = normal_array(&mut random, (ROWS, d));
    for mut row in x.rows_mut() {
        for j in 1..d {
            row[j] = 0.5 * row[j - 1] + 0.75_f64.sqrt() * row[j];
        }
    }
    let mut w = Array1::zeros(d);
    for &group in permutation(&mut random, GROUPS).iter().take(ACTIVE) {
        let block: Array1<f64> = normal_array(&mut random, SIZE);
        for i in 0..SIZE {
            w[group * SIZE + i] = block[i];
        }
    }
    let signal = x.dot(&w);
    let noise: Array1<f64> = normal_array(&mut random, ROWS);
    let scale = signal.dot(&signal).sqrt() / (3.0 * noise.dot(&noise).sqrt());
    (x, &signal + &(noise * scale), w)
}

fn one(seed: u64) -> Outcome<Vec<Run>> {
    let (x, y, truth) = problem(seed);
    let design = Dense::new(&x)?;
    let loss = EmpiricalLoss::new(Squared, &y)?;
    let mut f = LinearModel::new(&design, &loss)?.scale(1.0 / ROWS as f64)?;
    let omega = Wgsef::new(Groups::uniform(GROUPS, SIZE)?, ACTIVE)?;
    let solver = Solver::new().tolerance(1e-9);
    let lists: Vec<Vec<usize>> = (0..GROUPS).map(|g| (g * SIZE..(g + 1) * SIZE).collect()).collect();
    let relative = |w: &Array1<f64>| {
        let difference = w - &truth;
        difference.dot(&difference).sqrt() / truth.dot(&truth).sqrt()
    };
    let mut runs = Vec::new();
    for (number, method) in METHODS.iter().enumerate() {
        let w = match *method {
            Method::Wgsef(lambda) => solver.fit(&mut f, &omega, lambda)?.w,
            Method::GroupLasso(lambda) => {
                let mut penalty = GroupL2::new(x.ncols(), lambda, &lists)?.weights(&Array1::ones(GROUPS))?;
                let rule = StoppingRule::none().gradient(1e-7);
                Fista::new().stopping(rule).minimise(&mut f, &mut penalty, &Array1::zeros(x.ncols()))?.x
            }
        };
        let mut work = Workspace::default();
        let mut top = w.clone();
        omega.hard_prox_in_place(&mut top, 0.0, &mut work)?;
        let is_active = |j: usize| (0..SIZE).any(|i| truth[j * SIZE + i] != 0.0);
        let found =
            (0..GROUPS).filter(|&j| work.multipliers()[j] > 0.0 && work.norms()[j] > 0.0 && is_active(j)).count();
        runs.push(Run {
            method: number,
            kept: omega.groups().kept(&w)?.iter().filter(|kept| **kept).count(),
            found,
            error: relative(&w),
            refit: relative(&solver.refit(&mut f, &omega, &w)?.w),
        });
    }
    Ok(runs)
}

fn regression() -> Outcome<Findings> {
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let runs: Vec<Run> = for_all("regressions", &seeds, |&seed| one(seed))?.into_iter().flatten().collect();
    let mean = |method: usize, get: fn(&Run) -> f64| {
        runs.iter().filter(|run| run.method == method).map(get).sum::<f64>() / SEEDS as f64
    };
    let mut table = Table::new(
        "means over seeds",
        &["method", "kept groups", "true ones among the 6 largest", "relative error", "after cut and refit"],
    );
    for (number, method) in METHODS.iter().enumerate() {
        table.row([
            match method {
                Method::Wgsef(lambda) => format!("WGSEF k = 6, λ = {lambda}"),
                Method::GroupLasso(lambda) => format!("group Lasso, λ = {lambda}"),
            },
            format!("{:.1}", mean(number, |run| run.kept as f64)),
            format!("{:.1}", mean(number, |run| run.found as f64)),
            format!("{:.3}", mean(number, |run| run.error)),
            format!("{:.3}", mean(number, |run| run.refit)),
        ]);
    }
    let (found, refit) = (mean(1, |run| run.found as f64), mean(1, |run| run.refit));
    Ok(Findings {
        setting: format!("{ROWS} rows, {GROUPS} groups of {SIZE} with AR(1) columns (ρ = 0.5), {ACTIVE} active, signal three times the noise; least squares."),
        seeds: format!("1 to {SEEDS}"),
        claims: vec![
            Claim::new(
                "the largest groups of the regularised fit are the true ones",
                "at least 5.5 of 6 on average at λ = 0.1",
                format!("{found:.1}"),
                Verdict::of(found >= 5.5),
            ),
            Claim::new(
                "cut to the budget and fitted again, the error is small",
                "below 0.30 on average at λ = 0.1",
                format!("{refit:.3}"),
                Verdict::of(refit < 0.30),
            ),
            Claim::new(
                "a tuned group Lasso is no worse before the cut",
                "none: for comparison",
                format!("best error: WGSEF {:.3}, group Lasso {:.3}", (0..3).map(|m| mean(m, |run| run.error)).fold(1e9, f64::min), (3..6).map(|m| mean(m, |run| run.error)).fold(1e9, f64::min)),
                Verdict::Exploratory,
            ),
        ],
        tables: vec![table],
        charts: Vec::new(),
        runs: runs.iter().map(|run| json!({"method": run.method, "kept": run.kept, "found": run.found, "error": run.error, "refit": run.refit})).collect(),
    })
}
