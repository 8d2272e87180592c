//! E3: hidden neurons of a network under a budget.

use super::network::Network;
use crate::experiment::{Claim, Experiment, Findings, Outcome, Verdict};
use crate::job::for_all;
use crate::table::Table;
use core_tensor::random::{Streams, permutation};
use ndarray::{Array2, Axis};
use serde_json::json;
use wgsef::{Groups, Momentum, ProxGradient, Regulariser, Wgsef, Workspace};

pub(crate) const NEURONS: Experiment =
    Experiment { name: "wgsef-neurons", title: "Hidden neurons under a budget", run: neurons };

const HIDDEN: usize = 128;
const EPOCHS: usize = 8;
const BATCH: usize = 64;
const SEEDS: u64 = 3;
const CUTS: [usize; 2] = [16, 32];

#[derive(Clone, Copy)]
enum Method {
    WeightDecay,
    Wgsef(usize, f64),
    GroupLasso(f64),
}

const METHODS: [Method; 6] = [
    Method::WeightDecay,
    Method::Wgsef(16, 0.02),
    Method::Wgsef(16, 0.05),
    Method::Wgsef(32, 0.05),
    Method::GroupLasso(0.1),
    Method::GroupLasso(0.15),
];

struct Run {
    method: usize,
    kept: usize,
    accuracy: f64,
    /// After the cut to each of [`CUTS`].
    cut: [f64; 2],
}

fn one(method: usize, seed: u64) -> Outcome<Run> {
    let data = datasets::mnist();
    let x = data.x.mapv(|v| f32::from(v) / 255.0);
    let labels: Vec<usize> = data.label.iter().map(|&l| usize::from(l)).collect();
    let rows = |range: std::ops::Range<usize>| range.collect::<Vec<_>>();
    let (test, test_labels): (Array2<f32>, _) = (x.select(Axis(0), &rows(8000..10_000)), &labels[8000..]);
    let streams = Streams::new(seed);
    let mut network = Network::new(784, HIDDEN, 10, &streams);
    let groups = Groups::neurons(784, HIDDEN, 10)?;
    let regularisers = match METHODS[method] {
        Method::Wgsef(k, lambda) => {
            vec![Regulariser { omega: Wgsef::new(groups.clone(), k)?, lambda, tensors: vec![0, 1, 2] }]
        }
        _ => Vec::new(),
    };
    let shapes: Vec<&[usize]> = vec![&[HIDDEN, 784], &[HIDDEN], &[10, HIDDEN], &[10]];
    let mut training = ProxGradient::new(&shapes, regularisers)?.momentum(Momentum::HeavyBall(0.9))?;
    let steps = EPOCHS * 8000 / BATCH;
    let mut step = 0;
    for epoch in 0..EPOCHS {
        let order = permutation(&mut streams.stream(10 + epoch as u64), 8000);
        for batch in order.chunks(BATCH) {
            let inputs = x.select(Axis(0), batch);
            let targets: Vec<usize> = batch.iter().map(|&i| labels[i]).collect();
            let mut gradients = network.gradients(&inputs, &targets)?;
            if let Method::WeightDecay = METHODS[method] {
                for tensor in [0, 2] {
                    gradients[tensor].scaled_add(1e-4, &network.tensors[tensor]);
                }
            }
            let alpha = 0.05 * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos());
            let [w1, b1, w2, b2] = &mut network.tensors;
            let mut parameters = [w1.view_mut(), b1.view_mut(), w2.view_mut(), b2.view_mut()];
            let views = [gradients[0].view(), gradients[1].view(), gradients[2].view(), gradients[3].view()];
            if alpha > 0.0 {
                training.step(&mut parameters, &views, alpha)?;
            }
            if let Method::GroupLasso(lambda) = METHODS[method] {
                group_lasso(&mut network, &groups, alpha * lambda)?;
            }
            step += 1;
        }
    }
    let kept = groups.kept(&network.tensors[..3])?.into_iter().filter(|kept| *kept).count();
    let accuracy = network.accuracy(&test, test_labels)?;
    let mut cut = [0.0; 2];
    for (accuracy, k) in cut.iter_mut().zip(CUTS) {
        let mut small = network.clone();
        let omega = Wgsef::new(groups.clone(), k)?;
        omega.hard_prox_in_place(&mut small.tensors[..3], 0.0, &mut Workspace::default())?;
        *accuracy = small.accuracy(&test, test_labels)?;
    }
    Ok(Run { method, kept, accuracy, cut })
}

