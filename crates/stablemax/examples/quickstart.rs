//! Handwritten digits with large initial weights: textbook softmax is collapsed from the start, its rest-mass form and StableMax learn.

use core_optim::Unobserved;
use core_optim::stochastic::{AdamW, AdamWOptions};
use stablemax::task::{Examples, Inputs, Split};
use stablemax::train::{Biases, Mlp, TrainOptions, Trainer};
use stablemax::{CrossEntropy, FloatType, Loss};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 1797 images of 8 × 8 pixels, 300 for training.
    let digits = datasets::digits();
    let x = digits.x.mapv(|v| (v / 16.0) as f32);
    let labels = digits.label.iter().map(|&l| usize::from(l)).collect();
    let split = Split::random(&Examples::new(Inputs::Dense(x), labels)?, 10, 300, 7)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<20} {:>10} {:>10} {:>16}", "loss", "train", "test", "collapsed (f32)")?;
    for (name, loss) in [
        ("textbook softmax", Loss::SoftmaxTextbook(FloatType::F32)),
        ("rest-mass softmax", Loss::SoftmaxRestMass),
        ("StableMax", Loss::StableMax),
    ] {
        let mut mlp = Mlp::<f32>::new(&[64, 100, 100, 10], Biases::Without, 7)?;
        mlp.parameters_mut().iter_mut().for_each(|w| *w *= 12.0);
        let adam = AdamWOptions { learning_rate: 1e-3, epsilon: 1e-25, ..AdamWOptions::default() };
        let optimiser = AdamW::new(mlp.layout().parameters(), adam)?;
        let options =
            TrainOptions { steps: 300, log_every: 100, collapse: vec![FloatType::F32], ..TrainOptions::default() };
        let mut trainer = Trainer::new(mlp, CrossEntropy::new(loss), optimiser, options)?;
        let history = trainer.run(&split, &mut Unobserved)?;
        if let Some(end) = history.rows.last() {
            let percent = |v: f64| format!("{:.1} %", 100.0 * v);
            let (train, test) = (percent(end.train_accuracy), percent(end.test_accuracy));
            writeln!(out, "{name:<20} {train:>10} {test:>10} {:>16}", percent(end.collapse[0].collapsed))?;
        }
    }
    Ok(())
}
