//! Measures of forecasts.

use crate::Result;
use core_tensor::{Scalar, check_shape};
use ndarray::{ArrayRef3, ArrayView1, Axis};

/// Windows with less variation than this have no R², correlation or scaled error.
const FLOOR: f64 = 1e-5;

/// Errors of forecasts, over all windows, steps and channels whose target was observed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Metrics {
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean of |error/target|; targets of 0 are left out.
    pub mape: f64,
    /// Mean of (error/target)²; targets of 0 are left out.
    pub mspe: f64,
    /// R² over the horizon, mean over windows and channels.
    pub r2: f64,
    /// Pearson correlation over the horizon, mean over windows and channels.
    pub pearson: f64,
    /// Mean absolute error over the mean |step| of the target, mean over windows and channels.
    pub mase: f64,
    /// Number of observed targets.
    pub count: usize,
}

/// Collects errors, window by window.
#[derive(Debug, Clone, Default)]
pub struct MetricsAccumulator {
    squared: f64,
    absolute: f64,
    count: usize,
    relative: (f64, f64, usize),
    r2: (f64, usize),
    pearson: (f64, usize),
    mase: (f64, usize),
}

impl Metrics {
    /// Of `prediction` against `target` (both windows × H × N). Undefined means (no window with variation) are NaN.
    ///
    /// # Errors
    /// Shapes that differ.
    pub fn of<T: Scalar>(prediction: &ArrayRef3<T>, target: &ArrayRef3<T>) -> Result<Self> {
        let mut sums = MetricsAccumulator::default();
        sums.add(prediction, target)?;
        Ok(sums.metrics())
    }
}

impl MetricsAccumulator {
    /// Adds windows (B × H × N).
    ///
    /// # Errors
    /// Shapes that differ.
    pub fn add<T: Scalar>(&mut self, prediction: &ArrayRef3<T>, target: &ArrayRef3<T>) -> Result<()> {
        check_shape("target", target, prediction.shape(), "there is a target per prediction")?;
        for (p, y) in prediction.outer_iter().zip(target.outer_iter()) {
            for (p, y) in p.axis_iter(Axis(1)).zip(y.axis_iter(Axis(1))) {
                self.add_window(p, y);
            }
        }
        Ok(())
    }

    pub(crate) fn add_window<T: Scalar>(&mut self, p: ArrayView1<'_, T>, y: ArrayView1<'_, T>) {
        let pairs = || {
            p.iter().zip(y.iter()).filter(|(_, y)| !y.is_nan()).map(|(&p, &y)| (Scalar::to_f64(p), Scalar::to_f64(y)))
        };
        let (mut n, mut squared, mut absolute, mut sum_p, mut sum_y) = (0_usize, 0.0, 0.0, 0.0, 0.0);
        for (p, y) in pairs() {
            let e = p - y;
            n += 1;
            squared += e * e;
            absolute += e.abs();
            sum_p += p;
            sum_y += y;
            if y != 0.0 {
                self.relative.0 += (e / y).abs();
                self.relative.1 += (e / y).powi(2);
                self.relative.2 += 1;
            }
        }
        if n == 0 {
            return;
        }
        let count = n as f64;
        self.squared += squared;
        self.absolute += absolute;
        self.count += n;
        let (mean_p, mean_y) = (sum_p / count, sum_y / count);
        let (mut pp, mut yy, mut py) = (0.0, 0.0, 0.0);
        for (p, y) in pairs() {
            pp += (p - mean_p).powi(2);
            yy += (y - mean_y).powi(2);
            py += (p - mean_p) * (y - mean_y);
        }
        if yy >= FLOOR {
            self.r2.0 += 1.0 - squared / yy;
            self.r2.1 += 1;
            if pp >= FLOOR {
                self.pearson.0 += py / (pp * yy).sqrt();
                self.pearson.1 += 1;
            }
        }
        let steps = || y.iter().zip(y.iter().skip(1)).map(|(&a, &b)| Scalar::to_f64(b - a)).filter(|d| !d.is_nan());
        let step = steps().map(f64::abs).sum::<f64>() / steps().count() as f64;
        if step >= FLOOR {
            self.mase.0 += absolute / count / step;
            self.mase.1 += 1;
        }
    }

    /// The measures of what was added so far; NaN where nothing was.
    pub fn metrics(&self) -> Metrics {
        let count = self.count as f64;
        let mean = |(sum, count): (f64, usize)| sum / count as f64;
        Metrics {
            mse: self.squared / count,
            mae: self.absolute / count,
            rmse: (self.squared / count).sqrt(),
            mape: mean((self.relative.0, self.relative.2)),
            mspe: mean((self.relative.1, self.relative.2)),
            r2: mean(self.r2),
            pearson: mean(self.pearson),
            mase: mean(self.mase),
            count: self.count,
        }
    }
}
