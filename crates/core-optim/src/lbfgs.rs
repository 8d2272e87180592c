//! L-BFGS: quasi-Newton steps from the last few gradients.

use crate::error::check_length;
use crate::line_search::{LineSearchEnd, StrongWolfe};
use crate::reduce::{axpy, constant, dot, norm};
use crate::stopping::Measures;
use crate::{
    Error, Minimum, Observer, Result, SmoothObjective, SolverState, Stopped, StoppingRule, Summary, Unobserved,
};
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{Array1, Array2, ArrayRef1};

/// Limited-memory BFGS with a strong Wolfe line search (Nocedal and Wright, 2nd ed., algorithm 7.5).
///
/// | option | default | purpose | legal |
/// | --- | --- | --- | --- |
/// | [`memory`](Self::memory) | 10 | pairs of steps and gradient changes that shape the direction | ≥ 1 |
/// | [`max_iterations`](Self::max_iterations) | 1000 | limit | any |
/// | [`stopping`](Self::stopping) | gradient norm down by 10⁻⁶ | tolerances | finite, ≥ 0 |
/// | [`line_search`](Self::line_search) | c₁ = 1e-4, c₂ = 0.9 | strong Wolfe conditions | see [`StrongWolfe`] |
///
/// An iteration costs one or two evaluations and 4 m n multiplications for n variables and memory m, and does not
/// allocate.
///
/// ```
/// use core_optim::{Lbfgs, SmoothObjective, StoppingRule};
/// use ndarray::{ArrayRef1, array};
///
/// /// (1 - x)² + 100 (y - x²)²
/// struct Rosenbrock;
/// impl SmoothObjective<f64> for Rosenbrock {
///     fn dimension(&self) -> usize { 2 }
///     fn value(&mut self, x: &ArrayRef1<f64>) -> f64 {
///         (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2)
///     }
///     fn value_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
///         let lift = x[1] - x[0] * x[0];
///         gradient[0] = -2.0 * (1.0 - x[0]) - 400.0 * x[0] * lift;
///         gradient[1] = 200.0 * lift;
///         self.value(x)
///     }
/// }
/// let minimum = Lbfgs::new().stopping(StoppingRule::none().gradient_abs(1e-10)).minimise(&mut Rosenbrock, &array![-1.2, 1.0])?;
/// assert!((minimum.x[0] - 1.0).abs() < 1e-9 && (minimum.x[1] - 1.0).abs() < 1e-9);
/// assert!(minimum.summary.iterations < 60);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    memory: usize,
    max_iterations: usize,
    stopping: StoppingRule,
    line_search: StrongWolfe,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self::new()
    }
}

impl Lbfgs {
    /// The defaults of the table above.
    #[must_use]
    pub fn new() -> Self {
        Self {
            memory: 10,
            max_iterations: 1000,
            stopping: StoppingRule::default(),
            line_search: StrongWolfe::default(),
        }
    }

    /// Sets how many pairs are remembered.
    #[must_use]
    pub fn memory(mut self, pairs: usize) -> Self {
        self.memory = pairs;
        self
    }

    /// Sets the iteration limit.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Sets the tolerances.
    #[must_use]
    pub fn stopping(mut self, rule: StoppingRule) -> Self {
        self.stopping = rule;
        self
    }

    /// Sets the line search.
    #[must_use]
    pub fn line_search(mut self, search: StrongWolfe) -> Self {
        self.line_search = search;
        self
    }

    /// The memory this configuration needs for `n` variables.
    pub fn workspace<T: Scalar>(&self, n: usize) -> LbfgsWorkspace<T> {
        LbfgsWorkspace::new(n, self.memory)
    }

