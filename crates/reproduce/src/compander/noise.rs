//! E1, E2, E4: wrong labels, and what the weights look like afterwards.

use super::network::{Method, Task, Trained, digits, mnist, train};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use compander::WeightReport;
use ndarray::Array2;
use serde_json::json;

pub(crate) const NOISE: Experiment = Experiment {
    name: "compander-label-noise",
    title: "Wrong labels: bounded weights against weight decay",
    run: on_digits,
};
pub(crate) const NOISE_MNIST: Experiment =
    Experiment { name: "compander-label-noise-mnist", title: "Wrong labels on MNIST", run: on_mnist };

const DIGITS_METHODS: [Method; 12] = [
    Method::plain("plain", 0.0),
    Method::plain("decay 0.001", 1e-3),
    Method::plain("decay 0.003", 3e-3),
    Method::plain("decay 0.01", 1e-2),
    Method::plain("decay 0.02", 2e-2),
    Method::plain("decay 0.04", 4e-2),
    Method::companded("companded c = 2", 2.0, 1.0),
    Method::companded("companded c = 1.5", 1.5, 1.0),
    Method::companded("companded c = 1", 1.0, 1.0),
    Method::companded("companded c = 1.5, κ = 2", 1.5, 2.0),
    Method { decay: 3e-3, ..Method::companded("companded c = 1.5, decay 0.003", 1.5, 1.0) },
    Method { learned: true, ..Method::companded("companded c = 1.5, learned", 1.5, 1.0) },
];

const MNIST_METHODS: [Method; 9] = [
    Method::plain("plain", 0.0),
    Method::plain("decay 0.001", 1e-3),
    Method::plain("decay 0.003", 3e-3),
    Method::plain("decay 0.01", 1e-2),
    Method::plain("decay 0.02", 2e-2),
    Method::plain("decay 0.04", 4e-2),
    Method::companded("companded c = 2", 2.0, 1.0),
    Method::companded("companded c = 1.5", 1.5, 1.0),
    Method::companded("companded c = 1", 1.0, 1.0),
];

/// The trained networks of one method, one for each seed.
struct Row {
    method: Method,
    runs: Vec<Trained>,
}

impl Row {
    fn accuracy(&self) -> f64 {
        100.0 * summary(self.runs.iter().map(|run| run.accuracy)).mean
    }

    /// Mean of a figure of the second hidden layer's weights.
    fn figure(&self, figure: impl Fn(&WeightReport) -> f64) -> Outcome<f64> {
        let reports: Result<Vec<_>, _> = self.runs.iter().map(|run| WeightReport::new(&run.weights[1])).collect();
        Ok(summary(reports?.iter().map(figure)).mean)
    }
}

fn rows(
    what: &str,
    methods: &[Method],
    data: &(Array2<f32>, Vec<u8>),
    (train_rows, epochs, seeds): (usize, usize, u64),
) -> Outcome<Vec<Row>> {
    let jobs: Vec<(Method, u64)> =
        methods.iter().flat_map(|&method| (0..seeds).map(move |seed| (method, seed))).collect();
    let runs = for_all(what, &jobs, |&(method, seed)| {
        train(&Task::split(&data.0, &data.1, train_rows, 0.3, seed), method, epochs, seed)
    })?;
    let mut runs = runs.into_iter();
    Ok(methods.iter().map(|&method| Row { method, runs: runs.by_ref().take(seeds as usize).collect() }).collect())
}

fn table(rows: &[Row], title: &str) -> Outcome<Table> {
    let columns = ["method", "test accuracy, %", "log loss", "excess kurtosis", "near zero", "peak", "participation"];
    let mut table = Table::new(title, &columns);
    for row in rows {
        table.row([
            row.method.name.to_owned(),
            summary(row.runs.iter().map(|run| 100.0 * run.accuracy)).text(1),
            summary(row.runs.iter().map(|run| run.log_loss)).text(3),
            format!("{:.2}", row.figure(|report| report.excess_kurtosis)?),
            format!("{:.3}", row.figure(|report| report.near_zero)?),
            format!("{:.1}", row.figure(|report| report.peak)?),
            format!("{:.2}", row.figure(|report| report.participation)?),
        ]);
    }
    Ok(table)
}

fn find<'a>(rows: &'a [Row], name: &str) -> Outcome<&'a Row> {
    rows.iter().find(|row| row.method.name == name).ok_or_else(|| format!("no method `{name}`").into())
}

fn best_decay(rows: &[Row]) -> f64 {
    let decays = rows.iter().filter(|row| row.method.companding.is_none() && row.method.decay > 0.0);
    decays.map(Row::accuracy).fold(f64::NEG_INFINITY, f64::max)
}

fn records(rows: &[Row]) -> Vec<serde_json::Value> {
    let run = |row: &Row, (seed, run): (usize, &Trained)| json!({"method": row.method.name, "seed": seed, "accuracy": run.accuracy, "log_loss": run.log_loss});
    rows.iter().flat_map(|row| row.runs.iter().enumerate().map(move |found| run(row, found))).collect()
}

