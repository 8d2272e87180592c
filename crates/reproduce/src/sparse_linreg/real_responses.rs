//! E6: real responses, and the race.

use super::real_data::{self, Table as Data};
use crate::chart::{Chart, Plot};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::{Summary, summary};
use crate::table::Table;
use core_tensor::random::{permutation, rng};
use ndarray::{Array1, Array2, Axis};
use serde_json::json;
use sparse_linreg::{BestSubset, ElasticNet, Entrant, Folds, Preconditioner, Race, Rsp};

pub(crate) const REAL_RESPONSES: Experiment = Experiment {
    name: "sparse-linreg-real-responses",
    title: "Real responses: the race of Lasso and RSP against each alone",
    run,
};

const SPLITS: std::ops::RangeInclusive<u64> = 1..=8;
const METHODS: [&str; 5] = ["Lasso", "RSP k = 3", "RSP k = 5", "splicing", "race of Lasso and RSP"];

/// Columns of the training rows scaled to unit variance; the test rows by the same numbers.
fn standardised(x: &Array2<f64>, train: &[usize], test: &[usize]) -> (Array2<f64>, Array2<f64>) {
    let (mut a, mut b) = (x.select(Axis(0), train), x.select(Axis(0), test));
    for (mut a, mut b) in a.columns_mut().into_iter().zip(b.columns_mut()) {
        let mean = a.mean().unwrap_or(0.0);
        let deviation = a.std(0.0);
        let scale = if deviation > 0.0 { deviation.recip() } else { 0.0 };
        a.mapv_inplace(|v| (v - mean) * scale);
        b.mapv_inplace(|v| (v - mean) * scale);
    }
    (a, b)
}

fn one(data: &Data, split: u64) -> Outcome<[f64; 5]> {
    let n = data.x.nrows();
    let order = permutation(&mut rng(split), n);
    let (test, train) = order.split_at(n / 4);
    let (x, x_test) = standardised(&data.x, train, test);
    let (y, y_test) = (data.y.select(Axis(0), train), data.y.select(Axis(0), test));
    let folds = Folds::shuffled(train.len(), 5, split)?;
    let variance = data.y.var(0.0);
    let error = |fitted: &Array1<f64>| {
        let change = fitted - &y_test;
        change.dot(&change) / change.len() as f64 / variance
    };
    let rsp = |k: usize| Entrant::Rsp(Rsp::new(Preconditioner::peel(k)).levels(50).tolerance(1e-5));
    let lasso = || Entrant::Linear(ElasticNet::lasso().levels(50).tolerance(1e-5));
    let alone = |entrant: Entrant| -> Outcome<f64> {
        Ok(error(&Race::new([entrant]).run(&x, &y, &folds)?.model.predict(&x_test)?))
    };
    let sizes = 0..=12.min(x.ncols());
    let race = Race::new([lasso(), rsp(3), rsp(5)]).run(&x, &y, &folds)?;
    Ok([
        alone(lasso())?,
        alone(rsp(3))?,
        alone(rsp(5))?,
        alone(Entrant::Subset(BestSubset::new().sizes(sizes)))?,
        error(&race.model.predict(&x_test)?),
    ])
}

fn run() -> Outcome<Findings> {
    let mut tables: Vec<Data> = Vec::new();
    let riboflavin = real_data::read("riboflavin")?.map(|data| data.most_variable(500));
    let trim32 = real_data::read("trim32")?;
    let missing: Vec<&str> = [("trim32", trim32.is_none()), ("riboflavin", riboflavin.is_none())]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect();
    tables.extend(riboflavin);
    tables.extend(trim32);
    tables.push(real_data::diabetes());
    let jobs: Vec<(usize, u64)> = (0..tables.len()).flat_map(|at| SPLITS.map(move |split| (at, split))).collect();
    let runs = for_all("real responses", &jobs, |&(at, split)| one(&tables[at], split))?;
    let of = |at: usize, method: usize| -> Summary {
        summary(jobs.iter().zip(&runs).filter(|((a, _), _)| *a == at).map(|(_, run)| run[method]))
    };
    let columns = ["data", METHODS[0], METHODS[1], METHODS[2], METHODS[3], METHODS[4]];
    let mut table = Table::new("test error / variance of y, mean ± standard deviation over the splits", &columns);
    let mut claims = Vec::new();
    for (at, data) in tables.iter().enumerate() {
        let cells: Vec<Summary> = (0..METHODS.len()).map(|method| of(at, method)).collect();
        table.row([data.name.to_owned()].into_iter().chain(cells.iter().map(|cell| cell.text(3))));
        let best = cells[..4].iter().fold(cells[0], |best, cell| if cell.mean < best.mean { *cell } else { best });
        let error = best.deviation / (SPLITS.count() as f64).sqrt();
        claims.push(Claim::new(
            format!("{}: the race is as good as the best single method", data.name),
            "mean error within one standard error of the smallest mean",
            format!("{:.3} against {:.3} ± {error:.3}", cells[4].mean, best.mean),
            Verdict::of(cells[4].mean <= best.mean + error),
        ));
    }
    if !missing.is_empty() {
        claims.push(Claim::new(
            format!("rows left out: {}", missing.join(", ")),
            "these data sets are under the GPL and not part of the project; ORTHANT_DATA names the folder that holds them",
            "the variable is not set, or the files are not there",
            Verdict::Exploratory,
        ));
    }
    let records = jobs
        .iter()
        .zip(&runs)
        .map(|((at, split), run)| json!({"data": tables[*at].name, "split": split, "errors": run, "methods": METHODS}));
    let series = METHODS.iter().enumerate().map(|(method, name)| {
        let points = (0..tables.len()).map(|at| (at as f64 + 1.0, of(at, method).mean)).collect();
        ((*name).to_owned(), points)
    });
    let plot = Plot::Lines { x: "row of the table".to_owned(), log_x: false, log_y: false, series: series.collect() };
    Ok(Findings {
        setting: "75/25 splits, columns standardised on the training rows, 5-fold cross-validation inside. riboflavin: the 500 \
                  most variable genes; splicing with at most 12 columns."
            .to_owned(),
        seeds: format!("splits {} to {}", SPLITS.start(), SPLITS.end()),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Test error by data".to_owned(), y: "error / variance".to_owned(), plot }],
        runs: records.collect(),
    })
}
