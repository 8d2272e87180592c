//! The iterations of MAID.

use crate::maid::{FirstStep, Maid};
use crate::oracle::{Evaluation, Oracle};
use crate::run::{MaidFit, MaidState, MaidStep, Status};
use crate::vector::norm;
use crate::{Error, Result, ValueBounds, line_search_excess};
use core_optim::Observer;
use ndarray::Array1;

/// What is known at the accepted point.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gradient {
    pub(crate) bounds: ValueBounds,
    pub(crate) corrected: f64,
    pub(crate) error: Option<f64>,
}

enum Search {
    Accepted,
    Failed,
    Stopped,
    Exhausted,
}

impl Maid {
    /// κ/2 ‖θ - m‖².
    fn prior_value(&self, theta: &Array1<f64>) -> f64 {
        self.prior.as_ref().map_or(0.0, |(kappa, mean)| {
            0.5 * kappa * theta.iter().zip(mean).map(|(t, m)| (t - m) * (t - m)).sum::<f64>()
        })
    }

    fn add_prior_gradient(&self, theta: &Array1<f64>, z: &mut Array1<f64>) {
        if let Some((kappa, mean)) = &self.prior {
            ndarray::Zip::from(z).and(theta).and(mean).for_each(|z, t, m| *z += kappa * (t - m));
        }
    }

    /// Bounds with the prior's value in them.
    fn with_prior(&self, evaluation: Evaluation, theta: &Array1<f64>) -> ValueBounds {
        let (ValueBounds { value, upper, lower, error }, prior) = (evaluation.bounds, self.prior_value(theta));
        ValueBounds { value: value + prior, upper: upper + prior, lower: lower + prior, error }
    }

    /// How far a unit step along -z moves within the box: zero where the point is stationary.
    fn stationarity(&self, theta: &Array1<f64>, z: &Array1<f64>) -> f64 {
        if self.bounds.is_none() {
            return norm(z);
        }
        let mut moved = theta - z;
        self.project(&mut moved);
        norm(&(moved - theta))
    }

    fn exhausted(&self, oracle: &dyn Oracle) -> bool {
        self.max_cost.is_some_and(|limit| oracle.cost().total() >= limit)
    }

