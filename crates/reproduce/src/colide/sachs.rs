//! Sachs: 853 cells, 11 proteins, 17 edges of the consensus network.

use super::methods::{EV, GraphScore, Method, NV, Run, fit};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use colide::{NoiseModel, covariance};
use ndarray::{Array2, Axis};
use serde_json::json;

pub(crate) const SACHS: Experiment =
    Experiment { name: "colide-sachs", title: "The consensus network of the Sachs data", run: sachs };

#[derive(Debug, Clone, Copy, PartialEq)]
enum Preparation {
    Raw,
    Standardised,
    Log,
    LogStandardised,
}

impl Preparation {
    const ALL: [Self; 4] = [Self::Raw, Self::Standardised, Self::Log, Self::LogStandardised];

    fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Standardised => "standardised",
            Self::Log => "log",
            Self::LogStandardised => "log, standardised",
        }
    }

    fn apply(self, x: &Array2<f64>) -> Array2<f64> {
        let logged = if matches!(self, Self::Log | Self::LogStandardised) { x.ln() } else { x.clone() };
        if matches!(self, Self::Raw | Self::Log) { logged } else { &logged / &logged.std_axis(Axis(0), 0.0) }
    }
}

/// SHD, SID and SHD-C of the paper's Table for its two estimators, and of its reference code.
fn published(model: NoiseModel) -> (usize, usize, usize) {
    if model == EV { (13, 47, 13) } else { (12, 46, 14) }
}

fn sachs() -> Outcome<Findings> {
    let data = datasets::sachs();
    let (x, truth) = (data.observational().to_owned(), data.adjacency());
    let methods = [Method::Paper, Method::NewtonPath, Method::Default].map(|method| [method(EV), method(NV)]).concat();
    let jobs: Vec<(Preparation, Method)> = Preparation::ALL
        .iter()
        .flat_map(|&preparation| methods.iter().map(move |&method| (preparation, method)))
        .collect();
    let runs = for_all("sachs", &jobs, |&(preparation, method)| {
        fit(&method.config(truth.nrows()), &covariance(&preparation.apply(&x))?, &truth)
    })?;
    let find = |preparation, method| -> Outcome<&Run> {
        let place = jobs.iter().position(|&job| job == (preparation, method)).ok_or("this run was not planned")?;
        Ok(&runs[place])
    };

    let mut claims = Vec::new();
    for model in [EV, NV] {
        let GraphScore { shd, sid, shd_cpdag, .. } = find(Preparation::Raw, Method::Paper(model))?.score;
        let (expected, found) = (published(model), (shd, sid, shd_cpdag));
        claims.push(Claim::new(
            format!("{} reaches the published distances", Method::Paper(model).name()),
            format!("SHD, SID, SHD-C exactly {}, {}, {}", expected.0, expected.1, expected.2),
            format!("{shd}, {sid}, {shd_cpdag}"),
            Verdict::of(found == expected),
        ));
    }
    for model in [EV, NV] {
        let shd = find(Preparation::Raw, Method::Default(model))?.score.shd;
        claims.push(Claim::new(
            format!(
                "the {} stays within the published SHD of least squares (DAGMA) on raw data",
                Method::Default(model).name()
            ),
            "SHD at most 16",
            format!("SHD {shd}"),
            Verdict::of(shd <= 16),
        ));
        let ends = [Method::Paper(model), Method::NewtonPath(model)]
            .map(|method| find(Preparation::Raw, method).map(|run| run.last_stage().unwrap_or((f64::NAN, f64::NAN))));
        let [adam, newton] = ends;
        let ((adam, adam_s), (newton, newton_s)) = (adam?, newton?);
        claims.push(Claim::new(
            format!("the {} reaches the objective of Adam", Method::NewtonPath(model).name()),
            "objective F at the end of the last stage at most 1 % above Adam's",
            format!(
                "F {newton:.5} (s = {newton_s:.1}) against {adam:.5} (s = {adam_s:.1}), ratio {:.5}",
                newton / adam
            ),
            Verdict::of(newton <= 1.01 * adam),
        ));
    }

    let columns = ["data, method", "edges", "SHD", "SID", "SHD-C", "FDR", "TPR", "seconds"];
    let mut table = Table::new("Distances from the consensus network (17 edges), threshold 0.3", &columns);
    let mut records = Vec::new();
    for (&(preparation, method), run) in jobs.iter().zip(&runs) {
        let GraphScore { shd, shd_cpdag, sid, edges, fdr, tpr } = run.score;
        let label = format!("{}, {}", preparation.name(), method.name());
        let numbers = [edges, shd, sid, shd_cpdag].map(|value| value.to_string());
        let rates = [format!("{fdr:.2}"), format!("{tpr:.2}"), format!("{:.2}", run.seconds)];
        table.row([label].into_iter().chain(numbers).chain(rates));
        records.push(json!({
            "data": preparation.name(),
            "method": method.name(),
            "seconds": run.seconds,
            "score": run.score.to_json(),
            "last_stage_objective": run.last_stage().map(|end| end.0),
        }));
    }
    Ok(Findings {
        setting:
            "Condition 1 of the Sachs data (853 cells, 11 proteins), centred; λ = 0.05, threshold 0.3, the paper's \
                  schedule."
                .to_owned(),
        seeds: "none (real data)".to_owned(),
        claims,
        tables: vec![table],
        charts: Vec::new(),
        runs: records,
    })
}
