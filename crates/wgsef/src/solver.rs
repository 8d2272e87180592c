//! Convex models: minimise a smooth loss plus λ ω, with a certificate; paths; exactly k groups.

use crate::error::{check_lambda, check_positive};
use crate::penalty::Restricted;
use crate::{Error, Penalty, Result, Wgsef, Workspace};
use core_optim::{Fista, FistaWorkspace, SmoothObjective, StepRule, Stopped, StoppingRule, Unobserved};
use core_tensor::{Scalar, check_range};
use ndarray::Array1;

/// Minimises `f(w) + λ ω(w)` for a convex differentiable f by FISTA with restarts, until the duality gap is small.
///
/// ω is not separable over groups, so that (block) coordinate descent does not apply.
///
/// | option | default | legal |
/// | --- | --- | --- |
/// | [`tolerance`](Self::tolerance) | 10⁻⁸ in f64, 10⁻⁵ in f32: gap ≤ tolerance · max(1, objective at 0) | finite, ≥ 0 |
/// | [`max_iterations`](Self::max_iterations) | 10 000 | any |
/// | [`lipschitz`](Self::lipschitz) | found by backtracking | finite, > 0 |
/// | [`ridge`](Self::ridge) of the refit | 0 | finite, ≥ 0 |
/// | [`growth`](Self::growth) of λ | 2 | finite, > 1 |
/// | [`largest_factor`](Self::largest_factor) of λ | 2¹⁰ | finite, ≥ 1 |
///
/// With free coordinates (in no group) there is no gap: the run ends when the norm of the prox-gradient mapping has fallen by the square root
/// of the tolerance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Solver {
    tolerance: Option<f64>,
    max_iterations: usize,
    lipschitz: Option<f64>,
    ridge: f64,
    growth: f64,
    largest_factor: f64,
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fit<T> {
    /// The coefficients.
    pub w: Array1<T>,
    /// λ.
    pub lambda: f64,
    /// The budget.
    pub k: usize,
    /// f(w) + λ ω(w); f(w) alone (with the ridge) after a refit.
    pub objective: f64,
    /// An upper bound on how far the objective lies above its minimum; `None` with free coordinates, λ = 0 or after a refit.
    pub gap: Option<f64>,
    /// Numbers of the non-zero groups.
    pub kept: Vec<usize>,
    /// Iterations.
    pub iterations: usize,
    /// Why the run ended.
    pub stopped: Stopped,
}

/// A model with at most k groups, and how it came about.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExactFit<T> {
    /// The regularised fit at the last λ tried.
    pub regularised: Fit<T>,
    /// The selected groups, fitted again without ω: exactly min(k, non-zero groups).
    pub refitted: Fit<T>,
    /// λ and the kept count of each regularised fit.
    pub steps: Vec<(f64, usize)>,
    /// True when the regularised fit itself had no more than k groups, so that the cut removed nothing.
    pub reached: bool,
}

impl Default for Solver {
    fn default() -> Self {
        Self::new()
    }
}

