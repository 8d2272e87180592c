//! E1: the problem with a known solution.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use bilevel::problems::Quadratic;
use bilevel::solver::Fista;
use bilevel::{FirstStep, Implicit, Maid, MaidStep};
use chart::{Chart, Plot};
use core_tensor::random::{normal_array, rng, uniform_array};
use ndarray::{Array1, Array2};
use serde_json::json;
use std::ops::ControlFlow;

pub(crate) const QUADRATIC: Experiment =
    Experiment { name: "bilevel-quadratic", title: "Adaptive accuracies need no tuning; fixed ones stall", run };

const ROWS: usize = 1000;
const SIZE: usize = 10;
const SEEDS: u64 = 3;
const ACCURACIES: [f64; 3] = [1e-1, 1e-3, 1e-5];
/// Gradients and products at which the starts of the line search are compared.
const COST: usize = 55_000;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Method {
    accuracy: f64,
    fixed: bool,
    start: FirstStep,
    steps: usize,
    cost: Option<usize>,
}

/// All entries uniform, noise of deviation 0.01.
pub(super) fn problem(rows: usize, seed: u64) -> Outcome<Quadratic> {
    let mut random = rng(seed);
    let mut uniform = |shape: (usize, usize)| -> Array2<f64> { uniform_array(&mut random, shape) };
    let (a1, a2, a3) = (uniform((rows, SIZE)), uniform((rows, SIZE)), uniform((rows, SIZE)));
    let (x1, x2, t) = (uniform((SIZE, 1)), uniform((SIZE, 1)), uniform((SIZE, 1)));
    let noise: Array2<f64> = normal_array(&mut random, (rows, 2));
    let b1 = a1.dot(&x1).column(0).to_owned() + &(&noise.column(0) * 0.01);
    let b2 = (a2.dot(&x2) + a3.dot(&t)).column(0).to_owned() + &(&noise.column(1) * 0.01);
    Ok(Quadratic::new((a1, b1), (a2, a3, b2), 0.5)?)
}

struct Run {
    value: f64,
    first: f64,
    least: f64,
    cost: usize,
    /// Cost at which 90 % of the gap to the minimum is closed.
    close: Option<usize>,
    status: bilevel::Status,
    /// (cost, f) after each step.
    curve: Vec<(f64, f64)>,
}

fn one(&(method, seed): &(Method, u64)) -> Outcome<Run> {
    let problem = problem(ROWS, seed)?;
    let theta = Array1::ones(SIZE);
    let exact = |theta: &ndarray::ArrayRef1<f64>| problem.value_and_gradient(theta).map(|(value, _)| value);
    let (first, least) = (exact(&theta)?, exact(&problem.minimiser()?)?);
    let mut oracle = Implicit::new(problem.clone())?.solver(Fista::new());
    // From a solved lower level, as the published recommendation has it.
    oracle.warm_start(&problem.solution(&theta)?)?;
    let mut maid = Maid::new()
        .accuracies(method.accuracy, method.accuracy)
        .first_step_length(0.01)
        .accuracy_factors(0.5, 1.25)
        .max_iterations(method.steps)
        .gradient_tolerance(0.0)
        .first_step(method.start);
    if method.fixed {
        maid = maid.fixed_accuracy();
    }
    if let Some(cost) = method.cost {
        maid = maid.max_cost(cost);
    }
    let (mut curve, mut close) = (Vec::new(), None);
    let mut record = |step: &MaidStep<'_>| {
        if step.accepted {
            let value = exact(step.theta).unwrap_or(f64::NAN);
            let cost = step.cost.total();
            curve.push((cost as f64, value));
            if close.is_none() && value - least <= 0.1 * (first - least) {
                close = Some(cost);
            }
        }
        ControlFlow::Continue(())
    };
    let fit = maid.minimise_observed(&mut oracle, &theta, &mut record)?;
    Ok(Run { value: exact(&fit.theta)?, first, least, cost: fit.cost.total(), close, status: fit.status, curve })
}

