//! E2, E3: denoising of photographs, by total variation and by learned filters.

use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::statistics::summary;
use crate::table::Table;
use bilevel::problems::{FieldOfExperts, FieldOfExpertsParameters, TotalVariation, Variation};
use bilevel::{Hoag, HoagStep, Implicit, LowerLevel, Maid, MaidStep, Oracle, Samples, Schedule, Status, UpperLevel};
use chart::{Chart, Plot};
use core_tensor::random::{Streams, normal_array};
use ndarray::{Array1, Array2, ArrayRef1, Axis, Slice, array};
use serde_json::json;
use std::ops::ControlFlow;

pub(crate) const VARIATION: Experiment = Experiment {
    name: "bilevel-total-variation",
    title: "Weight and smoothing of total variation, learned from pictures",
    run: variation,
};

pub(crate) const EXPERTS: Experiment =
    Experiment { name: "bilevel-field-of-experts", title: "Filters learned from pictures", run: experts };

const SEEDS: u64 = 3;
const SIGMA: f64 = 0.1;
const SIDE: usize = 48;
/// Iterations of one lower-level or linear solve.
const LIMIT: usize = 2000;
const TRAINING: [usize; 4] = [0, 4, 5, 6];
const TESTING: [usize; 5] = [0, 4, 5, 6, 7];

/// Noisy and true crops: one corner of the pictures to train on, the opposite one to test on.
fn pairs(images: &[usize], corner: usize, seed: u64) -> Vec<(Array2<f64>, Array2<f64>)> {
    let all = datasets::photographs();
    let streams = Streams::new(seed);
    let crop = |&image: &usize| {
        let range = || Slice::from(corner..corner + SIDE);
        let picture = all.index_axis(Axis(0), image);
        let truth = picture.slice_axis(Axis(0), range()).slice_axis(Axis(1), range()).mapv(|v| f64::from(v) / 255.0);
        let noise: Array2<f64> = normal_array(&mut streams.stream((image + 100 * corner) as u64), (SIDE, SIDE));
        (&truth + &(noise * SIGMA), truth)
    };
    images.iter().map(crop).collect()
}

/// Mean peak signal-to-noise ratio of solutions, in dB.
fn ratio(solutions: &[Array1<f64>], pairs: &[(Array2<f64>, Array2<f64>)]) -> f64 {
    let one = |(x, (_, truth)): (&Array1<f64>, &(Array2<f64>, Array2<f64>))| {
        let error = x.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / truth.len() as f64;
        -10.0 * error.log10()
    };
    summary(solutions.iter().zip(pairs).map(one)).mean
}

fn noisy_ratio(pairs: &[(Array2<f64>, Array2<f64>)]) -> f64 {
    ratio(&pairs.iter().map(|(noisy, _)| noisy.iter().copied().collect()).collect::<Vec<_>>(), pairs)
}

fn samples<P: LowerLevel + UpperLevel>(
    pairs: &[(Array2<f64>, Array2<f64>)],
    make: impl Fn(Array2<f64>, Array2<f64>) -> bilevel::Result<P>,
) -> Outcome<Samples<P>> {
    let oracles = pairs
        .iter()
        .map(|(noisy, truth)| {
            let oracle = make(noisy.clone(), truth.clone()).and_then(Implicit::new)?;
            // Enough for any sensible θ; HOAG, which nothing holds back, comes to others.
            oracle.limits(LIMIT, LIMIT)
        })
        .collect::<bilevel::Result<Vec<_>>>()?;
    Ok(Samples::new(oracles)?)
}

/// Denoises other pictures.
fn apply<P: LowerLevel + UpperLevel>(
    theta: &ArrayRef1<f64>,
    pairs: &[(Array2<f64>, Array2<f64>)],
    make: impl Fn(Array2<f64>, Array2<f64>) -> bilevel::Result<P>,
) -> Outcome<f64> {
    let mut samples = samples(pairs, make)?;
    samples.refine(theta, 1e-4)?;
    let solutions: Vec<Array1<f64>> = samples.samples().iter().map(|sample| sample.solution().clone()).collect();
    Ok(ratio(&solutions, pairs))
}

fn total_variation(noisy: Array2<f64>, truth: Array2<f64>) -> bilevel::Result<TotalVariation> {
    TotalVariation::new(noisy, truth, Variation::Anisotropic)
}

struct Learned {
    theta: Array1<f64>,
    value: f64,
    status: Status,
    steps: usize,
    /// Cost per sample, and f, after each step.
    curve: Vec<(f64, f64)>,
    train: f64,
    test: f64,
}

