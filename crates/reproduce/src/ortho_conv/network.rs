//! The network of the experiments: circular convolutions, MaxMin activations, a dense layer, trained with burn.

use crate::experiment::Outcome;
use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Int, Tensor, TensorData};
use core_tensor::random::{permutation, rng};
use ndarray::{Array2, Array4, Axis, Ix4, Slice};
use ortho_conv::LayerReport;
use ortho_conv::burn::Convolutions;
use rand::RngExt;
use rand_distr::StandardNormal;

const PIXELS: usize = 28;
const CLASSES: usize = 10;
const BATCH: usize = 64;
const EPOCHS: usize = 4;
const RATE: f64 = 2e-3;
/// Kernel and stride of each layer; 28 × 28 pixels become 14 × 14, 7 × 7, 7 × 7.
const LAYERS: [(usize, usize); 3] = [(5, 2), (3, 2), (3, 1)];
const CHANNELS: [usize; 4] = [1, 8, 16, 24];
const LAST: usize = 7;

/// Rows to train on, and rows to test on; pixels in [0, 1].
#[derive(Debug)]
pub(super) struct Task {
    train: (Array2<f32>, Vec<u8>),
    test: (Array2<f32>, Vec<u8>),
}

impl Task {
    /// MNIST's sample: the first 6000 rows and the last 2000.
    pub(super) fn mnist() -> Self {
        let mnist = datasets::mnist();
        let x = mnist.x.mapv(|x| f32::from(x) / 255.0);
        let rows = |range: std::ops::Range<usize>| {
            (x.slice_axis(Axis(0), Slice::from(range.clone())).to_owned(), mnist.label[range].to_vec())
        };
        let all = x.nrows();
        Self { train: rows(0..6000), test: rows(all - 2000..all) }
    }
}

#[derive(Module, Debug)]
struct Network {
    conv1: Param<Tensor<4>>,
    conv2: Param<Tensor<4>>,
    conv3: Param<Tensor<4>>,
    biases: Vec<Param<Tensor<1>>>,
    dense: Param<Tensor<2>>,
    offset: Param<Tensor<1>>,
}

/// What a training ended with.
#[derive(Debug)]
pub(super) struct Trained {
    pub(super) accuracy: f64,
    pub(super) robust: f64,
    pub(super) l_orth: f64,
    /// The certificates and singular values of the three layers.
    pub(super) layers: Vec<LayerReport>,
    /// Kernels of the three layers.
    pub(super) kernels: Vec<Array4<f64>>,
}

fn convolutions() -> Convolutions {
    Convolutions::new().stride("conv1", 2).stride("conv2", 2)
}

/// Pads a signal by its other end.
fn circular(x: Tensor<4>, axis: usize, size: usize) -> Tensor<4> {
    let (before, after) = ((size - 1) / 2, size / 2);
    let length = x.dims()[axis];
    let mut parts = Vec::new();
    if before > 0 {
        parts.push(x.clone().narrow(axis, length - before, before));
    }
    parts.push(x.clone());
    if after > 0 {
        parts.push(x.narrow(axis, 0, after));
    }
    Tensor::cat(parts, axis)
}

/// Larger and smaller of two halves of the channels: 1-Lipschitz, and keeps norms.
fn max_min(x: Tensor<4>) -> Tensor<4> {
    let half = x.dims()[1] / 2;
    let (a, b) = (x.clone().narrow(1, 0, half), x.narrow(1, half, half));
    Tensor::cat(vec![a.clone().max_pair(b.clone()), a.min_pair(b)], 1)
}

