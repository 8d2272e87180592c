//! Cross-entropies of StableMax and softmax.

use crate::problem::{Measured, seconds};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2};
use ndarray_npy::{read_npy, write_npy};
use orthant_benches::Outcome;
use stablemax::{CrossEntropy, FloatType, Loss};
use std::path::Path;

const ROWS: usize = 4096;
const CLASSES: usize = 113;

pub(crate) fn prepare(folder: &Path) -> Outcome<()> {
    let logits: Array2<f64> = normal_array(&mut rng(1), (ROWS, CLASSES));
    write_npy(folder.join("logits.npy"), &logits.mapv(|z| 4.0 * z as f32))?;
    let labels: Array1<i64> = (0..ROWS).map(|row| ((row * 31) % CLASSES) as i64).collect();
    Ok(write_npy(folder.join("labels.npy"), &labels)?)
}

pub(crate) fn run(folder: &Path) -> Outcome<Vec<Measured>> {
    let logits: Array2<f32> = read_npy(folder.join("logits.npy"))?;
    let labels: Array1<i64> = read_npy(folder.join("labels.npy"))?;
    let labels: Vec<usize> = labels.iter().map(|&label| label as usize).collect();
    let mut results = Vec::new();
    for (problem, loss, setting) in [
        ("stablemax", Loss::StableMax, "StableMax"),
        ("rest-mass", Loss::SoftmaxRestMass, "softmax by rest mass"),
        ("textbook", Loss::SoftmaxTextbook(FloatType::F32), "softmax"),
    ] {
        let loss = CrossEntropy::new(loss);
        let mut gradient = Array2::zeros(logits.raw_dim());
        let seconds = seconds(|| {
            loss.evaluate_into(&logits, labels.as_slice(), &mut gradient)?;
            Ok(())
        })?;
        write_npy(folder.join(format!("gradient-{problem}.npy")), &gradient)?;
        results.push(Measured { problem, seconds, setting: setting.to_owned() });
    }
    Ok(results)
}
