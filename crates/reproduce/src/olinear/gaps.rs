//! Gaps.

use super::data::Data;
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::statistics::summary;
use crate::table::Table;
use core_tensor::random::{rng, uniform_array};
use ndarray::Array2;
use olinear::{MissingPolicy, MomentRidge, Split, evaluate};
use serde_json::json;

pub(crate) const GAPS: Experiment =
    Experiment { name: "olinear-gaps", title: "Forecasts of CO2 while values go missing", run };

const SEEDS: [u64; 3] = [0, 1, 2];

fn run() -> Outcome<Findings> {
    let raw = datasets::co2_weekly().values;
    let policies = [("kept", MissingPolicy::Keep), ("straight lines", MissingPolicy::Interpolate)];
    let mut table = Table::new("Test MSE, standardised", &["missing values", "0 % more", "10 %", "30 %"]);
    let (mut growth, mut runs) = (Vec::new(), Vec::new());
    for (name, policy) in policies {
        let mut means = Vec::new();
        let mut cells = vec![name.to_owned()];
        for share in [0.0, 0.1, 0.3] {
            let errors = SEEDS.map(|seed| -> Outcome<f64> {
                let drop: Array2<f64> = uniform_array(&mut rng(seed), raw.dim());
                let mut holes = raw.clone();
                holes.zip_mut_with(&drop, |v, &u| *v = if u < share { f64::NAN } else { *v });
                // What is forecast is the truth that was observed, whatever the forecaster saw.
                let data = Data::new("CO2", &policy.apply(&holes)?, Split::default(), 104)?;
                let ridge = MomentRidge::new(104, &[26]).fit(&data.scaled, &data.parts)?;
                Ok(evaluate(&ridge.maps[0], &data.scaled, &data.parts.test)?.mse)
            });
            let errors = errors.into_iter().collect::<Outcome<Vec<f64>>>()?;
            let found = summary(errors);
            means.push(found.mean);
            cells.push(found.text(5));
            runs.push(json!({"policy": name, "share": share, "mse": found.mean}));
        }
        growth.push((name, means[2] / means[0] - 1.0));
        table.row(cells);
    }
    let claims = growth
        .iter()
        .map(|&(name, growth)| Claim {
            claim: format!("30 % more gaps, {name}"),
            criterion: "the MSE grows by less than 25 %".to_owned(),
            measured: format!("by {:.0} %", 100.0 * growth),
            verdict: Verdict::of(growth < 0.25),
        })
        .collect();
    let setting = "Weekly CO2 at Mauna Loa (59 gaps of its own), ridge from 104 weeks to 26, values removed at random everywhere.".to_owned();
    Ok(Findings { setting, seeds: "0, 1, 2".to_owned(), claims, tables: vec![table], charts: vec![], runs })
}
