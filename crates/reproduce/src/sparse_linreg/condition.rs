//! E4: the error against the condition number.

use super::methods::{deep_lasso, lasso, preconditioner, rsp};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use chart::{Chart, Plot};
use datasets::designs::{HardDesign, Plant};
use serde_json::json;

pub(crate) const CONDITION: Experiment = Experiment {
    name: "sparse-linreg-condition",
    title: "Prediction error against the condition number, and at high signal",
    run,
};

const GAPS: [f64; 9] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-13];
const N: usize = 200;
const D: usize = 500;
const K: usize = 4;
const SEEDS: std::ops::RangeInclusive<u64> = 1..=6;
const LOUD: [HardDesign; 3] = [HardDesign::Equi { gap: 1e-4 }, HardDesign::Factor, HardDesign::Hier { groups: 3 }];

fn run() -> Outcome<Findings> {
    let mut jobs: Vec<(HardDesign, f64, u64)> =
        LOUD.iter().flat_map(|&design| SEEDS.map(move |seed| (design, 30.0, seed))).collect();
    jobs.extend(GAPS.iter().flat_map(|&gap| SEEDS.map(move |seed| (HardDesign::Equi { gap }, 3.0, seed))));
    let runs = for_all("condition", &jobs, |&(design, rms, seed)| {
        let x = design.generate(N, D, seed)?;
        let planted = Plant::new(K).rms(rms).draw(&x, seed + 1000)?;
        let y = planted.response(1.0, seed + 2000);
        let deep = deep_lasso(&x, &y, &planted)?;
        Ok((rsp(&x, &y, &planted, preconditioner(K, seed))?.0, lasso(&x, &y, &planted)?, deep))
    })?;
    let of = |design: HardDesign, rms: f64, value: fn(&(f64, f64, f64)) -> f64| {
        summary(jobs.iter().zip(&runs).filter(|((d, r, _), _)| (*d, *r) == (design, rms)).map(|(_, run)| value(run)))
            .mean
    };
    let mut table = Table::new(
        "xᵢ = c + gap · gᵢ, signal rms 3: mean prediction error (the zero predictor has 9.0)",
        &["gap", "RSP", "Lasso", "Lasso, three decades"],
    );
    let curve = |value: fn(&(f64, f64, f64)) -> f64| -> Vec<(f64, f64)> {
        GAPS.iter().map(|&gap| (gap.recip(), of(HardDesign::Equi { gap }, 3.0, value))).collect()
    };
    let (rsp, lasso, deep) = (curve(|run| run.0), curve(|run| run.1), curve(|run| run.2));
    for (((gap, rsp), lasso), deep) in GAPS.iter().zip(&rsp).zip(&lasso).zip(&deep) {
        table.row([format!("{gap:e}"), format!("{:.3}", rsp.1), format!("{:.3}", lasso.1), format!("{:.3}", deep.1)]);
    }
    let within = |limit: f64| GAPS.iter().zip(&rsp).filter(move |(gap, _)| **gap >= limit).map(|(_, point)| point.1);
    let largest = within(1e-12).fold(0.0, f64::max);
    let smallest = within(1e-12).fold(f64::INFINITY, f64::min);
    let broken = lasso.iter().filter(|point| point.0 >= 0.99e4).map(|point| point.1).fold(f64::INFINITY, f64::min);
    let mut claims = vec![
        Claim::new(
            "the error of RSP does not depend on the condition number",
            "from gap 1e-1 to 1e-12 the largest mean error is at most twice the smallest, and at most 0.3",
            format!("{smallest:.3} to {largest:.3}"),
            Verdict::of(largest <= 2.0 * smallest && largest <= 0.3),
        ),
        Claim::new(
            "the Lasso is lost from gap 1e-4 on",
            "error at least 8",
            format!("smallest mean {broken:.2}"),
            Verdict::of(broken >= 8.0),
        ),
    ];
    let mut loud = Table::new(
        "signal rms 30: mean prediction error (zero predictor 900)",
        &["design", "RSP", "Lasso", "Lasso, three decades"],
    );
    for design in LOUD {
        let (rsp, lasso) = (of(design, 30.0, |run| run.0), of(design, 30.0, |run| run.1));
        let deep = of(design, 30.0, |run| run.2);
        loud.row([design.to_string(), format!("{rsp:.3}"), format!("{lasso:.1}"), format!("{deep:.3}")]);
        claims.push(Claim::new(
            format!("at high signal on {design} RSP stays at the noise"),
            "RSP at most 0.5, the Lasso at least 500",
            format!("{rsp:.3} against {lasso:.0}"),
            Verdict::of(rsp <= 0.5 && lasso >= 500.0),
        ));
    }
    let records = jobs.iter().zip(&runs).map(|((design, rms, seed), (rsp, lasso, deep))| {
        json!({"design": format!("{design:?}"), "rms": rms, "seed": seed, "rsp": rsp, "lasso": lasso, "deep_lasso": deep})
    });
    let series = vec![("RSP".to_owned(), rsp), ("Lasso".to_owned(), lasso), ("Lasso, three decades".to_owned(), deep)];
    let plot = Plot::Lines { x: "1 / gap".to_owned(), log_x: true, log_y: true, series };
    Ok(Findings {
        setting: format!(
            "n = {N}, d = {D}, k = {K}, random support, worst-case coefficients, noise 1; both methods with the level of smallest \
             true error among 100 over two decades; the last column is the Lasso with three decades. Rounding ends the sweep at 1e-13."
        ),
        seeds: format!("{} to {} for each row", SEEDS.start(), SEEDS.end()),
        claims,
        tables: vec![table, loud],
        charts: vec![Chart { title: "Error against condition".to_owned(), y: "mean error".to_owned(), plot }],
        runs: records.collect(),
    })
}
