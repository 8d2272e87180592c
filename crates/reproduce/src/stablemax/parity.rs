//! E2: StableMax against softmax on sparse parity.

use super::recipe::{Recipe, adamw, collapsed, curve, percent, record};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use chart::{Chart, Plot};
use stablemax::task::SparseParity;
use stablemax::train::{Biases, History};
use stablemax::{FloatType, Loss};

pub(crate) const PARITY: Experiment =
    Experiment { name: "stablemax-parity", title: "StableMax against softmax on sparse parity", run: parity };

const SEEDS: [u64; 5] = [0, 1, 2, 3, 4];

fn parity() -> Outcome<Findings> {
    let runs = [
        ("StableMax f32", Loss::StableMax),
        ("softmax f32", Loss::SoftmaxTextbook(FloatType::F32)),
        ("softmax f64", Loss::SoftmaxTextbook(FloatType::F64)),
        ("rest-mass softmax f32", Loss::SoftmaxRestMass),
    ];
    let task = SparseParity { noise_bits: 20, parity_bits: 3, rows: 1200, train_fraction: 0.5 };
    let jobs: Vec<(usize, u64)> = (0..runs.len()).flat_map(|r| SEEDS.map(|seed| (r, seed))).collect();
    let histories: Vec<History> = for_all("sparse parity", &jobs, |&(r, seed)| {
        let (name, loss) = runs[r];
        let mut recipe = Recipe::new(&[64, 64], loss, adamw(0.01, 0.999, 1e-18), 3000, 100).collapse(&FloatType::ALL);
        recipe.biases = Biases::With;
        if name.ends_with("f64") {
            recipe.run::<f64>(&task.split(seed)?, seed)
        } else {
            recipe.run::<f32>(&task.split(seed)?, seed)
        }
    })?;
    let of = |r: usize| &histories[SEEDS.len() * r..SEEDS.len() * (r + 1)];
    let last = |h: &History| h.rows.last().map_or(f64::NAN, |row| row.test_accuracy);
    let collapse = |h: &History, float| h.rows.last().map_or(f64::NAN, |row| collapsed(row, float));
    let mut table = Table::new(
        "Test accuracy at step 3000 (seeds 0 to 4), and mean fraction of collapsed training rows",
        &["run", "test accuracy", "mean", "bf16", "f16", "f32", "f64"],
    );
    for (r, (name, _)) in runs.iter().enumerate() {
        let mean = |float| percent(summary(of(r).iter().map(|h| collapse(h, float))).mean);
        table.row([
            (*name).to_owned(),
            of(r).iter().map(|h| percent(last(h))).collect::<Vec<_>>().join(" / "),
            percent(summary(of(r).iter().map(last)).mean),
            mean(FloatType::Bf16),
            mean(FloatType::F16),
            mean(FloatType::F32),
            mean(FloatType::F64),
        ]);
    }
    let mean = |r: usize| summary(of(r).iter().map(last)).mean;
    let fraction = |float| summary(of(1).iter().map(|h| collapse(h, float))).mean;
    let ordered = [FloatType::F16, FloatType::F32, FloatType::F64].map(fraction);
    let lines =
        runs.iter().enumerate().map(|(r, (name, _))| ((*name).to_owned(), curve(&of(r)[0], |row| row.test_accuracy)));
    Ok(Findings {
        setting: "Parity of 3 of 23 bits, 1200 distinct rows, half for training; ReLU perceptron 23-64-64-2 with biases, full batch, \
                  AdamW 0.01 (0.9, 0.999, 1e-18), 3000 steps."
            .to_owned(),
        seeds: "0 to 4 for rows, split and weights".to_owned(),
        claims: vec![
            Claim::new(
                "StableMax generalises better than softmax",
                "mean test accuracy at least 2 points higher",
                format!("{} against {}", percent(mean(0)), percent(mean(1))),
                Verdict::of(mean(0) >= mean(1) + 0.02),
            ),
            Claim::new(
                "coarser arithmetic collapses first",
                "collapsed fraction of the softmax runs: f16 ≥ f32 ≥ f64",
                ordered.map(percent).join(", "),
                Verdict::of(ordered[0] >= ordered[1] && ordered[1] >= ordered[2]),
            ),
            Claim::new(
                "at this horizon double precision alone changes little",
                "f64 softmax within 3 points of f32 softmax",
                format!("{} against {}", percent(mean(2)), percent(mean(1))),
                Verdict::of((mean(2) - mean(1)).abs() <= 0.03),
            ),
        ],
        tables: vec![table],
        charts: vec![Chart {
            title: "Sparse parity, seed 0".to_owned(),
            y: "test accuracy".to_owned(),
            plot: Plot::Lines { x: "step".to_owned(), log_x: false, log_y: false, series: lines.collect() },
        }],
        runs: jobs.iter().zip(&histories).map(|(&(r, seed), h)| record(runs[r].0, seed, h)).collect(),
    })
}
