//! Training both maps.

use super::affine::AffineMap;
use super::contrastive::check_labels;
use super::objective::{LossWeights, losses};
use super::penalty::{Penalty, Threshold, orthogonality_distance};
use crate::Result;
use crate::orthogonaliser::{exponential, exponential_pullback};
use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser};
use core_optim::{Observer, Unobserved};
use core_tensor::random::{Streams, permutation};
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef2, Axis, Slice};
use std::ops::ControlFlow;

/// Learns a backward map B (new → old space), affine and near an isometry, and an affine forward map F (old → the adapted new space).
///
/// | option | default | purpose | legal |
/// | --- | --- | --- | --- |
/// | [`threshold`](Self::threshold) | λ = 1, α = 20 | how far B may leave the isometries | see [`Threshold`] |
/// | [`strict`](Self::strict) | no | B = exp(skew): always a rotation, no penalty | |
/// | [`weights`](Self::weights) | 1, 1, 1 | of the forward, backward and contrastive loss | finite, ≥ 0 |
/// | [`regulariser`](Self::regulariser) | 1 | weight of the penalty (below 0.01 it is ignored in effect) | finite, ≥ 0 |
/// | [`temperature`](Self::temperature) | 0.07 | of the contrastive loss | finite, > 0 |
/// | [`epochs`](Self::epochs), [`batch`](Self::batch), [`learning_rate`](Self::learning_rate) | 50, 256, 1e-3 | of Adam | > 0 |
/// | [`seed`](Self::seed) | 0 | order of the batches | any |
///
/// ```
/// use core_tensor::random::{normal_array, rng};
/// use ndarray::Array2;
/// use ortho_conv::lambda::{Alignment, Threshold};
///
/// let new: Array2<f64> = normal_array(&mut rng(1), (60, 4));
/// let old = &new * 1.5;
/// let fit = Alignment::new()
///     .threshold(Threshold::Lambda { lambda: 1.0, alpha: 20.0 })
///     .weights(1.0, 1.0, 0.0)
///     .epochs(200)
///     .learning_rate(0.01)
///     .fit(&new, &old, None)?;
/// // Left alone, B would be 1.5 I, at a distance of 1.25 √4 = 2.5.
/// assert!((fit.distance - 1.0).abs() < 0.3);
/// # Ok::<(), ortho_conv::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    threshold: Threshold,
    strict: bool,
    weights: LossWeights,
    regulariser: f64,
    epochs: usize,
    batch: usize,
    learning_rate: f64,
    seed: u64,
}

/// The trained maps.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlignmentFit {
    /// B, on new embeddings cut to the common number of coordinates.
    pub backward: AffineMap,
    /// F, on old embeddings cut likewise.
    pub forward: AffineMap,
    /// R = ‖W Wᵀ - I‖_F of B's weight.
    pub distance: f64,
    /// Mean objective of each epoch, the penalty included.
    pub history: Vec<f64>,
    /// The threshold allows the zero map (λ ≥ √n): choose a smaller one.
    pub allows_zero_map: bool,
}

/// What an observer sees after each epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct EpochState {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean objective of the epoch.
    pub objective: f64,
    /// R of B's weight after it.
    pub distance: f64,
}

impl Default for Alignment {
    fn default() -> Self {
        Self::new()
    }
}

impl Alignment {
    /// The defaults of the table.
    #[must_use]
    pub fn new() -> Self {
        Self {
            threshold: Threshold::Lambda { lambda: 1.0, alpha: 20.0 },
            strict: false,
            weights: LossWeights { forward: 1.0, backward: 1.0, contrastive: 1.0, temperature: 0.07 },
            regulariser: 1.0,
            epochs: 50,
            batch: 256,
            learning_rate: 1e-3,
            seed: 0,
        }
    }

    /// How far B may leave the isometries.
    #[must_use]
    pub fn threshold(mut self, threshold: Threshold) -> Self {
        self.threshold = threshold;
        self
    }

    /// B is a rotation at every step.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Weights w₁, w₂, w₃ of the forward, the backward and the contrastive loss.
    #[must_use]
    pub fn weights(mut self, forward: f64, backward: f64, contrastive: f64) -> Self {
        self.weights = LossWeights { forward, backward, contrastive, ..self.weights };
        self
    }

    /// The weight of the penalty.
    #[must_use]
    pub fn regulariser(mut self, weight: f64) -> Self {
        self.regulariser = weight;
        self
    }

