//! Properties of the network, the tasks and the trainer.

use crate::config;
use core_optim::Unobserved;
use core_optim::stochastic::{AdamW, AdamWOptions};
use ndarray::Array2;
use proptest::prelude::*;
use stablemax::nlm::{alignment, radial_from_logits};
use stablemax::task::{Encoding, Examples, Inputs, Modular, Operation, SparseParity, Split};
use stablemax::train::{Activations, Biases, History, Mlp, TrainOptions, Trainer, accuracy};
use stablemax::{CrossEntropy, FloatType, Loss};
use std::ops::ControlFlow;

fn gradient(mlp: &Mlp<f64>, inputs: &Inputs<f64>, labels: &[usize], loss: Loss) -> (f64, Vec<f64>, f64) {
    let mut activations = Activations::new(mlp, labels.len());
    let z = activations.forward(mlp, inputs).unwrap().clone();
    let (report, dz) = CrossEntropy::new(loss).evaluate(&z, labels).unwrap();
    let mut g = vec![f64::NAN; mlp.parameters().len()];
    activations.backward(mlp, inputs, &dz, &mut g).unwrap();
    (report.loss, g, radial_from_logits(&z, &dz).unwrap())
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn backward_is_the_gradient(seed in 0_u64..1000, with in any::<bool>(), hidden in 1_usize..6) {
        let biases = if with { Biases::With } else { Biases::Without };
        let mlp = Mlp::<f64>::new(&[3, hidden, 4, 3], biases, seed).unwrap();
        let x = Array2::from_shape_fn((5, 3), |(i, j)| ((i * 7 + j * 5 + seed as usize) % 11) as f64 / 5.0 - 1.0);
        let (inputs, labels) = (Inputs::Dense(x), [0, 1, 2, 1, 0]);
        let (_, g, _) = gradient(&mlp, &inputs, &labels, Loss::StableMax);
        for i in 0..g.len() {
            let value = |by: f64| {
                let mut w = mlp.parameters().to_vec();
                w[i] += by;
                let moved = Mlp::from_parameters(mlp.sizes(), biases, w).unwrap();
                gradient(&moved, &inputs, &labels, Loss::StableMax).0
            };
            let (up, down, middle) = (value(1e-6), value(-1e-6), value(0.0));
            // At a kink of ReLU the two sides differ: no derivative to compare with.
            if ((up - middle) - (middle - down)).abs() < 1e-10 {
                prop_assert!((g[i] - (up - down) / 2e-6).abs() < 1e-7);
            }
        }
    }

    /// Property 9: Euler's identity holds for every layer without biases, and fails with them.
    #[test]
    fn euler(seed in 0_u64..1000) {
        let x = Array2::from_shape_fn((6, 4), |(i, j)| ((i * 3 + j * 7 + seed as usize) % 13) as f64 / 6.0 - 1.0);
        let (inputs, labels) = (Inputs::Dense(x), [0, 1, 2, 0, 1, 2]);
        for biases in [Biases::Without, Biases::With] {
            let mlp = Mlp::<f64>::new(&[4, 7, 6, 3], biases, seed).unwrap();
            let (_, g, radial) = gradient(&mlp, &inputs, &labels, Loss::SoftmaxRestMass);
            let ranges: Vec<_> = mlp.layout().ranges().collect();
            let dot = |range: &std::ops::Range<usize>| range.clone().map(|i| mlp.parameters()[i] * g[i]).sum::<f64>();
            if biases == Biases::Without {
                for range in &ranges {
                    prop_assert!((dot(range) - radial).abs() <= 1e-10 * (1e-3 + radial.abs()));
                }
                let found = alignment(mlp.layout(), mlp.parameters(), &g).unwrap();
                prop_assert!(found.per_tensor.iter().all(|c| (c.signum() + radial.signum()).abs() < 1e-9 || c.abs() < 1e-6));
            } else {
                prop_assert!((dot(&ranges[0]) - radial).abs() > 1e-12);
            }
        }
    }

    #[test]
    fn gathering_is_multiplying(seed in 0_u64..100) {
        let split = Modular::new(Operation::Multiply, 7, 0.6).split::<f64>(seed).unwrap();
        let mlp = Mlp::new(&[14, 9, 7], Biases::With, seed).unwrap();
        let dense = Inputs::Dense(split.train.inputs().to_dense());
        let labels = split.train.labels();
        let (a, g, _) = gradient(&mlp, split.train.inputs(), labels, Loss::StableMax);
        let (b, h, _) = gradient(&mlp, &dense, labels, Loss::StableMax);
        prop_assert!((a - b).abs() < 1e-14);
        for (a, b) in g.iter().zip(&h) {
            prop_assert!((a - b).abs() < 1e-15);
        }
    }
}