fn learn(accuracy: f64, fixed: bool, seed: u64) -> Outcome<Learned> {
    let training = pairs(&TRAINING, 0, seed);
    let mut oracle = samples(&training, total_variation)?;
    let mut maid = Maid::fast()
        .accuracies(accuracy, accuracy)
        .first_step_length(0.01)
        .max_iterations(150)
        .value_tolerance(1e-6, 10);
    if fixed {
        maid = maid.fixed_accuracy();
    }
    let mut curve = Vec::new();
    let mut record = |step: &MaidStep<'_>| {
        if step.accepted {
            curve.push((step.cost.total() as f64 / TRAINING.len() as f64, step.bounds.value));
        }
        ControlFlow::Continue(())
    };
    let fit = maid.minimise_observed(&mut oracle, &array![-5.0, -5.0], &mut record)?;
    oracle.refine(&fit.theta, 1e-6)?;
    let solutions: Vec<Array1<f64>> = oracle.samples().iter().map(|sample| sample.solution().clone()).collect();
    let train = ratio(&solutions, &training);
    let test = apply(&fit.theta, &pairs(&TESTING, SIDE, seed), total_variation)?;
    Ok(Learned { value: fit.value, status: fit.status, steps: fit.iterations, theta: fit.theta, curve, train, test })
}

fn variation() -> Outcome<Findings> {
    let methods: [(f64, bool); 5] = [(10.0, false), (0.1, false), (1e-3, false), (1.0, true), (0.1, true)];
    let jobs: Vec<((f64, bool), u64)> = methods.iter().flat_map(|&m| (0..SEEDS).map(move |seed| (m, seed))).collect();
    let found = for_all("total variation", &jobs, |&((accuracy, fixed), seed)| learn(accuracy, fixed, seed))?;
    let runs = |k: usize| &found[k * SEEDS as usize..(k + 1) * SEEDS as usize];
    let noisy: Vec<(f64, f64)> = (0..SEEDS)
        .map(|seed| (noisy_ratio(&pairs(&TRAINING, 0, seed)), noisy_ratio(&pairs(&TESTING, SIDE, seed))))
        .collect();
    let best: Vec<f64> =
        (0..SEEDS as usize).map(|seed| (0..3).map(|k| runs(k)[seed].value).fold(f64::INFINITY, f64::min)).collect();
    // Cost until f is within 2 % of the best end.
    let near = |k: usize, seed: usize| {
        runs(k)[seed]
            .curve
            .iter()
            .find(|(_, value)| *value <= 1.02 * best[seed])
            .map_or(f64::INFINITY, |(cost, _)| *cost)
    };
    let columns = ["method", "f", "θ", "steps", "cost to 2 %", "training, dB", "test, dB", "ends by"];
    let mut table = Table::new("means over seeds; cost per picture", &columns);
    for (k, (accuracy, fixed)) in methods.iter().enumerate() {
        let mean = |get: &dyn Fn(&Learned) -> f64| summary(runs(k).iter().map(get));
        let costs = summary((0..SEEDS as usize).map(|seed| near(k, seed)));
        table.row([
            format!("{} {accuracy}", if *fixed { "fixed" } else { "adaptive from" }),
            mean(&|run| run.value).text(3),
            format!("{:.2}, {:.2}", mean(&|run| run.theta[0]).mean, mean(&|run| run.theta[1]).mean),
            format!("{:.0}", mean(&|run| run.steps as f64).mean),
            if costs.mean.is_finite() { format!("{:.0}", costs.mean) } else { "never".to_owned() },
            mean(&|run| run.train).text(2),
            mean(&|run| run.test).text(2),
            format!("{:?}", runs(k)[0].status),
        ]);
    }
    let costs: Vec<f64> = (0..3).map(|k| (0..SEEDS as usize).map(|seed| near(k, seed)).fold(0.0, f64::max)).collect();
    let spread = (0..SEEDS as usize)
        .map(|seed| (0..3).map(|k| runs(k)[seed].value).fold(0.0, f64::max) / best[seed] - 1.0)
        .fold(0.0, f64::max);
    let gain = |get: &dyn Fn(&Learned) -> f64, noisy: &dyn Fn(usize) -> f64| {
        (0..SEEDS as usize).map(|seed| get(&runs(1)[seed]) - noisy(seed)).fold(f64::INFINITY, f64::min)
    };
    let (train, test) = (gain(&|run| run.train, &|seed| noisy[seed].0), gain(&|run| run.test, &|seed| noisy[seed].1));
    let claims = vec![
        Claim::new(
            "any first accuracy leads near the optimum at little cost",
            "within 2 % at cost 1500 or less, for ε₀ = 10, 0.1 and 0.001, every seed",
            format!("at most {:.0}, {:.0}, {:.0}", costs[0], costs[1], costs[2]),
            Verdict::of(costs.iter().all(|cost| *cost <= 1500.0)),
        ),
        Claim::new(
            "and to the same end",
            "values within 1 %, every seed",
            format!("within {:.2} %", 100.0 * spread),
            Verdict::of(spread <= 0.01),
        ),
        Claim::new(
            "what is learned denoises",
            "at least 6 dB above the noisy pictures, on training and on other crops, every seed",
            format!("{train:.2} and {test:.2} dB at least"),
            Verdict::of(train >= 6.0 && test >= 6.0),
        ),
        Claim::new(
            "loose fixed accuracies cannot take a step",
            "fixed 1 and 0.1 end by a failed search at the start",
            format!(
                "{:.1} and {:.1} steps",
                summary(runs(3).iter().map(|r| r.steps as f64)).mean,
                summary(runs(4).iter().map(|r| r.steps as f64)).mean
            ),
            Verdict::of((3..5).all(|k| runs(k).iter().all(|run| run.steps == 0))),
        ),
    ];
    let series = (0..3).map(|k| (format!("from {}", methods[k].0), runs(k)[0].curve.clone())).collect();
    let plot = Plot::Lines { x: "gradients and products per picture".to_owned(), log_x: true, log_y: true, series };
    Ok(Findings {
        setting: format!(
            "Photographs of 96 × 96, noise of deviation {SIGMA}; corners of {SIDE} × {SIDE} of four pictures to train on, the opposite \
             corners of five to test on (noisy: {:.1} and {:.1} dB). Anisotropic, w = ½, θ₀ = (-5, -5), Barzilai-Borwein starts, L-BFGS \
             below.",
            noisy[0].0, noisy[0].1
        ),
        seeds: "0 to 2, of the noise".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Loss over cost (seed 0)".to_owned(), y: "f".to_owned(), plot }],
        runs: jobs
            .iter()
            .zip(&found)
            .map(|(&((accuracy, fixed), seed), run)| json!({"accuracy": accuracy, "fixed": fixed, "seed": seed, "value": run.value, "theta": run.theta.to_vec(), "train": run.train, "test": run.test}))
            .collect(),
    })
}

