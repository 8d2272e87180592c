//! E3: the two theorems, by counting.

use crate::chart::{Chart, Plot};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use datasets::designs::{HardDesign, Plant, dependence_failures};
use serde_json::json;
use sparse_linreg::{Level, Preconditioner, Rsp, universal_level};

pub(crate) const GUARANTEE: Experiment = Experiment {
    name: "sparse-linreg-guarantee",
    title: "Theorems A and B: how often they fail, how far they are from the truth",
    run,
};

const DESIGNS: [HardDesign; 6] =
    [HardDesign::Walk, HardDesign::Clusters, HardDesign::Gauss, HardDesign::Geom, HardDesign::Rbf, HardDesign::Factor];
const SETTINGS: [(usize, usize); 4] = [(8, 16), (4, 16), (8, 8), (4, 8)];
const DRAWS: usize = 600;
const N: usize = 300;
/// Of Theorem B: S of 48 columns is 16 blocks of 3.
const K: usize = 4;
const BLOCKS: usize = 16;
const R: f64 = 3.0;
const Q: f64 = 0.05;
const TRIALS: u64 = 30;

fn run() -> Outcome<Findings> {
    let jobs: Vec<(HardDesign, usize, usize)> =
        SETTINGS.iter().flat_map(|&(k, g)| DESIGNS.map(|design| (design, k, g))).collect();
    let observed = for_all("Theorem A", &jobs, |&(design, k, g)| {
        Ok(dependence_failures(&design.generate(N, 1200, 1)?, k, g, DRAWS, 7)?)
    })?;
    let mut frequencies = Table::new(
        format!("Theorem A: observed failures of {DRAWS} draws (n = {N}, d = 1200), and the bound k / (g + 1)"),
        &["design", "k = 4, g = 8", "k = 4, g = 16", "k = 8, g = 8", "k = 8, g = 16"],
    );
    let cell = |design, k, g| jobs.iter().position(|job| *job == (design, k, g)).map_or(f64::NAN, |at| observed[at]);
    let order = [(4, 8), (4, 16), (8, 8), (8, 16)];
    for design in DESIGNS {
        frequencies
            .row([design.to_string()].into_iter().chain(order.map(|(k, g)| format!("{:.3}", cell(design, k, g)))));
    }
    let bound = |k: usize, g: usize| k as f64 / (g as f64 + 1.0);
    frequencies.row(["bound".to_owned()].into_iter().chain(order.map(|(k, g)| format!("{:.3}", bound(k, g).min(1.0)))));
    let excess = jobs.iter().zip(&observed).map(|(&(_, k, g), f)| f - bound(k, g)).fold(f64::NEG_INFINITY, f64::max);
    let mut claims = vec![Claim::new(
        "Theorem A holds on every design",
        "observed frequency of failure at most k / (g + 1) everywhere",
        format!("largest difference {excess:.3}"),
        Verdict::of(excess <= 0.0),
    )];

    let mut theorem_b = Table::new(
        format!("Theorem B: {TRIALS} trials (n = {N}, d = 600, k = {K}, at most 48 columns in S, λ of the theorem)"),
        &["design", "mean error", "largest", "mean bound", "held", "mean ‖z*‖₁ / (k R)"],
    );
    let trials: Vec<(HardDesign, u64)> = DESIGNS.iter().flat_map(|&d| (1..=TRIALS).map(move |t| (d, t))).collect();
    let results = for_all("Theorem B", &trials, |&(design, seed)| {
        let x = design.generate(N, 600, seed)?;
        let planted = Plant::new(K).rms(R).draw(&x, seed + 1000)?;
        let preconditioner = Preconditioner::fixed(K, 0.25).max_blocks(BLOCKS).seed(seed);
        let config = Rsp::new(preconditioner).intercept(false).level(Level::Noise { sigma: 1.0, q: Q });
        let fit = config.fit(&x, &planted.response(1.0, seed + 2000))?;
        let m = fit.span.rank() as f64;
        let log = (1.0 / Q).ln();
        let lambda = universal_level(N, 600, Q);
        let bound = (m + 2.0 * (m * log).sqrt() + 2.0 * log) / N as f64 + 4.0 * lambda * K as f64 * R;
        let z: f64 =
            planted.support.iter().map(|&t| planted.coefficients[t].abs() * fit.span.rho[t] / (N as f64).sqrt()).sum();
        Ok((planted.prediction_error(&fit.level.fitted), bound, z / (K as f64 * R)))
    })?;
    let mut held_everywhere = true;
    for design in DESIGNS {
        let of: Vec<&(f64, f64, f64)> =
            trials.iter().zip(&results).filter(|((d, _), _)| *d == design).map(|(_, r)| r).collect();
        let mean = |value: fn(&(f64, f64, f64)) -> f64| of.iter().map(|r| value(r)).sum::<f64>() / of.len() as f64;
        let held = of.iter().filter(|r| r.0 <= r.1).count();
        held_everywhere &= held == of.len();
        theorem_b.row([
            design.to_string(),
            format!("{:.2}", mean(|r| r.0)),
            format!("{:.2}", of.iter().map(|r| r.0).fold(0.0, f64::max)),
            format!("{:.2}", mean(|r| r.1)),
            format!("{held} of {}", of.len()),
            format!("{:.2}", mean(|r| r.2)),
        ]);
    }
    claims.push(Claim::new(
        "Theorem B bounds the prediction error",
        format!("held in all {TRIALS} trials of every design"),
        if held_everywhere { "all".to_owned() } else { "not in all".to_owned() },
        Verdict::of(held_everywhere),
    ));
    let points = |k, g| {
        let at = |(at, &design): (usize, &HardDesign)| (at as f64 + 1.0, cell(design, k, g).max(1e-3));
        (format!("k = {k}, g = {g}"), DESIGNS.iter().enumerate().map(at).collect())
    };
    let x = "1 walk, 2 clusters, 3 gauss, 4 geom, 5 rbf, 6 factor".to_owned();
    let series = order.map(|(k, g)| points(k, g)).to_vec();
    let plot = Plot::Lines { x, log_x: false, log_y: true, series };
    let mut runs: Vec<_> = jobs
        .iter()
        .zip(&observed)
        .map(|((design, k, g), f)| json!({"theorem": "A", "design": design.to_string(), "k": k, "g": g, "failures": f}))
        .collect();
    runs.extend(trials.iter().zip(&results).map(|((design, seed), (error, bound, z))| {
        json!({"theorem": "B", "design": design.to_string(), "seed": seed, "error": error, "bound": bound, "z": z})
    }));
    Ok(Findings {
        setting: "Theorem A: a random k-subset T against g random blocks of k - 1 columns; a failure is a column of T that lies \
                  nearer to the rest of T than to the blocks. Theorem B: λ = σ √(2 log(2d/q)/n), q = 0.05, signal rms 3, noise 1."
            .to_owned(),
        seeds: "1 (Theorem A); 1 to 30 (Theorem B)".to_owned(),
        claims,
        tables: vec![frequencies, theorem_b],
        charts: vec![Chart { title: "Failures of Theorem A".to_owned(), y: "frequency (0 shown as 0.001)".to_owned(), plot }],
        runs,
    })
}
