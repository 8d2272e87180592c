//! Forecasts that need no fitting.

use crate::Result;
use crate::forecaster::Forecaster;
use core_tensor::{check_range, check_shape};
use ndarray::{Array3, ArrayRef3};

/// The rule of a [`Baseline`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Rule {
    /// The last observed value, for every step.
    LastValue,
    /// The last season, repeated.
    Seasonal {
        /// Steps of a season.
        period: usize,
    },
    /// The mean of the last seasons, repeated.
    SeasonalMean {
        /// Steps of a season.
        period: usize,
        /// How many seasons.
        seasons: usize,
    },
}

/// A forecaster without parameters: what every model must beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Baseline {
    look_back: usize,
    horizon: usize,
    rule: Rule,
}

impl Baseline {
    /// A baseline from windows of `look_back` steps.
    ///
    /// # Errors
    /// Sizes of 0; seasons that do not fit into the look-back.
    pub fn new(rule: Rule, look_back: usize, horizon: usize) -> Result<Self> {
        check_range("look_back", look_back as f64, look_back >= 1, ">= 1")?;
        check_range("horizon", horizon as f64, horizon >= 1, ">= 1")?;
        let (period, seasons) = match rule {
            Rule::LastValue => (1, 1),
            Rule::Seasonal { period } => (period, 1),
            Rule::SeasonalMean { period, seasons } => (period, seasons),
        };
        let fits = period >= 1 && seasons >= 1 && period.saturating_mul(seasons) <= look_back;
        check_range("period", period as f64, fits, ">= 1, and all seasons within the look-back")?;
        Ok(Self { look_back, horizon, rule })
    }
}

impl Forecaster for Baseline {
    fn look_back(&self) -> usize {
        self.look_back
    }

    fn horizon(&self) -> usize {
        self.horizon
    }

    fn forecast_windows(&self, windows: &ArrayRef3<f64>) -> Result<Array3<f64>> {
        let (batch, steps, channels) = windows.dim();
        check_shape("windows", windows, &[batch, self.look_back, channels], "the baseline looks back that many steps")?;
        // Where the value asked for is missing, the last one that was observed stands in.
        let last = |b, n| (0..steps).rev().map(|t| windows[[b, t, n]]).find(|v: &f64| !v.is_nan()).unwrap_or(0.0);
        let observed = |b, t, n| Some(windows[[b, t, n]]).filter(|v: &f64| !v.is_nan());
        Ok(Array3::from_shape_fn((batch, self.horizon, channels), |(b, t, n)| {
            let found = match self.rule {
                Rule::LastValue => None,
                Rule::Seasonal { period } => observed(b, steps - period + t % period, n),
                Rule::SeasonalMean { period, seasons } => {
                    let values = (1..=seasons).filter_map(|s| observed(b, steps - s * period + t % period, n));
                    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
                    (count > 0.0).then(|| sum / count)
                }
            };
            found.unwrap_or_else(|| last(b, n))
        }))
    }
}
