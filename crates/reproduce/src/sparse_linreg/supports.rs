//! E1: ten designs, random and adversarial supports.

use super::methods::{Errors, all};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::{Summary, summary};
use crate::table::Table;
use chart::{Chart, Plot};
use datasets::designs::{Coefficients, HardDesign, Plant, Support};
use serde_json::json;

pub(crate) const SUPPORTS: Experiment =
    Experiment { name: "sparse-linreg-supports", title: "Random and adversarial supports on dependent columns", run };

const N: usize = 200;
const D: usize = 500;
const K: usize = 4;
const R: f64 = 3.0;
const SEEDS: std::ops::RangeInclusive<u64> = 1..=8;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    design: HardDesign,
    coefficients: Coefficients,
    support: Support,
}

impl Row {
    fn name(self) -> String {
        let coefficients = if self.coefficients == Coefficients::Worst { "worst w" } else { "random w" };
        let support = if self.support == Support::Random { "" } else { ", WORST SUPPORT" };
        format!("{}, {coefficients}{support}", self.design)
    }
}

fn rows() -> Vec<Row> {
    let worst = |design| Row { design, coefficients: Coefficients::Worst, support: Support::Random };
    let random = |design| Row { coefficients: Coefficients::Random, ..worst(design) };
    let (equi, hier) = (HardDesign::Equi { gap: 1e-4 }, HardDesign::Hier { groups: 3 });
    vec![
        worst(HardDesign::Gauss),
        worst(HardDesign::Pairs),
        Row { support: Support::WithPair, ..worst(HardDesign::Pairs) },
        worst(HardDesign::Walk),
        worst(equi),
        random(equi),
        worst(HardDesign::Factor),
        worst(hier),
        random(hier),
        worst(HardDesign::Mixed),
    ]
}

fn run() -> Outcome<Findings> {
    let rows = rows();
    let jobs: Vec<(Row, u64)> = rows.iter().flat_map(|&row| SEEDS.map(move |seed| (row, seed))).collect();
    let runs: Vec<Errors> = for_all("supports", &jobs, |&(row, seed)| {
        let x = row.design.generate(N, D, seed)?;
        let plant = Plant::new(K).rms(R).coefficients(row.coefficients).support(row.support);
        let planted = plant.draw(&x, seed + 1000)?;
        all(&x, &planted.response(1.0, seed + 2000), &planted, seed)
    })?;
    let of = |row: Row, value: fn(&Errors) -> f64| -> Summary {
        summary(jobs.iter().zip(&runs).filter(|((r, _), _)| *r == row).map(|(_, errors)| value(errors)))
    };
    let columns = ["design", "oracle support", "Lasso", "OMP", "HTP", "splicing", "RSP (peel)", "m"];
    let mut table = Table::new("mean prediction error; the zero predictor has 9.0, an interpolator 1.0", &columns);
    let fields: [fn(&Errors) -> f64; 6] = [|e| e.oracle, |e| e.lasso, |e| e.omp, |e| e.htp, |e| e.splicing, |e| e.rsp];
    for &row in &rows {
        let cells = fields.map(|field| format!("{:.3}", of(row, field).mean));
        table.row([row.name()].into_iter().chain(cells).chain([format!("{:.1}", of(row, |e| e.rank).mean)]));
    }
    let mut claims = Vec::new();
    for row in [rows[4], rows[6], rows[7]] {
        let (rsp, lasso) = (of(row, |e| e.rsp).mean, of(row, |e| e.lasso).mean);
        claims.push(Claim::new(
            format!("on {} preconditioning rescues the Lasso", row.name()),
            "RSP at most 0.3 while the Lasso is at least 5",
            format!("{rsp:.3} against {lasso:.2}"),
            Verdict::of(rsp <= 0.3 && lasso >= 5.0),
        ));
    }
    for row in [rows[6], rows[7], rows[9]] {
        let rsp = of(row, |e| e.rsp).mean;
        let others = [of(row, |e| e.omp).mean, of(row, |e| e.htp).mean, of(row, |e| e.splicing).mean];
        let least = others.iter().copied().fold(f64::INFINITY, f64::min);
        claims.push(Claim::new(
            format!("on {} RSP beats OMP, HTP and splicing, which know k", row.name()),
            "a tenth of the smallest of their errors",
            format!("{rsp:.3} against {least:.2}"),
            Verdict::of(rsp <= 0.1 * least),
        ));
    }
    for row in [rows[0], rows[1]] {
        let (rsp, lasso, rank) = (of(row, |e| e.rsp).mean, of(row, |e| e.lasso).mean, of(row, |e| e.rank).mean);
        claims.push(Claim::new(
            format!("on {} nothing is taken out, and RSP is the Lasso", row.name()),
            "m = 0 for every seed, errors within 5 %",
            format!("m = {rank}, {rsp:.3} against {lasso:.3}"),
            Verdict::of(rank == 0.0 && (rsp - lasso).abs() <= 0.05 * lasso),
        ));
    }
    let hard = rows[2];
    let least = fields[1..].iter().map(|&field| of(hard, field).mean).fold(f64::INFINITY, f64::min);
    claims.push(Claim::new(
        "on the adversary's support every method fails",
        "all errors at least 0.9: no better than interpolating the noise",
        format!("smallest {least:.2}"),
        Verdict::of(least >= 0.9),
    ));
    let names = ["Lasso", "OMP", "HTP", "splicing", "RSP"];
    let shown = [rows[0], rows[3], rows[4], rows[6], rows[7], rows[9]];
    let series = names.iter().zip(&fields[1..]).map(|(name, &field)| {
        let points = shown.iter().enumerate().map(|(at, &row)| (at as f64 + 1.0, of(row, field).mean)).collect();
        ((*name).to_owned(), points)
    });
    let x = "1 gauss, 2 walk, 3 equi, 4 factor, 5 hier, 6 mixed (worst w)".to_owned();
    let plot = Plot::Lines { x, log_x: false, log_y: true, series: series.collect() };
    let records = jobs.iter().zip(&runs).map(|((row, seed), e)| {
        json!({"row": row.name(), "seed": seed, "oracle": e.oracle, "lasso": e.lasso, "omp": e.omp, "htp": e.htp,
            "splicing": e.splicing, "rsp": e.rsp, "rank": e.rank})
    });
    Ok(Findings {
        setting: format!(
            "n = {N}, d = {D}, k = {K}, signal rms {R}, noise 1, no intercept. Lasso and RSP with the level of smallest true \
             error among 100 over two decades; OMP, HTP and splicing with the true k; the oracle knows the support. Worst w: the coefficients that make \
             the signal of the support smallest. RSP: peel with 8 probes."
        ),
        seeds: format!("{} to {} for each row", SEEDS.start(), SEEDS.end()),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Prediction error by design".to_owned(), y: "mean error".to_owned(), plot }],
        runs: records.collect(),
    })
}