    /// Minimises `f` from `start`; allocating form of [`minimise_into`](Self::minimise_into) without an observer.
    ///
    /// # Errors
    /// As [`minimise_into`](Self::minimise_into).
    pub fn minimise<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        start: &ArrayRef1<T>,
    ) -> Result<Minimum<T>> {
        let mut x = start.to_owned();
        let mut workspace = self.workspace(x.len());
        let summary = self.minimise_into(f, &mut x, &mut workspace, &mut Unobserved)?;
        Ok(Minimum { x, summary })
    }

    /// Minimises `f` from the point in `x` (n), which receives the result. Allocates nothing of its own.
    ///
    /// The returned point is the last one accepted, and the best one: the objective never rises by
    /// more than the rounding of its value.
    ///
    /// # Errors
    /// An option outside its range, shapes that do not match, a start with NaN, or
    /// [`Error::StartNotFinite`] if the objective or its gradient is not finite there.
    pub fn minimise_into<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        x: &mut ArrayRef1<T>,
        workspace: &mut LbfgsWorkspace<T>,
        observer: &mut (impl for<'a> Observer<SolverState<'a, T>> + ?Sized),
    ) -> Result<Summary<T>> {
        let n = f.dimension();
        check_range("memory", self.memory as f64, self.memory > 0, ">= 1")?;
        self.stopping.validate()?;
        self.line_search.validate()?;
        check_length("x", x, n, "the objective has that many variables")?;
        check_finite("x", x)?;
        check_range(
            "workspace.memory",
            workspace.scales.len() as f64,
            workspace.scales.len() == self.memory,
            "the option `memory`",
        )?;
        check_length("workspace", &workspace.x, n, "the objective has that many variables")?;
        workspace.x.assign(x);
        let summary = self.run(f, workspace, observer)?;
        x.assign(&workspace.x);
        Ok(summary)
    }

    fn run<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        work: &mut LbfgsWorkspace<T>,
        observer: &mut (impl for<'a> Observer<SolverState<'a, T>> + ?Sized),
    ) -> Result<Summary<T>> {
        work.forget();
        let mut value = f.value_and_gradient_into(&work.x, &mut work.gradient);
        let mut gradient_norm = norm(&work.gradient);
        if !(value.is_finite() && gradient_norm.is_finite()) {
            let (value, gradient_norm) = (Scalar::to_f64(value), Scalar::to_f64(gradient_norm));
            return Err(Error::StartNotFinite { value, gradient_norm });
        }
        let first_gradient_norm = Scalar::to_f64(gradient_norm);
        let mut evaluations = 1;
        let mut iterations = 0;
        let mut measures =
            Measures { gradient_norm: first_gradient_norm, first_gradient_norm, objectives: None, step: None };
        let stopped = loop {
            if let Some(reason) = self.stopping.check(&measures) {
                break reason;
            }
            if gradient_norm == T::zero() {
                break Stopped::Converged;
            }
            if iterations == self.max_iterations {
                break Stopped::IterationLimit;
            }
            work.direction();
            let mut slope = dot(&work.direction, &work.gradient);
            if !(slope < T::zero() && slope.is_finite()) {
                work.forget();
                work.direction();
                slope = dot(&work.direction, &work.gradient);
                if !(slope < T::zero() && slope.is_finite()) {
                    break Stopped::NumericalBreakdown;
                }
            }
            let first_step = if work.pairs == 0 { T::one().min(gradient_norm.recip()) } else { T::one() };
            let found = self.line_search.search(value, slope, first_step, |t| work.trial(f, t))?;
            evaluations += found.evaluations;
            if found.step == T::zero() {
                if work.pairs > 0 {
                    // The memory misleads: start again from the gradient.
                    work.forget();
                    continue;
                }
                break match found.end {
                    LineSearchEnd::IntervalTooSmall => Stopped::NoProgress,
                    _ => Stopped::LineSearchFailed,
                };
            }
            let mut new_value = found.value;
            if !found.is_satisfied() {
                // The last evaluation may have been elsewhere.
                new_value = work.trial(f, found.step).0;
                evaluations += 1;
            }
            let step_norm = work.accept(found.step);
            iterations += 1;
            gradient_norm = norm(&work.gradient);
            let before = std::mem::replace(&mut value, new_value);
            measures = Measures {
                gradient_norm: Scalar::to_f64(gradient_norm),
                first_gradient_norm,
                objectives: Some((Scalar::to_f64(before), Scalar::to_f64(value))),
                step: Some((Scalar::to_f64(step_norm), Scalar::to_f64(norm(&work.x)))),
            };
            let state = SolverState {
                iteration: iterations,
                value: Some(value),
                gradient_norm,
                step: found.step,
                evaluations,
                x: &work.x,
            };
            if observer.iteration(&state).is_break() {
                break Stopped::Observer;
            }
            if found.end == LineSearchEnd::StepLimit {
                break Stopped::Unbounded;
            }
        };
        Ok(Summary { value, gradient_norm, gap: None, iterations, evaluations, stopped })
    }
}

