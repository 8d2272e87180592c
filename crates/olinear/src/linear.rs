//! DLinear, NLinear, RLinear: one linear map from look-back to horizon, trained by gradients.

use crate::forecaster::{Forecaster, evaluate, windows};
use crate::matrix::{add_product, matrix, product};
use crate::revin::normalise_row;
use crate::split::Parts;
use crate::{Error, Result};
use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser};
use core_tensor::random::{Streams, fill_uniform, permutation};
use core_tensor::{check_range, check_shape};
use ndarray::{Array3, ArrayRef2, ArrayRef3, ArrayViewMut1};

/// Which linear forecaster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum LinearKind {
    /// A map for the moving average of 25 steps (edges repeated) and one for the rest.
    DLinear,
    /// One map, on differences to the last value.
    NLinear,
    /// One map, on the normalised window (mean and deviation; no learned scale).
    RLinear,
}

/// Training of a linear baseline, shared by all channels, on the mean squared error.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinearForecaster {
    /// Which one.
    pub kind: LinearKind,
    /// Look-back T.
    pub look_back: usize,
    /// Horizon H.
    pub horizon: usize,
    /// Epochs. Default 6.
    pub epochs: usize,
    /// Windows of a step. Default 32.
    pub batch: usize,
    /// Learning rate of Adam. Default 5e-3, halved each epoch after the second.
    pub learning_rate: f64,
    /// Seed of initial values and order. Default 2023.
    pub seed: u64,
}

/// A trained linear baseline.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinearFit {
    kind: LinearKind,
    look_back: usize,
    horizon: usize,
    /// W (features × H), then the bias (H).
    parameters: Vec<f32>,
}

impl LinearForecaster {
    /// The defaults.
    pub fn new(kind: LinearKind, look_back: usize, horizon: usize) -> Self {
        Self { kind, look_back, horizon, epochs: 6, batch: 32, learning_rate: 5e-3, seed: 2023 }
    }

    /// Trains on a standardised series (n × N); the weights of the epoch with the least validation error are kept.
    ///
    /// # Errors
    /// Numbers out of range, parts too short, missing or infinite entries, [`Error::Diverged`].
    pub fn fit(&self, series: &ArrayRef2<f64>, parts: &Parts) -> Result<LinearFit> {
        check_range("epochs", self.epochs as f64, self.epochs >= 1, ">= 1")?;
        check_range("batch", self.batch as f64, (1..=1 << 16).contains(&self.batch), ">= 1 and at most 65536")?;
        check_range(
            "look_back",
            self.look_back as f64,
            (1..=1 << 16).contains(&self.look_back),
            ">= 1 and at most 65536",
        )?;
        check_range("horizon", self.horizon as f64, (1..=1 << 16).contains(&self.horizon), ">= 1 and at most 65536")?;
        core_tensor::check_finite("series", series)?;
        let count = Parts::some_windows("training", &parts.train, self.look_back, self.horizon)?;
        Parts::some_windows("validation", &parts.validation, self.look_back, self.horizon)?;
        let features = self.kind.features(self.look_back);
        let weights = features * self.horizon;
        let mut fit = LinearFit {
            kind: self.kind,
            look_back: self.look_back,
            horizon: self.horizon,
            parameters: vec![0.0; weights + self.horizon],
        };
        let streams = Streams::new(self.seed);
        fill_uniform(&mut streams.stream(0), &mut ArrayViewMut1::from(&mut fit.parameters[..]));
        let bound = 1.0 / (self.look_back as f32).sqrt();
        fit.parameters.iter_mut().for_each(|v| *v = (2.0 * *v - 1.0) * bound);
        let options = AdamWOptions { learning_rate: self.learning_rate, ..AdamWOptions::default() };
        let mut optimiser = AdamW::new(fit.parameters.len(), options)?;
        let data = series.mapv(|v| v as f32);
        let mut gradient = vec![0.0; fit.parameters.len()];
        let mut best = (f64::INFINITY, fit.parameters.clone());
        for epoch in 1..=self.epochs {
            optimiser.set_learning_rate(crate::Schedule::Type1.rate(self.learning_rate, epoch, self.epochs)?)?;
            let order = permutation(&mut streams.stream(epoch as u64), count);
            for (step, chunk) in order.chunks(self.batch).enumerate() {
                let starts: Vec<usize> = chunk.iter().map(|w| parts.train.start + w).collect();
                let (x, y) = windows(&data, &starts, self.look_back, self.horizon)?;
                let loss = fit.step(&x, &y, &mut gradient)?;
                let stepped = loss.is_finite() && optimiser.step(&mut fit.parameters, &gradient).is_ok();
                if !stepped {
                    return Err(Error::Diverged { epoch, step: step + 1, loss });
                }
            }
            let error = evaluate(&fit, series, &parts.validation)?.mse;
            if error <= best.0 {
                best = (error, fit.parameters.clone());
            }
        }
        fit.parameters = best.1;
        Ok(fit)
    }
}

