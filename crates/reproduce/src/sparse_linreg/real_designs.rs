//! E5: planted signals in real designs.

use super::methods::{lasso, preconditioner, rsp};
use super::real_data::{self, Table as Data};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use chart::{Chart, Plot};
use datasets::designs::{Plant, norm_columns};
use ndarray::Array2;
use serde_json::json;

pub(crate) const REAL_DESIGNS: Experiment = Experiment {
    name: "sparse-linreg-real-designs",
    title: "Planted signals in the designs of gene-expression data",
    run,
};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=6;

fn prepared(data: &Data, centred: bool) -> Array2<f64> {
    let mut x = data.x.clone();
    if centred {
        for mut column in x.columns_mut() {
            let mean = column.mean().unwrap_or(0.0);
            column.mapv_inplace(|v| v - mean);
        }
    }
    norm_columns(&mut x);
    x
}

fn run() -> Outcome<Findings> {
    let mut designs: Vec<(String, Array2<f64>, usize)> = Vec::new();
    let trim32 = real_data::read("trim32")?;
    let riboflavin = real_data::read("riboflavin")?.map(|data| data.most_variable(800));
    let missing: Vec<&str> = [("trim32", trim32.is_none()), ("riboflavin", riboflavin.is_none())]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect();
    for (data, sparsities) in [(trim32, &[4, 3][..]), (riboflavin, &[3][..])] {
        let Some(data) = data else { continue };
        for &k in sparsities {
            for centred in [false, true] {
                let name = format!("{}, k = {k}, {}", data.name, if centred { "centred" } else { "as it is" });
                designs.push((name, prepared(&data, centred), k));
            }
        }
    }
    // Shipped with the program: the same question on few columns.
    for centred in [false, true] {
        let name = format!("diabetes, k = 3, {}", if centred { "centred" } else { "as it is" });
        designs.push((name, prepared(&real_data::diabetes(), centred), 3));
    }
    let jobs: Vec<(usize, u64)> = (0..designs.len()).flat_map(|at| SEEDS.map(move |seed| (at, seed))).collect();
    let runs = for_all("real designs", &jobs, |&(at, seed)| {
        let (_, x, k) = &designs[at];
        let planted = Plant::new(*k).rms(3.0).draw(x, seed + 1000)?;
        let y = planted.response(1.0, seed + 2000);
        let (rsp, rank) = rsp(x, &y, &planted, preconditioner(*k, seed))?;
        Ok((lasso(x, &y, &planted)?, rsp, rank))
    })?;
    let of = |at: usize, value: fn(&(f64, f64, f64)) -> f64| {
        summary(jobs.iter().zip(&runs).filter(|((a, _), _)| *a == at).map(|(_, run)| value(run))).mean
    };
    let mut table = Table::new("mean prediction error; the zero predictor has 9.0", &["design", "Lasso", "RSP", "m"]);
    let mut claims = Vec::new();
    for (at, (name, ..)) in designs.iter().enumerate() {
        let (lasso, rsp, rank) = (of(at, |r| r.0), of(at, |r| r.1), of(at, |r| r.2));
        table.row([name.clone(), format!("{lasso:.2}"), format!("{rsp:.2}"), format!("{rank:.1}")]);
        if name.starts_with("diabetes") {
            continue;
        }
        let centred = name.ends_with("centred");
        claims.push(if centred {
            Claim::new(
                format!("{name}: centring makes the design harmless, and both methods agree"),
                "errors within 25 % of each other",
                format!("{rsp:.2} against {lasso:.2}"),
                Verdict::of((rsp - lasso).abs() <= 0.25 * lasso),
            )
        } else {
            Claim::new(
                format!("{name}: RSP predicts better than the Lasso"),
                "smaller mean error",
                format!("{rsp:.2} against {lasso:.2}"),
                Verdict::of(rsp < lasso),
            )
        });
    }
    if !missing.is_empty() {
        claims.push(Claim::new(
            format!("rows left out: {}", missing.join(", ")),
            "these data sets are under the GPL and not part of the project; ORTHANT_DATA names the folder that holds them",
            "the variable is not set, or the files are not there",
            Verdict::Exploratory,
        ));
    }
    let records = jobs.iter().zip(&runs).map(|((at, seed), (lasso, rsp, rank))| {
        json!({"design": designs[*at].0, "seed": seed, "lasso": lasso, "rsp": rsp, "rank": rank})
    });
    let points = |value: fn(&(f64, f64, f64)) -> f64| {
        (0..designs.len()).map(|at| (at as f64 + 1.0, of(at, value))).collect::<Vec<_>>()
    };
    let series = vec![("Lasso".to_owned(), points(|r| r.0)), ("RSP".to_owned(), points(|r| r.1))];
    let plot = Plot::Lines { x: "row of the table".to_owned(), log_x: false, log_y: true, series };
    Ok(Findings {
        setting: "Columns scaled to norm √n, random support, worst-case coefficients, signal rms 3, noise 1; the level of smallest \
                  true error. riboflavin: the 800 most variable genes."
            .to_owned(),
        seeds: format!("{} to {} for each row", SEEDS.start(), SEEDS.end()),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Error by design".to_owned(), y: "mean error".to_owned(), plot }],
        runs: records.collect(),
    })
}