/// Memory of [`Lbfgs`] for n variables; reused from run to run, never grows.
#[derive(Debug, Clone)]
pub struct LbfgsWorkspace<T> {
    x: Array1<T>,
    gradient: Array1<T>,
    direction: Array1<T>,
    trial_x: Array1<T>,
    trial_gradient: Array1<T>,
    /// Rows: the steps s and gradient changes y of the last iterations, in a ring.
    steps: Array2<T>,
    changes: Array2<T>,
    /// 1 / sᵀy of each pair, and the coefficients of the two-loop recursion.
    scales: Array1<T>,
    coefficients: Array1<T>,
    /// Number of pairs, and the row that the next one goes to.
    pairs: usize,
    next: usize,
    /// sᵀy / yᵀy of the newest pair.
    initial_scale: T,
}

impl<T: Scalar> LbfgsWorkspace<T> {
    /// Memory for `n` variables and `memory` pairs: 2 (memory + 3) n numbers.
    #[must_use]
    pub fn new(n: usize, memory: usize) -> Self {
        let vector = || Array1::zeros(n);
        Self {
            x: vector(),
            gradient: vector(),
            direction: vector(),
            trial_x: vector(),
            trial_gradient: vector(),
            steps: Array2::zeros((memory, n)),
            changes: Array2::zeros((memory, n)),
            scales: Array1::zeros(memory),
            coefficients: Array1::zeros(memory),
            pairs: 0,
            next: 0,
            initial_scale: T::one(),
        }
    }

    fn forget(&mut self) {
        self.pairs = 0;
        self.next = 0;
        self.initial_scale = T::one();
    }

    /// Rows of the ring from the newest pair to the oldest.
    fn newest_first(&self) -> impl DoubleEndedIterator<Item = usize> + use<T> {
        let (memory, next, pairs) = (self.scales.len(), self.next, self.pairs);
        (1..=pairs).map(move |age| (next + memory - age) % memory)
    }

    /// direction ← -H ∇f by the two-loop recursion.
    fn direction(&mut self) {
        self.direction.assign(&self.gradient);
        for row in self.newest_first() {
            let coefficient = self.scales[row] * dot(&self.steps.row(row), &self.direction);
            self.coefficients[row] = coefficient;
            axpy(-coefficient, &self.changes.row(row), &mut self.direction);
        }
        let scale = -self.initial_scale;
        self.direction.mapv_inplace(|v| v * scale);
        // The sign is already turned: the second loop subtracts where the textbook adds.
        for row in self.newest_first().rev() {
            let along = self.scales[row] * dot(&self.changes.row(row), &self.direction);
            axpy(-(self.coefficients[row] + along), &self.steps.row(row), &mut self.direction);
        }
    }

    /// φ(t) and φ'(t); leaves x + t d and its gradient in the trial vectors.
    fn trial(&mut self, f: &mut (impl SmoothObjective<T> + ?Sized), t: T) -> (T, T) {
        for ((trial, &x), &d) in self.trial_x.iter_mut().zip(&self.x).zip(&self.direction) {
            *trial = x + t * d;
        }
        let value = f.value_and_gradient_into(&self.trial_x, &mut self.trial_gradient);
        (value, dot(&self.trial_gradient, &self.direction))
    }

    /// Makes the trial point the current one, remembers the pair if it has positive curvature, and returns ‖s‖.
    fn accept(&mut self, t: T) -> T {
        let row = self.next;
        for (s, &d) in self.steps.row_mut(row).iter_mut().zip(&self.direction) {
            *s = t * d;
        }
        for ((y, &new), &old) in self.changes.row_mut(row).iter_mut().zip(&self.trial_gradient).zip(&self.gradient) {
            *y = new - old;
        }
        let (s, y) = (self.steps.row(row), self.changes.row(row));
        let (sy, yy, step_norm) = (dot(&s, &y), dot(&y, &y), norm(&s));
        // Below this the product is rounding noise; its reciprocal must be a number too.
        if sy > constant::<T>(4.0) * T::epsilon() * step_norm * yy.sqrt()
            && sy.recip().is_finite()
            && (sy / yy).is_normal()
        {
            self.scales[row] = sy.recip();
            self.initial_scale = sy / yy;
            self.next = (row + 1) % self.scales.len();
            self.pairs = (self.pairs + 1).min(self.scales.len());
        } else if self.pairs == self.scales.len() {
            // The row overwritten was the oldest pair.
            self.pairs -= 1;
        }
        std::mem::swap(&mut self.x, &mut self.trial_x);
        std::mem::swap(&mut self.gradient, &mut self.trial_gradient);
        step_norm
    }
}