impl Solver {
    /// The defaults of the table above.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tolerance: None,
            max_iterations: 10_000,
            lipschitz: None,
            ridge: 0.0,
            growth: 2.0,
            largest_factor: 1024.0,
        }
    }

    /// Sets the relative tolerance of the duality gap.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// Sets the iteration limit.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Sets a known Lipschitz constant of ∇f.
    #[must_use]
    pub fn lipschitz(mut self, constant: f64) -> Self {
        self.lipschitz = Some(constant);
        self
    }

    /// Sets the ridge of the refit, ½ ridge ‖w‖².
    #[must_use]
    pub fn ridge(mut self, ridge: f64) -> Self {
        self.ridge = ridge;
        self
    }

    /// Sets the factor of λ from step to step of the continuation.
    #[must_use]
    pub fn growth(mut self, growth: f64) -> Self {
        self.growth = growth;
        self
    }

    /// Sets how far above its first value the continuation may take λ.
    #[must_use]
    pub fn largest_factor(mut self, factor: f64) -> Self {
        self.largest_factor = factor;
        self
    }

    fn validate(&self) -> Result<()> {
        let at_least =
            |argument, v: f64, least: f64, expected| check_range(argument, v, v >= least && v.is_finite(), expected);
        at_least("tolerance", self.tolerance.unwrap_or(0.0), 0.0, "finite and >= 0")?;
        at_least("ridge", self.ridge, 0.0, "finite and >= 0")?;
        at_least("largest_factor", self.largest_factor, 1.0, "finite and >= 1")?;
        check_range("growth", self.growth, self.growth > 1.0 && self.growth.is_finite(), "finite and > 1")?;
        check_positive("lipschitz", self.lipschitz.unwrap_or(1.0))
    }

    /// Fits one model, from w = 0.
    ///
    /// # Errors
    /// Options out of range, a function of another dimension, a start at which f is not finite.
    pub fn fit<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        omega: &Wgsef,
        lambda: f64,
    ) -> Result<Fit<T>> {
        let n = f.dimension();
        self.fit_from(f, omega, lambda, Array1::zeros(n), &mut FistaWorkspace::new(n))
    }

    /// Fits one model per λ, each from the last one's coefficients; `lambdas` in any order (decreasing is fastest).
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn lambda_path<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        omega: &Wgsef,
        lambdas: &[f64],
    ) -> Result<Vec<Fit<T>>> {
        let n = f.dimension();
        let (mut w, mut memory) = (Array1::zeros(n), FistaWorkspace::new(n));
        lambdas
            .iter()
            .map(|&lambda| {
                let fit = self.fit_from(f, omega, lambda, w.clone(), &mut memory)?;
                w.assign(&fit.w);
                Ok(fit)
            })
            .collect()
    }

    /// Fits one model per budget at the same λ, each from the last one's coefficients.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and a budget of 0.
    pub fn budget_path<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        omega: &Wgsef,
        budgets: &[usize],
        lambda: f64,
    ) -> Result<Vec<Fit<T>>> {
        let n = f.dimension();
        let (mut w, mut memory) = (Array1::zeros(n), FistaWorkspace::new(n));
        let mut omega = omega.clone();
        budgets
            .iter()
            .map(|&k| {
                omega.set_budget(k)?;
                let fit = self.fit_from(f, &omega, lambda, w.clone(), &mut memory)?;
                w.assign(&fit.w);
                Ok(fit)
            })
            .collect()
    }

    /// Fits with λ, then [`growth`](Self::growth) times λ, and so on until at most k groups are left or λ would exceed
    /// [`largest_factor`](Self::largest_factor) times its first value; then keeps the k largest groups and fits them again without ω (with
    /// the [`ridge`](Self::ridge)).
    ///
    /// # Errors
    /// As [`fit`](Self::fit); λ = 0.
    pub fn fit_exactly<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        omega: &Wgsef,
        lambda: f64,
    ) -> Result<ExactFit<T>> {
        check_positive("lambda", lambda)?;
        let n = f.dimension();
        let mut memory = FistaWorkspace::new(n);
        let mut regularised = self.fit_from(f, omega, lambda, Array1::zeros(n), &mut memory)?;
        let mut steps = vec![(lambda, regularised.kept.len())];
        let mut level = lambda;
        while regularised.kept.len() > omega.budget() && level * self.growth <= lambda * self.largest_factor {
            level *= self.growth;
            regularised = self.fit_from(f, omega, level, regularised.w, &mut memory)?;
            steps.push((level, regularised.kept.len()));
        }
        let reached = regularised.kept.len() <= omega.budget();
        let refitted = self.refit_with(f, omega, &regularised.w, &mut memory)?;
        Ok(ExactFit { regularised, refitted, steps, reached })
    }

    /// Keeps the k groups of `w` with the largest norm and fits them again without ω, from there.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn refit<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        omega: &Wgsef,
        w: &Array1<T>,
    ) -> Result<Fit<T>> {
        self.refit_with(f, omega, w, &mut FistaWorkspace::new(f.dimension()))
    }

    fn refit_with<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        omega: &Wgsef,
        w: &Array1<T>,
        memory: &mut FistaWorkspace<T>,
    ) -> Result<Fit<T>> {
        self.validate()?;
        let omega = omega.flattened()?;
        let mut work = Workspace::default();
        let mut w = w.clone();
        omega.hard_prox_in_place(&mut w, 0.0, &mut work)?;
        let chosen: Vec<bool> =
            work.multipliers().iter().zip(work.norms()).map(|(&u, &r)| u > 0.0 && r > 0.0).collect();
        let keeps: Vec<bool> = omega.groups().owners(0).map(|owner| owner.is_none_or(|j| chosen[j])).collect();
        let mut g = Restricted { keeps: &keeps, ridge: self.ridge };
        let solver = self.fista().stopping(StoppingRule::none().gradient(self.relative::<T>().sqrt() * 1e-2));
        let summary = solver.minimise_into(f, &mut g, &mut w, memory, &mut Unobserved)?;
        Ok(Fit {
            lambda: 0.0,
            k: omega.budget(),
            objective: Scalar::to_f64(summary.value),
            gap: None,
            kept: nonzero_groups(&omega, &w, &mut work)?,
            iterations: summary.iterations,
            stopped: summary.stopped,
            w,
        })
    }

    fn relative<T: Scalar>(&self) -> f64 {
        self.tolerance.unwrap_or(if size_of::<T>() == 4 { 1e-5 } else { 1e-8 })
    }

    fn fista(&self) -> Fista {
        let rule = self.lipschitz.map_or(StepRule::Backtracking(1.0), StepRule::Fixed);
        Fista::new().step_rule(rule).max_iterations(self.max_iterations)
    }

    fn fit_from<T: Scalar>(
        &self,
        f: &mut (impl SmoothObjective<T> + ?Sized),
        omega: &Wgsef,
        lambda: f64,
        mut w: Array1<T>,
        memory: &mut FistaWorkspace<T>,
    ) -> Result<Fit<T>> {
        check_lambda(lambda)?;
        self.validate()?;
        let mut penalty = Penalty::new(omega, lambda)?;
        let tolerance = self.relative::<T>();
        let solver = if penalty.has_free_coordinates() || lambda == 0.0 {
            self.fista().stopping(StoppingRule::none().gradient(tolerance.sqrt()))
        } else {
            self.fista().stopping(StoppingRule::none()).gap(tolerance)
        };
        let summary = solver.minimise_into(f, &mut penalty, &mut w, memory, &mut Unobserved)?;
        Ok(Fit {
            lambda,
            k: omega.budget(),
            objective: Scalar::to_f64(summary.value),
            gap: summary.gap.map(Scalar::to_f64),
            kept: nonzero_groups(penalty.omega(), &w, &mut Workspace::default())?,
            iterations: summary.iterations,
            stopped: summary.stopped,
            w,
        })
    }
}

fn nonzero_groups<T: Scalar>(omega: &Wgsef, w: &Array1<T>, work: &mut Workspace) -> Result<Vec<usize>> {
    omega.read("w", &[w.view().into_dyn()], work)?;
    Ok(work.norms().iter().enumerate().filter(|(_, norm)| **norm > 0.0).map(|(j, _)| j).collect())
}

impl Wgsef {
    /// The same function of the entries of its one tensor as a vector, in row-major order.
    pub(crate) fn flattened(&self) -> Result<Self> {
        let groups = self.groups().flattened().ok_or(Error::Incompatible {
            first: "groups across several tensors",
            second: "a model with one vector of coefficients",
            reason: "make groups of the vector's coordinates",
        })?;
        Ok(Self::new(groups, self.budget())?.weights(self.all_weights().clone())?.root_method(self.method()))
    }
}