fn on_digits() -> Outcome<Findings> {
    let rows = rows("label noise", &DIGITS_METHODS, &digits(), (400, 60, 8))?;
    let (plain, best) = (find(&rows, "plain")?, best_decay(&rows));
    let (middle, tight) = (find(&rows, "companded c = 1.5")?, find(&rows, "companded c = 1")?);
    let mut claims = vec![
        Claim::new(
            "bounded weights resist wrong labels",
            "c = 1.5 beats the plain network by at least 6 points",
            format!("{:.1} against {:.1} %", middle.accuracy(), plain.accuracy()),
            Verdict::of(middle.accuracy() >= plain.accuracy() + 6.0),
        ),
        Claim::new(
            "as well as tuned weight decay, using none",
            "c = 1 within 2 points of the best of five decays",
            format!("{:.1} against {best:.1} %", tight.accuracy()),
            Verdict::of(tight.accuracy() >= best - 2.0),
        ),
        Claim::new(
            "learned ranges escape, and with them the regularisation",
            "trained range and width (anchored weakly) stay below fixed ones at c = 1.5",
            format!("{:.1} against {:.1} %", find(&rows, "companded c = 1.5, learned")?.accuracy(), middle.accuracy()),
            Verdict::of(find(&rows, "companded c = 1.5, learned")?.accuracy() < middle.accuracy()),
        ),
    ];
    let decayed = find(&rows, "decay 0.02")?;
    for row in [middle, tight] {
        let kurtosis = row.figure(|report| report.excess_kurtosis)?;
        let near_zero = row.figure(|report| report.near_zero)? / plain.figure(|report| report.near_zero)?;
        let participation = row.figure(|report| report.participation)? / plain.figure(|report| report.participation)?;
        claims.push(Claim::new(
            format!("{}: many moderate weights share the work", row.method.name),
            "second layer: excess kurtosis < -0.5, near-zero weights < 0.75 times and participation > 1.5 times the plain network's",
            format!("{kurtosis:.2}, {near_zero:.2}, {participation:.2}"),
            Verdict::of(kurtosis < -0.5 && near_zero < 0.75 && participation > 1.5),
        ));
    }
    claims.push(Claim::new(
        "strong weight decay reaches the same accuracy with the opposite weights",
        "decay 0.02: excess kurtosis > 1 and participation below half the plain network's",
        format!(
            "{:.1}, {:.2} against {:.2}",
            decayed.figure(|report| report.excess_kurtosis)?,
            decayed.figure(|report| report.participation)?,
            plain.figure(|report| report.participation)?
        ),
        Verdict::of(
            decayed.figure(|report| report.excess_kurtosis)? > 1.0
                && decayed.figure(|report| report.participation)?
                    < 0.5 * plain.figure(|report| report.participation)?,
        ),
    ));
    Ok(Findings {
        setting: "Digits of 8 × 8 pixels, 400 rows to train on with 30 % of their labels drawn anew, the rest to test; perceptron \
                  64-128-128-10 with rectified units, He's initialisation, 60 epochs of momentum 0.9, batches of 50, rate 0.1 \
                  falling to 0 along a cosine; decay coupled; arc tangent, bound c σ₀, gain κ = 1 unless said. Trained with burn."
            .to_owned(),
        seeds: "0 to 7: split, noise, initialisation, batches".to_owned(),
        claims,
        tables: vec![table(&rows, "accuracy, and figures of the second layer's weights")?],
        charts: vec![],
        runs: records(&rows),
    })
}

fn on_mnist() -> Outcome<Findings> {
    let rows = rows("label noise, MNIST", &MNIST_METHODS, &mnist(), (1000, 20, 3))?;
    let (plain, best) = (find(&rows, "plain")?, best_decay(&rows));
    let (middle, tight) = (find(&rows, "companded c = 1.5")?, find(&rows, "companded c = 1")?);
    let claims = vec![
        Claim::new(
            "bounded weights resist wrong labels on larger images too",
            "c = 1.5 beats the plain network by at least 6 points",
            format!("{:.1} against {:.1} %", middle.accuracy(), plain.accuracy()),
            Verdict::of(middle.accuracy() >= plain.accuracy() + 6.0),
        ),
        Claim::new(
            "as well as tuned weight decay, using none",
            "c = 1 within 2 points of the best of five decays",
            format!("{:.1} against {best:.1} %", tight.accuracy()),
            Verdict::of(tight.accuracy() >= best - 2.0),
        ),
    ];
    Ok(Findings {
        setting: "MNIST, 1000 images to train on with 30 % of their labels drawn anew, 9000 to test; perceptron 784-128-128-10, 20 \
                  epochs, the rest as in compander-label-noise."
            .to_owned(),
        seeds: "0 to 2".to_owned(),
        claims,
        tables: vec![table(&rows, "accuracy, and figures of the second layer's weights")?],
        charts: vec![],
        runs: records(&rows),
    })
}
