//! When half of the rows will be collapsed.

use crate::error::{Result, check_at_least};
use core_tensor::check_range;
use std::collections::VecDeque;

/// Forecast of the step at which the median margin to collapse reaches 0: a straight line through the last observations.
///
/// The margin is the logarithm of the mass that is not on the largest class. Under gradient descent it falls about as fast as the
/// logits grow, so that a line over a short window is a fair guess; far ahead it is a warning, not a measurement.
///
/// ```
/// use stablemax::collapse::Forecast;
///
/// let mut forecast = Forecast::new(4)?;
/// for step in [100.0, 200.0, 300.0] {
///     forecast.observe(step, 20.0 - step / 50.0)?;
/// }
/// assert_eq!(forecast.step_of_half_collapse(), Some(1000.0));
/// # Ok::<(), stablemax::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    window: usize,
    seen: VecDeque<(f64, f64)>,
    crossed: Option<f64>,
    last: Option<f64>,
}

impl Forecast {
    /// With a line over the last `window` ≥ 2 observations.
    ///
    /// # Errors
    /// When the window is shorter.
    pub fn new(window: usize) -> Result<Self> {
        check_at_least("window", window, 2, ">= 2")?;
        Ok(Self { window, seen: VecDeque::with_capacity(window.min(1024)), crossed: None, last: None })
    }

    /// Takes the median margin of a step. Margins that are not finite only say whether the collapse has come.
    ///
    /// # Errors
    /// When `step` is not finite or not above the last one.
    pub fn observe(&mut self, step: f64, median_margin: f64) -> Result<()> {
        let after = self.last.is_none_or(|last| step > last);
        check_range("step", step, step.is_finite() && after, "finite and above the last one")?;
        self.last = Some(step);
        if median_margin <= 0.0 && self.crossed.is_none() {
            self.crossed = Some(step);
        }
        if median_margin.is_finite() {
            if self.seen.len() == self.window {
                self.seen.pop_front();
            }
            self.seen.push_back((step, median_margin));
        }
        Ok(())
    }

    /// The step of 50 % collapse: the first one observed there, else where the line reaches 0. `None` with fewer than two
    /// observations, or when the margin does not fall.
    #[must_use]
    pub fn step_of_half_collapse(&self) -> Option<f64> {
        if self.crossed.is_some() {
            return self.crossed;
        }
        let (last, n) = (self.last?, self.seen.len() as f64);
        if n < 2.0 {
            return None;
        }
        let (step, margin) =
            self.seen.iter().fold((0.0, 0.0), |(s, m), &(step, margin)| (s + step / n, m + margin / n));
        let (covariance, variance) = self
            .seen
            .iter()
            .fold((0.0, 0.0), |(c, v), &(s, m)| (c + (s - step) * (m - margin), v + (s - step) * (s - step)));
        let slope = covariance / variance;
        let crossing = step - margin / slope;
        (slope < 0.0 && crossing.is_finite()).then(|| crossing.max(last))
    }
}
