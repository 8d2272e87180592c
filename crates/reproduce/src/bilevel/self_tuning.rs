//! Dropout rates tuned while a network trains.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use bilevel::self_tuning::{Data, Hyperparameter, Range, Regularisation, SelfTuning, SelfTuningNetwork};
use chart::{Chart, Plot};
use core_tensor::random::{permutation, rng};
use ndarray::Axis;
use serde_json::json;

pub(crate) const SELF_TUNING: Experiment =
    Experiment { name: "self-tuning-dropout", title: "Dropout rates tuned while a network trains", run };

const SEEDS: u64 = 5;
const FIXED: [f64; 4] = [0.05, 0.3, 0.5, 0.7];
const STARTS: [f64; 2] = [0.05, 0.7];

struct Run {
    loss: f64,
    /// Rates of inputs and of hidden units at the end.
    rates: Vec<f64>,
    curve: Vec<(f64, f64)>,
}

fn one(&(rate, tuned, seed): &(f64, bool, u64)) -> Outcome<Run> {
    let digits = datasets::digits();
    let x = digits.x.mapv(|v| v / 16.0);
    let order = permutation(&mut rng(seed), digits.label.len());
    let part = |rows: &[usize]| {
        (x.select(Axis(0), rows), rows.iter().map(|&row| usize::from(digits.label[row])).collect::<Vec<_>>())
    };
    let ((x, labels), (x_validation, labels_validation)) = (part(&order[..300]), part(&order[300..900]));
    let data = Data { x, labels, x_validation, labels_validation };
    let range = Range::Interval { low: 0.0, high: 0.9 };
    let kinds = vec![
        (Hyperparameter::new("input", range, rate)?, Regularisation::InputDropout),
        (Hyperparameter::new("hidden", range, rate)?, Regularisation::HiddenDropout),
    ];
    let network = SelfTuningNetwork::new(&[64, 128, 10], kinds, seed)?;
    let mut training = SelfTuning::new().seed(seed);
    if !tuned {
        training = training.fixed_hyperparameters();
    }
    let fit = training.fit(network, &data)?;
    let rates = fit.history.last().map(|look| look.values.clone()).unwrap_or_default();
    let curve = fit.history.iter().map(|look| (look.step as f64, look.values[1])).collect();
    Ok(Run { loss: fit.validation_loss, rates, curve })
}

fn run() -> Outcome<Findings> {
    let methods: Vec<(f64, bool)> =
        FIXED.iter().map(|&rate| (rate, false)).chain(STARTS.iter().map(|&rate| (rate, true))).collect();
    let jobs: Vec<(f64, bool, u64)> =
        methods.iter().flat_map(|&(rate, tuned)| (0..SEEDS).map(move |seed| (rate, tuned, seed))).collect();
    let found = for_all("self-tuning", &jobs, one)?;
    let runs = |k: usize| &found[k * SEEDS as usize..(k + 1) * SEEDS as usize];
    let mut table = Table::new("means over seeds", &["rates", "least validation loss", "input rate", "hidden rate"]);
    let mut losses = Vec::new();
    for (k, (rate, tuned)) in methods.iter().enumerate() {
        let loss = summary(runs(k).iter().map(|run| run.loss));
        let rates = |of: usize| summary(runs(k).iter().map(|run| run.rates[of])).mean;
        table.row([
            if *tuned { format!("tuned from {rate}") } else { format!("fixed {rate}") },
            loss.text(3),
            format!("{:.2}", rates(0)),
            format!("{:.2}", rates(1)),
        ]);
        losses.push(loss.mean);
    }
    let best = losses[..4].iter().copied().fold(f64::INFINITY, f64::min);
    let (low, high) = (losses[4].min(losses[5]), losses[4].max(losses[5]));
    let rates = |k: usize, of: usize| summary(runs(k).iter().map(|run| run.rates[of])).mean;
    let claims = vec![
        Claim::new(
            "one tuned run is as good as the best of many fixed ones",
            "mean loss at most 1.1 times that of the best fixed rate, from both starts",
            format!("{:.3} and {:.3} against {best:.3}", losses[4], losses[5]),
            Verdict::of(high <= 1.1 * best),
        ),
        Claim::new(
            "the start hardly matters",
            "both within 20 % of each other",
            format!("{:.1} %", 100.0 * (high / low - 1.0)),
            Verdict::of(high <= 1.2 * low),
        ),
        Claim::new(
            "inputs want less dropout than hidden units",
            "the mean input rate below the hidden one, from both starts",
            format!("{:.2} < {:.2}, {:.2} < {:.2}", rates(4, 0), rates(4, 1), rates(5, 0), rates(5, 1)),
            Verdict::of(rates(4, 0) < rates(4, 1) && rates(5, 0) < rates(5, 1)),
        ),
    ];
    let series = (4..6).map(|k| (format!("from {}", methods[k].0), runs(k)[0].curve.clone())).collect();
    let plot = Plot::Lines { x: "training steps".to_owned(), log_x: false, log_y: false, series };
    Ok(Findings {
        setting: "Digits, random splits of 300 training and 600 validation rows; perceptron 64-128-10, ReLU, dropout of inputs and hidden units \
                  within [0, 0.9]; SGD 0.05 with momentum 0.9, batches of 64, 3000 steps of which 300 warm-up; Adam 0.03 on rates and \
                  perturbations, τ = 0.001, σ₀ = 0.5; looks every 100 steps, the best counts."
            .to_owned(),
        seeds: "0 to 4, of split, network and noise".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Dropout rate of hidden units (seed 0)".to_owned(), y: "rate".to_owned(), plot }],
        runs: jobs
            .iter()
            .zip(&found)
            .map(|(&(rate, tuned, seed), run)| json!({"rate": rate, "tuned": tuned, "seed": seed, "loss": run.loss, "rates": run.rates}))
            .collect(),
    })
}
