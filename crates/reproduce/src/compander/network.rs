//! The perceptron of the experiments, trained with burn, plain or companded.

use crate::experiment::Outcome;
use burn::grad_clipping::GradientClippingConfig;
use burn::module::{Module, Param};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use compander::burn::{Companding, compand, shape_penalty};
use compander::{BoundRule, Initialisation};
use core_tensor::random::{permutation, rng};
use ndarray::{Array1, Array2, Axis};
use rand::RngExt;
use rand_distr::StandardNormal;

const HIDDEN: usize = 128;
const CLASSES: usize = 10;
const BATCH: usize = 50;
const RATE: f64 = 0.1;
const MOMENTUM: f64 = 0.9;

/// What distinguishes two trainings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Method {
    pub(super) name: &'static str,
    /// Bound c σ₀ and gain κ.
    pub(super) companding: Option<(f64, f64)>,
    /// Range and width trained too.
    pub(super) learned: bool,
    /// Weight decay, coupled; on latent values where there are any.
    pub(super) decay: f64,
}

impl Method {
    pub(super) const fn plain(name: &'static str, decay: f64) -> Self {
        Self { name, companding: None, learned: false, decay }
    }

    pub(super) const fn companded(name: &'static str, c: f64, gain: f64) -> Self {
        Self { name, companding: Some((c, gain)), learned: false, decay: 0.0 }
    }
}

/// Rows of pixels in [0, 1] with their labels, split in two.
#[derive(Debug, Clone)]
pub(super) struct Task {
    x: Array2<f32>,
    y: Vec<i64>,
    test_x: Array2<f32>,
    test_y: Vec<i64>,
}

impl Task {
    /// A random split with `rows` rows to train on; `noise` is the fraction of their labels that is drawn anew, uniformly
    /// from the ten classes.
    pub(super) fn split(x: &Array2<f32>, y: &[u8], rows: usize, noise: f64, seed: u64) -> Self {
        let mut random = rng(seed);
        let order = permutation(&mut random, y.len());
        let (train, test) = order.split_at(rows);
        let labels = |rows: &[usize]| rows.iter().map(|&row| i64::from(y[row])).collect::<Vec<_>>();
        let mut noisy = labels(train);
        let changed = permutation(&mut random, rows);
        for &row in &changed[..(noise * rows as f64).round() as usize] {
            noisy[row] = random.random_range(0..CLASSES as i64);
        }
        Self { x: x.select(Axis(0), train), y: noisy, test_x: x.select(Axis(0), test), test_y: labels(test) }
    }
}

/// Plain weights of a trained network, outputs × inputs, and its quality on the test rows.
#[derive(Debug, Clone)]
pub(super) struct Trained {
    pub(super) weights: Vec<Array2<f32>>,
    biases: Vec<Array1<f32>>,
    pub(super) accuracy: f64,
    pub(super) log_loss: f64,
}

impl Trained {
    /// The same network with every weight matrix changed.
    pub(super) fn with_weights(&self, task: &Task, change: impl FnMut(&Array2<f32>) -> Array2<f32>) -> Self {
        let weights = self.weights.iter().map(change).collect();
        let mut changed = Self { weights, biases: self.biases.clone(), accuracy: f64::NAN, log_loss: f64::NAN };
        changed.judge(task);
        changed
    }

    fn judge(&mut self, task: &Task) {
        let mut hidden = task.test_x.clone();
        for (k, (weights, bias)) in self.weights.iter().zip(&self.biases).enumerate() {
            hidden = hidden.dot(&weights.t()) + bias;
            if k + 1 < self.weights.len() {
                hidden.mapv_inplace(|h| h.max(0.0));
            }
        }
        let (mut right, mut loss) = (0, 0.0);
        for (row, &label) in hidden.outer_iter().zip(&task.test_y) {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = row.iter().map(|&z| f64::from(z - largest).exp()).sum();
            let own = row[label as usize];
            right += usize::from(row.iter().position(|&z| z == largest) == Some(label as usize));
            loss += sum.ln() - f64::from(own - largest);
        }
        self.accuracy = right as f64 / task.test_y.len() as f64;
        self.log_loss = loss / task.test_y.len() as f64;
    }
}

#[derive(Module, Debug)]
struct Perceptron {
    weights: Vec<Param<Tensor<2>>>,
    biases: Vec<Param<Tensor<1>>>,
}

