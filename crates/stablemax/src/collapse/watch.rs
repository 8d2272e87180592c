//! A warning before the collapse comes.

use super::forecast::Forecast;
use super::report::{CollapseReport, report};
use crate::FloatType;
use crate::error::Result;
use core_tensor::{Scalar, check_range};
use ndarray::ArrayRef2;

/// Watches the logits of a training and warns when half of the rows are collapsed, or will be soon.
///
/// ```
/// use ndarray::array;
/// use stablemax::FloatType;
/// use stablemax::collapse::{CollapseWatch, CollapseWarning};
///
/// let mut watch = CollapseWatch::new(FloatType::F32, 1000.0)?;
/// assert_eq!(watch.observe(0.0, &array![[2.0_f32, 0.0], [0.0, 3.0]], &[0, 1])?.warning, None);
/// // The logits have grown: at this pace the other class is absorbed in less than 1000 steps.
/// let seen = watch.observe(500.0, &array![[9.0_f32, 0.0], [0.0, 10.0]], &[0, 1])?;
/// assert!(matches!(seen.warning, Some(CollapseWarning::Near { step }) if step < 1500.0));
/// let seen = watch.observe(900.0, &array![[20.0_f32, 0.0], [0.0, 21.0]], &[0, 1])?;
/// assert!(matches!(seen.warning, Some(CollapseWarning::Here { .. })));
/// # Ok::<(), stablemax::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CollapseWatch {
    float: FloatType,
    horizon: f64,
    forecast: Forecast,
}

/// What a [`CollapseWatch`] saw.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Observation {
    /// The batch.
    pub report: CollapseReport,
    /// Whether there is something to warn of.
    pub warning: Option<CollapseWarning>,
}

/// Why a training is in danger; its text says what helps.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum CollapseWarning {
    /// Half of the rows are expected to be collapsed at this step.
    Near {
        /// The step, by [`Forecast`].
        step: f64,
    },
    /// At least half of the rows are collapsed.
    Here {
        /// The fraction of collapsed rows.
        collapsed: f64,
    },
}

impl std::fmt::Display for CollapseWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Near { step } => write!(f, "half of the rows will be collapsed at about step {step:.0}")?,
            Self::Here { collapsed } => write!(f, "{:.0} % of the rows are collapsed", 100.0 * collapsed)?,
        }
        f.write_str(": their gradients vanish; rest-mass softmax, StableMax or orthogonal gradients keep them alive")
    }
}

impl CollapseWatch {
    /// Warns of a collapse in the arithmetic of `float` that is expected within `horizon` steps (finite, ≥ 0).
    ///
    /// # Errors
    /// On another horizon.
    pub fn new(float: FloatType, horizon: f64) -> Result<Self> {
        check_range("horizon", horizon, horizon >= 0.0 && horizon.is_finite(), "finite and >= 0")?;
        /// Observations that the line of the forecast goes through: enough to smooth batches, few enough to follow a bend.
        const WINDOW: usize = 8;
        Ok(Self { float, horizon, forecast: Forecast::new(WINDOW)? })
    }

    /// Takes the logits (n × C) and labels (n) of a step.
    ///
    /// # Errors
    /// As for [`report`], and when `step` is not finite or not above the last one.
    pub fn observe<T: Scalar>(&mut self, step: f64, logits: &ArrayRef2<T>, labels: &[usize]) -> Result<Observation> {
        let report = report(logits, labels, self.float)?;
        self.forecast.observe(step, report.margin[2])?;
        let near = self.forecast.step_of_half_collapse().filter(|&crossing| crossing <= step + self.horizon);
        let warning = if report.collapsed >= 0.5 {
            Some(CollapseWarning::Here { collapsed: report.collapsed })
        } else {
            near.filter(|&crossing| crossing >= step).map(|step| CollapseWarning::Near { step })
        };
        Ok(Observation { report, warning })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn warnings_are_interface() {
        let text = |warning: CollapseWarning| warning.to_string();
        assert_eq!(
            text(CollapseWarning::Near { step: 120.4 }),
            "half of the rows will be collapsed at about step 120: their gradients vanish; rest-mass softmax, StableMax or orthogonal \
             gradients keep them alive"
        );
        assert!(text(CollapseWarning::Here { collapsed: 0.75 }).starts_with("75 % of the rows are collapsed: "));
    }

    #[test]
    fn far_away_it_is_silent_and_bad_input_is_refused() {
        let mut watch = CollapseWatch::new(FloatType::F64, 10.0).unwrap();
        for step in 0..4 {
            let lead = 1.0 + f64::from(step);
            let seen = watch.observe(f64::from(step), &array![[lead, 0.0]], &[0]).unwrap();
            // 37 is where f64 collapses, at one unit a step: not within ten steps.
            assert_eq!(seen.warning, None);
        }
        let message = watch.observe(3.0, &array![[1.0, 0.0]], &[0]).unwrap_err().to_string();
        assert_eq!(message, "`step` is 3; it must be finite and above the last one");
        assert!(watch.observe(4.0, &array![[f64::NAN, 0.0]], &[0]).is_err());
        assert!(CollapseWatch::new(FloatType::F32, f64::NAN).is_err());
    }
}
