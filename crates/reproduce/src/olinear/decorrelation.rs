//! What the change of coordinates does to correlations.

use super::data::{Data, rows};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::table::Table;
use ndarray::Array2;
use olinear::{OrthoBasis, Split, TemporalCorrelation};
use serde_json::json;

pub(crate) const DECORRELATION: Experiment = Experiment {
    name: "olinear-decorrelation",
    title: "The basis of the training rows decorrelates the test rows too",
    run,
};

const SIZE: usize = 96;

/// Mean absolute correlation off the diagonal.
fn off_diagonal(c: &Array2<f64>) -> f64 {
    let n = c.nrows();
    let scale = |i: usize| c[[i, i]].abs().sqrt().max(1e-300);
    let mut sum = 0.0;
    for i in 0..n {
        for j in (0..n).filter(|&j| j != i) {
            sum += (c[[i, j]] / (scale(i) * scale(j))).abs();
        }
    }
    sum / (n * (n - 1)) as f64
}

/// The same without bringing the diagonal to 1.
fn raw_off_diagonal(c: &Array2<f64>) -> f64 {
    let n = c.nrows();
    let sum: f64 = c.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, v)| v.abs()).sum();
    sum / (n * (n - 1)) as f64
}

fn run() -> Outcome<Findings> {
    let data = Data::new("ETTh1", &datasets::etth1().values, Split::EttHour, SIZE)?;
    let correlation = TemporalCorrelation::default();
    let train = correlation.of(&rows(&data.scaled, &data.parts.train), SIZE)?.matrix;
    let test = correlation.of(&rows(&data.scaled, &(11_424..14_400)), SIZE)?.matrix;
    let basis = OrthoBasis::of_symmetric(&train)?;
    let q = basis.matrix();
    let turned = |c: &Array2<f64>| q.dot(c).dot(&q.t());
    let (train_after, test_after) = (turned(&train), turned(&test));
    let share = |c: &Array2<f64>| c.diag().iter().take(10).sum::<f64>() / c.diag().sum();
    let found = [
        raw_off_diagonal(&train),
        raw_off_diagonal(&train_after),
        raw_off_diagonal(&test),
        raw_off_diagonal(&test_after),
    ];
    let test_correlation = off_diagonal(&test_after);
    let mut table = Table::new(
        "Channel-averaged temporal correlation, 96 steps",
        &["rows", "mean |off-diagonal| before", "after", "after, as correlations", "share of 10 components"],
    );
    for (name, before, after, c) in
        [("training", found[0], found[1], &train_after), ("test", found[2], found[3], &test_after)]
    {
        table.row([
            name.to_owned(),
            format!("{before:.4}"),
            format!("{after:.2e}"),
            format!("{:.4}", off_diagonal(c)),
            format!("{:.3}", share(c)),
        ]);
    }
    let values = basis.eigenvalues();
    let close = |found: f64, expected: f64, by: f64| (found - expected).abs() <= by;
    let claims = vec![
        Claim {
            claim: "correlations of steps on training and test rows before, and on test rows after".to_owned(),
            criterion: "0.589, 0.284 and 0.0043 within 0.001; training rows after below 1e-12".to_owned(),
            measured: format!("{:.4}, {:.4}, {:.4}; {:.1e}", found[0], found[2], test_correlation, found[1]),
            verdict: Verdict::of(
                close(found[0], 0.589, 1e-3)
                    && close(found[2], 0.284, 1e-3)
                    && close(test_correlation, 0.0043, 1e-4)
                    && found[1] < 1e-12,
            ),
        },
        Claim {
            claim: "leading eigenvalues, and the share of ten components".to_owned(),
            criterion: "56.95, 7.55, 7.41 of 96; 0.889 (training) and 0.805 (test), to the last digit".to_owned(),
            measured: format!(
                "{:.2}, {:.2}, {:.2}; {:.3}, {:.3}",
                values[0],
                values[1],
                values[2],
                share(&train_after),
                share(&test_after)
            ),
            verdict: Verdict::of(
                close(values[0], 56.95, 0.006)
                    && close(values[1], 7.55, 0.006)
                    && close(values[2], 7.41, 0.006)
                    && close(share(&train_after), 0.889, 6e-4)
                    && close(share(&test_after), 0.805, 6e-4),
            ),
        },
    ];
    let runs = vec![json!({"eigenvalues": values.to_vec()})];
    let setting = "ETTh1, Pearson, 96 steps, basis from the 8640 training rows, test rows 11424 to 14400.".to_owned();
    Ok(Findings { setting, seeds: "none".to_owned(), claims, tables: vec![table], charts: vec![], runs })
}