impl LinearKind {
    fn features(self, look_back: usize) -> usize {
        if self == LinearKind::DLinear { 2 * look_back } else { look_back }
    }

    /// Writes the features of a window and returns offset and scale of the forecast.
    fn write(self, window: &mut [f32], features: &mut [f32]) -> (f32, f32) {
        let n = window.len();
        match self {
            LinearKind::NLinear => {
                let last = window[n - 1];
                features.iter_mut().zip(&*window).for_each(|(f, &x)| *f = x - last);
                (last, 1.0)
            }
            LinearKind::RLinear => {
                let found = normalise_row(window, false);
                features.copy_from_slice(window);
                found
            }
            LinearKind::DLinear => {
                let (trend, rest) = features.split_at_mut(n);
                let at = |t: isize| window[t.clamp(0, n as isize - 1) as usize];
                let mut sum: f32 = (-12..=12).map(at).sum();
                for t in 0..n {
                    trend[t] = sum / 25.0;
                    rest[t] = window[t] - trend[t];
                    sum += at(t as isize + 13) - at(t as isize - 12);
                }
                (0.0, 1.0)
            }
        }
    }
}

/// Normalised forecasts, features, and offset and scale of each row.
type Pass = (Vec<f32>, Vec<f32>, Vec<(f32, f32)>);

impl LinearFit {
    fn gather(&self, x: &ArrayRef3<f32>) -> (Vec<f32>, Vec<(f32, f32)>) {
        let (batch, steps, channels) = x.dim();
        let features = self.kind.features(steps);
        let mut out = vec![0.0; batch * channels * features];
        let mut window = vec![0.0; steps];
        let mut scales = Vec::with_capacity(batch * channels);
        for (row, out) in out.chunks_exact_mut(features).enumerate() {
            let (b, n) = (row / channels, row % channels);
            window.iter_mut().enumerate().for_each(|(t, v)| *v = x[[b, t, n]]);
            scales.push(self.kind.write(&mut window, out));
        }
        (out, scales)
    }

    /// Normalised forecasts by rows, features, offsets and scales.
    fn run(&self, x: &ArrayRef3<f32>) -> Result<Pass> {
        let features = self.kind.features(self.look_back);
        let (rows, scales) = self.gather(x);
        let count = scales.len();
        let (weights, bias) = self.parameters.split_at(features * self.horizon);
        let mut out = bias.repeat(count);
        add_product(&mut out, matrix(&rows, count, features), matrix(weights, features, self.horizon))?;
        Ok((out, rows, scales))
    }

    /// Mean squared error of a batch, and its gradient.
    fn step(&self, x: &Array3<f32>, y: &Array3<f32>, gradient: &mut [f32]) -> Result<f64> {
        let channels = x.dim().2;
        let features = self.kind.features(self.look_back);
        let (mut out, rows, scales) = self.run(x)?;
        let count = out.len() as f32;
        let mut sum = 0.0;
        for (row, (out, &(offset, scale))) in out.chunks_exact_mut(self.horizon).zip(&scales).enumerate() {
            for (t, v) in out.iter_mut().enumerate() {
                let error = *v * scale + offset - y[[row / channels, t, row % channels]];
                sum += f64::from(error * error);
                *v = 2.0 * error * scale / count;
            }
        }
        let (weights, bias) = gradient.split_at_mut(features * self.horizon);
        let d = matrix(&out, scales.len(), self.horizon);
        product(weights, matrix(&rows, scales.len(), features).reversed_axes(), d)?;
        bias.fill(0.0);
        for row in out.chunks_exact(self.horizon) {
            bias.iter_mut().zip(row).for_each(|(b, &d)| *b += d);
        }
        Ok(sum / f64::from(count))
    }
}

impl Forecaster for LinearFit {
    fn look_back(&self) -> usize {
        self.look_back
    }

    fn horizon(&self) -> usize {
        self.horizon
    }

    fn forecast_windows(&self, windows: &ArrayRef3<f64>) -> Result<Array3<f64>> {
        let (batch, _, channels) = windows.dim();
        check_shape("windows", windows, &[batch, self.look_back, channels], "the map looks back that many steps")?;
        core_tensor::check_finite("windows", windows)?;
        let (out, _, scales) = self.run(&windows.mapv(|v| v as f32))?;
        Ok(Array3::from_shape_fn((batch, self.horizon, channels), |(b, t, n)| {
            let row = b * channels + n;
            let (offset, scale) = scales[row];
            f64::from(out[row * self.horizon + t] * scale + offset)
        }))
    }
}
