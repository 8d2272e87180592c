//! Influenza-like illness, 36 weeks to 24.

use super::data::{Data, pair};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use olinear::{Baseline, Forecaster, Metrics, Mixing, MomentRidge, OLinear, Rule, Schedule, Split, evaluate};
use serde_json::json;

pub(crate) const ILLNESS: Experiment =
    Experiment { name: "olinear-illness", title: "A short weekly series: OLinear, OLinear-C and the ridge", run };

const SEEDS: [u64; 3] = [2023, 1, 2];

fn run() -> Outcome<Findings> {
    let raw = datasets::illness().values;
    let data = Data::new("ILI", &raw, Split::Custom, 36)?;
    let jobs: Vec<(bool, u64)> = [false, true].into_iter().flat_map(|fixed| SEEDS.map(|seed| (fixed, seed))).collect();
    let found = for_all("networks", &jobs, |&(fixed, seed)| {
        let model = OLinear {
            width: 256,
            hidden: 256,
            batch: 4,
            learning_rate: 1e-4,
            schedule: Schedule::Type3,
            epochs: 30,
            patience: 10,
            dropout: 0.0,
            mixing: if fixed { Mixing::Fixed } else { Mixing::default() },
            seed,
            ..OLinear::new(36, 24)
        };
        let fit = model.fit(&data.scaled, &data.parts)?;
        Ok(evaluate(&fit, &data.scaled, &data.parts.test)?)
    })?;
    let of = |fixed: bool, f: fn(&Metrics) -> f64| {
        summary(jobs.iter().zip(&found).filter(|((t, _), _)| *t == fixed).map(|(_, m)| f(m)))
    };
    let mut table = Table::new("Test MSE / MAE, standardised", &["forecaster", "MSE", "MAE"]);
    for (name, fixed) in [("OLinear", false), ("OLinear-C", true)] {
        table.row([name.to_owned(), of(fixed, |m| m.mse).text(3), of(fixed, |m| m.mae).text(3)]);
    }
    let mut simple = |name: &str, data: &Data, forecaster: &dyn Forecaster| -> Outcome<Metrics> {
        let m = evaluate(forecaster, &data.scaled, &data.parts.test)?;
        table.row([name.to_owned(), format!("{:.3}", m.mse), format!("{:.3}", m.mae)]);
        Ok(m)
    };
    let ridge = MomentRidge::new(36, &[24]).fit(&data.scaled, &data.parts)?;
    let ridge = simple("ridge, T = 36", &data, &ridge.maps[0])?;
    let long = Data::new("ILI", &raw, Split::Custom, 104)?;
    simple("ridge, T = 104", &long, &MomentRidge::new(104, &[24]).fit(&long.scaled, &long.parts)?.maps[0])?;
    simple("last value", &data, &Baseline::new(Rule::LastValue, 36, 24)?)?;
    simple("52 weeks back", &long, &Baseline::new(Rule::Seasonal { period: 52 }, 104, 24)?)?;
    let (mse, fixed) = (of(false, |m| m.mse), of(true, |m| m.mse));
    let claims = vec![
        Claim {
            claim: "OLinear (PyTorch, one seed: 1.972 / 0.838)".to_owned(),
            criterion: "mean MSE <= 2.15, below the ridge with the same look-back".to_owned(),
            measured: format!("{} ({:.3} for the ridge)", mse.text(3), ridge.mse),
            verdict: Verdict::of(mse.mean <= 2.15 && mse.mean < ridge.mse),
        },
        Claim {
            claim: "OLinear-C (PyTorch, one seed: 1.775 / 0.811)".to_owned(),
            criterion: "mean MSE <= 2.15".to_owned(),
            measured: fixed.text(3),
            verdict: Verdict::of(fixed.mean <= 2.15),
        },
    ];
    let runs =
        jobs.iter().zip(&found).map(|((fixed, seed), m)| json!({"fixed": fixed, "seed": seed, "errors": pair(m)}));
    let setting = "ILI, split 70/10/20 %, 36 weeks to 24 (170 test windows), D = F = 256, L = 2, batch 4, rate 1e-4 (type 3), at most 30 \
                   epochs, patience 10."
        .to_owned();
    let runs = runs.collect();
    Ok(Findings { setting, seeds: "2023, 1, 2".to_owned(), claims, tables: vec![table], charts: vec![], runs })
}
