//! The strong Wolfe conditions, by bracketing and zooming.

use super::armijo::check_start;
use super::interpolation::{Trial, cubic};
use super::{LineSearchEnd, LineSearchOutcome};
use crate::Result;
use crate::error::check_positive;
use crate::reduce::constant;
use core_tensor::{Scalar, check_range};

/// Finds a step with the strong Wolfe conditions
///
/// ```text
/// φ(t) ≤ φ(0) + c₁ t φ'(0)      and      |φ'(t)| ≤ c₂ |φ'(0)|
/// ```
///
/// by growing the step until an interval with a suitable point is found, then shrinking it by safeguarded cubic
/// interpolation (Nocedal and Wright, 2nd ed., algorithms 3.5 and 3.6; the interval shrinks by 0.66 in any two rounds, as
/// in Moré and Thuente, 1994). Values or slopes that are NaN or infinite shorten the interval.
///
/// When the values have fallen below rounding, slopes decide: see [`LineSearchEnd::SatisfiedToRounding`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StrongWolfe {
    /// c₁, in (0, c₂), default 1e-4.
    pub sufficient_decrease: f64,
    /// c₂, in (c₁, 1), default 0.9 (for quasi-Newton directions; 0.1 is usual for conjugate gradients).
    pub curvature: f64,
    /// The longest step, > 0, default 1e20.
    pub max_step: f64,
    /// Evaluations of φ and φ', at least 1, default 60.
    pub max_evaluations: usize,
}

impl Default for StrongWolfe {
    fn default() -> Self {
        Self { sufficient_decrease: 1e-4, curvature: 0.9, max_step: 1e20, max_evaluations: 60 }
    }
}

/// The far end of the interval.
#[derive(Clone, Copy)]
enum Far<T> {
    /// Not found yet: φ was falling wherever it was tried.
    Open,
    /// A trial with finite value and slope.
    Known(Trial<T>),
    /// A trial outside the domain.
    Outside(T),
}

impl StrongWolfe {
    /// Accepts options in their ranges.
    ///
    /// # Errors
    /// [`core_tensor::Error::OutOfRange`] otherwise.
    pub fn validate(&self) -> Result<()> {
        let (c1, c2) = (self.sufficient_decrease, self.curvature);
        check_range("curvature", c2, c2 > 0.0 && c2 < 1.0, "> 0 and < 1")?;
        check_range("sufficient_decrease", c1, c1 > 0.0 && c1 < c2, "> 0 and < `curvature`")?;
        check_positive("max_step", self.max_step)?;
        check_range("max_evaluations", self.max_evaluations as f64, self.max_evaluations > 0, ">= 1")?;
        Ok(())
    }

    /// Searches from `first_step` > 0, given φ(0) = `value` and φ'(0) = `slope` < 0; `phi` returns (φ(t), φ'(t)).
    ///
    /// If the conditions cannot be met, the best step with a sufficient decrease is returned, with the reason.
    ///
    /// # Errors
    /// An option or argument outside its range, or a `value` that is not finite.
    pub fn search<T: Scalar>(
        &self,
        value: T,
        slope: T,
        first_step: T,
        mut phi: impl FnMut(T) -> (T, T),
    ) -> Result<LineSearchOutcome<T>> {
        self.validate()?;
        check_start(value, slope, first_step)?;
        let (c1, c2) = (constant::<T>(self.sufficient_decrease), constant::<T>(self.curvature));
        let max_step = constant::<T>(self.max_step).min(T::max_value());
        let noise = constant::<T>(4.0) * T::epsilon() * value.abs();

        let mut low = Trial { step: T::zero(), value, slope };
        let mut far = Far::Open;
        let mut step = first_step.min(max_step);
        let mut widths = [T::infinity(); 2];
        let end = |trial: Trial<T>, evaluations, end| LineSearchOutcome {
            step: trial.step,
            value: trial.value,
            slope: Some(trial.slope),
            evaluations,
            end,
        };
        // A step that is only level with the start, up to rounding, may steer the search but is no result.
        let failed = |low: Trial<T>, evaluations, reason| {
            let best = if low.value < value { low } else { Trial { step: T::zero(), value, slope } };
            end(best, evaluations, reason)
        };
        for evaluations in 1..=self.max_evaluations {
            let (v, s) = phi(step);
            let trial = Trial { step, value: v, slope: s };
            if v.is_finite() && s.is_finite() {
                let decrease = v <= value + c1 * step * slope;
                let flat = (v - value).abs() <= noise && s <= (c1 + c1 - T::one()) * slope;
                if s.abs() <= -c2 * slope && (decrease || flat) {
                    let reason = if decrease { LineSearchEnd::Satisfied } else { LineSearchEnd::SatisfiedToRounding };
                    return Ok(end(trial, evaluations, reason));
                }
                let forward = step >= low.step;
                let rises_towards_step = if forward { s >= T::zero() } else { s <= T::zero() };
                let worse = if (v - low.value).abs() <= noise { rises_towards_step } else { v > low.value };
                if !(decrease || flat) || worse {
                    far = Far::Known(trial);
                } else {
                    if rises_towards_step {
                        far = Far::Known(low);
                    } else if matches!(far, Far::Open) && step >= max_step {
                        return Ok(end(trial, evaluations, LineSearchEnd::StepLimit));
                    }
                    // Growing: the cubic through the last two points, if it looks ahead at all.
                    if matches!(far, Far::Open) {
                        let ahead = cubic(&low, &trial);
                        let (least, most) = (step * constant::<T>(2.0), step * constant::<T>(10.0));
                        step = if ahead >= least && ahead <= most {
                            ahead
                        } else if ahead < least {
                            least
                        } else {
                            most
                        };
                        step = step.min(max_step);
                    }
                    low = trial;
                }
            } else {
                far = Far::Outside(step);
            }
            let far_step = match far {
                Far::Open => continue,
                Far::Known(far) => far.step,
                Far::Outside(far) => far,
            };
            let width = far_step - low.step;
            let wanted = match far {
                // Nothing is known beyond: leave the domain's border quickly when no step was good yet.
                Far::Outside(_) if low.step == T::zero() => low.step + width * constant::<T>(0.1),
                Far::Known(far) if width.abs() <= constant::<T>(0.66) * widths[1] => cubic(&low, &far),
                _ => low.step + width * constant::<T>(0.5),
            };
            widths = [width.abs(), widths[0]];
            let fraction = (wanted - low.step) / width;
            // NaN goes to the middle.
            let fraction = if fraction < constant::<T>(0.1) {
                constant::<T>(0.1)
            } else if fraction > constant::<T>(0.9) {
                constant::<T>(0.9)
            } else if fraction.is_nan() {
                constant::<T>(0.5)
            } else {
                fraction
            };
            step = low.step + fraction * width;
            if step == low.step || step == far_step || !(step > T::zero()) {
                return Ok(failed(low, evaluations, LineSearchEnd::IntervalTooSmall));
            }
        }
        Ok(failed(low, self.max_evaluations, LineSearchEnd::EvaluationLimit))
    }
}