fn history(seed: u64, options: TrainOptions, loss: Loss) -> (History, Vec<f32>) {
    let split = Modular::new(Operation::Add, 11, 0.5).split::<f32>(seed).unwrap();
    let mlp = Mlp::new(&[22, 16, 11], Biases::Without, seed).unwrap();
    let adam = AdamWOptions { learning_rate: 0.01, epsilon: 1e-25, ..AdamWOptions::default() };
    let optimiser = AdamW::new(mlp.parameters().len(), adam).unwrap();
    let mut trainer = Trainer::new(mlp, CrossEntropy::new(loss), optimiser, options).unwrap();
    let history = trainer.run(&split, &mut Unobserved).unwrap();
    (history, trainer.mlp.parameters().to_vec())
}

#[test]
fn runs_repeat_to_the_bit_and_learn() {
    let options =
        TrainOptions { steps: 300, log_every: 50, collapse: FloatType::ALL.to_vec(), ..TrainOptions::default() };
    let (first, w) = history(3, options.clone(), Loss::StableMax);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let (again, v) = pool.install(|| history(3, options.clone(), Loss::StableMax));
    assert_eq!((&first, &w), (&again, &v));
    assert_ne!(w, history(4, options, Loss::StableMax).1);
    assert_eq!(first.rows.len(), 7);
    let last = first.rows.last().unwrap();
    assert!(last.train_accuracy == 1.0 && last.train_loss < first.rows[0].train_loss / 10.0);
    let mut csv = Vec::new();
    first.write_csv(&mut csv).unwrap();
    let text = String::from_utf8(csv).unwrap();
    let columns = text.lines().next().unwrap().split(',').count();
    assert!(text.lines().all(|line| line.split(',').count() == columns) && text.lines().count() == 8);
    assert!(text.starts_with("step,train_loss,train_accuracy,test_loss,test_accuracy,weight_norm"));
}

