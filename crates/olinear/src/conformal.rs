//! Intervals from past errors.

use crate::forecaster::{Forecaster, for_each_batch};
use crate::{Error, Result};
use core_tensor::{check_range, check_shape};
use ndarray::{Array2, ArrayRef2, Axis};
use std::ops::Range;

/// Which errors an interval is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Score {
    /// Absolute errors: the interval is symmetric about the forecast.
    #[default]
    Absolute,
    /// Signed errors: half of the misses on each side.
    Signed,
}

/// Split conformal prediction: intervals for each channel and step from a forecaster's errors on windows that it was not trained
/// on.
///
/// Were windows exchangeable, the interval at level 1 - a would hold the truth with at least that probability. They overlap, and
/// series drift: take it as an approximation, and [`AdaptiveConformal`] where coverage matters.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SplitConformal {
    score: Score,
    horizon: usize,
    channels: usize,
    /// Ascending errors of each step and channel (H · N), in single precision: there are many.
    errors: Vec<Vec<f32>>,
}

impl SplitConformal {
    /// Errors of `forecaster` on all windows of `rows` of a series (n × N) on the forecaster's scale.
    ///
    /// # Errors
    /// No window; a channel and step without an observed target; what the forecaster raises.
    pub fn calibrate(
        forecaster: &(impl Forecaster + ?Sized),
        series: &ArrayRef2<f64>,
        rows: &Range<usize>,
        score: Score,
    ) -> Result<Self> {
        let (horizon, channels) = (forecaster.horizon(), series.ncols());
        let mut errors = vec![Vec::new(); horizon * channels];
        for_each_batch(forecaster, series, "calibration", rows, |_, forecasts, targets| {
            for (index, &forecast) in forecasts.indexed_iter() {
                let error = targets[index] - forecast;
                if !error.is_nan() {
                    let error = if score == Score::Absolute { error.abs() } else { error };
                    errors[index.1 * channels + index.2].push(error as f32);
                }
            }
            Ok(())
        })?;
        if let Some(position) = errors.iter().position(Vec::is_empty) {
            return Err(Error::Missing { row: rows.start + position / channels, channel: position % channels });
        }
        errors.iter_mut().for_each(|e| e.sort_by(f32::total_cmp));
        Ok(Self { score, horizon, channels, errors })
    }

    /// The interval at `level` in (0, 1) about forecasts (H × N): lower and upper ends. Where there are too few errors for the
    /// level it is infinite.
    ///
    /// # Errors
    /// A bad level, another shape.
    pub fn interval(&self, forecast: &ArrayRef2<f64>, level: f64) -> Result<(Array2<f64>, Array2<f64>)> {
        check_range("level", level, level > 0.0 && level < 1.0, "> 0 and < 1")?;
        check_shape("forecast", forecast, &[self.horizon, self.channels], "the errors are of such forecasts")?;
        let (mut lower, mut upper) = (forecast.to_owned(), forecast.to_owned());
        for ((t, n), &value) in forecast.indexed_iter() {
            let (below, above) = self.offsets(t, n, 1.0 - level, None);
            lower[[t, n]] = value + below;
            upper[[t, n]] = value + above;
        }
        Ok((lower, upper))
    }

    /// The parts of it, for a file: score, horizon, channels, errors.
    #[cfg(feature = "save")]
    pub(crate) fn to_parts(&self) -> (Score, usize, usize, &[Vec<f32>]) {
        (self.score, self.horizon, self.channels, &self.errors)
    }

    /// The inverse of [`SplitConformal::to_parts`]; `None` when the parts do not fit together.
    #[cfg(feature = "save")]
    pub(crate) fn from_parts(score: Score, horizon: usize, channels: usize, errors: Vec<Vec<f32>>) -> Option<Self> {
        let ascending = |e: &Vec<f32>| !e.is_empty() && e.is_sorted() && e.iter().all(|v| v.is_finite());
        let fits = errors.len() == horizon.checked_mul(channels)? && errors.iter().all(ascending);
        fits.then_some(Self { score, horizon, channels, errors })
    }

    /// Ends of the interval, as seen from the forecast, when misses may be a share `miss`. Ranks beyond the errors give infinity,
    /// or `beyond` times the largest.
    fn offsets(&self, step: usize, channel: usize, miss: f64, beyond: Option<f64>) -> (f64, f64) {
        let errors = &self.errors[step * self.channels + channel];
        let n = errors.len();
        let rank = |share: f64| ((n as f64 + 1.0) * share - 1e-9).ceil().max(0.0) as usize;
        let largest = errors.iter().fold(0.0_f64, |m, &e| m.max(f64::from(e.abs())));
        let outside = beyond.map_or(f64::INFINITY, |factor| factor * largest);
        match self.score {
            Score::Absolute => {
                let width = match rank(1.0 - miss) {
                    0 => 0.0,
                    r if r > n => outside,
                    r => f64::from(errors[r - 1]),
                };
                (-width, width)
            }
            Score::Signed => {
                let r = rank(1.0 - 0.5 * miss);
                let ends = |r: usize| {
                    if r > n || r == 0 {
                        (-outside, outside)
                    } else {
                        (f64::from(errors[n - r]), f64::from(errors[r - 1]))
                    }
                };
                ends(r)
            }
        }
    }
}

/// How intervals did.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Coverage {
    /// Share of observed targets inside.
    pub coverage: f64,
    /// Mean width of the intervals.
    pub width: f64,
    /// Interval (Winkler) score at the level, mean: width plus 2/a times the distance of targets outside.
    pub interval_score: f64,
    /// Observed targets.
    pub count: usize,
}