impl Perceptron {
    /// He's initialisation; inputs × outputs, as burn's own linear layers.
    fn draw(inputs: usize, seed: u64, device: &Device) -> Self {
        let sizes = [inputs, HIDDEN, HIDDEN, CLASSES];
        let mut random = rng(seed);
        let mut layer = |from: usize, to: usize| {
            let deviation = (2.0 / from as f32).sqrt();
            let numbers = (0..from * to).map(|_| deviation * random.sample::<f32, _>(StandardNormal)).collect();
            Param::from_tensor(Tensor::<2>::from_data(TensorData::new(numbers, [from, to]), device))
        };
        Self {
            weights: sizes.windows(2).map(|pair| layer(pair[0], pair[1])).collect(),
            biases: sizes[1..].iter().map(|&to| Param::from_tensor(Tensor::zeros([to], device))).collect(),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mut hidden = x;
        for (k, (weight, bias)) in self.weights.iter().zip(&self.biases).enumerate() {
            hidden = hidden.matmul(weight.val()) + bias.val().unsqueeze();
            if k + 1 < self.weights.len() {
                hidden = relu(hidden);
            }
        }
        hidden
    }

    fn folded(self, task: &Task) -> Trained {
        let folded = self.valid().materialize();
        let numbers = |data: TensorData| data.iter::<f32>().collect::<Vec<_>>();
        let matrix = |weight: &Param<Tensor<2>>| {
            let [from, to] = weight.dims();
            let stored = Array2::from_shape_vec((from, to), numbers(weight.val().into_data()));
            stored.map(|w| w.reversed_axes().as_standard_layout().to_owned()).unwrap_or_default()
        };
        let weights = folded.weights.iter().map(matrix).collect();
        let biases = folded.biases.iter().map(|bias| Array1::from(numbers(bias.val().into_data()))).collect();
        let mut trained = Trained { weights, biases, accuracy: f64::NAN, log_loss: f64::NAN };
        trained.judge(task);
        trained
    }
}

/// Stochastic gradient descent with momentum 0.9, batches of 50, a rate that falls from 0.1 to 0 along half a cosine.
pub(super) fn train(task: &Task, method: Method, epochs: usize, seed: u64) -> Outcome<Trained> {
    let device = Device::flex().autodiff();
    let (rows, inputs) = task.x.dim();
    let mut model = Perceptron::draw(inputs, seed.wrapping_add(1000), &device);
    if let Some((c, gain)) = method.companding {
        let rule = Initialisation::new(BoundRule::Measured { multiple: c }).gain(gain);
        let companding = Companding::new(rule)?;
        model = compand(model, &if method.learned { companding.learned() } else { companding }).0;
    }
    let start = model.clone();
    let momentum = MomentumConfig::new().with_momentum(MOMENTUM).with_dampening(0.0);
    let decay = (method.decay > 0.0).then(|| WeightDecayConfig::new(method.decay as f32));
    let config = SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(decay);
    let mut optimizer = config.with_gradient_clipping(None::<GradientClippingConfig>).init();
    let mut random = rng(seed.wrapping_add(2000));
    let steps = epochs * rows.div_ceil(BATCH);
    let mut step = 0;
    for _ in 0..epochs {
        let order = permutation(&mut random, rows);
        for batch in order.chunks(BATCH) {
            let pixels: Vec<f32> = batch.iter().flat_map(|&row| task.x.row(row).to_vec()).collect();
            let x = Tensor::<2>::from_data(TensorData::new(pixels, [batch.len(), inputs]), &device);
            let labels: Vec<i64> = batch.iter().map(|&row| task.y[row]).collect();
            let y = Tensor::<2, Int>::from_data(TensorData::new(labels, [batch.len(), 1]), &device);
            let mut loss = -log_softmax(model.forward(x), 1).gather(1, y).mean();
            if method.learned
                && let Some(penalty) = shape_penalty(&model, &start, 1e-3, 1e-3)
            {
                loss = loss + penalty;
            }
            let rate = RATE * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos());
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(rate, model, gradients);
            step += 1;
        }
    }
    Ok(model.folded(task))
}

/// Digits of 8 × 8 pixels in [0, 1].
pub(super) fn digits() -> (Array2<f32>, Vec<u8>) {
    let digits = datasets::digits();
    (digits.x.mapv(|x| (x / 16.0) as f32), digits.label)
}

/// MNIST's sample, pixels in [0, 1].
pub(super) fn mnist() -> (Array2<f32>, Vec<u8>) {
    let mnist = datasets::mnist();
    (mnist.x.mapv(|x| f32::from(x) / 255.0), mnist.label)
}
