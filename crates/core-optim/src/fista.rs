//! FISTA: accelerated proximal gradient.

use crate::error::{check_length, check_positive};
use crate::prox::Proximal;
use crate::reduce::{constant, dot, norm, sum_zip};
use crate::stopping::Measures;
use crate::{
    Error, Minimum, Observer, Result, SmoothObjective, SolverState, Stopped, StoppingRule, Summary, Unobserved,
};
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, ArrayRef1, Zip};

/// How FISTA chooses its step 1 / L.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum StepRule {
    /// A known Lipschitz constant L > 0 of ∇f. One evaluation per iteration.
    Fixed(f64),
    /// L starts here (> 0) and doubles until f(x) ≤ f(y) + ∇f(y)ᵀ(x - y) + L/2 ‖x - y‖²; it never falls again.
    Backtracking(f64),
}

/// The momentum of FISTA.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Momentum {
    /// For convex f: error O(L / k²).
    Convex,
    /// For μ-strongly convex f, μ > 0: error O((1 - √(μ/L))ᵏ).
    StronglyConvex(f64),
}

/// When FISTA forgets its momentum (O'Donoghue and Candès, 2015).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Restart {
    /// Never.
    None,
    /// When the objective rises. Computes the objective in every iteration.
    Function,
    /// When the step turns against the momentum: (y - x₊)ᵀ(x₊ - x) > 0. Costs one dot product.
    Gradient,
}

/// FISTA for F(x) = f(x) + g(x), f smooth, g with a [`Proximal`] operator.
///
/// ```text
/// t₊ = (1 - q t² + √((1 - q t²)² + 4 t²)) / 2        q = μ/L, or 0 without strong convexity; t = 0 at first
/// β  = (t - 1)/t₊ · (1 - t₊ q)/(1 - q)                0 if q = 1
/// y  = x + β (x - x₋),    x₊ = prox_{g/L}(y - ∇f(y)/L)
/// ```
///
/// The certificate is the norm of the prox-gradient mapping, L ‖y - x₊‖ (which is ‖∇f(y)‖ without g); 0 exactly at a
/// minimiser. The mapping at x₊ is not larger (Beck, First-order methods, theorem 10.12).
///
/// | option | default | legal |
/// | --- | --- | --- |
/// | [`step_rule`](Self::step_rule) | backtracking from 1 | L finite, > 0 |
/// | [`momentum`](Self::momentum) | convex | μ finite, > 0 |
/// | [`restart`](Self::restart) | by the gradient scheme | |
/// | [`max_iterations`](Self::max_iterations) | 10 000 | any |
/// | [`stopping`](Self::stopping) | certificate down by 10⁻⁶ | finite, ≥ 0 |
/// | [`gap`](Self::gap) | none | finite, ≥ 0 |
///
/// ```
/// use core_optim::{Fista, SmoothObjective, prox::L1};
/// use ndarray::{ArrayRef1, array};
///
/// /// ½ ‖x - (3, -0.5)‖²
/// struct Distance;
/// impl SmoothObjective<f64> for Distance {
///     fn dimension(&self) -> usize { 2 }
///     fn value(&mut self, x: &ArrayRef1<f64>) -> f64 { 0.5 * ((x[0] - 3.0).powi(2) + (x[1] + 0.5).powi(2)) }
///     fn value_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
///         (gradient[0], gradient[1]) = (x[0] - 3.0, x[1] + 0.5);
///         self.value(x)
///     }
/// }
/// let minimum = Fista::new().minimise(&mut Distance, &mut L1::new(1.0)?, &array![0.0, 0.0])?;
/// assert_eq!(minimum.x, array![2.0, 0.0]);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fista {
    step_rule: StepRule,
    momentum: Momentum,
    restart: Restart,
    max_iterations: usize,
    stopping: StoppingRule,
    gap: Option<f64>,
}

impl Default for Fista {
    fn default() -> Self {
        Self::new()
    }
}