/// Adaptive conformal inference: a level per step and channel that follows the misses, `a ← a + γ (alpha - miss)`.
///
/// What a forecast for h steps ahead missed is known h steps later: feedback is delayed by that. Where the level leaves (0, 1) the
/// interval is 1.5 times the largest error, or empty.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdaptiveConformal {
    split: SplitConformal,
    alpha: f64,
    gamma: f64,
    levels: Array2<f64>,
}

impl AdaptiveConformal {
    /// At `level` in (0, 1) with step γ = `gamma` ≥ 0 (the usual choice is 0.01).
    ///
    /// # Errors
    /// Numbers out of range.
    pub fn new(split: SplitConformal, level: f64, gamma: f64) -> Result<Self> {
        check_range("level", level, level > 0.0 && level < 1.0, "> 0 and < 1")?;
        check_range("gamma", gamma, gamma >= 0.0 && gamma.is_finite(), "finite and >= 0")?;
        let levels = Array2::from_elem((split.horizon, split.channels), 1.0 - level);
        Ok(Self { split, alpha: 1.0 - level, gamma, levels })
    }

    /// The present interval about forecasts (H × N).
    ///
    /// # Errors
    /// Another shape.
    pub fn interval(&self, forecast: &ArrayRef2<f64>) -> Result<(Array2<f64>, Array2<f64>)> {
        let shape = [self.split.horizon, self.split.channels];
        check_shape("forecast", forecast, &shape, "the errors are of such forecasts")?;
        let (mut lower, mut upper) = (forecast.to_owned(), forecast.to_owned());
        for ((t, n), &value) in forecast.indexed_iter() {
            let (below, above) = self.split.offsets(t, n, self.levels[[t, n]], Some(1.5));
            lower[[t, n]] = value + below;
            upper[[t, n]] = value + above;
        }
        Ok((lower, upper))
    }

    /// What became of the interval for a step (0 is the first) and channel. Positions outside are ignored.
    pub fn feedback(&mut self, step: usize, channel: usize, missed: bool) {
        if let Some(a) = self.levels.get_mut((step, channel)) {
            *a += self.gamma * (self.alpha - if missed { 1.0 } else { 0.0 });
        }
    }

    /// Runs through the windows of `rows` in order, with feedback as it would have arrived, and measures the intervals.
    ///
    /// # Errors
    /// No window, and what the forecaster raises.
    pub fn roll(
        &mut self,
        forecaster: &(impl Forecaster + ?Sized),
        series: &ArrayRef2<f64>,
        rows: &Range<usize>,
    ) -> Result<Coverage> {
        let horizon = self.split.horizon;
        let mut sums = CoverageSums::default();
        // Whether each interval of the last H windows missed; `None` where nothing was observed.
        let mut recent: std::collections::VecDeque<Array2<Option<bool>>> = std::collections::VecDeque::new();
        for_each_batch(forecaster, series, "evaluated", rows, |_, forecasts, targets| {
            for (forecast, target) in forecasts.outer_iter().zip(targets.outer_iter()) {
                for step in 0..recent.len().min(horizon) {
                    // The window step + 1 origins ago has just seen its step.
                    let Some(window) = recent.get(recent.len() - 1 - step) else { continue };
                    let outcomes: Vec<Option<bool>> = window.row(step).to_vec();
                    for (channel, outcome) in outcomes.into_iter().enumerate() {
                        if let Some(missed) = outcome {
                            self.feedback(step, channel, missed);
                        }
                    }
                }
                let (lower, upper) = self.interval(&forecast)?;
                let missed = Array2::from_shape_fn(forecast.dim(), |index| {
                    let y = target[index];
                    (!y.is_nan()).then(|| sums.add(y, lower[index], upper[index], self.alpha))
                });
                recent.push_back(missed);
                if recent.len() > horizon {
                    recent.pop_front();
                }
            }
            Ok(())
        })?;
        Ok(sums.coverage())
    }
}

/// Measures the intervals of [`SplitConformal`] at `level` on the windows of `rows`.
///
/// # Errors
/// A bad level, no window, and what the forecaster raises.
pub fn coverage(
    split: &SplitConformal,
    forecaster: &(impl Forecaster + ?Sized),
    series: &ArrayRef2<f64>,
    rows: &Range<usize>,
    level: f64,
) -> Result<Coverage> {
    let mut sums = CoverageSums::default();
    for_each_batch(forecaster, series, "evaluated", rows, |_, forecasts, targets| {
        for (forecast, target) in forecasts.axis_iter(Axis(0)).zip(targets.axis_iter(Axis(0))) {
            let (lower, upper) = split.interval(&forecast, level)?;
            for (index, &y) in target.indexed_iter() {
                if !y.is_nan() {
                    sums.add(y, lower[index], upper[index], 1.0 - level);
                }
            }
        }
        Ok(())
    })?;
    Ok(sums.coverage())
}

#[derive(Default)]
struct CoverageSums {
    inside: usize,
    count: usize,
    width: f64,
    score: f64,
}

impl CoverageSums {
    /// Counts one target; says whether it was missed.
    fn add(&mut self, y: f64, lower: f64, upper: f64, alpha: f64) -> bool {
        let missed = !(y >= lower && y <= upper);
        self.count += 1;
        self.inside += usize::from(!missed);
        self.width += upper - lower;
        self.score += upper - lower + 2.0 / alpha * ((lower - y).max(0.0) + (y - upper).max(0.0));
        missed
    }

    fn coverage(&self) -> Coverage {
        let count = self.count as f64;
        Coverage {
            coverage: self.inside as f64 / count,
            width: self.width / count,
            interval_score: self.score / count,
            count: self.count,
        }
    }
}