const FILTERS: usize = 8;
const SIZE: usize = 5;
/// Cost per picture at which the criterion is looked at, and that of the figure.
const COSTS: [f64; 2] = [3500.0, 6000.0];

fn field(noisy: Array2<f64>, truth: Array2<f64>) -> bilevel::Result<FieldOfExperts> {
    FieldOfExperts::new(noisy, truth, FILTERS, SIZE, 2)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Descent {
    Maid(f64),
    Hoag(Schedule),
}

struct Trained {
    curve: Vec<(f64, f64)>,
    monotone: bool,
    train: f64,
}

fn train(descent: Descent, seed: u64) -> Outcome<Trained> {
    let training = pairs(&TRAINING, 0, seed);
    let mut oracle = samples(&training, field)?;
    let theta = FieldOfExpertsParameters::random(FILTERS, SIZE, seed)?.pack();
    let count = TRAINING.len() as f64;
    let limit = (COSTS[1] * count) as usize;
    let (mut curve, mut monotone, mut at) = (Vec::new(), true, theta.clone());
    match descent {
        Descent::Maid(accuracy) => {
            let maid = Maid::fast()
                .accuracies(accuracy, accuracy)
                .first_step_length(0.01)
                .max_iterations(usize::MAX)
                .max_cost(limit);
            let mut record = |step: &MaidStep<'_>| {
                if step.accepted {
                    let cost = step.cost.total() as f64 / count;
                    // What is certified: the new upper bound is not above the old lower one by construction; values may cross by rounding.
                    monotone &= step.excess <= 0.0;
                    if cost <= COSTS[0] {
                        at = step.theta.to_owned();
                    }
                    curve.push((cost, step.bounds.value));
                }
                ControlFlow::Continue(())
            };
            maid.minimise_observed(&mut oracle, &theta, &mut record)?;
        }
        Descent::Hoag(schedule) => {
            let hoag = Hoag::new().schedule(schedule, 0.1).max_iterations(usize::MAX).max_cost(limit);
            let mut record = |step: &HoagStep<'_>| {
                let cost = step.cost.total() as f64 / count;
                if cost <= COSTS[0] {
                    at = step.theta.to_owned();
                }
                curve.push((cost, step.value));
                ControlFlow::Continue(())
            };
            hoag.minimise_observed(&mut oracle, &theta, &mut record)?;
        }
    }
    let train = if matches!(descent, Descent::Maid(_)) { apply(&at, &training, field)? } else { f64::NAN };
    Ok(Trained { curve, monotone, train })
}