impl Fista {
    /// The defaults of the table above.
    #[must_use]
    pub fn new() -> Self {
        Self {
            step_rule: StepRule::Backtracking(1.0),
            momentum: Momentum::Convex,
            restart: Restart::Gradient,
            max_iterations: 10_000,
            stopping: StoppingRule::default(),
            gap: None,
        }
    }

    /// Sets how the step is chosen.
    #[must_use]
    pub fn step_rule(mut self, rule: StepRule) -> Self {
        self.step_rule = rule;
        self
    }

    /// Sets the momentum.
    #[must_use]
    pub fn momentum(mut self, momentum: Momentum) -> Self {
        self.momentum = momentum;
        self
    }

    /// Sets the restart scheme.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
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

    /// Also stops, with [`Stopped::Converged`], when the duality gap
    ///
    /// ```text
    /// g(x) + g*(-∇f(x)) + xᵀ∇f(x)  ≥  F(x) - min F        for convex f
    /// ```
    ///
    /// is at most `tolerance` · max(1, |F(0)|). It costs one more gradient and is looked at in every tenth iteration. For penalties whose
    /// conjugate is finite everywhere (otherwise it is +∞ until the dual point is feasible to the bit).
    #[must_use]
    pub fn gap(mut self, tolerance: f64) -> Self {
        self.gap = Some(tolerance);
        self
    }

