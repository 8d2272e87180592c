//! Lower bounds of the noise scales, and the units in which the problem is solved.

use crate::score::NoiseModel;
use crate::{Covariance, Result};
use core_tensor::{check_range, check_shape};
use ndarray::Array1;

/// Lower bounds of the noise scales. They smooth the score where residuals vanish.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Floor {
    /// 1e-8 of the smallest standard deviation: numerical safety only. The default, and in effect what the reference
    /// code does.
    #[default]
    Negligible,
    /// The rule of the paper's text: 1e-2 ‖X‖_F / √(d n) for equal variances, 1e-2 sd_j for non-equal ones. On raw data
    /// whose downstream variables have large variances it lies above the true noise scale and costs accuracy.
    Paper,
    /// This fraction of each standard deviation (of the smallest one for equal variances).
    Relative(f64),
    /// By value, one for each variable (for equal variances all the same), in the units of the data.
    Absolute(Array1<f64>),
}

impl Floor {
    /// The floors for data with this covariance (d).
    pub(crate) fn values(&self, model: NoiseModel, covariance: &Covariance) -> Result<Array1<f64>> {
        let sd = covariance.deviations();
        let d = sd.len();
        let smallest = smallest_positive(&sd);
        let rms = (sd.iter().map(|v| v * v / d as f64).sum::<f64>()).sqrt();
        // Never zero, also for a constant column: a positive floor keeps every division defined.
        let safety = 1e-8 * smallest;
        let rule = |ev: f64, fraction: f64| match model {
            NoiseModel::EqualVariance => Array1::from_elem(d, ev),
            NoiseModel::NonEqualVariance => sd.mapv(|sd| fraction * sd),
        };
        let values = match self {
            Floor::Negligible => Array1::from_elem(d, safety),
            Floor::Paper => rule(1e-2 * rms, 1e-2),
            Floor::Relative(fraction) => {
                check_range("floor", *fraction, *fraction >= 0.0 && *fraction <= 1.0, "between 0 and 1")?;
                rule(fraction * smallest, *fraction)
            }
            Floor::Absolute(values) => {
                check_shape("floor", values, &[d], "there is one for each variable")?;
                for &value in values {
                    check_range("floor", value, value >= 0.0 && value.is_finite(), "finite and >= 0")?;
                }
                if model == NoiseModel::EqualVariance
                    && let Some(other) = values.iter().find(|&&v| v != values[0])
                {
                    check_range("floor", *other, false, "the same for all variables when variances are equal")?;
                }
                values.clone()
            }
        };
        Ok(values.mapv(|value| value.max(safety)))
    }
}

/// Units in which the problem is solved. Multiplying all data by c is the same as dividing λ by c and multiplying μ by
/// c, so the method is not free of units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Units {
    /// The data's own.
    #[default]
    AsGiven,
    /// All data are divided by the smallest standard deviation, one number: about the noise scale of a root variable.
    /// The result then does not depend on the units of the data, and the order of the variances is kept.
    MinSd,
}

impl Units {
    /// The number that the data are divided by before solving.
    pub(crate) fn divisor(self, covariance: &Covariance) -> f64 {
        match self {
            Units::AsGiven => 1.0,
            Units::MinSd => smallest_positive(&covariance.deviations()),
        }
    }
}

/// The smallest positive entry, or 1 when there is none.
fn smallest_positive(sd: &Array1<f64>) -> f64 {
    let smallest = sd.iter().copied().filter(|&v| v > 0.0).fold(f64::INFINITY, f64::min);
    if smallest.is_finite() { smallest } else { 1.0 }
}
