//! E6: handwritten digits, at ordinary and at large weights.

use super::recipe::{Recipe, adamw, collapsed, percent, record};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use ndarray::{Array2, Axis};
use stablemax::ortho::OrthoGradOptions;
use stablemax::task::{Examples, Inputs, Split};
use stablemax::train::History;
use stablemax::{FloatType, Loss};

pub(crate) const REAL_DATA: Experiment = Experiment {
    name: "stablemax-real-data",
    title: "Handwritten digits, at ordinary and at large weights",
    run: real_data,
};

const SEEDS: [u64; 3] = [0, 1, 2];
const STEPS: u64 = 600;

/// Draws `train` rows for training and `test` of the rest.
fn split(x: &Array2<f32>, label: &[u8], train: usize, test: usize, seed: u64) -> Outcome<Split<f32>> {
    let labels: Vec<usize> = label.iter().map(|&l| usize::from(l)).collect();
    let full = Split::random(&Examples::new(Inputs::Dense(x.clone()), labels)?, 10, train, seed)?;
    let rows: Vec<usize> = (0..full.test.labels().len().min(test)).collect();
    let part = full.test.inputs().to_dense().select(Axis(0), &rows);
    let labels = full.test.labels().iter().copied().take(test).collect();
    Ok(Split { test: Examples::new(Inputs::Dense(part), labels)?, ..full })
}

fn real_data() -> Outcome<Findings> {
    let (digits, mnist) = (datasets::digits(), datasets::mnist());
    let digits_x = digits.x.mapv(|v| (v / 16.0) as f32);
    let mnist_x = mnist.x.mapv(|v| f32::from(v) / 255.0);
    let textbook = Loss::SoftmaxTextbook(FloatType::F32);
    let methods = [
        ("textbook softmax", textbook, false),
        ("rest-mass softmax", Loss::SoftmaxRestMass, false),
        ("StableMax", Loss::StableMax, false),
        ("textbook, orthogonal", textbook, true),
    ];
    // Data, factor on the initial weights.
    let settings = [("digits8x8", 1.0), ("MNIST 1000", 1.0), ("MNIST 200", 8.0), ("MNIST 200", 30.0)];
    let jobs: Vec<(usize, usize, u64)> = (0..settings.len())
        .flat_map(|s| (0..methods.len()).flat_map(move |m| SEEDS.map(|seed| (s, m, seed))))
        .collect();
    let histories: Vec<History> = for_all("digits", &jobs, |&(s, m, seed)| {
        let (data, scale) = settings[s];
        let split = match data {
            "digits8x8" => split(&digits_x, &digits.label, 1000, 797, seed)?,
            "MNIST 1000" => split(&mnist_x, &mnist.label, 1000, 1000, seed)?,
            _ => split(&mnist_x, &mnist.label, 200, 1000, seed)?,
        };
        let (_, loss, orthogonal) = methods[m];
        let mut recipe =
            Recipe::new(&[200, 200], loss, adamw(1e-3, 0.999, 1e-25), STEPS, 50).collapse(&[FloatType::F32]);
        recipe.scale = scale;
        if orthogonal {
            recipe = recipe.orthogonal(OrthoGradOptions::default());
        }
        recipe.run::<f32>(&split, seed)
    })?;
    let of = |s: usize, m: usize| &histories[3 * (4 * s + m)..3 * (4 * s + m) + 3];
    let last = |h: &History| h.rows.last().map_or(f64::NAN, |row| row.test_accuracy);
    let mean = |s: usize, m: usize| summary(of(s, m).iter().map(last)).mean;
    let dead = |s: usize, m: usize, step: u64| {
        summary(
            of(s, m)
                .iter()
                .filter_map(|h| h.rows.iter().find(|r| r.step == step))
                .map(|r| collapsed(r, FloatType::F32)),
        )
        .mean
    };
    let mut table = Table::new(
        "Test accuracy after 600 steps (seeds 0, 1, 2) and collapsed training rows in f32 at the start, at step 50, at the end",
        &["data, weights", "loss", "test accuracy", "mean", "start", "step 50", "end"],
    );
    for (s, (data, scale)) in settings.iter().enumerate() {
        for (m, (name, ..)) in methods.iter().enumerate() {
            table.row([
                format!("{data}, × {scale}"),
                (*name).to_owned(),
                of(s, m).iter().map(|h| percent(last(h))).collect::<Vec<_>>().join(" / "),
                percent(mean(s, m)),
                percent(dead(s, m, 0)),
                percent(dead(s, m, 50)),
                percent(dead(s, m, STEPS)),
            ]);
        }
    }
    let apart: Vec<f64> = (0..2).map(|s| (mean(s, 2) - mean(s, 0)).abs()).collect();
    let collapse = [dead(2, 0, 50), dead(3, 0, 50)];
    Ok(Findings {
        setting: "digits8x8 (1000 images for training, 797 for the test) and a sample of MNIST (200 or 1000 for training, 1000 others for \
                  the test), grey values to 0..1; ReLU perceptron with two hidden layers of 200, no biases, full batch, AdamW 1e-3 \
                  (0.9, 0.999, 1e-25), 600 steps, f32. Initial weights multiplied by 1, 8 or 30."
            .to_owned(),
        seeds: "0, 1, 2 for split and weights".to_owned(),
        claims: vec![
            Claim::new(
                "at ordinary weights StableMax costs nothing",
                "mean test accuracy within 1 point of softmax on both data sets",
                apart.iter().map(|v| percent(*v)).collect::<Vec<_>>().join(", "),
                Verdict::of(apart.iter().all(|&v| v <= 0.01)),
            ),
            Claim::new(
                "with large weights softmax is collapsed from the start",
                "at least 90 % of the training rows collapsed at step 50, at both factors",
                collapse.map(percent).join(", "),
                Verdict::of(collapse.iter().all(|&v| v >= 0.9)),
            ),
            Claim::new(
                "rest-mass form and orthogonal gradients at large weights",
                "none",
                (0..methods.len())
                    .map(|m| format!("{} {} / {}", methods[m].0, percent(mean(2, m)), percent(mean(3, m))))
                    .collect::<Vec<_>>()
                    .join("; "),
                Verdict::Exploratory,
            ),
        ],
        tables: vec![table],
        charts: Vec::new(),
        runs: jobs
            .iter()
            .zip(&histories)
            .map(|(&(s, m, seed), h)| record(&format!("{} × {}, {}", settings[s].0, settings[s].1, methods[m].0), seed, h))
            .collect(),
    })
}