    pub(crate) fn descend(
        &self,
        oracle: &mut dyn Oracle,
        mut state: MaidState,
        observer: &mut (impl for<'a> Observer<MaidStep<'a>> + ?Sized),
    ) -> Result<MaidFit> {
        let d = state.theta.len();
        let mut z = Array1::<f64>::zeros(d);
        let scale = oracle.scale(&state.theta)?;
        let floor = 1e-13 * scale.size.max(1.0);
        let mut last = Gradient::default();
        let status = 'run: loop {
            let mut retry = 0;
            loop {
                let tightened = self.gradient(oracle, &mut state, &mut z, floor, &mut last);
                match tightened {
                    Ok(None) => {}
                    Ok(Some(status)) => break 'run status,
                    // What fails at the first point is the caller's to mend.
                    Err(error) if state.iteration == 0 && retry == 0 => return Err(error),
                    Err(_) => break 'run Status::LowerSolverFailed,
                }
                if d == 0 {
                    break 'run Status::Converged;
                }
                let stationarity = self.stationarity(&state.theta, &z);
                if stationarity + last.error.unwrap_or(0.0) <= self.gradient_tolerance {
                    break 'run Status::Converged;
                }
                if state.iteration >= self.max_iterations {
                    break 'run Status::MaxIterations;
                }
                if self.exhausted(oracle) {
                    break 'run Status::MaxCost;
                }
                if let Some((tolerance, patience)) = self.value_tolerance
                    && state.settled(tolerance, patience)
                {
                    break 'run Status::Settled;
                }
                match self.search(oracle, &mut state, &z, &last, retry, observer)? {
                    Search::Accepted => break,
                    Search::Stopped => {
                        // What the fit says must be said of its own θ.
                        self.gradient(oracle, &mut state, &mut z, floor, &mut last)?;
                        break 'run Status::Observer;
                    }
                    Search::Exhausted => break 'run Status::MaxCost,
                    Search::Failed if self.fixed => break 'run Status::SearchFailed,
                    Search::Failed => {
                        let (tighter, _) = self.accuracy_factors;
                        state.accuracy *= tighter;
                        state.residual *= tighter;
                        retry += 1;
                        if state.accuracy < floor || state.residual < floor {
                            break 'run Status::AccuracyFloor;
                        }
                    }
                }
            }
        };
        state.oracle = oracle.state();
        Ok(MaidFit {
            theta: state.theta.clone(),
            value: last.corrected,
            bounds: last.bounds,
            gradient_norm: norm(&z),
            gradient_error: last.error,
            status,
            iterations: state.iteration,
            cost: oracle.cost(),
            state,
        })
    }

    /// Algorithm 3.2: solves until the direction is one of descent. Returns a status when the run is over.
    fn gradient(
        &self,
        oracle: &mut dyn Oracle,
        state: &mut MaidState,
        z: &mut Array1<f64>,
        floor: f64,
        last: &mut Gradient,
    ) -> Result<Option<Status>> {
        let (eta, _) = self.descent;
        let (tighter, _) = self.accuracy_factors;
        loop {
            let evaluation = oracle.refine(&state.theta, state.accuracy)?;
            let found = oracle.hypergradient_into(&state.theta, state.residual, z)?;
            self.add_prior_gradient(&state.theta, z);
            let bounds = self.with_prior(evaluation, &state.theta);
            let corrected = found.corrected + self.prior_value(&state.theta);
            if !(bounds.value.is_finite() && norm(z).is_finite()) {
                if state.iteration == 0 {
                    return Err(Error::NotFinite { what: "the upper level or its gradient" });
                }
                return Ok(Some(Status::NotFinite));
            }
            *last = Gradient { bounds, corrected, error: found.error };
            if !(evaluation.solved && found.solved) {
                // Rounding ends it, or the solver does.
                let near = evaluation.bounds.error <= (1e4 * floor).max(1e3 * state.accuracy);
                return Ok(Some(if near { Status::AccuracyFloor } else { Status::LowerSolverFailed }));
            }
            let size = norm(z);
            let certain = found.error.is_none_or(|error| error <= (1.0 - eta) * size);
            let stationary = size + found.error.unwrap_or(0.0) <= self.gradient_tolerance;
            // Without a bound, a vanishing z may come of a linear system that nobody solved.
            let vague = found.error.is_none() && size <= self.gradient_tolerance && !z.is_empty();
            let loose = state.accuracy.max(state.residual) > self.gradient_tolerance.max(2.0 * floor);
            if self.fixed || ((certain || stationary) && !(vague && loose)) {
                return Ok(None);
            }
            if self.exhausted(oracle) {
                return Ok(Some(Status::MaxCost));
            }
            state.accuracy *= tighter;
            state.residual *= tighter;
            if state.accuracy < floor || state.residual < floor {
                return Ok(Some(Status::AccuracyFloor));
            }
        }
    }

    fn first_trial(&self, state: &MaidState, z: &Array1<f64>) -> f64 {
        let size = norm(z);
        let Some(length) = state.length else {
            return self.first_length.unwrap_or(0.01 * norm(&state.theta).max(1.0) / size);
        };
        if let (FirstStep::BarzilaiBorwein, Some((theta, slope))) = (self.first_step, &state.previous) {
            let (s, y) = (&state.theta - theta, z - slope);
            let curvature = s.dot(&y);
            let long = s.dot(&s) / curvature;
            if curvature > 0.0 && long.is_finite() && long > 0.0 {
                return long;
            }
        }
        length
    }

    /// Barzilai-Borwein lengths swing over the whole range of curvatures. A search that begins long must also reach the shortest of the last
    /// steps, or its failure would be blamed on the accuracy.
    fn extra_trials(&self, state: &MaidState, first: f64) -> usize {
        let shortest = state.lengths.iter().copied().fold(f64::INFINITY, f64::min);
        if self.first_step == FirstStep::Grow || !shortest.is_finite() {
            return 0;
        }
        let (shorter, _) = self.step_factors;
        // Saturates, and is zero where the search begins shorter.
        ((first / shortest).ln() / (1.0 / shorter).ln()).ceil().clamp(0.0, 1000.0) as usize
    }

    fn search(
        &self,
        oracle: &mut dyn Oracle,
        state: &mut MaidState,
        z: &Array1<f64>,
        last: &Gradient,
        retry: usize,
        observer: &mut (impl for<'a> Observer<MaidStep<'a>> + ?Sized),
    ) -> Result<Search> {
        let (_, lambda) = self.descent;
        let (shorter, longer) = self.step_factors;
        let square = z.dot(z);
        let mut length = self.first_trial(state, z);
        for trial in 0..self.backtracks + retry + self.extra_trials(state, length) {
            if trial > 0 {
                length *= shorter;
            }
            if self.exhausted(oracle) {
                return Ok(Search::Exhausted);
            }
            let mut theta = state.theta.clone();
            theta.scaled_add(-length, z);
            self.project(&mut theta);
            let moved = if self.bounds.is_some() {
                let step = &theta - &state.theta;
                step.dot(&step) / length
            } else {
                length * square
            };
            // A point that the problem refuses or cannot be solved at is a failed trial.
            let evaluation = oracle.check(&theta).and_then(|()| oracle.attempt(&theta, state.accuracy));
            let (bounds, excess) = match evaluation {
                Ok(evaluation) => {
                    let bounds = self.with_prior(evaluation, &theta);
                    let monotone = line_search_excess(&bounds, &last.bounds, lambda * moved);
                    let relaxed = self.nonmonotone.map_or(monotone, |_| {
                        monotone.min(bounds.upper - state.average_lower(last.bounds.lower) + lambda * moved)
                    });
                    (bounds, if evaluation.solved && relaxed.is_finite() { relaxed } else { f64::INFINITY })
                }
                Err(_) => {
                    (ValueBounds { value: f64::NAN, upper: f64::NAN, lower: f64::NAN, error: f64::NAN }, f64::INFINITY)
                }
            };
            let accepted = excess <= 0.0 && moved > 0.0;
            let flow = observer.iteration(&MaidStep {
                iteration: state.iteration,
                retry,
                trial,
                length,
                accuracy: state.accuracy,
                residual: state.residual,
                gradient_norm: square.sqrt(),
                gradient_error: last.error,
                excess,
                accepted,
                theta: if accepted { &theta } else { &state.theta },
                bounds: if accepted { bounds } else { last.bounds },
                corrected: last.corrected,
                cost: oracle.cost(),
            });
            if accepted {
                oracle.accept();
                let looser = if self.fixed { 1.0 } else { self.accuracy_factors.1 };
                state.advance(theta, z, (length, longer), looser, last, self.nonmonotone);
                return Ok(if flow.is_break() { Search::Stopped } else { Search::Accepted });
            }
            if flow.is_break() {
                return Ok(Search::Stopped);
            }
        }
        Ok(Search::Failed)
    }
}
