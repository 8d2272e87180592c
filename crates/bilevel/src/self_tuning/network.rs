//! A perceptron whose weights respond to hyperparameters.

use super::hyperparameter::Hyperparameter;
use super::linear::StructuredLinear;
use crate::Result;
use core_tensor::random::Streams;
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayViewMut1};
use rand::{Rng, RngExt};
use std::sync::Arc;

/// What a hyperparameter does to a training step. Validation and prediction see none of it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Regularisation {
    /// Inputs are zeroed with this probability (the others scaled up).
    InputDropout,
    /// Hidden units are.
    HiddenDropout,
    /// Normal noise of this deviation is added to inputs.
    InputNoise,
    /// ½ times this times Σ w² is added to the loss. Cannot differ within a batch.
    WeightDecay,
    /// An example is changed with this strength.
    Augmentation(Augmentation),
}

/// Changes the inputs of one example, given a strength and a source of random numbers.
pub type Augmentation = Arc<dyn Fn(&mut ArrayViewMut1<'_, f64>, f64, &mut dyn Rng) + Send + Sync>;

impl std::fmt::Debug for Regularisation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::InputDropout => "InputDropout",
            Self::HiddenDropout => "HiddenDropout",
            Self::InputNoise => "InputNoise",
            Self::WeightDecay => "WeightDecay",
            Self::Augmentation(_) => "Augmentation",
        })
    }
}

/// Fully connected layers with ReLU between them, softmax at the end, and the hyperparameters that they respond to.
#[derive(Debug, Clone)]
pub struct SelfTuningNetwork {
    pub(super) layers: Vec<StructuredLinear>,
    pub(super) hyperparameters: Vec<(Hyperparameter, Regularisation)>,
}

/// Dropout at or above this would divide by nearly nothing.
const LARGEST_RATE: f64 = 0.99;