    /// Minimises f + g from `start`; allocating form of [`minimise_into`](Self::minimise_into) without an observer.
    ///
    /// # Errors
    /// As [`minimise_into`](Self::minimise_into).
    pub fn minimise<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        g: &mut (impl Proximal<T> + ?Sized),
        start: &ArrayRef1<T>,
    ) -> Result<Minimum<T>> {
        let mut x = start.to_owned();
        let mut workspace = FistaWorkspace::new(x.len());
        let summary = self.minimise_into(f, g, &mut x, &mut workspace, &mut Unobserved)?;
        Ok(Minimum { x, summary })
    }

    /// Minimises f + g from the point in `x` (n), which receives the result. Allocates nothing of its own.
    ///
    /// # Errors
    /// An option outside its range, shapes that do not match, a start with NaN, or [`Error::StartNotFinite`] if f or its
    /// gradient is not finite there. Errors of the proximal operator.
    pub fn minimise_into<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        g: &mut (impl Proximal<T> + ?Sized),
        x: &mut ArrayRef1<T>,
        workspace: &mut FistaWorkspace<T>,
        observer: &mut (impl for<'a> Observer<SolverState<'a, T>> + ?Sized),
    ) -> Result<Summary<T>> {
        let n = f.dimension();
        self.validate()?;
        check_length("x", x, n, "the objective has that many variables")?;
        check_length("workspace", &workspace.x, n, "the objective has that many variables")?;
        g.check_dimension(n)?;
        check_finite("x", x)?;
        workspace.x.assign(x);
        let summary = self.run(f, g, workspace, observer)?;
        x.assign(&workspace.x);
        Ok(summary)
    }

    fn validate(&self) -> Result<()> {
        match self.step_rule {
            StepRule::Fixed(l) => check_positive("step_rule.fixed", l)?,
            StepRule::Backtracking(l) => check_positive("step_rule.backtracking", l)?,
        }
        if let Momentum::StronglyConvex(mu) = self.momentum {
            check_positive("momentum.strongly_convex", mu)?;
        }
        if let Some(tolerance) = self.gap {
            crate::error::check_non_negative("gap", tolerance)?;
        }
        self.stopping.validate()
    }

    fn run<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        g: &mut (impl Proximal<T> + ?Sized),
        work: &mut FistaWorkspace<T>,
        observer: &mut (impl for<'a> Observer<SolverState<'a, T>> + ?Sized),
    ) -> Result<Summary<T>> {
        let (mut lipschitz, backtracks) = match self.step_rule {
            StepRule::Fixed(l) => (constant::<T>(l), false),
            StepRule::Backtracking(l) => (constant::<T>(l), true),
        };
        let mu = match self.momentum {
            Momentum::Convex => T::zero(),
            Momentum::StronglyConvex(mu) => constant::<T>(mu),
        };
        let tracks_objective = self.restart == Restart::Function || self.stopping.needs_objective();
        work.previous.assign(&work.x);
        let mut t = T::zero();
        let mut objective: Option<T> = None;
        let mut residual = T::infinity();
        let mut first_residual = None;
        let (mut iterations, mut evaluations) = (0, 0);
        let gap_limit = match self.gap {
            None => T::zero(),
            Some(tolerance) => {
                work.forward.fill(T::zero());
                evaluations += 1;
                let at_zero = f.value(&work.forward) + g.value(&work.forward);
                constant::<T>(tolerance) * at_zero.abs().max(T::one())
            }
        };
        let mut gap = None;

        let stopped = loop {
            if iterations == self.max_iterations {
                break Stopped::IterationLimit;
            }
            let q = (mu / lipschitz).min(T::one());
            let bend = T::one() - q * t * t;
            let t_next = (bend + (bend * bend + constant::<T>(4.0) * t * t).sqrt()) * constant::<T>(0.5);
            // The first iteration after a (re)start has x = x₋, so that β does not matter.
            let beta = if q < T::one() && t > T::zero() {
                (t - T::one()) / t_next * (T::one() - t_next * q) / (T::one() - q)
            } else {
                T::zero()
            };
            Zip::from(&mut work.y)
                .and(&work.x)
                .and(&work.previous)
                .for_each(|y, &x, &before| *y = x + beta * (x - before));
            let value_y = f.value_and_gradient_into(&work.y, &mut work.gradient);
            evaluations += 1;
            let gradient_norm = norm(&work.gradient);
            if !(value_y.is_finite() && gradient_norm.is_finite()) {
                if iterations == 0 {
                    let (value, gradient_norm) = (Scalar::to_f64(value_y), Scalar::to_f64(gradient_norm));
                    return Err(Error::StartNotFinite { value, gradient_norm });
                }
                if t > T::zero() {
                    // The momentum left the domain: try once more from x itself.
                    t = T::zero();
                    work.previous.assign(&work.x);
                    continue;
                }
                break Stopped::NumericalBreakdown;
            }
            // f at the new point, when the step rule computes it.
            let mut value_new = None;
            let settled = loop {
                let step = lipschitz.recip();
                Zip::from(&mut work.forward).and(&work.y).and(&work.gradient).for_each(|v, &y, &d| *v = y - step * d);
                g.prox_into(&work.forward, step, &mut work.new)?;
                let moved = sum_zip(&work.new, &work.y, |new, y| (new - y) * (new - y));
                residual = lipschitz * root(moved, &work.new, &work.y);
                if !backtracks {
                    break residual.is_finite();
                }
                let value = f.value(&work.new);
                evaluations += 1;
                Zip::from(&mut work.forward).and(&work.new).and(&work.y).for_each(|v, &new, &y| *v = new - y);
                let linear = dot(&work.gradient, &work.forward);
                let model = value_y + linear + lipschitz * constant::<T>(0.5) * moved;
                // The three terms are rounded; without this slack L would grow for ever near the minimum.
                let slack = constant::<T>(16.0) * T::epsilon() * (value_y.abs() + value.abs() + linear.abs());
                if value <= model + slack {
                    value_new = Some(value);
                    break residual.is_finite();
                }
                lipschitz += lipschitz;
                if !lipschitz.is_finite() || lipschitz.recip() == T::zero() {
                    break false;
                }
            };
            if !settled {
                break Stopped::NumericalBreakdown;
            }
            if tracks_objective && value_new.is_none() {
                value_new = Some(f.value(&work.new));
                evaluations += 1;
            }
            // g costs a pass (or a factorisation): only for those who look at the sum.
            let objective_new = if tracks_objective { value_new.map(|v| v + g.value(&work.new)) } else { None };
            let restart = match self.restart {
                Restart::None => false,
                Restart::Function => matches!((objective, objective_new), (Some(old), Some(new)) if new > old),
                Restart::Gradient => {
                    let mut against = T::zero();
                    Zip::from(&work.y)
                        .and(&work.new)
                        .and(&work.x)
                        .for_each(|&y, &new, &x| against += (y - new) * (new - x));
                    against > T::zero()
                }
            };
            let step_norm = {
                Zip::from(&mut work.forward).and(&work.new).and(&work.x).for_each(|v, &new, &x| *v = new - x);
                norm(&work.forward)
            };
            // previous ← x ← new
            std::mem::swap(&mut work.previous, &mut work.x);
            std::mem::swap(&mut work.x, &mut work.new);
            if restart {
                t = T::zero();
                work.previous.assign(&work.x);
            } else {
                t = t_next;
            }
            iterations += 1;
            let objectives = match (objective, objective_new) {
                (Some(before), Some(after)) => Some((Scalar::to_f64(before), Scalar::to_f64(after))),
                _ => None,
            };
            objective = objective_new;
            let residual_f64 = Scalar::to_f64(residual);
            let measures = Measures {
                gradient_norm: residual_f64,
                first_gradient_norm: *first_residual.get_or_insert(residual_f64),
                objectives,
                step: Some((Scalar::to_f64(step_norm), Scalar::to_f64(norm(&work.x)))),
            };
            let state = SolverState {
                iteration: iterations,
                value: objective_new,
                gradient_norm: residual,
                step: lipschitz.recip(),
                evaluations,
                x: &work.x,
            };
            if observer.iteration(&state).is_break() {
                break Stopped::Observer;
            }
            if let Some(reason) = self.stopping.check(&measures) {
                break reason;
            }
            if self.gap.is_some() && (iterations % GAP_EVERY == 0 || residual == T::zero()) {
                evaluations += 1;
                let found = duality_gap(f, g, work)?;
                gap = Some(found);
                if found <= gap_limit {
                    break Stopped::Converged;
                }
            }
            if residual == T::zero() {
                break Stopped::Converged;
            }
        };
        let value = match objective {
            Some(value) => value,
            None => {
                evaluations += 1;
                f.value(&work.x) + g.value(&work.x)
            }
        };
        Ok(Summary { value, gradient_norm: residual, gap, iterations, evaluations, stopped })
    }
}

