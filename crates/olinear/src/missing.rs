//! What is done about gaps before anything else.

use crate::scaler::check_no_infinity;
use crate::{Error, Result};
use core_tensor::check_range;
use ndarray::{Array2, ArrayRef2, Axis};

/// What is done about missing values (NaN). Never silently: the default is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MissingPolicy {
    /// A gap is an error that names its row and channel.
    #[default]
    Error,
    /// Gaps stay: they take no part in losses, moments and window statistics.
    Keep,
    /// The last value before the gap; before the first value, the first one.
    ForwardFill,
    /// A straight line across the gap; the nearest value at the ends.
    Interpolate,
    /// The value one season before (or, failing that, after), then a straight line where there is none.
    Seasonal {
        /// Rows of a season.
        period: usize,
    },
}

impl MissingPolicy {
    /// Applies the policy to `series` (n × N).
    ///
    /// # Errors
    /// A gap under [`MissingPolicy::Error`], a channel without any value to fill from, infinite entries, a period of 0.
    pub fn apply(&self, series: &ArrayRef2<f64>) -> Result<Array2<f64>> {
        check_no_infinity("series", series)?;
        let mut out = series.to_owned();
        if let MissingPolicy::Seasonal { period } = self {
            check_range("period", *period as f64, *period >= 1, ">= 1")?;
        }
        if *self == MissingPolicy::Keep {
            return Ok(out);
        }
        for (channel, mut column) in out.axis_iter_mut(Axis(1)).enumerate() {
            let Some(row) = column.iter().position(|v| v.is_nan()) else { continue };
            if *self == MissingPolicy::Error || column.iter().all(|v| v.is_nan()) {
                return Err(Error::Missing { row, channel });
            }
            let mut values = column.to_vec();
            match *self {
                MissingPolicy::ForwardFill => forward_fill(&mut values),
                MissingPolicy::Seasonal { period } => {
                    seasonal(&mut values, period);
                    interpolate(&mut values);
                }
                _ => interpolate(&mut values),
            }
            column.iter_mut().zip(values).for_each(|(out, v)| *out = v);
        }
        Ok(out)
    }
}

fn forward_fill(values: &mut [f64]) {
    let mut last = values.iter().copied().find(|v| !v.is_nan()).unwrap_or(f64::NAN);
    for v in values {
        if v.is_nan() {
            *v = last;
        }
        last = *v;
    }
}

fn seasonal(values: &mut [f64], period: usize) {
    for t in period..values.len() {
        if values[t].is_nan() {
            values[t] = values[t - period];
        }
    }
    for t in (0..values.len().saturating_sub(period)).rev() {
        if values[t].is_nan() {
            values[t] = values[t + period];
        }
    }
}

/// Straight lines across gaps, the nearest value at the ends; nothing when all is missing.
pub(crate) fn interpolate(values: &mut [f64]) {
    let seen: Vec<usize> = (0..values.len()).filter(|&t| !values[t].is_nan()).collect();
    let (Some(&first), Some(&last)) = (seen.first(), seen.last()) else { return };
    let (before, after) = (values[first], values[last]);
    values[..first].fill(before);
    values[last + 1..].fill(after);
    for pair in seen.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (from, to) = (values[a], values[b]);
        for t in a + 1..b {
            let share = (t - a) as f64 / (b - a) as f64;
            values[t] = from * (1.0 - share) + to * share;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn policies() {
        let gap = f64::NAN;
        let x = array![[gap], [1.0], [gap], [gap], [4.0], [gap]];
        let fill = |policy: MissingPolicy| policy.apply(&x).map(|x| x.column(0).to_vec());
        assert_eq!(fill(MissingPolicy::Error).unwrap_err(), Error::Missing { row: 0, channel: 0 });
        assert_eq!(fill(MissingPolicy::ForwardFill).unwrap(), [1.0, 1.0, 1.0, 1.0, 4.0, 4.0]);
        assert_eq!(fill(MissingPolicy::Interpolate).unwrap(), [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
        assert_eq!(fill(MissingPolicy::Seasonal { period: 2 }).unwrap(), [4.0, 1.0, 4.0, 1.0, 4.0, 1.0]);
        assert!(fill(MissingPolicy::Keep).unwrap()[0].is_nan());
        assert!(fill(MissingPolicy::Seasonal { period: 0 }).is_err());
        assert!(MissingPolicy::Interpolate.apply(&array![[gap]]).is_err());
        assert!(MissingPolicy::Keep.apply(&array![[f64::INFINITY]]).is_err());
    }
}
