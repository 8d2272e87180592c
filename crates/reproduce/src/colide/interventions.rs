//! Predicting what interventions do, from observational data alone.

use super::methods::{EV, NV};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::table::Table;
use colide::{CausalModel, Colide, Covariance, covariance, refit};
use datasets::Sachs;
use ndarray::{Array1, Array2, Axis};
use serde_json::json;

pub(crate) const INTERVENTIONS: Experiment = Experiment {
    name: "colide-interventions",
    title: "Interventions on real data, predicted from observational data (exploratory)",
    run: interventions,
};

/// Condition, index of the protein it acts on, and what is done.
const CONDITIONS: [(u8, usize, &str); 7] = [
    (3, 6, "Akt inhibited"),
    (4, 8, "PKC inhibited"),
    (5, 3, "PIP2 inhibited"),
    (6, 1, "Mek inhibited"),
    (7, 6, "PI3K inhibited (acts on Akt)"),
    (8, 8, "PKC activated"),
    (9, 7, "PKA activated"),
];

/// A shift of a mean counts from this many standard errors on.
const SIGNIFICANT: f64 = 5.0;

/// How a predictor did on the significant shifts.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    right: usize,
    wrong: usize,
    /// Shifts for which it predicts no change at all.
    silent: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.silent += other.silent;
    }

    fn text(self) -> String {
        format!("{} / {} / {}", self.right, self.wrong, self.silent)
    }
}

/// A named predictor: the shift of every protein when the mean of `target` moves by `by`.
struct Predictor {
    name: &'static str,
    /// Row i: the change of each protein per unit of change of protein i.
    slopes: Array2<f64>,
}

fn interventions() -> Outcome<Findings> {
    let data = datasets::sachs();
    let (mut tables, mut claims, mut records) = (Vec::new(), Vec::new(), Vec::new());
    for (scale, change) in [("log fluorescence", f64::ln as fn(f64) -> f64), ("raw fluorescence", |v| v)] {
        let rows = |condition| data.condition(condition).mapv(change);
        let predictors = predictors(&data, rows)?;
        let mut columns = vec!["condition", "significant shifts"];
        columns.extend(predictors.iter().map(|predictor| predictor.name));
        let title = format!("{scale}: signs of the significant shifts, right / wrong / no change predicted");
        let mut table = Table::new(title, &columns);
        let mut totals = vec![Tally::default(); predictors.len()];
        for (condition, target, what) in CONDITIONS {
            let (shift, error) = shifts(&rows(1), &rows(condition));
            let strong: Vec<usize> =
                (0..shift.len()).filter(|&j| j != target && shift[j].abs() > SIGNIFICANT * error[j]).collect();
            let tallies: Vec<Tally> = predictors.iter().map(|one| one.tally(target, &strong, &shift)).collect();
            totals.iter_mut().zip(&tallies).for_each(|(total, tally)| total.add(*tally));
            let label = format!("{condition}: {what}; itself {:+.2} standard errors", shift[target] / error[target]);
            table.row([label, strong.len().to_string()].into_iter().chain(tallies.iter().map(|tally| tally.text())));
            records.push(json!({"scale": scale, "condition": condition, "target": data.names[target],
                "shift": shift.to_vec(), "standard_error": error.to_vec()}));
        }
        let all = totals.first().map_or(0, |total| total.right + total.wrong + total.silent);
        table.row(["all".to_owned(), all.to_string()].into_iter().chain(totals.iter().map(|tally| tally.text())));
        tables.push(table);
        let measured: Vec<String> = predictors.iter().zip(&totals).map(|(one, tally)| one.summary(*tally)).collect();
        claims.push(Claim::new(
            format!("{scale}: effects learned from observational data predict the direction of intervention shifts"),
            "none: exploratory; to be compared with the simple regression, which knows no directions",
            measured.join("; "),
            Verdict::Exploratory,
        ));
    }
    Ok(Findings {
        setting: "A model is learned from condition 1 (853 cells), or 1 and 2 (1755), refitted by least squares, and its total \
                  effects predict how the mean of every other protein moves when the protein that a drug acts on moves as it \
                  did. A shift is significant from 5 standard errors on. Several drugs act on a protein's activity and not on \
                  its measured level, so its own measured shift may be small or of the other sign: no method can then be \
                  right for the right reason."
            .to_owned(),
        seeds: "none (real data)".to_owned(),
        claims,
        tables,
        charts: Vec::new(),
        runs: records,
    })
}

fn predictors(data: &Sachs, rows: impl Fn(u8) -> Array2<f64>) -> Outcome<Vec<Predictor>> {
    let base = covariance(&rows(1))?;
    let both = covariance(&ndarray::concatenate(Axis(0), &[rows(1).view(), rows(2).view()])?)?;
    let learned = |config: Colide, from: &Covariance| -> Outcome<Array2<f64>> {
        Ok(config.fit_covariance(from)?.causal_model()?.total_effects())
    };
    Ok(vec![
        Predictor { name: "NV default", slopes: learned(Colide::new(NV), &base)? },
        Predictor { name: "EV default", slopes: learned(Colide::new(EV), &base)? },
        Predictor { name: "NV default, threshold 0.1", slopes: learned(Colide::new(NV).threshold(0.1), &base)? },
        Predictor { name: "CoLiDE-NV (Adam)", slopes: learned(Colide::reference(NV), &base)? },
        Predictor { name: "NV default, conditions 1 and 2", slopes: learned(Colide::new(NV), &both)? },
        Predictor { name: "consensus network", slopes: consensus(data, &base)?.total_effects() },
        Predictor { name: "baseline: simple regression", slopes: regression(&base) },
    ])
}

impl Predictor {
    /// How the signs of the `strong` shifts are predicted from the shift of the target.
    fn tally(&self, target: usize, strong: &[usize], shift: &Array1<f64>) -> Tally {
        let mut tally = Tally::default();
        for &j in strong {
            let predicted = self.slopes[[target, j]] * shift[target];
            if predicted == 0.0 {
                tally.silent += 1;
            } else if (predicted > 0.0) == (shift[j] > 0.0) {
                tally.right += 1;
            } else {
                tally.wrong += 1;
            }
        }
        tally
    }

    fn summary(&self, tally: Tally) -> String {
        format!("{}: {} right of {} answered", self.name, tally.right, tally.right + tally.wrong)
    }
}

/// The consensus network with least-squares weights.
fn consensus(data: &Sachs, base: &Covariance) -> Outcome<CausalModel> {
    let fit = refit(&base.matrix, &data.adjacency(), base.samples)?;
    Ok(CausalModel::new(&fit.weights, &base.mean, &fit.noise_variance.mapv(f64::sqrt))?)
}

/// Cov(i, j) / Var(i).
fn regression(base: &Covariance) -> Array2<f64> {
    let variance = base.matrix.diag().to_owned().insert_axis(Axis(1));
    &base.matrix / &variance
}

/// Differences of the column means and their standard errors.
fn shifts(before: &Array2<f64>, after: &Array2<f64>) -> (Array1<f64>, Array1<f64>) {
    let mean = |x: &Array2<f64>| x.sum_axis(Axis(0)) / x.nrows().max(1) as f64;
    let error = |x: &Array2<f64>| x.var_axis(Axis(0), 1.0) / x.nrows().max(1) as f64;
    (mean(after) - mean(before), (error(before) + error(after)).mapv(f64::sqrt))
}
