//! When to stop: tolerances, combined by value.

use crate::{Result, Stopped, error::check_non_negative};

/// Tolerances of an iterative method; the run stops as soon as one of those that are set is met.
///
/// | setter | met when | reason |
/// | --- | --- | --- |
/// | [`gradient`](Self::gradient) | certificate ≤ tolerance · certificate at the start | [`Stopped::Converged`] |
/// | [`gradient_abs`](Self::gradient_abs) | certificate ≤ tolerance | [`Stopped::Converged`] |
/// | [`objective`](Self::objective) | change of f ≤ tolerance · max(abs f before, abs f after) | [`Stopped::Settled`] |
/// | [`step`](Self::step) | ‖Δx‖ ≤ tolerance · ‖x‖ | [`Stopped::Settled`] |
///
/// The certificate is the gradient norm, or the norm of the prox-gradient mapping for a composite objective. A measure
/// that a set tolerance looks at and that is NaN or infinite stops the run with [`Stopped::NumericalBreakdown`]. All tolerances
/// are finite and ≥ 0; none is set by [`StoppingRule::none`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoppingRule {
    gradient: Option<f64>,
    gradient_abs: Option<f64>,
    objective: Option<f64>,
    step: Option<f64>,
}

/// What a [`StoppingRule`] looks at after an iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Gradient norm, or norm of the prox-gradient mapping.
    pub gradient_norm: f64,
    /// The same at the start of the run.
    pub first_gradient_norm: f64,
    /// Objective before and after the iteration; `None` before the first, or when it is not computed.
    pub objectives: Option<(f64, f64)>,
    /// Norms of the step Δx and of the point x; `None` before the first iteration.
    pub step: Option<(f64, f64)>,
}

impl StoppingRule {
    /// No tolerance: the run ends by its iteration limit or its observer.
    #[must_use]
    pub const fn none() -> Self {
        Self { gradient: None, gradient_abs: None, objective: None, step: None }
    }

    /// Stops when the certificate has fallen to `tolerance` times its first value.
    #[must_use]
    pub const fn gradient(mut self, tolerance: f64) -> Self {
        self.gradient = Some(tolerance);
        self
    }

    /// Stops when the certificate is at most `tolerance`, in the units of the gradient.
    #[must_use]
    pub const fn gradient_abs(mut self, tolerance: f64) -> Self {
        self.gradient_abs = Some(tolerance);
        self
    }

    /// Stops when the objective changes by at most `tolerance` relative to its size.
    #[must_use]
    pub const fn objective(mut self, tolerance: f64) -> Self {
        self.objective = Some(tolerance);
        self
    }

    /// Stops when the point moves by at most `tolerance` relative to its norm.
    #[must_use]
    pub const fn step(mut self, tolerance: f64) -> Self {
        self.step = Some(tolerance);
        self
    }

    /// Accepts tolerances that are finite and at least zero.
    ///
    /// # Errors
    /// [`core_tensor::Error::OutOfRange`] otherwise.
    pub fn validate(&self) -> Result<()> {
        for (argument, tolerance) in [
            ("gradient", self.gradient),
            ("gradient_abs", self.gradient_abs),
            ("objective", self.objective),
            ("step", self.step),
        ] {
            check_non_negative(argument, tolerance.unwrap_or(0.0))?;
        }
        Ok(())
    }

    /// True when the rule looks at the objective, which some methods otherwise need not compute.
    #[must_use]
    pub fn needs_objective(&self) -> bool {
        self.objective.is_some()
    }

