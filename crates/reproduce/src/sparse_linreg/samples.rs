//! E2: the error against the number of samples.

use super::methods::{lasso, preconditioner, rsp};
use crate::chart::{Chart, Plot};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::{log_slope, summary};
use crate::table::Table;
use datasets::designs::{HardDesign, Plant};
use serde_json::json;

pub(crate) const SAMPLES: Experiment =
    Experiment { name: "sparse-linreg-samples", title: "Prediction error against the number of samples", run };

const SIZES: [usize; 5] = [800, 400, 200, 100, 50];
const DESIGNS: [HardDesign; 3] = [HardDesign::Equi { gap: 1e-4 }, HardDesign::Factor, HardDesign::Hier { groups: 3 }];
const D: usize = 600;
const K: usize = 4;
const SEEDS: std::ops::RangeInclusive<u64> = 1..=8;

fn run() -> Outcome<Findings> {
    let mut jobs = Vec::new();
    for n in SIZES {
        for design in DESIGNS {
            jobs.extend(SEEDS.map(|seed| (n, design, seed)));
        }
    }
    let runs = for_all("samples", &jobs, |&(n, design, seed)| {
        let x = design.generate(n, D, seed)?;
        let planted = Plant::new(K).rms(3.0).draw(&x, seed + 1000)?;
        let y = planted.response(1.0, seed + 2000);
        Ok((rsp(&x, &y, &planted, preconditioner(K, seed))?.0, lasso(&x, &y, &planted)?))
    })?;
    let of = |n: usize, design: HardDesign, value: fn(&(f64, f64)) -> f64| {
        summary(jobs.iter().zip(&runs).filter(|((m, d, _), _)| (*m, *d) == (n, design)).map(|(_, run)| value(run))).mean
    };
    let mut sizes = SIZES;
    sizes.sort_unstable();
    let columns = ["design, method", "n = 50", "100", "200", "400", "800"];
    let mut table = Table::new("mean prediction error; the zero predictor has 9.0", &columns);
    let (mut claims, mut series) = (Vec::new(), Vec::new());
    for design in DESIGNS {
        let rsp: Vec<(f64, f64)> = sizes.iter().map(|&n| (n as f64, of(n, design, |run| run.0))).collect();
        let lasso: Vec<(f64, f64)> = sizes.iter().map(|&n| (n as f64, of(n, design, |run| run.1))).collect();
        for (name, points) in [("RSP", &rsp), ("Lasso", &lasso)] {
            table.row([format!("{design}, {name}")].into_iter().chain(points.iter().map(|p| format!("{:.3}", p.1))));
            series.push((format!("{design}, {name}"), points.clone()));
        }
        let slope = log_slope(&rsp);
        claims.push(Claim::new(
            format!("the error of RSP on {design} falls like a power of n"),
            "slope of log error in log n at most -0.7",
            format!("{slope:.2}"),
            Verdict::of(slope <= -0.7),
        ));
        let least = lasso.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        claims.push(Claim::new(
            format!("more samples do not help the Lasso on {design}"),
            "error at least 6 at every n",
            format!("smallest mean {least:.2}"),
            Verdict::of(least >= 6.0),
        ));
    }
    let records = jobs.iter().zip(&runs).map(|((n, design, seed), (rsp, lasso))| {
        json!({"n": n, "design": design.to_string(), "seed": seed, "rsp": rsp, "lasso": lasso})
    });
    let plot = Plot::Lines { x: "samples n".to_owned(), log_x: true, log_y: true, series };
    Ok(Findings {
        setting: format!(
            "d = {D}, k = {K}, random support, worst-case coefficients, signal rms 3, noise 1; both methods with the level of \
             smallest true error."
        ),
        seeds: format!("{} to {} for each cell", SEEDS.start(), SEEDS.end()),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Error against samples".to_owned(), y: "mean error".to_owned(), plot }],
        runs: records.collect(),
    })
}
