//! Old and new embeddings of the digits.

use crate::experiment::Outcome;
use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use core_tensor::linalg::Svd;
use core_tensor::random::{permutation, rng};
use ndarray::{Array1, Array2, ArrayRef2, Axis};
use rand::RngExt;
use rand_distr::StandardNormal;

pub(super) const DIMENSIONS: usize = 16;
const PIXELS: usize = 64;
const HIDDEN: usize = 64;
const CLASSES: usize = 10;

/// Embeddings by both models, of rows to learn the maps from, and of rows of classes that these never saw.
#[derive(Debug)]
pub(super) struct Embeddings {
    /// Of the classes 0 to 4: what the maps are learned from.
    pub(super) seen: Pair,
    /// Of the classes 5 to 9.
    pub(super) held_out: Pair,
}

#[derive(Debug)]
pub(super) struct Pair {
    pub(super) old: Array2<f64>,
    pub(super) new: Array2<f64>,
    pub(super) labels: Vec<usize>,
}

/// Old: 16 whitened principal components of the classes 0 to 4. New: the hidden layer of 16 units of a perceptron trained on all classes.
pub(super) fn embeddings(seed: u64) -> Outcome<Embeddings> {
    let digits = datasets::digits();
    let x = digits.x.mapv(|x| x / 16.0);
    let labels: Vec<usize> = digits.label.iter().map(|&label| usize::from(label)).collect();
    let (seen, held_out): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|&row| labels[row] < CLASSES / 2);
    let old = whitened(&x.select(Axis(0), &seen), &x)?;
    let new = standardised(hidden(&x, &labels, seed)?);
    let pair = |rows: &[usize]| Pair {
        old: old.select(Axis(0), rows),
        new: new.select(Axis(0), rows),
        labels: rows.iter().map(|&row| labels[row]).collect(),
    };
    Ok(Embeddings { seen: pair(&seen), held_out: pair(&held_out) })
}

fn whitened(rows: &ArrayRef2<f64>, all: &ArrayRef2<f64>) -> Outcome<Array2<f64>> {
    let mean = rows.mean_axis(Axis(0)).ok_or("no rows")?;
    let mut svd = Svd::new(rows.nrows(), rows.ncols());
    svd.factorise(&(rows.to_owned() - &mean))?;
    let (values, axes) = (svd.singular_values()?, svd.v()?);
    let mut embedded = (all.to_owned() - &mean).dot(&axes.select(Axis(1), &(0..DIMENSIONS).collect::<Vec<_>>()));
    for (mut column, value) in embedded.axis_iter_mut(Axis(1)).zip(values) {
        column *= (rows.nrows() as f64).sqrt() / value;
    }
    Ok(embedded)
}

/// Centred, with unit mean square: the maps have no scale to learn.
fn standardised(x: Array2<f64>) -> Array2<f64> {
    let mean = x.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(x.ncols()));
    let centred = x - &mean;
    let size = (centred.iter().map(|v| v * v).sum::<f64>() / centred.len() as f64).sqrt();
    centred / size
}

#[derive(Module, Debug)]
struct Perceptron {
    first: Param<Tensor<2>>,
    second: Param<Tensor<2>>,
    third: Param<Tensor<2>>,
}

impl Perceptron {
    fn embed(&self, x: Tensor<2>) -> Tensor<2> {
        relu(x.matmul(self.first.val())).matmul(self.second.val())
    }
}

/// Adam at 0.003, batches of 64, 30 epochs.
fn hidden(x: &Array2<f64>, labels: &[usize], seed: u64) -> Outcome<Array2<f64>> {
    let device = Device::flex().autodiff();
    let mut random = rng(seed.wrapping_add(500));
    let mut draw = |from: usize, to: usize| {
        let deviation = (2.0 / from as f32).sqrt();
        let numbers: Vec<f32> = (0..from * to).map(|_| deviation * random.sample::<f32, _>(StandardNormal)).collect();
        Param::from_tensor(Tensor::<2>::from_data(TensorData::new(numbers, [from, to]), &device))
    };
    let mut model =
        Perceptron { first: draw(PIXELS, HIDDEN), second: draw(HIDDEN, DIMENSIONS), third: draw(DIMENSIONS, CLASSES) };
    let tensor = |rows: &[usize]| {
        let pixels: Vec<f32> = rows.iter().flat_map(|&row| x.row(row).mapv(|v| v as f32).to_vec()).collect();
        Tensor::<2>::from_data(TensorData::new(pixels, [rows.len(), PIXELS]), &device)
    };
    let mut optimizer = ModuleOptimizer::from(AdamConfig::new().build());
    for _ in 0..30 {
        for rows in permutation(&mut random, labels.len()).chunks(64) {
            let y: Vec<i64> = rows.iter().map(|&row| labels[row] as i64).collect();
            let y = Tensor::<2, Int>::from_data(TensorData::new(y, [rows.len(), 1]), &device);
            let logits = relu(model.embed(tensor(rows))).matmul(model.third.val());
            let loss = -log_softmax(logits, 1).gather(1, y).mean();
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(3e-3, model, gradients);
        }
    }
    let all: Vec<usize> = (0..labels.len()).collect();
    let numbers: Vec<f64> = model.embed(tensor(&all)).into_data().iter::<f64>().collect();
    Ok(Array2::from_shape_vec((labels.len(), DIMENSIONS), numbers)?)
}
