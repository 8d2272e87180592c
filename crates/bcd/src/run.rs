//! The one loop behind every combination.

use crate::certificate::{Certificate, certificate};
use crate::fit::{Fit, Iteration, Progress};
use crate::identification::pattern_of;
use crate::model_decrease::model_decrease;
use crate::number::constant;
use crate::select::Select;
use crate::step::{Block, Problem, Step};
use crate::top::top;
use crate::{Result, State};
use core_optim::{Observer, Stopped};
use core_tensor::Scalar;
use ndarray::Array1;

/// What the loop needs to know beside the parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LoopOptions {
    pub(crate) tolerance: f64,
    pub(crate) iterations: usize,
    pub(crate) check_every: usize,
    pub(crate) trace: bool,
    /// Largest support for which the superlinear controller takes over; 0: never.
    pub(crate) controller: usize,
}

/// select → update → state, until the certificate is small enough (section 7).
pub(crate) fn run<T: Scalar>(
    problem: &Problem<'_, T>,
    mut state: State<T>,
    select: &mut dyn Select<T>,
    step: &mut dyn Step<T>,
    options: LoopOptions,
    observer: &mut dyn for<'a> Observer<Progress<'a, T>>,
) -> Result<Fit<T>> {
    let mut patterns = Patterns::new(problem, &state.x);
    let mut penalty_value = problem.penalty.value(&state.x);
    let mut bound = Bound::new(problem, &mut state)?;
    let mut block = Vec::new();
    let mut trace = Vec::new();
    let mut controller = Controller::new();
    let refresh_every = 10 * select.epoch().max(1);
    let epoch = select.epoch().max(10);
    let mut epoch_start = state.value + penalty_value;
    let mut iteration = 0;
    let stopped = loop {
        let total = state.value + penalty_value;
        if options.trace {
            trace.push(patterns.entry(iteration, total, block.len()));
        }
        if !total.is_finite() {
            break if total == T::neg_infinity() { Stopped::Unbounded } else { Stopped::NumericalBreakdown };
        }
        let at_limit = iteration >= options.iterations;
        let stalled = iteration > 0
            && iteration.is_multiple_of(epoch)
            && !(epoch_start - total > constant::<T>(1e-15).max(T::epsilon() * constant::<T>(0.1)) * total.abs());
        if iteration.is_multiple_of(epoch) {
            epoch_start = total;
        }
        if iteration.is_multiple_of(options.check_every) || at_limit || stalled {
            if bound.check(problem, &mut state, options.tolerance)? {
                // Believe it only of a state without drift.
                problem.objective.refresh(&mut state)?;
                penalty_value = problem.penalty.value(&state.x);
                if bound.check(problem, &mut state, options.tolerance)? {
                    break Stopped::Converged;
                }
            }
            // F cannot show progress below the square root of its rounding; the residual can.
            if stalled && !bound.has_improved() {
                break Stopped::NoProgress;
            }
        }
        if iteration > 0 {
            let progress =
                Progress { iteration, objective: total, x: &state.x, block: &block, certificate: &bound.certificate };
            if observer.iteration(&progress).is_break() {
                break Stopped::Observer;
            }
        }
        if at_limit {
            break Stopped::IterationLimit;
        }
        if iteration > 0 && iteration.is_multiple_of(refresh_every) {
            problem.objective.refresh(&mut state)?;
            penalty_value = problem.penalty.value(&state.x);
        }
        if select.needs_gradient() || controller.ready(&patterns, options.controller) {
            problem.objective.update_gradient(&mut state)?;
        }
        let mut number = select.select(problem, &mut state, iteration, &mut block)?;
        if controller.ready(&patterns, options.controller) {
            controller.replace(problem, &state, &patterns, options.controller, &mut block)?;
            number = None;
        }
        if block.is_empty() {
            break if bound.check(problem, &mut state, options.tolerance)? {
                Stopped::Converged
            } else {
                Stopped::NoProgress
            };
        }
        patterns.x.clear();
        patterns.x.extend(block.iter().map(|&i| state.x[i]));
        let before = problem.penalty.block_value(&block, &patterns.x);
        step.step(problem, &mut state, Block { indices: &block, number })?;
        patterns.x.clear();
        patterns.x.extend(block.iter().map(|&i| state.x[i]));
        penalty_value += problem.penalty.block_value(&block, &patterns.x) - before;
        iteration += 1;
        patterns.update(problem, &state.x, &block, iteration);
        controller.observe(patterns.changed);
    };
    bound.check(problem, &mut state, options.tolerance)?;
    let objective = state.value + problem.penalty.value(&state.x);
    Ok(Fit {
        objective,
        certificate: bound.certificate,
        iterations: iteration,
        stopped,
        support: patterns.support(problem, &state.x),
        identified_at: patterns.last_change,
        trace,
        x: state.x,
    })
}

/// The certificate with the best dual value, and what it is measured by.
struct Bound<T> {
    certificate: Certificate<T>,
    /// ‖∇f(0)‖∞, the unit of KKT residuals.
    scale: T,
    /// The residual when progress was last asked for.
    before: T,
}

