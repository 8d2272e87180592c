//! E6, E7: weights rounded to few bits, and weights deleted, after training.

use super::network::{Method, Task, Trained, digits, train};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use compander::UniformGrid;
use core_tensor::random::rng;
use ndarray::Array2;
use rand::RngExt;
use serde_json::json;

pub(crate) const DAMAGE: Experiment =
    Experiment { name: "compander-damage", title: "Rounding to few bits, and deleting weights", run: damage };

const METHODS: [Method; 6] = [
    Method::plain("plain", 0.0),
    Method::plain("decay 0.01", 1e-2),
    Method::plain("decay 0.02", 2e-2),
    Method::companded("companded c = 2", 2.0, 1.0),
    Method::companded("companded c = 1.5", 1.5, 1.0),
    Method::companded("companded c = 1", 1.0, 1.0),
];
const SEEDS: u64 = 5;
const BITS: [u32; 3] = [4, 3, 2];
const DELETED: [f64; 2] = [0.3, 0.5];

/// Test accuracies in per cent: as trained, rounded to each number of bits, with each fraction of weights deleted.
struct Accuracies {
    whole: f64,
    rounded: Vec<f64>,
    deleted: Vec<f64>,
}

fn accuracies(task: &Task, trained: &Trained, seed: u64) -> Outcome<Accuracies> {
    let mut rounded = Vec::new();
    for bits in BITS {
        let grids: Result<Vec<_>, _> = trained.weights.iter().map(|w| UniformGrid::covering(bits, w)).collect();
        let mut grids = grids?.into_iter();
        let changed = trained.with_weights(task, |w| grids.next().map_or_else(|| w.clone(), |grid| grid.quantise(w)));
        rounded.push(100.0 * changed.accuracy);
    }
    let deleted = DELETED.map(|fraction| {
        let mut random = rng(seed + 77);
        let mut thin = |w: &Array2<f32>| w.mapv(|w| if random.random::<f64>() < fraction { 0.0 } else { w });
        100.0 * trained.with_weights(task, &mut thin).accuracy
    });
    Ok(Accuracies { whole: 100.0 * trained.accuracy, rounded, deleted: deleted.to_vec() })
}

fn damage() -> Outcome<Findings> {
    let (x, y) = digits();
    let mut jobs = Vec::new();
    for noise in [0.3, 0.0] {
        for method in METHODS {
            jobs.extend((0..SEEDS).map(|seed| (noise, method, seed)));
        }
    }
    let found = for_all("damage", &jobs, |&(noise, method, seed)| {
        let task = Task::split(&x, &y, 400, noise, seed);
        accuracies(&task, &train(&task, method, 60, seed)?, seed)
    })?;
    let (mut claims, mut tables) = (Vec::new(), Vec::new());
    for (part, name) in found.chunks(METHODS.len() * SEEDS as usize).zip(["30 % wrong labels", "right labels"]) {
        let columns = ["method", "as trained", "4 bits", "3 bits", "2 bits", "30 % deleted", "50 % deleted"];
        let mut table = Table::new(format!("{name}: test accuracy, %"), &columns);
        let means: Vec<Vec<f64>> = part
            .chunks(SEEDS as usize)
            .map(|runs| {
                let all = |run: &Accuracies| [vec![run.whole], run.rounded.clone(), run.deleted.clone()].concat();
                (0..columns.len() - 1).map(|k| summary(runs.iter().map(|run| all(run)[k])).mean).collect()
            })
            .collect();
        for (method, means) in METHODS.iter().zip(&means) {
            table.row([vec![method.name.to_owned()], means.iter().map(|m| format!("{m:.1}")).collect()].concat());
        }
        tables.push(table);
        let best_plain = |column: usize| means[..3].iter().map(|row| row[column]).fold(f64::NEG_INFINITY, f64::max);
        claims.push(Claim::new(
            format!("{name}: companded weights survive rounding to 2 bits"),
            "c = 1.5 at 2 bits at least 40 points above every plain network",
            format!("{:.1} against {:.1} %", means[4][3], best_plain(3)),
            Verdict::of(means[4][3] >= best_plain(3) + 40.0),
        ));
        let losses: Vec<f64> = means[3..].iter().map(|row| row[0] - row[2]).collect();
        claims.push(Claim::new(
            format!("{name}: and to 3 bits nearly without loss"),
            "c = 1 and c = 1.5 lose less than 1.5 points",
            format!("{:.1} and {:.1} points (c = 2: {:.1})", losses[2], losses[1], losses[0]),
            Verdict::of(losses[1] < 1.5 && losses[2] < 1.5),
        ));
        claims.push(Claim::new(
            format!("{name}: redundancy, that is, deleting weights does less harm than to the best plain network"),
            "with half the weights deleted, c = 1.5 above every plain network",
            format!("{:.1} against {:.1} %", means[4][5], best_plain(5)),
            Verdict::of(means[4][5] > best_plain(5)),
        ));
    }
    let runs = jobs.iter().zip(&found).map(|(&(noise, method, seed), run)| {
        json!({"noise": noise, "method": method.name, "seed": seed, "whole": run.whole, "rounded": run.rounded, "deleted": run.deleted})
    });
    Ok(Findings {
        setting: "Networks trained as in compander-label-noise, 400 digits. Rounding: every weight matrix to the symmetric uniform grid \
                  of k bits over its largest absolute weight (2 bits: ternary), no retraining. Deleting: a random part of all weights \
                  set to zero."
            .to_owned(),
        seeds: "0 to 4".to_owned(),
        claims,
        tables,
        charts: vec![],
        runs: runs.collect(),
    })
}
