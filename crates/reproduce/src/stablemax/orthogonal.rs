//! E1 and E5: orthogonal gradients remove the delay; alignment of the gradient with the weights.

use super::recipe::{Recipe, Rule, adamw, at, curve, percent, record};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use chart::{Chart, Plot};
use core_optim::stochastic::{AdamWOptions, SgdOptions};
use stablemax::ortho::{Arithmetic, OrthoGradOptions, ProjectAt, Rescale, Scope};
use stablemax::task::{Modular, Operation};
use stablemax::train::History;
use stablemax::{FloatType, Loss};

pub(crate) const ORTHOGONAL: Experiment = Experiment {
    name: "stablemax-orthogonal",
    title: "Orthogonal gradients remove the delay of generalisation",
    run: orthogonal,
};

const SEEDS: [u64; 3] = [0, 1, 2];

fn orthogonal() -> Outcome<Findings> {
    let softmax = Loss::SoftmaxTextbook(FloatType::F32);
    let hidden = [200, 200];
    let plain = |steps| Recipe::new(&hidden, softmax, adamw(0.01, 0.999, 1e-8), steps, 10);
    let perp = |options: OrthoGradOptions| plain(400).orthogonal(options);
    let default = OrthoGradOptions::default();
    let decay =
        Rule::AdamW(AdamWOptions { learning_rate: 0.01, beta2: 0.99, weight_decay: 1.0, ..AdamWOptions::default() });
    let sgd = Rule::Sgd(SgdOptions { learning_rate: 10.0, momentum: 0.8, ..SgdOptions::default() });
    let recipes: Vec<(&str, Recipe)> = vec![
        ("AdamW", plain(2000)),
        ("AdamW, weight decay 1", Recipe::new(&hidden, softmax, decay, 2000, 10)),
        ("SGD, orthogonal, StableMax, f64", Recipe::new(&hidden, Loss::StableMax, sgd, 600, 10).orthogonal(default)),
        ("orthogonal (default)", perp(default)),
        ("reference arithmetic", perp(OrthoGradOptions { arithmetic: Arithmetic::Reference, ..default })),
        ("norm not kept", perp(OrthoGradOptions { rescale: Rescale::None, ..default })),
        ("whole vector", perp(OrthoGradOptions { scope: Scope::WholeVector, ..default })),
        ("per row", perp(OrthoGradOptions { scope: Scope::PerRow, ..default })),
        ("update projected", perp(OrthoGradOptions { at: ProjectAt::Update, ..default })),
    ];
    let jobs: Vec<(usize, u64)> = (0..recipes.len()).flat_map(|r| SEEDS.map(|seed| (r, seed))).collect();
    let task = Modular::new(Operation::Add, 53, 0.4);
    let histories: Vec<History> = for_all("orthogonal gradients", &jobs, |&(r, seed)| {
        let (name, recipe) = &recipes[r];
        if name.ends_with("f64") {
            recipe.run::<f64>(&task.split(seed)?, seed)
        } else {
            recipe.run::<f32>(&task.split(seed)?, seed)
        }
    })?;
    let of = |name: &str| -> Vec<&History> {
        let r = recipes.iter().position(|recipe| recipe.0 == name).unwrap_or(0);
        histories.iter().skip(3 * r).take(3).collect()
    };
    let mean_test = |name: &str, step: u64| -> Outcome<f64> {
        let values: Vec<f64> =
            of(name).iter().map(|h| at(h, step).map(|row| row.test_accuracy)).collect::<Outcome<_>>()?;
        Ok(summary(values).mean)
    };
    let first = |h: &History, accuracy: f64| {
        h.step_of_test_accuracy(accuracy).map_or_else(|| "never".to_owned(), |step| step.to_string())
    };
    let mut table = Table::new(
        "Addition modulo 53, 40 %: steps to test accuracy, and the end of the run (seeds 0, 1, 2)",
        &["run", "90 %", "99 %", "last step", "test there", "weight norm first, last"],
    );
    for (r, (name, recipe)) in recipes.iter().enumerate() {
        let runs = &histories[3 * r..3 * r + 3];
        let each = |text: &dyn Fn(&History) -> String| runs.iter().map(text).collect::<Vec<_>>().join(" / ");
        let last = |h: &History| h.rows.last().map_or(f64::NAN, |row| row.test_accuracy);
        let norms =
            |h: &History| (h.rows.first().map_or(0.0, |r| r.weight_norm), h.rows.last().map_or(0.0, |r| r.weight_norm));
        table.row([
            (*name).to_owned(),
            each(&|h| first(h, 0.9)),
            each(&|h| first(h, 0.99)),
            recipe.options.steps.to_string(),
            each(&|h| percent(last(h))),
            each(&|h| format!("{:.1}, {:.1}", norms(h).0, norms(h).1)),
        ]);
    }
    let perp = mean_test("orthogonal (default)", 400)?;
    let plain = mean_test("AdamW", 2000)?;
    let fitted = of("AdamW").iter().map(|h| at(h, 100).map(|row| row.train_accuracy)).collect::<Outcome<Vec<_>>>()?;
    let unscaled = mean_test("norm not kept", 400)?;
    let decayed = mean_test("AdamW, weight decay 1", 2000)?;
    let sgd = mean_test("SGD, orthogonal, StableMax, f64", 600)?;
    // Largest cosines of each layer once the training rows are fitted.
    let after = |layer: usize| -> f64 {
        let highest = |h: &&History| {
            let fitted = h.rows.iter().filter(|row| row.train_accuracy == 1.0);
            fitted.filter_map(|row| row.cosines.get(layer)).fold(f64::NEG_INFINITY, |m, &c| m.max(c))
        };
        of("AdamW").iter().map(highest).fold(f64::INFINITY, f64::min)
    };
    let start = of("AdamW").iter().filter_map(|h| h.rows.first()).map(|row| row.cosine.abs()).fold(0.0, f64::max);
    let series = ["AdamW", "AdamW, weight decay 1", "orthogonal (default)", "norm not kept", "whole vector"];
    let lines =
        series.map(|name| (name.to_owned(), of(name).first().map_or_else(Vec::new, |h| curve(h, |r| r.test_accuracy))));
    let cosines = (0..3).map(|l| {
        (format!("layer {}", l + 1), of("AdamW").first().map_or_else(Vec::new, |h| curve(h, |r| r.cosines[l])))
    });
    Ok(Findings {
        setting: "Addition modulo 53 on one-hot inputs, 40 % (1123 rows) for training, ReLU perceptron 106-200-200-53 without \
                  biases, full batch, AdamW 0.01 (0.9, 0.999, 1e-8), textbook softmax in f32 unless named."
            .to_owned(),
        seeds: "0, 1, 2 for split and weights".to_owned(),
        claims: vec![
            Claim::new(
                "orthogonal gradients generalise at once",
                "mean test accuracy at step 400 at least 95 %",
                percent(perp),
                Verdict::of(perp >= 0.95),
            ),
            Claim::new(
                "also without keeping the norm",
                "mean test accuracy at step 400 at least 95 %",
                percent(unscaled),
                Verdict::of(unscaled >= 0.95),
            ),
            Claim::new(
                "without projection the training rows are fitted and nothing is learnt",
                "train 100 % at step 100 for all seeds, mean test below 5 % at step 2000",
                format!("train {}, test {}", fitted.iter().map(|v| percent(*v)).collect::<Vec<_>>().join(" / "), percent(plain)),
                Verdict::of(fitted.iter().all(|&v| v == 1.0) && plain < 0.05),
            ),
            Claim::new(
                "weight decay 1 generalises too, several times later",
                "mean test accuracy at step 2000 at least 90 %",
                percent(decayed),
                Verdict::of(decayed >= 0.9),
            ),
            Claim::new(
                "orthogonal SGD is slower at this size",
                "mean test accuracy at step 600 between 40 % and 95 %",
                percent(sgd),
                Verdict::of((0.4..0.95).contains(&sgd)),
            ),
            Claim::new(
                "after the fit the gradient aligns with the weights (naive loss minimisation)",
                "largest cosine of the first layer above 0.6 and of the last above 0.9 in every seed, from about 0 at the start",
                format!("first {:.3}, middle {:.3}, last {:.3}; whole vector at the start {start:.3}", after(0), after(1), after(2)),
                Verdict::of(after(0) > 0.6 && after(2) > 0.9 && start < 0.1),
            ),
        ],
        tables: vec![table],
        charts: vec![
            Chart {
                title: "Addition modulo 53, seed 0".to_owned(),
                y: "test accuracy".to_owned(),
                plot: Plot::Lines { x: "step".to_owned(), log_x: false, log_y: false, series: lines.to_vec() },
            },
            Chart {
                title: "AdamW without projection, seed 0".to_owned(),
                y: "cosine of -gradient and weights".to_owned(),
                plot: Plot::Lines { x: "step".to_owned(), log_x: false, log_y: false, series: cosines.collect() },
            },
        ],
        runs: jobs.iter().zip(&histories).map(|(&(r, seed), h)| record(recipes[r].0, seed, h)).collect(),
    })
}
