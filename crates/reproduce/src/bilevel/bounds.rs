//! E7: how loose the bounds are.

use super::quadratic::problem;
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use bilevel::problems::{TotalVariation, Variation};
use bilevel::solver::{Fista, Newton};
use bilevel::{BoundMode, Implicit, LowerLevel, Oracle, UpperLevel};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, array};
use serde_json::json;

pub(crate) const BOUNDS: Experiment =
    Experiment { name: "bilevel-bounds", title: "Bounds against true errors, corrected values against raw ones", run };

const ACCURACIES: [f64; 6] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5];

struct Run {
    problem: &'static str,
    seed: u64,
    accuracy: f64,
    /// True error of the hypergradient, and its bound.
    error: f64,
    bound: f64,
    /// Errors of the value and of the corrected value.
    raw: f64,
    corrected: f64,
    inside: bool,
}

fn measure<P: LowerLevel + UpperLevel + Clone>(
    name: &'static str,
    seed: u64,
    accuracy: f64,
    problem: &P,
    theta: &Array1<f64>,
) -> Outcome<Run> {
    let mut exact = Implicit::new(problem.clone())?.solver(Newton);
    let value = exact.refine(theta, 1e-13)?.bounds.value;
    let (mut gradient, mut z) = (Array1::zeros(theta.len()), Array1::zeros(theta.len()));
    exact.hypergradient_into(theta, 1e-13, &mut gradient)?;
    let mut oracle = Implicit::new(problem.clone())?.solver(Fista::new()).bound_mode(BoundMode::Rigorous);
    let bounds = oracle.refine(theta, accuracy)?.bounds;
    let found = oracle.hypergradient_into(theta, accuracy, &mut z)?;
    let difference = &z - &gradient;
    // Of exact values, to rounding.
    let slack = 1e-10 * value.abs();
    Ok(Run {
        problem: name,
        seed,
        accuracy,
        error: difference.dot(&difference).sqrt(),
        bound: found.error.unwrap_or(f64::NAN),
        raw: (bounds.value - value).abs(),
        corrected: (found.corrected - value).abs(),
        inside: bounds.lower <= value + slack && value <= bounds.upper + slack,
    })
}

fn one(&(name, seed, accuracy): &(&'static str, u64, f64)) -> Outcome<Run> {
    if name == "quadratic" {
        let theta: Array1<f64> = normal_array(&mut rng(seed + 50), 10);
        return measure(name, seed, accuracy, &problem(100, seed)?, &theta);
    }
    let truth = Array2::from_shape_fn((16, 16), |(i, j)| if i + 2 * j > 20 { 0.8 } else { 0.2 });
    let noise: Array2<f64> = normal_array(&mut rng(seed), (16, 16));
    let pair = TotalVariation::new(&truth + &(noise * 0.1), truth, Variation::Anisotropic)?;
    measure(name, seed, accuracy, &pair, &array![-2.0, -4.0])
}

fn run() -> Outcome<Findings> {
    let mut jobs = Vec::new();
    for name in ["quadratic", "total variation"] {
        for accuracy in ACCURACIES {
            jobs.extend((0..5).map(|seed| (name, seed, accuracy)));
        }
    }
    let runs = for_all("bounds", &jobs, one)?;
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let columns =
        ["problem", "ε = δ", "hypergradient's error", "its bound", "bound / error", "value's error", "corrected"];
    let mut table = Table::new("medians over seeds", &columns);
    let mut gains = Vec::new();
    for chunk in runs.chunks(5) {
        let of = |get: &dyn Fn(&Run) -> f64| median(chunk.iter().map(get).collect());
        let (raw, corrected) = (of(&|r| r.raw), of(&|r| r.corrected));
        if chunk[0].accuracy <= 1e-2 {
            gains.push(raw / corrected.max(f64::MIN_POSITIVE));
        }
        table.row([
            chunk[0].problem.to_owned(),
            format!("{:.0e}", chunk[0].accuracy),
            format!("{:.1e}", of(&|r| r.error)),
            format!("{:.1e}", of(&|r| r.bound)),
            format!("{:.0}", of(&|r| r.bound / r.error)),
            format!("{raw:.1e}"),
            format!("{corrected:.1e}"),
        ]);
    }
    let held = runs.iter().filter(|run| run.error <= run.bound * (1.0 + 1e-9) && run.inside).count();
    let least = gains.iter().copied().fold(f64::INFINITY, f64::min);
    let claims = vec![
        Claim::new(
            "the bounds hold",
            "the hypergradient's error below ω, and f between its bounds, in every run",
            format!("{held} of {}", runs.len()),
            Verdict::of(held == runs.len()),
        ),
        Claim::new(
            "the corrected value is closer",
            "at ε ≤ 0.01 its median error is a tenth of the raw one's or less",
            format!("{least:.0} times closer at least"),
            Verdict::of(least >= 10.0),
        ),
        Claim::new(
            "ω is a safety test, not an estimate",
            "looked at",
            format!(
                "bound / error from {:.0} to {:.0}",
                runs.iter().map(|r| r.bound / r.error).fold(f64::INFINITY, f64::min),
                runs.iter().map(|r| r.bound / r.error).fold(0.0, f64::max)
            ),
            Verdict::Exploratory,
        ),
    ];
    Ok(Findings {
        setting: "The quadratic problem with 100 rows at random θ; total variation on a 16 × 16 edge at θ = (-2, -4). FISTA and conjugate gradients \
                  to accuracies ε = δ, against Newton's method to 10⁻¹³."
            .to_owned(),
        seeds: "0 to 4".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![],
        runs: runs
            .iter()
            .map(|run| json!({"problem": run.problem, "seed": run.seed, "accuracy": run.accuracy, "error": run.error, "bound": run.bound, "raw": run.raw, "corrected": run.corrected}))
            .collect(),
    })
}
