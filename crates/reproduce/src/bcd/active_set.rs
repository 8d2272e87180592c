//! E7: the pattern is found before its bound.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use bcd::{
    Bcd, Blocks, LinearLoss, Partition, Penalty, Problem, Rule, Update, non_degeneracy, proximal_gradient_bound,
};
use chart::{Chart, Plot};
use core_optim::design::Dense;
use core_optim::prox::L1;
use core_tensor::linalg::SymmetricEigen;
use core_tensor::random::{normal_array, rng};
use ndarray::Array1;
use serde_json::json;

pub(crate) const ACTIVE_SET: Experiment =
    Experiment { name: "bcd-active-set", title: "Active-set complexity", run: active_set };

const PROBLEMS: u64 = 200;

struct Found {
    delta: f64,
    relative: f64,
    bound: usize,
    gradient: usize,
    cyclic: usize,
    newton: usize,
}

/// A lasso with 60 rows and 20 columns, five of them in the model.
fn one(seed: u64) -> Outcome<Option<Found>> {
    let mut random = rng(seed);
    let a = normal_array::<f64, _, _>(&mut random, (60, 20));
    let w = Array1::from_shape_fn(20, |j| if j < 5 { 1.0 } else { 0.0 });
    let y = a.dot(&w) + normal_array::<f64, _, _>(&mut random, 60);
    let design = Dense::new(&a)?;
    let f = LinearLoss::least_squares(&design, &y)?;
    let largest = a.t().dot(&y).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let lambda = 0.2 * largest;
    let penalty: Penalty<f64> = L1::new(lambda)?.into();
    let best = Bcd::new().tolerance(1e-15).fit(&f, &penalty)?;
    let Some(delta) = non_degeneracy(&Problem::new(&f, &penalty)?, &best.x)?.filter(|&delta| delta > 1e-9 * lambda)
    else {
        return Ok(None);
    };
    let mut eigen = SymmetricEigen::new(20);
    eigen.factorise(&a.t().dot(&a))?;
    let (mu, l) = (eigen.values()?[0], eigen.values()?[19]);
    let bound = proximal_gradient_bound(delta, l, mu, best.x.dot(&best.x).sqrt())?;
    let settled = |partition: Partition, update: Update| -> Outcome<usize> {
        let bcd = Bcd::new().blocks(Blocks::Fixed(partition)).rule(Rule::Cyclic).update(update);
        Ok(bcd.tolerance(0.0).max_iterations(bound + 500).fit(&f, &penalty)?.identified_at)
    };
    Ok(Some(Found {
        delta,
        relative: delta / lambda,
        bound,
        gradient: settled(Partition::Whole, Update::Gradient)?,
        cyclic: settled(Partition::Order(4), Update::Gradient)?,
        newton: settled(Partition::Order(4), Update::prox_newton())?,
    }))
}

fn active_set() -> Outcome<Findings> {
    let seeds: Vec<u64> = (1..=PROBLEMS).collect();
    let found: Vec<Found> = for_all("active sets", &seeds, |&seed| one(seed))?.into_iter().flatten().collect();
    let late = found.iter().filter(|f| f.gradient > f.bound).count();
    let median = |mut values: Vec<usize>| {
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(0)
    };
    let mut table = Table::new(
        "iterations until the pattern is found, medians by δ/λ",
        &["δ/λ", "problems", "bound", "prox-gradient", "cyclic, blocks of 4", "prox-Newton, blocks of 4"],
    );
    for (low, high) in [(0.0, 0.01), (0.01, 0.05), (0.05, 0.2), (0.2, 1.0)] {
        let part: Vec<&Found> = found.iter().filter(|f| f.relative >= low && f.relative < high).collect();
        let of = |get: fn(&Found) -> usize| median(part.iter().map(|f| get(f)).collect()).to_string();
        table.row([
            format!("{low} to {high}"),
            part.len().to_string(),
            of(|f| f.bound),
            of(|f| f.gradient),
            of(|f| f.cyclic),
            of(|f| f.newton),
        ]);
    }
    let series = vec![
        ("bound".to_owned(), sorted(found.iter().map(|f| (f.relative, f.bound as f64)).collect())),
        ("prox-gradient".to_owned(), sorted(found.iter().map(|f| (f.relative, f.gradient as f64)).collect())),
    ];
    let plot = Plot::Lines { x: "δ/λ".to_owned(), log_x: true, log_y: true, series };
    Ok(Findings {
        setting: format!(
            "{PROBLEMS} random lassos, 60 × 20, five true variables, λ a fifth of the largest; {} of them non-degenerate.",
            found.len()
        ),
        seeds: format!("1 to {PROBLEMS}"),
        claims: vec![Claim::new(
            "proximal gradient finds the pattern no later than the bound log(2L‖x₀ - x*‖/δ) / -log(1 - μ/L) + 1 says",
            "in every problem",
            format!("{late} of {} late", found.len()),
            Verdict::of(late == 0 && !found.is_empty()),
        )],
        tables: vec![table],
        charts: vec![Chart {
            title: "Iterations until the pattern is found".to_owned(),
            y: "iterations".to_owned(),
            plot,
        }],
        runs: found
            .iter()
            .map(|f| json!({"delta": f.delta, "bound": f.bound, "gradient": f.gradient, "cyclic": f.cyclic}))
            .collect(),
    })
}

fn sorted(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.retain(|p| p.1 > 0.0);
    points
}
