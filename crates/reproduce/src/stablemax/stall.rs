//! E3: textbook softmax stalls, its rest-mass form goes on, StableMax generalises without weight decay.

use super::recipe::{Recipe, adamw, at, collapsed, curve, percent, record};
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use chart::{Chart, Plot};
use stablemax::task::{Modular, Operation};
use stablemax::train::History;
use stablemax::{FloatType, Loss};

pub(crate) const STALL: Experiment =
    Experiment { name: "stablemax-stall", title: "The stall of softmax, its cure, and StableMax", run: stall };

const SEEDS: [u64; 3] = [0, 1, 2];
const STEPS: u64 = 4500;

fn stall() -> Outcome<Findings> {
    let runs = [
        ("StableMax f32", Loss::StableMax),
        ("textbook f32", Loss::SoftmaxTextbook(FloatType::F32)),
        ("rest-mass f32", Loss::SoftmaxRestMass),
    ];
    let task = Modular::new(Operation::Add, 67, 0.7);
    let jobs: Vec<(usize, u64)> = (0..runs.len()).flat_map(|r| SEEDS.map(|seed| (r, seed))).collect();
    let histories: Vec<History> = for_all("stall", &jobs, |&(r, seed)| {
        let (rule, steps) = if r == 0 { (adamw(0.01, 0.999, 1e-25), 5000) } else { (adamw(1e-3, 0.99, 1e-30), STEPS) };
        let recipe = Recipe::new(&[128, 128], runs[r].1, rule, steps, 100).collapse(&[FloatType::F32]);
        recipe.run::<f32>(&task.split(seed)?, seed)
    })?;
    let of = |r: usize| &histories[3 * r..3 * r + 3];
    let sc = |h: &History, step| -> Outcome<f64> { Ok(collapsed(at(h, step)?, FloatType::F32)) };
    let mut table = Table::new(
        "Addition modulo 67, 70 %: test accuracy, training loss, collapsed rows in f32 (seed 0 / 1 / 2)",
        &["step", "textbook", "loss", "collapsed", "rest mass", "loss", "collapsed", "StableMax"],
    );
    for step in [900, 1800, 2700, 3600, 4500] {
        let each = |r: usize, text: &dyn Fn(&History) -> Outcome<String>| -> Outcome<String> {
            Ok(of(r).iter().map(text).collect::<Outcome<Vec<_>>>()?.join(" / "))
        };
        let accuracy = |h: &History| Ok(percent(at(h, step)?.test_accuracy));
        let loss = |h: &History| Ok(format!("{:.1e}", at(h, step)?.train_loss));
        let dead = |h: &History| Ok(percent(sc(h, step)?));
        table.row([
            step.to_string(),
            each(1, &accuracy)?,
            each(1, &loss)?,
            each(1, &dead)?,
            each(2, &accuracy)?,
            each(2, &loss)?,
            each(2, &dead)?,
            each(0, &accuracy)?,
        ]);
    }
    // From the step at which the textbook run of the same seed passes 50 %.
    let mut gains = Vec::new();
    for seed in 0..SEEDS.len() {
        let (textbook, rest) = (&of(1)[seed], &of(2)[seed]);
        let half = textbook.rows.iter().find(|row| collapsed(row, FloatType::F32) > 0.5).map(|row| row.step);
        if let Some(step) = half {
            let gain = |h: &History| -> Outcome<f64> { Ok(at(h, STEPS)?.test_accuracy - at(h, step)?.test_accuracy) };
            gains.push((step, gain(textbook)?, gain(rest)?));
        }
    }
    let all = gains.len() == SEEDS.len();
    let text = |value: &dyn Fn(&(u64, f64, f64)) -> f64| {
        gains.iter().map(|g| format!("{:+.1} (from {})", 100.0 * value(g), g.0)).collect::<Vec<_>>().join(", ")
    };
    let end: Vec<f64> = of(0).iter().map(|h| h.rows.last().map_or(f64::NAN, |row| row.test_accuracy)).collect();
    let norm: Vec<String> = of(0)
        .iter()
        .map(|h| {
            let norm = |row: Option<&stablemax::train::HistoryRow>| row.map_or(f64::NAN, |row| row.weight_norm);
            format!("{:.0} to {:.0}", norm(h.rows.first()), norm(h.rows.last()))
        })
        .collect();
    let grew = of(0).iter().all(|h| h.rows.windows(2).all(|pair| pair[1].weight_norm > 0.98 * pair[0].weight_norm));
    let lines =
        runs.iter().enumerate().map(|(r, (name, _))| ((*name).to_owned(), curve(&of(r)[0], |row| row.test_accuracy)));
    let losses = runs[1..]
        .iter()
        .enumerate()
        .map(|(r, (name, _))| ((*name).to_owned(), curve(&of(r + 1)[0], |row| row.train_loss.max(1e-16))));
    Ok(Findings {
        setting: "Addition modulo 67 on one-hot inputs, 70 % (3142 rows) for training, ReLU perceptron 134-128-128-67 without biases, \
                  full batch, no weight decay, f32. Softmax: AdamW 1e-3 (0.9, 0.99, 1e-30); StableMax: AdamW 0.01 (0.9, 0.999, 1e-25)."
            .to_owned(),
        seeds: "0, 1, 2 for split and weights".to_owned(),
        claims: vec![
            Claim::new(
                "textbook softmax stops learning once half of the rows are collapsed",
                format!("in every seed the test accuracy gains less than 2 points from then to step {STEPS}"),
                text(&|g| g.1),
                Verdict::of(all && gains.iter().all(|g| g.1 < 0.02)),
            ),
            Claim::new(
                "the rest-mass form of the same loss in the same type goes on learning",
                "in every seed it gains at least 5 points over the same steps",
                text(&|g| g.2),
                Verdict::of(all && gains.iter().all(|g| g.2 >= 0.05)),
            ),
            Claim::new(
                "StableMax generalises without weight decay",
                "test accuracy above 50 % by step 5000 in every seed",
                end.iter().map(|v| percent(*v)).collect::<Vec<_>>().join(", "),
                Verdict::of(end.iter().all(|&v| v > 0.5)),
            ),
            Claim::new(
                "and while its weight norm grows",
                "the norm never falls by more than 2 % between two looks",
                norm.join(", "),
                Verdict::of(grew),
            ),
            Claim::new(
                "mean end of the three",
                "none",
                (0..3)
                    .map(|r| {
                        let end = of(r).iter().map(|h| h.rows.last().map_or(f64::NAN, |row| row.test_accuracy));
                        format!("{} {}", runs[r].0, percent(summary(end).mean))
                    })
                    .collect::<Vec<_>>()
                    .join(", "),
                Verdict::Exploratory,
            ),
        ],
        tables: vec![table],
        charts: vec![
            Chart {
                title: "Addition modulo 67, seed 0".to_owned(),
                y: "test accuracy".to_owned(),
                plot: Plot::Lines { x: "step".to_owned(), log_x: false, log_y: false, series: lines.collect() },
            },
            Chart {
                title: "The same loss in two forms, f32, seed 0".to_owned(),
                y: "training loss".to_owned(),
                plot: Plot::Lines { x: "step".to_owned(), log_x: false, log_y: true, series: losses.collect() },
            },
        ],
        runs: jobs.iter().zip(&histories).map(|(&(r, seed), h)| record(runs[r].0, seed, h)).collect(),
    })
}