fn run() -> Outcome<Findings> {
    let plain = |accuracy, fixed| Method { accuracy, fixed, start: FirstStep::Grow, steps: 300, cost: None };
    let capped = |accuracy, start| Method { accuracy, fixed: false, start, steps: usize::MAX, cost: Some(COST) };
    let mut methods: Vec<(String, Method)> = Vec::new();
    for accuracy in ACCURACIES {
        methods.push((format!("adaptive from {accuracy:.0e}"), plain(accuracy, false)));
    }
    for accuracy in ACCURACIES {
        methods.push((format!("fixed {accuracy:.0e}"), plain(accuracy, true)));
    }
    for accuracy in [1e-1, 1e-5] {
        methods.push((format!("grown steps, cost {COST}, from {accuracy:.0e}"), capped(accuracy, FirstStep::Grow)));
        methods.push((
            format!("Barzilai-Borwein, cost {COST}, from {accuracy:.0e}"),
            capped(accuracy, FirstStep::BarzilaiBorwein),
        ));
    }
    let jobs: Vec<(Method, u64)> =
        methods.iter().flat_map(|(_, method)| (0..SEEDS).map(move |seed| (*method, seed))).collect();
    let found = for_all("quadratic", &jobs, one)?;
    let runs = |k: usize| &found[k * SEEDS as usize..(k + 1) * SEEDS as usize];
    let columns = ["method", "f at the end", "steps", "cost", "cost to 90 %", "ends by"];
    let mut table = Table::new("means over seeds", &columns);
    for (k, (name, _)) in methods.iter().enumerate() {
        let mean = |get: &dyn Fn(&Run) -> f64| summary(runs(k).iter().map(get));
        let close = runs(k).iter().map(|run| run.close.map_or(f64::NAN, |cost| cost as f64));
        table.row([
            name.clone(),
            mean(&|run| run.value).text(2),
            format!("{:.0}", mean(&|run| run.curve.len() as f64).mean),
            format!("{:.0}", mean(&|run| run.cost as f64).mean),
            format!("{:.0}", summary(close).mean),
            format!("{:?}", runs(k)[0].status),
        ]);
    }
    let mean = |k: usize| summary(runs(k).iter().map(|run| run.value)).mean;
    let adaptive: Vec<f64> = (0..3).map(mean).collect();
    let spread =
        adaptive.iter().copied().fold(0.0, f64::max) / adaptive.iter().copied().fold(f64::INFINITY, f64::min) - 1.0;
    let close = |k: usize| summary(runs(k).iter().map(|run| run.close.map_or(f64::INFINITY, |c| c as f64))).mean;
    let stalled = (3..5)
        .all(|k| mean(k) >= 1.3 * adaptive[0] && runs(k).iter().all(|r| r.status == bilevel::Status::SearchFailed));
    let claims = vec![
        Claim::new(
            "the first accuracy does not matter",
            "f after 300 steps within 2 % for ε₀ = 0.1, 0.001 and 0.00001",
            format!("{:.2}, {:.2}, {:.2} ({:.1} %)", adaptive[0], adaptive[1], adaptive[2], 100.0 * spread),
            Verdict::of(spread <= 0.02),
        ),
        Claim::new(
            "fixed accuracies stall",
            "0.1 and 0.001 end by a failed search at 1.3 times that or more",
            format!("{:.2} and {:.2}", mean(3), mean(4)),
            Verdict::of(stalled),
        ),
        Claim::new(
            "loose first accuracies save work at the beginning",
            "90 % of the gap is closed at half the cost of ε₀ = 0.00001 or less",
            format!("{:.0} against {:.0}", close(0), close(2)),
            Verdict::of(close(0) <= 0.5 * close(2)),
        ),
        Claim::new(
            "Barzilai-Borwein starts of the line search",
            format!("at cost {COST} half the f of grown steps or less, from both accuracies"),
            format!("{:.2} against {:.2}, {:.2} against {:.2}", mean(7), mean(6), mean(9), mean(8)),
            Verdict::of(mean(7) <= 0.5 * mean(6) && mean(9) <= 0.5 * mean(8)),
        ),
    ];
    let series = [0, 2, 4, 6, 7].map(|k| (methods[k].0.clone(), runs(k)[0].curve.clone())).to_vec();
    let plot =
        Plot::Lines { x: "gradients and products of the lower level".to_owned(), log_x: true, log_y: true, series };
    Ok(Findings {
        setting: format!(
            "g = ½‖A₁ x - b₁‖², h = ½‖A₂ x + A₃ θ - b₂‖² with {ROWS} rows and {SIZE} variables of either level, uniform entries; θ₀ = 1, \
             x₀ solved, FISTA, convex test, ν̄ = 1.25, α₀ = 0.01, ρ = 0.5, no bound of the hypergradient. f(θ₀) = {:.0}, least f = {:.4} \
             (seed 0).",
            found[0].first, found[0].least
        ),
        seeds: "0 to 2".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Exact f over cost (seed 0)".to_owned(), y: "f".to_owned(), plot }],
        runs: jobs
            .iter()
            .zip(&found)
            .map(|(&(method, seed), run)| json!({"accuracy": method.accuracy, "fixed": method.fixed, "start": format!("{:?}", method.start), "seed": seed, "value": run.value, "cost": run.cost, "close": run.close}))
            .collect(),
    })
}