    /// τ of the contrastive loss.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.weights.temperature = temperature;
        self
    }

    /// Passes over the data.
    #[must_use]
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// Rows of a batch.
    #[must_use]
    pub fn batch(mut self, rows: usize) -> Self {
        self.batch = rows;
        self
    }

    /// Adam's learning rate.
    #[must_use]
    pub fn learning_rate(mut self, rate: f64) -> Self {
        self.learning_rate = rate;
        self
    }

    /// The seed of the batches' order.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Trains on `new` (rows × n) and `old` (rows × d) embeddings of the same items, with one label per row where there are any. Where n and
    /// d differ, the longer vectors are cut to the shorter length.
    ///
    /// # Errors
    /// Other numbers of rows, no row or column, entries that are not finite; options out of range; embeddings of norm 0 (contrastive loss).
    pub fn fit(&self, new: &ArrayRef2<f64>, old: &ArrayRef2<f64>, labels: Option<&[usize]>) -> Result<AlignmentFit> {
        self.fit_observed(new, old, labels, &mut Unobserved)
    }

    /// [`Alignment::fit`], watched after each epoch.
    ///
    /// # Errors
    /// As there.
    pub fn fit_observed(
        &self,
        new: &ArrayRef2<f64>,
        old: &ArrayRef2<f64>,
        labels: Option<&[usize]>,
        observer: &mut dyn Observer<EpochState>,
    ) -> Result<AlignmentFit> {
        check_finite("new", new)?;
        check_finite("old", old)?;
        check_shape("old", old, &[new.nrows(), old.ncols()], "it has a row per row of `new`")?;
        let (rows, d) = (new.nrows(), new.ncols().min(old.ncols()));
        check_range("rows", rows as f64, rows > 0, "at least 1")?;
        check_range("columns", d as f64, d > 0, "at least 1")?;
        self.check()?;
        if let Some(labels) = labels {
            check_labels(labels, rows)?;
        }
        let cut = |x: &ArrayRef2<f64>| x.slice_axis(Axis(1), Slice::from(..d)).to_owned();
        let (new, old) = (cut(new), cut(old));
        let mut penalty = Penalty::new(d, self.threshold)?;
        // Parameters: B's weight (or the free matrix of its skew generator), B's bias, F's weight, F's bias.
        let mut flat = vec![0.0; 2 * (d * d + d)];
        if !self.strict {
            (0..d).for_each(|i| flat[i * d + i] = 1.0);
        }
        (0..d).for_each(|i| flat[d * d + d + i * d + i] = 1.0);
        let options = AdamWOptions { learning_rate: self.learning_rate, ..AdamWOptions::default() };
        let mut adam = AdamW::<f64>::new(flat.len(), options)?;
        let streams = Streams::new(self.seed);
        let mut history = Vec::with_capacity(self.epochs);
        let mut gradient = vec![0.0; flat.len()];
        let mut of_penalty = Array2::zeros((d, d));
        for epoch in 1..=self.epochs {
            let order = permutation(&mut streams.stream(epoch as u64), rows);
            let (mut total, mut batches) = (0.0, 0);
            for batch in order.chunks(self.batch) {
                let (x, y) = (new.select(Axis(0), batch), old.select(Axis(0), batch));
                let own: Option<Vec<usize>> = labels.map(|labels| batch.iter().map(|&row| labels[row]).collect());
                let (backward, forward, skew) = self.maps(&flat, d)?;
                let found = losses(&backward, &forward, &x, &y, own.as_deref(), self.weights)?;
                total += found.value;
                batches += 1;
                let mut weight = found.backward.weight;
                if let Some(skew) = skew {
                    let pulled = exponential_pullback(&skew, &weight)?;
                    weight = &pulled - &pulled.t();
                } else {
                    let value = penalty.value_and_gradient_into(&backward.weight, &mut of_penalty)?;
                    total += self.regulariser * value.loss;
                    weight.scaled_add(self.regulariser, &of_penalty);
                }
                let parts =
                    weight.iter().chain(&found.backward.bias).chain(&found.forward.weight).chain(&found.forward.bias);
                gradient.iter_mut().zip(parts).for_each(|(g, &part)| *g = part);
                adam.step(&mut flat, &gradient)?;
            }
            history.push(total / f64::from(batches));
            let (backward, ..) = self.maps(&flat, d)?;
            let distance = orthogonality_distance(&backward.weight)?;
            let state = EpochState { epoch, objective: total / f64::from(batches), distance };
            if observer.iteration(&state) == ControlFlow::Break(()) {
                break;
            }
        }
        let (backward, forward, _) = self.maps(&flat, d)?;
        let distance = orthogonality_distance(&backward.weight)?;
        let allows_zero_map = !self.strict && penalty.allows_zero_map();
        Ok(AlignmentFit { backward, forward, distance, history, allows_zero_map })
    }

    /// Both maps from the flat parameters, and the skew generator of a strict B.
    fn maps(&self, flat: &[f64], d: usize) -> Result<(AffineMap, AffineMap, Option<Array2<f64>>)> {
        let matrix = |from: usize| Array2::from_shape_fn((d, d), |(i, j)| flat[from + i * d + j]);
        let vector = |from: usize| Array1::from_iter(flat[from..from + d].iter().copied());
        let second = d * d + d;
        let forward = AffineMap { weight: matrix(second), bias: vector(second + d * d) };
        let (weight, skew) = if self.strict {
            let free = matrix(0);
            // Only the difference with the transpose counts, as for a free upper triangle.
            let skew = &free - &free.t();
            (exponential(&skew)?, Some(skew))
        } else {
            (matrix(0), None)
        };
        Ok((AffineMap { weight, bias: vector(d * d) }, forward, skew))
    }

    fn check(&self) -> Result<()> {
        let LossWeights { forward, backward, contrastive, temperature } = self.weights;
        for (name, weight) in [
            ("forward", forward),
            ("backward", backward),
            ("contrastive", contrastive),
            ("regulariser", self.regulariser),
        ] {
            check_range(name, weight, weight >= 0.0 && weight.is_finite(), "finite and >= 0")?;
        }
        check_range("temperature", temperature, temperature > 0.0 && temperature.is_finite(), "finite and > 0")?;
        check_range(
            "learning_rate",
            self.learning_rate,
            self.learning_rate > 0.0 && self.learning_rate.is_finite(),
            "finite and > 0",
        )?;
        check_range("epochs", self.epochs as f64, (1..=1_000_000).contains(&self.epochs), "1 to 1000000")?;
        Ok(check_range("batch", self.batch as f64, self.batch > 0, "at least 1")?)
    }
}
