//! SHD against the noise variance, with one variance for all variables.

use super::graphs::{Noise, ROWS, draw};
use super::methods::{EV, Method, NV, Run, mean_shd, run};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use chart::{Chart, Plot};
use serde_json::json;

pub(crate) const NOISE_SWEEP: Experiment =
    Experiment { name: "colide-noise-sweep", title: "Graph recovery against the noise variance", run: noise_sweep };

const NODES: usize = 50;
const VARIANCES: [f64; 4] = [0.25, 1.0, 5.0, 10.0];
const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;
const METHODS: [Method; 5] =
    [Method::Paper(EV), Method::Paper(NV), Method::LeastSquares, Method::Default(EV), Method::Default(NV)];

fn noise_sweep() -> Outcome<Findings> {
    let mut jobs = Vec::new();
    for method in METHODS {
        for variance in VARIANCES {
            jobs.extend(SEEDS.map(|seed| (method, variance, seed)));
        }
    }
    let runs = for_all("noise sweep", &jobs, |&(method, variance, seed)| {
        run(method, &draw(NODES, 4.0, Noise::Equal(variance), ROWS, seed)?)
    })?;
    let cell = |method, variance| {
        let of_cell = move |&(&(m, v, _), _): &(&(Method, f64, u64), &Run)| m == method && v == variance;
        jobs.iter().zip(&runs).filter(of_cell).map(|(_, run)| run)
    };
    let mean = |method, variance| mean_shd(cell(method, variance));
    let range = |method| {
        let means = VARIANCES.map(|variance| mean(method, variance).mean);
        means.iter().copied().fold(f64::NEG_INFINITY, f64::max) - means.iter().copied().fold(f64::INFINITY, f64::min)
    };

    let (ev, squares) = (Method::Paper(EV), Method::LeastSquares);
    let mut claims = Vec::new();
    for variance in [0.25, 5.0, 10.0] {
        let (ours, theirs) = (mean(ev, variance), mean(squares, variance));
        claims.push(Claim::new(
            format!("CoLiDE-EV recovers the graph better than least squares at variance {variance}"),
            "mean SHD of CoLiDE-EV at most that of least squares",
            format!("{} against {}", ours.text(1), theirs.text(1)),
            Verdict::of(ours.mean <= theirs.mean),
        ));
    }
    claims.push(Claim::new(
        "the SHD of CoLiDE-EV depends less on the noise variance",
        "range of its mean SHD over the variances smaller than that of least squares",
        format!("{:.1} against {:.1}", range(ev), range(squares)),
        Verdict::of(range(ev) < range(squares)),
    ));

    let columns = ["method", "variance 0.25", "1", "5", "10", "seconds per fit"];
    let mut table = Table::new("SHD, mean ± standard deviation over the graphs", &columns);
    for method in METHODS {
        let seconds = VARIANCES.iter().flat_map(|&v| cell(method, v)).map(|run| run.seconds).sum::<f64>()
            / (VARIANCES.len() * SEEDS.count()) as f64;
        let cells = VARIANCES.map(|variance| mean(method, variance).text(1));
        table.row([method.name()].into_iter().chain(cells).chain([format!("{seconds:.2}")]));
    }
    let series = METHODS.map(|method| (method.name(), VARIANCES.map(|v| (v, mean(method, v).mean)).to_vec()));
    let plot = Plot::Lines { x: "noise variance".to_owned(), log_x: true, log_y: false, series: series.to_vec() };
    let records = jobs.iter().zip(&runs).map(|(&(method, variance, seed), run)| {
        json!({"method": method.name(), "variance": variance, "seed": seed, "seconds": run.seconds,
            "score": run.score.to_json()})
    });
    Ok(Findings {
        setting: format!(
            "ER4 graphs on {NODES} nodes, weights ±[0.5, 2], Gaussian noise of one variance, n = {ROWS}; λ = 0.05, \
             threshold 0.3. The paper's estimators and least squares use the paper's Adam path; \"default\" is this \
             crate's."
        ),
        seeds: format!("{} to {} for each variance", SEEDS.start(), SEEDS.end()),
        claims,
        tables: vec![table],
        charts: vec![Chart {
            title: "SHD against the noise variance (d = 50, ER4)".to_owned(),
            y: "mean SHD".to_owned(),
            plot,
        }],
        runs: records.collect(),
    })
}