/// The proximal operator of level · Σ ‖neuron‖.
fn group_lasso(network: &mut Network, groups: &Groups, level: f64) -> Outcome<()> {
    let omega = Wgsef::new(groups.clone(), HIDDEN)?;
    let mut work = Workspace::default();
    omega.value_with(&network.tensors[..3], &mut work)?;
    for (j, &norm) in work.norms().iter().enumerate() {
        let factor = if norm > level { (1.0 - level / norm) as f32 } else { 0.0 };
        network.tensors[0].index_axis_mut(Axis(0), j).mapv_inplace(|v| v * factor);
        network.tensors[1].index_axis_mut(Axis(0), j).mapv_inplace(|v| v * factor);
        network.tensors[2].index_axis_mut(Axis(1), j).mapv_inplace(|v| v * factor);
    }
    Ok(())
}

fn neurons() -> Outcome<Findings> {
    let jobs: Vec<(usize, u64)> = (0..METHODS.len()).flat_map(|m| (1..=SEEDS).map(move |seed| (m, seed))).collect();
    let runs = for_all("networks", &jobs, |&(method, seed)| one(method, seed))?;
    let mean = |method: usize, get: &dyn Fn(&Run) -> f64| {
        runs.iter().filter(|run| run.method == method).map(get).sum::<f64>() / SEEDS as f64
    };
    let mut table =
        Table::new("means over seeds", &["method", "kept neurons", "test accuracy", "cut to 16", "cut to 32"]);
    for (number, method) in METHODS.iter().enumerate() {
        table.row([
            match method {
                Method::WeightDecay => "weight decay 0.0001".to_owned(),
                Method::Wgsef(k, lambda) => format!("WGSEF k = {k}, λ = {lambda}"),
                Method::GroupLasso(lambda) => format!("group Lasso, λ = {lambda}"),
            },
            format!("{:.1}", mean(number, &|run| run.kept as f64)),
            format!("{:.4}", mean(number, &|run| run.accuracy)),
            format!("{:.4}", mean(number, &|run| run.cut[0])),
            format!("{:.4}", mean(number, &|run| run.cut[1])),
        ]);
    }
    let (ours16, ours32) = (mean(2, &|run| run.accuracy - run.cut[0]), mean(3, &|run| run.accuracy - run.cut[1]));
    let (decay16, decay32) = (mean(0, &|run| run.accuracy - run.cut[0]), mean(0, &|run| run.accuracy - run.cut[1]));
    Ok(Findings {
        setting: format!(
            "10 000 digits of MNIST, 8000 to train and 2000 to test; 784-{HIDDEN}-10 network with ReLU, {EPOCHS} epochs, batches of {BATCH}, steps 0.05 with cosine decay, heavy-ball momentum 0.9; a group is a hidden neuron (row, bias, column)."
        ),
        seeds: format!("1 to {SEEDS}"),
        claims: vec![
            Claim::new(
                "a network trained with the budget loses nothing when it is cut to it",
                "less than a point at λ = 0.05, for k = 16 and k = 32",
                format!("{:.2} and {:.2} points", 100.0 * ours16, 100.0 * ours32),
                Verdict::of(ours16 < 0.01 && ours32 < 0.01),
            ),
            Claim::new(
                "one trained with weight decay does",
                "more than 5 points at k = 32 and more than 20 at k = 16",
                format!("{:.1} and {:.1} points", 100.0 * decay32, 100.0 * decay16),
                Verdict::of(decay32 > 0.05 && decay16 > 0.20),
            ),
        ],
        tables: vec![table],
        charts: Vec::new(),
        runs: runs
            .iter()
            .map(|run| json!({"method": run.method, "kept": run.kept, "accuracy": run.accuracy, "cut": run.cut}))
            .collect(),
    })
}