impl Network {
    /// Uniform entries of variance 1/(3 inputs), as torch's layers.
    fn draw(seed: u64, device: &Device) -> Self {
        let mut random = rng(seed);
        let mut draw = |count: usize, inputs: usize| -> Vec<f32> {
            let limit = (1.0 / inputs as f32).sqrt();
            (0..count).map(|_| random.random_range(-limit..limit)).collect()
        };
        let mut kernel = |layer: usize| {
            let (m, c, k) = (CHANNELS[layer + 1], CHANNELS[layer], LAYERS[layer].0);
            let data = TensorData::new(draw(m * c * k * k, c * k * k), [m, c, k, k]);
            Param::from_tensor(Tensor::<4>::from_data(data, device))
        };
        let (conv1, conv2, conv3) = (kernel(0), kernel(1), kernel(2));
        let inputs = CHANNELS[3] * LAST * LAST;
        let dense = TensorData::new(draw(inputs * CLASSES, inputs), [inputs, CLASSES]);
        Self {
            conv1,
            conv2,
            conv3,
            biases: CHANNELS[1..].iter().map(|&m| Param::from_tensor(Tensor::zeros([m], device))).collect(),
            dense: Param::from_tensor(Tensor::from_data(dense, device)),
            offset: Param::from_tensor(Tensor::zeros([CLASSES], device)),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut hidden = x;
        for (layer, kernel) in [&self.conv1, &self.conv2, &self.conv3].into_iter().enumerate() {
            let (size, stride) = LAYERS[layer];
            let padded = circular(circular(hidden, 2, size), 3, size);
            let options = ConvOptions::new([stride, stride], [0, 0], [1, 1], 1);
            hidden = max_min(conv2d(padded, kernel.val(), Some(self.biases[layer].val()), options));
        }
        let rows = hidden.dims()[0];
        hidden.reshape([rows, CHANNELS[3] * LAST * LAST]).matmul(self.dense.val()) + self.offset.val().unsqueeze()
    }
}

fn batch((x, y): &(Array2<f32>, Vec<u8>), rows: &[usize], device: &Device) -> (Tensor<4>, Tensor<2, Int>) {
    let pixels: Vec<f32> = rows.iter().flat_map(|&row| x.row(row).to_vec()).collect();
    let labels: Vec<i64> = rows.iter().map(|&row| i64::from(y[row])).collect();
    (
        Tensor::from_data(TensorData::new(pixels, [rows.len(), 1, PIXELS, PIXELS]), device),
        Tensor::from_data(TensorData::new(labels, [rows.len(), 1]), device),
    )
}

fn cross_entropy(logits: Tensor<2>, labels: Tensor<2, Int>) -> Tensor<1> {
    -log_softmax(logits, 1).gather(1, labels).mean()
}

fn right(logits: Tensor<2>, labels: Tensor<2, Int>) -> i64 {
    logits.argmax(1).equal(labels).int().sum().into_scalar::<i64>()
}

/// Adam at 0.002, batches of 64, four epochs; cross-entropy + λ Σ L_orth.
pub(super) fn train(task: &Task, lambda: f64, seed: u64) -> Outcome<Trained> {
    let device = Device::flex().autodiff();
    let mut model = Network::draw(seed.wrapping_add(1000), &device);
    let mut penalty = convolutions().penalty(lambda)?;
    let mut optimizer = ModuleOptimizer::from(AdamConfig::new().build());
    let mut random = rng(seed.wrapping_add(2000));
    for _ in 0..EPOCHS {
        for rows in permutation(&mut random, task.train.1.len()).chunks(BATCH) {
            let (x, y) = batch(&task.train, rows, &device);
            let mut loss = cross_entropy(model.forward(x), y);
            if lambda > 0.0
                && let Some(penalty) = penalty.of(&model)?
            {
                loss = loss + penalty;
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(RATE, model, gradients);
        }
    }
    let count = task.test.1.len();
    let mut hits = 0;
    for rows in (0..count).collect::<Vec<_>>().chunks(500) {
        let (x, y) = batch(&task.test, rows, &device);
        hits += right(model.forward(x), y);
    }
    let layers: Vec<LayerReport> =
        convolutions().report(&model, PIXELS / 2)?.into_iter().map(|(_, report)| report).collect();
    let kernels = [&model.conv1, &model.conv2, &model.conv3].map(|kernel| {
        let tensor = kernel.val();
        let shape = tensor.dims();
        let numbers: Vec<f64> = tensor.into_data().iter::<f64>().collect();
        Array4::from_shape_vec(Ix4(shape[0], shape[1], shape[2], shape[3]), numbers)
    });
    Ok(Trained {
        accuracy: hits as f64 / count as f64,
        robust: robust(&model, task, seed, &device),
        l_orth: layers.iter().map(|layer| layer.certificate.l_orth).sum(),
        layers,
        kernels: kernels.into_iter().collect::<Result<_, _>>()?,
    })
}

/// Accuracy on the first 500 test rows under projected gradient ascent in L2: radius 1.5, 15 steps of 0.3, pixels kept in [0, 1].
fn robust(model: &Network, task: &Task, seed: u64, device: &Device) -> f64 {
    const ROWS: usize = 500;
    const RADIUS: f32 = 1.5;
    const STEP: f32 = 0.3;
    let (x, y) = batch(&task.test, &(0..ROWS).collect::<Vec<_>>(), device);
    let mut random = rng(seed.wrapping_add(3000));
    let start: Vec<f32> = (0..ROWS * PIXELS * PIXELS).map(|_| 1e-3 * random.sample::<f32, _>(StandardNormal)).collect();
    let mut change = Tensor::<4>::from_data(TensorData::new(start, [ROWS, 1, PIXELS, PIXELS]), device);
    let norm = |t: Tensor<4>| t.clone().mul(t).sum_dim(1).sum_dim(2).sum_dim(3).sqrt();
    for _ in 0..15 {
        let input = (x.clone() + change.clone()).detach().require_grad();
        // Of the sum, so that the rows do not share the slope.
        let loss = cross_entropy(model.forward(input.clone()), y.clone()).mul_scalar(ROWS as f32);
        let gradients = loss.backward();
        let Some(slope) = input.grad(&gradients) else { break };
        let length = norm(slope.clone()).clamp_min(1e-12);
        change = change.inner() + slope / length * STEP;
        let length = norm(change.clone());
        change = change * (length.clamp_min(RADIUS).recip() * RADIUS);
        // Within the pixels' range.
        change = (x.clone().inner() + change).clamp(0.0, 1.0) - x.clone().inner();
        change = Tensor::from_inner(change);
    }
    right(model.forward(x + change), y) as f64 / ROWS as f64
}