impl SelfTuningNetwork {
    /// Of layer sizes (inputs, hidden …, classes).
    ///
    /// # Errors
    /// Fewer than two sizes, a size of 0, fewer than two classes.
    pub fn new(sizes: &[usize], hyperparameters: Vec<(Hyperparameter, Regularisation)>, seed: u64) -> Result<Self> {
        check_range("sizes", sizes.len() as f64, sizes.len() >= 2, "at least 2 numbers")?;
        let classes = sizes[sizes.len() - 1];
        check_range("classes", classes as f64, classes >= 2, "at least 2")?;
        let streams = Streams::new(seed);
        let layer = |(k, pair): (usize, &[usize])| {
            StructuredLinear::new(pair[0], pair[1], hyperparameters.len(), streams.child(k as u64).seed())
        };
        let layers = sizes.windows(2).enumerate().map(layer).collect::<Result<_>>()?;
        Ok(Self { layers, hyperparameters })
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &[StructuredLinear] {
        &self.layers
    }

    /// Scores (B × classes) at the unconstrained hyperparameters `h` (n).
    ///
    /// # Errors
    /// Other numbers of inputs or hyperparameters, entries that are not finite.
    pub fn scores(&self, x: &ArrayRef2<f64>, h: &ArrayRef1<f64>) -> Result<Array2<f64>> {
        check_shape("h", h, &[self.hyperparameters.len()], "there is one per hyperparameter")?;
        check_finite("h", h)?;
        let rows = Array2::from_shape_fn((x.nrows(), h.len()), |(_, k)| h[k]);
        let mut hidden = x.to_owned();
        for (k, layer) in self.layers.iter().enumerate() {
            hidden = layer.forward(&hidden, Some(&rows))?;
            if k + 1 < self.layers.len() {
                hidden.mapv_inplace(|v| v.max(0.0));
            }
        }
        Ok(hidden)
    }

    /// Mean cross-entropy of a batch at one row of hyperparameters per example, with the gradients of the layers and of `h`. With a source
    /// of random numbers, the regularisers act at the values that `h` stands for.
    pub(super) fn loss(
        &self,
        x: &ArrayRef2<f64>,
        labels: &[usize],
        h: &ArrayRef2<f64>,
        noise: Option<&Streams>,
    ) -> Result<Loss> {
        let mut inputs = x.to_owned();
        if let Some(streams) = noise {
            self.disturb(&mut inputs, h, streams);
        }
        let last = self.layers.len() - 1;
        // What each layer reads, and what its ReLU and dropout multiply the way back with.
        let (mut read, mut masks) = (vec![inputs], Vec::new());
        for (k, layer) in self.layers.iter().enumerate() {
            let mut out = layer.forward(&read[k], Some(h))?;
            if k < last {
                let mut mask = out.mapv(|v| if v > 0.0 { 1.0 } else { 0.0 });
                if let Some(streams) = noise {
                    self.drop_units(&mut mask, h, &streams.child(k as u64 + 1), &Regularisation::HiddenDropout);
                }
                out *= &mask;
                masks.push(mask);
            }
            read.push(out);
        }
        let mut slope = read.pop().unwrap_or_default();
        let count = labels.len() as f64;
        let mut value = 0.0;
        for (mut row, &label) in slope.outer_iter_mut().zip(labels) {
            let largest = row.fold(f64::NEG_INFINITY, |m, &v| m.max(v));
            let own = row[label];
            row.mapv_inplace(|v| (v - largest).exp());
            let sum = row.sum();
            value += largest + sum.ln() - own;
            row.mapv_inplace(|v| v / (sum * count));
            row[label] -= 1.0 / count;
        }
        value /= count;
        let (mut gradients, mut to_h) = (Vec::new(), Array2::zeros(h.raw_dim()));
        for (k, layer) in self.layers.iter().enumerate().rev() {
            let (mut gradient, mut to_x, part) = layer.backward(&read[k], Some(h), &slope)?;
            if let Some(part) = part {
                to_h += &part;
            }
            if noise.is_some() {
                value += self.decay(layer, h, &mut gradient)?;
            }
            gradients.push(gradient);
            if k > 0 {
                to_x *= &masks[k - 1];
            }
            slope = to_x;
        }
        gradients.reverse();
        Ok(Loss { value, gradients, h: to_h })
    }

    /// Noise, augmentation and dropout of inputs.
    fn disturb(&self, inputs: &mut Array2<f64>, h: &ArrayRef2<f64>, streams: &Streams) {
        for (k, (hyperparameter, kind)) in self.hyperparameters.iter().enumerate() {
            let streams = streams.child(1000 + k as u64);
            for (row, mut example) in inputs.outer_iter_mut().enumerate() {
                let (value, mut random) = (hyperparameter.value(h[[row, k]]), streams.stream(row as u64));
                match kind {
                    Regularisation::InputNoise => {
                        let mut noise = Array1::<f64>::zeros(example.len());
                        core_tensor::random::fill_normal(&mut random, &mut noise);
                        example.scaled_add(value, &noise);
                    }
                    Regularisation::Augmentation(change) => change(&mut example, value, &mut random),
                    _ => {}
                }
            }
        }
        let mut mask = Array2::ones(inputs.raw_dim());
        self.drop_units(&mut mask, h, &streams.child(0), &Regularisation::InputDropout);
        *inputs *= &mask;
    }

    /// Multiplies a mask by that of dropout.
    fn drop_units(&self, mask: &mut Array2<f64>, h: &ArrayRef2<f64>, streams: &Streams, kind: &Regularisation) {
        for (k, (hyperparameter, other)) in self.hyperparameters.iter().enumerate() {
            if std::mem::discriminant(kind) != std::mem::discriminant(other) {
                continue;
            }
            let streams = streams.child(k as u64);
            for (row, mut units) in mask.outer_iter_mut().enumerate() {
                let rate = hyperparameter.value(h[[row, k]]).clamp(0.0, LARGEST_RATE);
                let mut random = streams.stream(row as u64);
                for unit in &mut units {
                    *unit *= if random.random::<f64>() < rate { 0.0 } else { 1.0 / (1.0 - rate) };
                }
            }
        }
    }

    /// Adds the gradient of ½ λ Σ w(h)² for the first example's λ and h; returns its value.
    fn decay(&self, layer: &StructuredLinear, h: &ArrayRef2<f64>, gradient: &mut StructuredLinear) -> Result<f64> {
        let level: f64 = self
            .hyperparameters
            .iter()
            .enumerate()
            .filter(|(_, (_, kind))| matches!(kind, Regularisation::WeightDecay))
            .map(|(k, (hyperparameter, _))| h.row(0).get(k).map_or(0.0, |&u| hyperparameter.value(u)))
            .sum();
        if level == 0.0 || h.nrows() == 0 {
            return Ok(0.0);
        }
        let h = h.row(0);
        let (weight, _) = layer.at(&h)?;
        let rows = layer.weight_scales.dot(&h);
        gradient.weight.scaled_add(level * layer.scale, &weight);
        gradient.scale += level * weight.iter().zip(&layer.weight).map(|(w, v)| w * v).sum::<f64>();
        for (o, &by) in rows.iter().enumerate() {
            gradient.response.row_mut(o).scaled_add(level * by, &weight.row(o));
            let along = level * weight.row(o).dot(&layer.response.row(o));
            gradient.weight_scales.row_mut(o).scaled_add(along, &h);
        }
        Ok(0.5 * level * weight.iter().map(|w| w * w).sum::<f64>())
    }
}

/// A loss and its gradients.
pub(super) struct Loss {
    pub(super) value: f64,
    pub(super) gradients: Vec<StructuredLinear>,
    /// Per example.
    pub(super) h: Array2<f64>,
}