/// How often the duality gap is looked at.
const GAP_EVERY: usize = 10;

/// The duality gap at `work.x`.
fn duality_gap<T: Scalar>(
    f: &mut (impl SmoothObjective<T> + ?Sized),
    g: &mut (impl Proximal<T> + ?Sized),
    work: &mut FistaWorkspace<T>,
) -> Result<T> {
    f.value_and_gradient_into(&work.x, &mut work.gradient);
    Zip::from(&mut work.new).and(&work.gradient).for_each(|out, &d| *out = -d);
    let Some(conjugate) = g.conjugate(&work.new) else {
        return Err(Error::Unsupported { what: "conjugate", needed_by: "stopping by the duality gap" });
    };
    Ok(g.value(&work.x) + conjugate + dot(&work.x, &work.gradient))
}

/// √moved = ‖new - y‖, computed again with scaling where the square overflowed or underflowed.
fn root<T: Scalar>(moved: T, new: &ArrayRef1<T>, y: &ArrayRef1<T>) -> T {
    if moved.is_normal() {
        return moved.sqrt();
    }
    let largest =
        new.iter().zip(y).fold(T::zero(), |m, (&a, &b)| if (a - b).is_nan() { a - b } else { m.max((a - b).abs()) });
    if largest > T::zero() && largest.is_finite() {
        largest * sum_zip(new, y, |a, b| ((a - b) / largest) * ((a - b) / largest)).sqrt()
    } else {
        largest
    }
}

/// Memory of [`Fista`] for n variables; reused from run to run, never grows.
#[derive(Debug, Clone)]
pub struct FistaWorkspace<T> {
    x: Array1<T>,
    previous: Array1<T>,
    y: Array1<T>,
    gradient: Array1<T>,
    forward: Array1<T>,
    new: Array1<T>,
}

impl<T: Scalar> FistaWorkspace<T> {
    /// Memory for `n` variables: 6 n numbers.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let vector = || Array1::zeros(n);
        Self { x: vector(), previous: vector(), y: vector(), gradient: vector(), forward: vector(), new: vector() }
    }
}