impl<T: Scalar> Bound<T> {
    fn new(problem: &Problem<'_, T>, state: &mut State<T>) -> Result<Self> {
        let certificate = certificate(problem, state)?;
        let largest = |g: &Array1<T>| g.iter().fold(T::zero(), |m, v| m.max(v.abs()));
        let scale = if state.x.iter().all(|&x| x == T::zero()) {
            largest(&state.gradient)
        } else {
            let mut origin = State::new(&Array1::zeros(state.x.len()), problem.objective.predictors());
            problem.objective.refresh(&mut origin)?;
            problem.objective.update_gradient(&mut origin)?;
            largest(&origin.gradient)
        };
        Ok(Self { certificate, scale: if scale > T::zero() { scale } else { T::one() }, before: T::infinity() })
    }

    /// Whether the residual has fallen by 5 % since the last call.
    fn has_improved(&mut self) -> bool {
        let improved = self.certificate.kkt < constant::<T>(0.95) * self.before;
        self.before = self.certificate.kkt;
        improved
    }

    /// Renews the certificate; true if it is within the tolerance.
    fn check(&mut self, problem: &Problem<'_, T>, state: &mut State<T>, tolerance: f64) -> Result<bool> {
        let found = certificate(problem, state)?;
        let primal = state.value + problem.penalty.value(&state.x);
        let dual = match (found.dual, self.certificate.dual) {
            (Some(new), Some(old)) => Some(if old > new { old } else { new }),
            (new, old) => new.or(old),
        };
        self.certificate = Certificate { kkt: found.kkt, dual, gap: dual.map(|dual| primal - dual) };
        let tolerance = constant::<T>(tolerance);
        Ok(match self.certificate.gap {
            Some(gap) => gap <= tolerance * primal.abs().max(dual.map_or(T::zero(), |d| d.abs())),
            None => self.certificate.kkt <= tolerance * self.scale,
        })
    }
}

/// The pattern of every coordinate, and when it last changed.
struct Patterns<T> {
    of: Vec<i8>,
    support_size: usize,
    last_change: usize,
    changed: usize,
    /// Scratch: values of the block.
    x: Vec<T>,
}

impl<T: Scalar> Patterns<T> {
    fn new(problem: &Problem<'_, T>, x: &Array1<T>) -> Self {
        let of: Vec<i8> = x.iter().enumerate().map(|(i, &x)| pattern_of(problem.penalty, i, x)).collect();
        let support_size = of.iter().filter(|&&p| p.abs() == 1).count();
        Self { of, support_size, last_change: 0, changed: 0, x: Vec::new() }
    }

    fn update(&mut self, problem: &Problem<'_, T>, x: &Array1<T>, block: &[usize], iteration: usize) {
        self.changed = 0;
        for &i in block {
            let now = pattern_of(problem.penalty, i, x[i]);
            let before = std::mem::replace(&mut self.of[i], now);
            if now != before {
                self.changed += 1;
                self.support_size += usize::from(now.abs() == 1);
                self.support_size -= usize::from(before.abs() == 1);
            }
        }
        if self.changed > 0 {
            self.last_change = iteration;
        }
    }

    fn entry(&self, iteration: usize, objective: T, block_size: usize) -> Iteration<T> {
        let (support_size, pattern_changes) = (self.support_size, self.changed);
        Iteration { iteration, objective, block_size, support_size, pattern_changes }
    }

    fn support(&self, problem: &Problem<'_, T>, x: &Array1<T>) -> Vec<usize> {
        (0..x.len()).filter(|&i| !problem.penalty.is_active(i, x)).collect()
    }
}

/// Takes the whole support as the block once the pattern has been the same for two updates (section 6).
#[derive(Debug)]
struct Controller<T> {
    quiet: usize,
    order: Vec<usize>,
    scores: Vec<T>,
    scratch: Vec<T>,
}

impl<T: Scalar> Controller<T> {
    fn new() -> Self {
        Self { quiet: 0, order: Vec::new(), scores: Vec::new(), scratch: Vec::new() }
    }

    fn observe(&mut self, changed: usize) {
        self.quiet = if changed == 0 { self.quiet + 1 } else { 0 };
    }

    fn ready(&self, patterns: &Patterns<T>, cap: usize) -> bool {
        self.quiet >= 2 && patterns.support_size > 0 && patterns.support_size <= cap
    }

    /// The support and the worst violators among the others, together at most `cap` (groups stay whole).
    fn replace(
        &mut self,
        problem: &Problem<'_, T>,
        state: &State<T>,
        patterns: &Patterns<T>,
        cap: usize,
        block: &mut Vec<usize>,
    ) -> Result<()> {
        if problem.penalty.groups().is_some() {
            return Ok(());
        }
        let Self { order, scores, scratch, .. } = self;
        scores.clear();
        scores.extend((0..state.x.len()).map(|i| {
            if patterns.of[i].abs() == 1 {
                T::infinity()
            } else {
                -model_decrease(problem, &[i], &[state.x[i]], &[state.gradient[i]], scratch).0
            }
        }));
        let count = cap.min(2 * patterns.support_size + 10);
        top(scores, count, order, block)?;
        block.retain(|&i| scores[i] > T::zero());
        Ok(())
    }
}