/// The last value at or before a cost.
fn at_cost(curve: &[(f64, f64)], cost: f64) -> f64 {
    curve.iter().take_while(|(spent, _)| *spent <= cost).map(|(_, value)| *value).last().unwrap_or(f64::NAN)
}

fn experts() -> Outcome<Findings> {
    let methods = [
        Descent::Maid(1.0),
        Descent::Maid(1e-2),
        Descent::Hoag(Schedule::Geometric),
        Descent::Hoag(Schedule::Quadratic),
        Descent::Hoag(Schedule::Cubic),
    ];
    let name = |descent: Descent| match descent {
        Descent::Maid(accuracy) => format!("MAID from {accuracy}"),
        Descent::Hoag(schedule) => format!("HOAG, {}", format!("{schedule:?}").to_lowercase()),
    };
    let jobs: Vec<(Descent, u64)> = methods.iter().flat_map(|&m| (0..SEEDS).map(move |seed| (m, seed))).collect();
    let found = for_all("field of experts", &jobs, |&(descent, seed)| train(descent, seed))?;
    let runs = |k: usize| &found[k * SEEDS as usize..(k + 1) * SEEDS as usize];
    let value = |k: usize, cost: f64| summary(runs(k).iter().map(|run| at_cost(&run.curve, cost))).mean;
    let columns = ["method", "f at cost 1000", "at 3500", "at 6000", "training at 3500, dB"];
    let mut table = Table::new("means over seeds; cost per picture", &columns);
    for (k, &method) in methods.iter().enumerate() {
        let decibels = summary(runs(k).iter().map(|run| run.train)).mean;
        table.row([
            name(method),
            format!("{:.3}", value(k, 1000.0)),
            format!("{:.3}", value(k, COSTS[0])),
            format!("{:.3}", value(k, COSTS[1])),
            if decibels.is_nan() { String::new() } else { format!("{decibels:.2}") },
        ]);
    }
    let noisy = summary((0..SEEDS).map(|seed| noisy_ratio(&pairs(&TRAINING, 0, seed)))).mean;
    let gain = summary(runs(0).iter().map(|run| run.train)).mean - noisy;
    let (loose, tight) = (value(0, COSTS[0]), value(1, COSTS[0]));
    let below = (2..5).filter(|&k| value(0, COSTS[1]) < value(k, COSTS[1])).count();
    let claims = vec![
        Claim::new(
            "learned filters denoise",
            "at cost 3500 at least 4.5 dB above the noisy training pictures",
            format!("{gain:.2} dB"),
            Verdict::of(gain >= 4.5),
        ),
        Claim::new(
            "every accepted step is certified",
            "ψ ≤ 0 in each",
            if (0..2).all(|k| runs(k).iter().all(|run| run.monotone)) { "all" } else { "not all" },
            Verdict::of((0..2).all(|k| runs(k).iter().all(|run| run.monotone))),
        ),
        Claim::new(
            "the first accuracy hardly matters",
            "f at cost 3500 within 5 % for ε₀ = 1 and 0.01",
            format!("{loose:.3} and {tight:.3}"),
            Verdict::of((loose / tight - 1.0).abs() <= 0.05),
        ),
        Claim::new(
            "MAID is below HOAG's schedules",
            "f at cost 6000 below all three",
            format!("{:.3}; below {below} of 3", value(0, COSTS[1])),
            Verdict::of(below == 3),
        ),
    ];
    let series = methods.iter().enumerate().map(|(k, &method)| (name(method), runs(k)[0].curve.clone())).collect();
    let plot = Plot::Lines { x: "gradients and products per picture".to_owned(), log_x: true, log_y: true, series };
    Ok(Findings {
        setting: format!(
            "As bilevel-total-variation; {FILTERS} filters of {SIZE} × {SIZE} (random, mean removed), padding 2, t₀ = -1, a = -2, b = -3.5: \
             {} hyperparameters. MAID with Barzilai-Borwein starts; HOAG from 0.1. Noisy: {noisy:.1} dB.",
            1 + 2 * FILTERS + FILTERS * SIZE * SIZE
        ),
        seeds: "0 to 2, of noise and filters".to_owned(),
        claims,
        tables: vec![table],
        charts: vec![Chart { title: "Loss over cost (seed 0)".to_owned(), y: "f".to_owned(), plot }],
        runs: jobs
            .iter()
            .zip(&found)
            .map(|(&(descent, seed), run)| json!({"method": name(descent), "seed": seed, "at": [at_cost(&run.curve, 1000.0), at_cost(&run.curve, COSTS[0]), at_cost(&run.curve, COSTS[1])]}))
            .collect(),
    })
}
