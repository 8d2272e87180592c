//! What every forecaster does, and how it is measured.

use crate::metrics::{Metrics, MetricsAccumulator};
use crate::split::Parts;
use crate::{Error, Result};
use core_tensor::{Scalar, check_shape};
use ndarray::{Array3, ArrayRef2, ArrayRef3};
use std::ops::Range;

/// Forecasts the next H steps of N series from their last T.
pub trait Forecaster {
    /// Look-back T.
    fn look_back(&self) -> usize;

    /// Horizon H.
    fn horizon(&self) -> usize;

    /// Forecasts for windows (B × T × N, NaN where missing), on the scale of the windows: (B × H × N).
    ///
    /// # Errors
    /// Shapes that do not fit.
    fn forecast_windows(&self, windows: &ArrayRef3<f64>) -> Result<Array3<f64>>;
}

impl<F: Forecaster + ?Sized> Forecaster for Box<F> {
    fn look_back(&self) -> usize {
        (**self).look_back()
    }

    fn horizon(&self) -> usize {
        (**self).horizon()
    }

    fn forecast_windows(&self, windows: &ArrayRef3<f64>) -> Result<Array3<f64>> {
        (**self).forecast_windows(windows)
    }
}

/// Windows of `rows` of a series (n × N) that begin at `starts`: inputs (B × T × N) and targets (B × H × N).
///
/// # Errors
/// A window that reaches beyond the series.
pub fn windows<T: Scalar>(
    series: &ArrayRef2<T>,
    starts: &[usize],
    look_back: usize,
    horizon: usize,
) -> Result<(Array3<T>, Array3<T>)> {
    let channels = series.ncols();
    let needed = starts.iter().max().map_or(0, |&s| s.saturating_add(look_back).saturating_add(horizon));
    if needed > series.nrows() {
        return Err(Error::TooShort { part: "whole series'", rows: series.nrows(), needed });
    }
    let gather = |length: usize, offset: usize| {
        Array3::from_shape_fn((starts.len(), length, channels), |(b, t, n)| series[[starts[b] + offset + t, n]])
    };
    Ok((gather(look_back, 0), gather(horizon, look_back)))
}

/// Calls `visit(first window, forecasts, targets)` for all windows of `rows` of a series (n × N), in batches.
pub(crate) fn for_each_batch(
    forecaster: &(impl Forecaster + ?Sized),
    series: &ArrayRef2<f64>,
    part: &'static str,
    rows: &Range<usize>,
    mut visit: impl FnMut(usize, &Array3<f64>, &Array3<f64>) -> Result<()>,
) -> Result<()> {
    let (look_back, horizon) = (forecaster.look_back(), forecaster.horizon());
    if rows.end > series.nrows() {
        return Err(Error::TooShort { part, rows: series.nrows(), needed: rows.end });
    }
    let count = Parts::some_windows(part, rows, look_back, horizon)?;
    for begin in (0..count).step_by(128) {
        let starts: Vec<usize> = (begin..count.min(begin + 128)).map(|w| rows.start + w).collect();
        let (x, y) = windows(series, &starts, look_back, horizon)?;
        let forecasts = forecaster.forecast_windows(&x)?;
        check_shape("forecasts", &forecasts, y.shape(), "there is a forecast per target")?;
        visit(begin, &forecasts, &y)?;
    }
    Ok(())
}

/// Measures a forecaster on every window of `rows` of a series (n × N) on the forecaster's scale; no window is left out.
///
/// # Errors
/// No window, rows beyond the series, and what the forecaster raises.
pub fn evaluate(
    forecaster: &(impl Forecaster + ?Sized),
    series: &ArrayRef2<f64>,
    rows: &Range<usize>,
) -> Result<Metrics> {
    let mut sums = MetricsAccumulator::default();
    for_each_batch(forecaster, series, "evaluated", rows, |_, forecasts, targets| sums.add(forecasts, targets))?;
    Ok(sums.metrics())
}
