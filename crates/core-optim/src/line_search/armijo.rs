//! Backtracking to a sufficient decrease.

use super::interpolation::{cubic_through, parabola};
use super::{LineSearchEnd, LineSearchOutcome};
use crate::error::check_positive;
use crate::reduce::constant;
use crate::{Error, Result};
use core_tensor::{Scalar, check_range};

/// Backtracking: shortens the step until φ(t) ≤ φ(0) + c t φ'(0).
///
/// The first shortening goes to the minimiser of a parabola, later ones to that of the cubic through the last two trials,
/// each kept within [0.1 t, 0.5 t]; after NaN or infinity the step is halved.
///
/// ```
/// use core_optim::line_search::{Armijo, LineSearchEnd};
///
/// // φ(t) = (1 - t)² from 0; the step 4 goes too far.
/// let outcome = Armijo::default().search(1.0, -2.0, 4.0, |t: f64| (1.0 - t).powi(2))?;
/// assert_eq!(outcome.end, LineSearchEnd::Satisfied);
/// assert!((outcome.step - 1.0).abs() < 1e-15);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Armijo {
    /// c, in (0, 1), default 1e-4.
    pub sufficient_decrease: f64,
    /// Evaluations of φ, at least 1, default 60.
    pub max_evaluations: usize,
}

impl Default for Armijo {
    fn default() -> Self {
        Self { sufficient_decrease: 1e-4, max_evaluations: 60 }
    }
}

impl Armijo {
    /// Searches from `first_step` > 0 downwards, given φ(0) = `value` and φ'(0) = `slope` < 0.
    ///
    /// # Errors
    /// An option or argument outside its range, or a `value` that is not finite.
    pub fn search<T: Scalar>(
        &self,
        value: T,
        slope: T,
        first_step: T,
        mut phi: impl FnMut(T) -> T,
    ) -> Result<LineSearchOutcome<T>> {
        let c = self.sufficient_decrease;
        check_range("sufficient_decrease", c, c > 0.0 && c < 1.0, "> 0 and < 1")?;
        check_range("max_evaluations", self.max_evaluations as f64, self.max_evaluations > 0, ">= 1")?;
        check_start(value, slope, first_step)?;
        let c = constant::<T>(c);
        let mut step = first_step;
        let mut before = None;
        for evaluations in 1..=self.max_evaluations {
            let found = phi(step);
            if found <= value + c * step * slope && found.is_finite() {
                return Ok(LineSearchOutcome {
                    step,
                    value: found,
                    slope: None,
                    evaluations,
                    end: LineSearchEnd::Satisfied,
                });
            }
            let shorter = match (found.is_finite(), before) {
                (false, _) => step * constant::<T>(0.5),
                (true, None) => parabola(value, slope, step, found),
                (true, Some(before)) => cubic_through(value, slope, before, (step, found)),
            };
            before = found.is_finite().then_some((step, found));
            let (least, most) = (step * constant::<T>(0.1), step * constant::<T>(0.5));
            // NaN falls to the middle branch.
            let next = if shorter < least {
                least
            } else if !(shorter <= most) {
                most
            } else {
                shorter
            };
            if !(next > T::zero()) {
                return Ok(nothing(value, evaluations, LineSearchEnd::IntervalTooSmall));
            }
            step = next;
        }
        Ok(nothing(value, self.max_evaluations, LineSearchEnd::EvaluationLimit))
    }
}

fn nothing<T: Scalar>(value: T, evaluations: usize, end: LineSearchEnd) -> LineSearchOutcome<T> {
    LineSearchOutcome { step: T::zero(), value, slope: None, evaluations, end }
}

/// Accepts a finite value, a negative slope and a positive first step.
pub(super) fn check_start<T: Scalar>(value: T, slope: T, first_step: T) -> Result<()> {
    let (value, slope) = (Scalar::to_f64(value), Scalar::to_f64(slope));
    check_range("value", value, value.is_finite(), "finite").map_err(Error::from)?;
    check_range("slope", slope, slope < 0.0 && slope.is_finite(), "finite and < 0 (a descent direction)")?;
    check_positive("first_step", Scalar::to_f64(first_step))
}
