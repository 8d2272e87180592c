//! Standardising each channel.

use crate::Result;
use core_tensor::{Error as ArgumentError, Scalar, check_shape};
use ndarray::{Array1, Array2, ArrayRef2, Axis, Zip};

/// Mean and population standard deviation of each channel; a deviation of 0 counts as 1.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scaler {
    /// Mean of each channel (N).
    pub mean: Array1<f64>,
    /// Standard deviation of each channel (N), divisor n; never 0.
    pub deviation: Array1<f64>,
}

impl Scaler {
    /// The scaler of `rows` (n × N); missing entries (NaN) are left out.
    ///
    /// # Errors
    /// No rows or no channels, and infinite entries.
    pub fn fit(rows: &ArrayRef2<f64>) -> Result<Self> {
        if rows.is_empty() {
            return Err(ArgumentError::Empty { argument: "rows", expected: "entry" }.into());
        }
        check_no_infinity("rows", rows)?;
        let moments = |column: ndarray::ArrayView1<'_, f64>| {
            let observed: Vec<f64> = column.iter().copied().filter(|v| !v.is_nan()).collect();
            if observed.is_empty() {
                return (0.0, 1.0);
            }
            // By a first pass for the scale, huge entries do not overflow when squared.
            let largest = observed.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            if largest == 0.0 {
                return (0.0, 1.0);
            }
            let count = observed.len() as f64;
            let mean = observed.iter().map(|v| v / largest).sum::<f64>() / count;
            let variance = observed.iter().map(|v| (v / largest - mean).powi(2)).sum::<f64>() / count;
            // What is left of a constant channel is rounding.
            let deviation = if variance.sqrt() <= 4.0 * f64::EPSILON { 1.0 } else { variance.sqrt() * largest };
            (mean * largest, if deviation > 0.0 { deviation } else { 1.0 })
        };
        let (mean, deviation): (Vec<f64>, Vec<f64>) = rows.columns().into_iter().map(moments).unzip();
        Ok(Self { mean: mean.into(), deviation: deviation.into() })
    }

    /// Number of channels N.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// `(x - mean)/deviation` for x (n × N); NaN stays NaN.
    ///
    /// # Errors
    /// Another number of channels.
    pub fn transform<T: Scalar>(&self, x: &ArrayRef2<f64>) -> Result<Array2<T>> {
        check_shape("x", x, &[x.nrows(), self.channels()], "the scaler was fitted to that many channels")?;
        let mut out = Array2::zeros(x.dim());
        for (mut out, x) in out.axis_iter_mut(Axis(0)).zip(x.axis_iter(Axis(0))) {
            Zip::from(&mut out).and(x).and(&self.mean).and(&self.deviation).for_each(|out, &x, &mean, &deviation| {
                *out = <T as Scalar>::from_f64((x - mean) / deviation);
            });
        }
        Ok(out)
    }

    /// `x · deviation + mean` for x (n × N): back to the channels' own units.
    ///
    /// # Errors
    /// Another number of channels.
    pub fn inverse<T: Scalar>(&self, x: &ArrayRef2<T>) -> Result<Array2<f64>> {
        check_shape("x", x, &[x.nrows(), self.channels()], "the scaler was fitted to that many channels")?;
        let mut out = Array2::zeros(x.dim());
        for (mut out, x) in out.axis_iter_mut(Axis(0)).zip(x.axis_iter(Axis(0))) {
            Zip::from(&mut out).and(x).and(&self.mean).and(&self.deviation).for_each(|out, &x, &mean, &deviation| {
                *out = Scalar::to_f64(x) * deviation + mean;
            });
        }
        Ok(out)
    }
}

/// Accepts entries that are finite or missing (NaN).
pub(crate) fn check_no_infinity<T: Scalar, D: ndarray::Dimension>(
    argument: &'static str,
    x: &ndarray::ArrayRef<T, D>,
) -> Result<()> {
    match x.iter().position(|v| v.is_infinite()) {
        None => Ok(()),
        Some(flat) => {
            let mut index = vec![0; x.ndim()];
            let mut rest = flat;
            for (position, &length) in index.iter_mut().zip(x.shape()).rev() {
                *position = rest % length.max(1);
                rest /= length.max(1);
            }
            let found = x.iter().nth(flat).map_or(f64::NAN, |v| Scalar::to_f64(*v));
            Err(ArgumentError::NotFinite { argument, found, index }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn gaps_and_constants() {
        let x = array![[1.0, 5.0, 1e300], [f64::NAN, 5.0, -1e300], [3.0, 5.0, 1e300]];
        let scaler = Scaler::fit(&x).unwrap();
        assert_eq!(scaler.mean[0], 2.0);
        assert_eq!(scaler.deviation.to_vec()[..2], [1.0, 1.0]);
        assert!(scaler.deviation[2].is_finite());
        let scaled: Array2<f64> = scaler.transform(&x).unwrap();
        assert!(scaled[[1, 0]].is_nan() && scaled[[0, 0]] == -1.0);
        assert!(Scaler::fit(&Array2::zeros((0, 2))).is_err());
        assert!(Scaler::fit(&array![[f64::INFINITY]]).is_err());
        assert!(scaler.transform::<f32>(&Array2::zeros((2, 2))).is_err());
    }
}
