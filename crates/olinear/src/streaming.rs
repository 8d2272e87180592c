//! Temporal correlation that follows a stream.

use crate::basis::OrthoBasis;
use crate::scaler::check_no_infinity;
use crate::{Error, Result};
use core_tensor::{check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1};

/// Sums from which the Pearson temporal matrix of a stream can be had at any time: O(N K²) per row, with optional forgetting.
///
/// Windows with a missing entry are left out, channel by channel.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TemporalStatistics {
    steps: usize,
    /// Last K rows.
    recent: Vec<Vec<f64>>,
    channels: Vec<Channel>,
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Channel {
    /// The first value seen: sums are of differences to it, so that a large mean costs no digits.
    origin: Option<f64>,
    weight: f64,
    sum: Array1<f64>,
    outer: Array2<f64>,
}

impl TemporalStatistics {
    /// For windows of `steps` rows.
    ///
    /// # Errors
    /// `steps` = 0.
    pub fn new(steps: usize) -> Result<Self> {
        check_range("steps", steps as f64, steps >= 1, ">= 1")?;
        Ok(Self { steps, recent: Vec::new(), channels: Vec::new() })
    }

    /// The next row (N values, NaN where missing). `keep` in (0, 1] is the weight of everything before.
    ///
    /// # Errors
    /// Another number of channels than before, infinite entries, a bad `keep`.
    pub fn push(&mut self, row: &ArrayRef1<f64>, keep: f64) -> Result<()> {
        check_range("keep", keep, keep > 0.0 && keep <= 1.0, "> 0 and <= 1")?;
        check_no_infinity("row", row)?;
        if self.recent.is_empty() {
            let empty = Channel {
                origin: None,
                weight: 0.0,
                sum: Array1::zeros(self.steps),
                outer: Array2::zeros((self.steps, self.steps)),
            };
            self.channels = vec![empty; row.len()];
        }
        check_shape("row", row, &[self.channels.len()], "earlier rows had that many channels")?;
        if self.recent.len() == self.steps {
            self.recent.remove(0);
        }
        self.recent.push(row.to_vec());
        for (index, channel) in self.channels.iter_mut().enumerate() {
            if channel.origin.is_none() {
                channel.origin = Some(row[index]).filter(|v| !v.is_nan());
            }
            let origin = channel.origin.unwrap_or(0.0);
            let window: Array1<f64> = self.recent.iter().map(|row| row[index] - origin).collect();
            if window.len() < self.steps || window.iter().any(|v| v.is_nan()) {
                continue;
            }
            channel.weight = keep * channel.weight + 1.0;
            if keep < 1.0 {
                channel.sum *= keep;
                channel.outer *= keep;
            }
            channel.sum += &window;
            for (mut outer, &w) in channel.outer.outer_iter_mut().zip(&window) {
                outer.scaled_add(w, &window);
            }
        }
        Ok(())
    }

    /// The Pearson matrix, averaged over the channels that vary (each lagged variance above `floor` times the largest).
    ///
    /// # Errors
    /// When no channel has two complete windows and varies.
    pub fn correlation(&self, floor: f64) -> Result<Array2<f64>> {
        let mut total = Array2::zeros((self.steps, self.steps));
        let mut kept = 0.0;
        for channel in self.channels.iter().filter(|c| c.weight > 1.0) {
            let mean = &channel.sum / channel.weight;
            let covariance =
                Array2::from_shape_fn(total.dim(), |(i, j)| channel.outer[[i, j]] / channel.weight - mean[i] * mean[j]);
            let largest = covariance.diag().iter().fold(0.0_f64, |m, &v| m.max(v));
            if largest <= 0.0 || covariance.diag().iter().any(|&v| !(v > 0.0 && v >= floor * largest)) {
                continue;
            }
            for ((i, j), entry) in total.indexed_iter_mut() {
                *entry += covariance[[i, j]] / (covariance[[i, i]] * covariance[[j, j]]).sqrt();
            }
            kept += 1.0;
        }
        if kept == 0.0 {
            return Err(Error::NoVariation { floor });
        }
        Ok(total / kept)
    }

    /// The basis at present. Compare it with an earlier one by [`OrthoBasis::drift`].
    ///
    /// # Errors
    /// Those of [`TemporalStatistics::correlation`].
    pub fn basis(&self) -> Result<OrthoBasis> {
        OrthoBasis::of_symmetric(&self.correlation(1e-4)?)
    }
}