#[test]
fn options_of_the_trainer() {
    let free = TrainOptions { steps: 100, log_every: 100, ..TrainOptions::default() };
    // The artificial collapse stops the gradient of label logits: with one label only, its row of the last layer stays.
    let x = Array2::from_shape_fn((6, 3), |(i, j)| ((i * 5 + j * 3) % 7) as f64 / 3.0 - 1.0);
    let examples = Examples::new(Inputs::Dense(x), vec![1; 6]).unwrap();
    let single = Split::random(&examples, 3, 6, 0).unwrap();
    let row_of_label_stays = |from: Option<u64>| {
        let mlp = Mlp::<f64>::new(&[3, 4, 3], Biases::Without, 0).unwrap();
        let before = mlp.parameters()[16..20].to_vec();
        let optimiser = AdamW::new(mlp.parameters().len(), AdamWOptions::default()).unwrap();
        let options = TrainOptions { artificial_collapse: from, ..free.clone() };
        let mut trainer = Trainer::new(mlp, CrossEntropy::new(Loss::SoftmaxRestMass), optimiser, options).unwrap();
        trainer.run(&single, &mut Unobserved).unwrap();
        trainer.mlp.parameters()[16..20] == before
    };
    assert!(row_of_label_stays(Some(0)) && !row_of_label_stays(Some(50)) && !row_of_label_stays(None));
    let early =
        TrainOptions { steps: 1000, log_every: 10, stop_at_test_accuracy: Some(0.0), ..TrainOptions::default() };
    assert_eq!(history(1, early, Loss::StableMax).0.rows.len(), 1);
    // A large logit scale trains in the lazy regime: the weights hardly move.
    let moved = |logit_scale| {
        let options = TrainOptions { steps: 100, log_every: 100, logit_scale, ..TrainOptions::default() };
        let start = Mlp::<f32>::new(&[22, 16, 11], Biases::Without, 1).unwrap();
        let w = history(1, options, Loss::SoftmaxRestMass).1;
        w.iter().zip(start.parameters()).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    };
    assert!(moved(10.0) < moved(1.0) / 20.0);
    let mut seen = 0;
    let split = Modular::new(Operation::Add, 5, 0.5).split::<f64>(0).unwrap();
    let mlp = Mlp::new(&[10, 8, 5], Biases::Without, 0).unwrap();
    let optimiser = AdamW::new(mlp.parameters().len(), AdamWOptions::default()).unwrap();
    let mut trainer = Trainer::new(mlp, CrossEntropy::new(Loss::StableMax), optimiser, free).unwrap();
    let mut observer = |_: &stablemax::train::HistoryRow| {
        seen += 1;
        ControlFlow::Break(())
    };
    assert_eq!(trainer.run(&split, &mut observer).unwrap().rows.len(), 1);
    assert_eq!((seen, trainer.step()), (1, 0));
}

#[test]
fn f32_and_f64_networks_of_a_seed_are_the_same() {
    let single = Mlp::<f32>::new(&[5, 4, 3], Biases::With, 9).unwrap();
    let double = Mlp::<f64>::new(&[5, 4, 3], Biases::With, 9).unwrap();
    assert!(single.parameters().iter().zip(double.parameters()).all(|(a, b)| *a == *b as f32));
    let bound = 1.0 / 5.0_f64.sqrt();
    assert!(double.parameters()[..20].iter().all(|w| w.abs() <= bound));
}

#[test]
fn tasks_are_split_without_overlap() {
    let split = Modular::new(Operation::Divide, 13, 0.4).split::<f32>(5).unwrap();
    let (train, test) = (split.train.labels().len(), split.test.labels().len());
    assert_eq!((train, train + test), (62, 13 * 12));
    let pairs = |e: &Examples<f32>| match e.inputs() {
        Inputs::Pairs { pairs, .. } => pairs.clone(),
        Inputs::Dense(_) => Vec::new(),
    };
    let mut all = pairs(&split.train);
    all.extend(pairs(&split.test));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 156);
    assert_eq!(split, Modular::new(Operation::Divide, 13, 0.4).split::<f32>(5).unwrap());
    for (pair, &label) in pairs(&split.train).iter().zip(split.train.labels()) {
        assert_eq!(label * pair[1] % 13, pair[0]);
    }
    let binary = Modular::new(Operation::Add, 11, 0.5).encoding(Encoding::Binary { bits: 6 }).split::<f64>(1).unwrap();
    assert_eq!((binary.train.inputs().width(), binary.train.labels().len()), (12, 60));
    let parity =
        SparseParity { noise_bits: 5, parity_bits: 3, rows: 200, train_fraction: 0.5 }.split::<f64>(2).unwrap();
    let mut rows: Vec<String> = [&parity.train, &parity.test]
        .iter()
        .flat_map(|e| e.inputs().to_dense().outer_iter().map(|r| format!("{r}")).collect::<Vec<_>>())
        .collect();
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), 200, "all rows are distinct");
    assert!(accuracy(&Array2::<f64>::zeros((0, 2)), &[]).unwrap().is_nan());
    let ties = Array2::<f64>::zeros((2, 3));
    assert_eq!(accuracy(&ties, &[0, 1]).unwrap(), 0.5);
    let all = Split::random(&parity.test, 2, 100, 0).unwrap();
    assert!(all.test.labels().is_empty());
}