    /// The reason to stop, if there is one. The certificate is always checked for NaN.
    #[must_use]
    pub fn check(&self, measures: &Measures) -> Option<Stopped> {
        let Measures { gradient_norm, first_gradient_norm, objectives, step } = *measures;
        let objectives = objectives.filter(|_| self.objective.is_some());
        let step = step.filter(|_| self.step.is_some());
        let looked_at = [
            Some(gradient_norm),
            self.gradient.map(|_| first_gradient_norm),
            objectives.map(|(before, _)| before),
            objectives.map(|(_, after)| after),
            step.map(|(moved, _)| moved),
            step.map(|(_, size)| size),
        ];
        if looked_at.into_iter().flatten().any(|v| !v.is_finite()) {
            return Some(Stopped::NumericalBreakdown);
        }
        let converged = self.gradient.is_some_and(|tolerance| gradient_norm <= tolerance * first_gradient_norm)
            || self.gradient_abs.is_some_and(|tolerance| gradient_norm <= tolerance);
        if converged {
            return Some(Stopped::Converged);
        }
        let within = |change: f64, tolerance: Option<f64>, size: f64| change <= tolerance.unwrap_or(-1.0) * size;
        let settled = objectives.is_some_and(|(before, after)| {
            within((before - after).abs(), self.objective, before.abs().max(after.abs()))
        }) || step.is_some_and(|(moved, size)| within(moved, self.step, size));
        settled.then_some(Stopped::Settled)
    }
}

impl Default for StoppingRule {
    /// The certificate has fallen by a factor of 10⁻⁶.
    fn default() -> Self {
        Self::none().gradient(1e-6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Measures = Measures {
        gradient_norm: 1.0,
        first_gradient_norm: 2.0,
        objectives: Some((5.0, 4.0)),
        step: Some((0.5, 10.0)),
    };

    #[test]
    fn each_tolerance_stops_at_its_boundary() {
        assert_eq!(StoppingRule::none().check(&QUIET), None);
        for (met, missed, reason) in [
            (StoppingRule::none().gradient(0.5), StoppingRule::none().gradient(0.49), Stopped::Converged),
            (StoppingRule::none().gradient_abs(1.0), StoppingRule::none().gradient_abs(0.99), Stopped::Converged),
            (StoppingRule::none().objective(0.2), StoppingRule::none().objective(0.19), Stopped::Settled),
            (StoppingRule::none().step(0.05), StoppingRule::none().step(0.049), Stopped::Settled),
        ] {
            assert_eq!(met.check(&QUIET), Some(reason));
            assert_eq!(missed.check(&QUIET), None);
        }
        // The stronger reason wins when both hold.
        assert_eq!(StoppingRule::none().objective(1.0).gradient(1.0).check(&QUIET), Some(Stopped::Converged));
    }

    #[test]
    fn nan_stops_by_name_only_where_it_is_looked_at() {
        let nan = f64::NAN;
        let all = StoppingRule::none().gradient(1e-9).objective(1e-9).step(1e-9);
        for measures in [
            Measures { gradient_norm: nan, ..QUIET },
            Measures { gradient_norm: f64::INFINITY, ..QUIET },
            Measures { first_gradient_norm: nan, ..QUIET },
            Measures { objectives: Some((1.0, nan)), ..QUIET },
            Measures { objectives: Some((f64::INFINITY, 1.0)), ..QUIET },
            Measures { step: Some((nan, 1.0)), ..QUIET },
        ] {
            assert_eq!(all.check(&measures), Some(Stopped::NumericalBreakdown), "{measures:?}");
        }
        let unseen = Measures { objectives: Some((nan, nan)), step: Some((nan, nan)), ..QUIET };
        assert_eq!(StoppingRule::none().gradient(1e-9).check(&unseen), None);
        // Before the first iteration there is nothing to compare.
        assert_eq!(all.check(&Measures { objectives: None, step: None, ..QUIET }), None);
    }

    #[test]
    fn tolerances_are_validated() {
        assert!(StoppingRule::default().validate().is_ok());
        for bad in [-1e-9, f64::NAN, f64::INFINITY] {
            let error = StoppingRule::none().step(bad).validate().unwrap_err();
            assert_eq!(error.to_string(), format!("`step` is {bad}; it must be finite and >= 0"));
            assert!(StoppingRule::none().gradient(bad).validate().is_err());
            assert!(StoppingRule::none().gradient_abs(bad).validate().is_err());
            assert!(StoppingRule::none().objective(bad).validate().is_err());
        }
    }
}
