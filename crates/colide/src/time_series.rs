//! Time series: instantaneous and lagged effects in one score.
//!
//! With p lags the model is `x_t = W ᵀ x_t + A_1ᵀ x_{t−1} + … + A_pᵀ x_{t−p} + z_t`: W must be acyclic, the A_k need not
//! be, because time orders them. The lagged variables join the score as exogenous ones: they explain, have no equation of
//! their own, and with equal variances no share in the common noise scale.

use crate::{Colide, Fit, Result};
use core_tensor::{check_finite, check_range};
use ndarray::{Array2, ArrayRef2, Axis, Slice};

/// A fit of a time series.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct TimeSeriesFit {
    /// W (d × d): `[[i, j]]` is the effect of x_i(t) on x_j(t).
    pub instantaneous: Array2<f64>,
    /// A_1, …, A_p (d × d each): `lagged[k - 1][[i, j]]` is the effect of x_i(t − k) on x_j(t).
    pub lagged: Vec<Array2<f64>>,
    /// The fit of all d (p + 1) variables: variable `k d + i` is x_i(t − k).
    pub fit: Fit,
}

impl Colide {
    /// Learns instantaneous and lagged effects from a series `x` (n × d, rows in order of time, evenly spaced), from the
    /// n − `lags` rows whose past is known. [`Knowledge`](crate::Knowledge) and penalty weights speak of the d (p + 1)
    /// variables of [`TimeSeriesFit::fit`].
    ///
    /// # Errors
    /// As [`Colide::fit`]; fewer than `lags` + 2 rows.
    ///
    /// ```
    /// use colide::Colide;
    /// use ndarray::Array2;
    ///
    /// // x₁ follows x₀ with a delay of one step.
    /// let noise = |t: usize| ((t * 7919) % 1000) as f64 / 500.0 - 1.0;
    /// let x = Array2::from_shape_fn((500, 2), |(t, j)| match (t, j) {
    ///     (t, 0) => noise(t),
    ///     (0, _) => 0.0,
    ///     (t, _) => 0.9 * noise(t - 1) + 0.1 * noise(3 * t + 1),
    /// });
    /// let found = Colide::heteroscedastic().sparsity(0.01).fit_time_series(&x, 1)?;
    /// assert!(found.lagged[0][[0, 1]] > 0.8 && found.instantaneous[[0, 1]] == 0.0);
    /// # Ok::<(), colide::Error>(())
    /// ```
    pub fn fit_time_series(&self, x: &ArrayRef2<f64>, lags: usize) -> Result<TimeSeriesFit> {
        self.validate()?;
        let (n, d) = x.dim();
        check_range("lags", lags as f64, lags < n, "less than the number of rows")?;
        check_finite("x", x)?;
        let rows = n - lags;
        let mut extended = Array2::zeros((rows, d * (lags + 1)));
        for lag in 0..=lags {
            let past = x.slice_axis(Axis(0), Slice::from(lags - lag..n - lag));
            extended.slice_axis_mut(Axis(1), Slice::from(lag * d..(lag + 1) * d)).assign(&past);
        }
        let mut config = self.clone();
        for node in d..d * (lags + 1) {
            config.knowledge = config.knowledge.exogenous(node);
        }
        let fit = config.fit(&extended)?;
        let effects = fit.weights.slice_axis(Axis(1), Slice::from(..d));
        let block = |lag: usize| effects.slice_axis(Axis(0), Slice::from(lag * d..(lag + 1) * d)).to_owned();
        Ok(TimeSeriesFit { instantaneous: block(0), lagged: (1..=lags).map(block).collect(), fit })
    }
}
