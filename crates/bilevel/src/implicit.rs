//! One problem, solved inexactly and differentiated implicitly.

use crate::adjoint::conjugate_gradients;
use crate::oracle::{Evaluation, Hypergradient, Oracle, Scale};
use crate::solver::{Lbfgs, LowerSolver};
use crate::vector::norm;
use crate::{Constants, Cost, Error, LowerLevel, Result, UpperLevel, ValueBounds, hypergradient_error};
use core_tensor::linalg::Llt;
use core_tensor::{check_finite, check_range, check_shape};
use ndarray::{Array1, Array2, ArrayRef1};

/// How the distance of a computed point from the solution is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AccuracyScale {
    /// ‖∇ₓh‖/μ: the only one that is certified.
    #[default]
    StrongConvexity,
    /// ‖∇ₓh‖/L, for problems whose μ is far below their typical curvature.
    Lipschitz,
    /// ‖H⁻¹ ∇ₓh‖ by a few steps of conjugate gradients: a good estimate.
    Newton,
}

/// Which error counts in the line search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Certificate {
    /// The one that was reached.
    #[default]
    Achieved,
    /// The one that was asked for, as in the published code.
    Requested,
}

/// How the error of hypergradients is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BoundMode {
    /// Not at all. Accepted steps are still certified by the line search alone.
    #[default]
    Off,
    /// Theorem 2.1 with the problem's own constants.
    Rigorous,
    /// The same with constants seen along the run: not certified.
    Estimated,
}

/// An [`Oracle`] for one problem.
#[derive(Debug)]
pub struct Implicit<P> {
    problem: P,
    solver: Box<dyn LowerSolver>,
    scale: AccuracyScale,
    certificate: Certificate,
    mode: BoundMode,
    lower_limit: usize,
    linear_limit: usize,
    /// Accepted point and trial.
    x: Array1<f64>,
    trial: Array1<f64>,
    /// ∇g and the error at either; the trial's wait for [`Oracle::accept`].
    at_x: Point,
    at_trial: Point,
    adjoint: Array1<f64>,
    dense: Option<(Array2<f64>, Llt<f64>)>,
    seen: Seen,
    cost: Cost,
}

#[derive(Debug, Clone)]
struct Point {
    gradient: Array1<f64>,
    value: f64,
    error: f64,
    /// ∇ₓh.
    residual: Array1<f64>,
}

impl Point {
    fn new(n: usize) -> Self {
        Self { gradient: Array1::zeros(n), value: f64::NAN, error: f64::INFINITY, residual: Array1::zeros(n) }
    }
}

/// Running maxima of difference quotients, and what they are taken between.
#[derive(Debug, Clone, Default)]
struct Seen {
    cross: f64,
    inverse: f64,
    point: Option<(Array1<f64>, Array1<f64>, Array1<f64>)>,
}

impl<P: LowerLevel + UpperLevel> Implicit<P> {
    /// With L-BFGS, certified accuracies, and without a bound of the hypergradient's error.
    ///
    /// # Errors
    /// A problem whose starting point has another length than it says, or is not finite.
    pub fn new(problem: P) -> Result<Self> {
        let x = problem.start();
        check_shape("start", &x, &[problem.variables()], "the problem has that many variables")?;
        check_finite("start", &x)?;
        let n = x.len();
        Ok(Self {
            problem,
            solver: Box::new(Lbfgs::default()),
            scale: AccuracyScale::default(),
            certificate: Certificate::default(),
            mode: BoundMode::default(),
            lower_limit: 100_000,
            linear_limit: 10 * n + 1000,
            trial: x.clone(),
            x,
            at_x: Point::new(n),
            at_trial: Point::new(n),
            adjoint: Array1::zeros(n),
            dense: None,
            seen: Seen::default(),
            cost: Cost::default(),
        })
    }

    /// Replaces the solver of the lower level.
    #[must_use]
    pub fn solver(mut self, solver: impl LowerSolver + 'static) -> Self {
        self.solver = Box::new(solver);
        self
    }

    /// Measures accuracies otherwise.
    #[must_use]
    pub fn accuracy_scale(mut self, scale: AccuracyScale) -> Self {
        self.scale = scale;
        self
    }

    /// Which error counts in the line search.
    #[must_use]
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// How errors of hypergradients are bounded.
    #[must_use]
    pub fn bound_mode(mut self, mode: BoundMode) -> Self {
        self.mode = mode;
        self
    }

    /// Iterations that one lower-level solve, and one linear solve, may take.
    ///
    /// # Errors
    /// A limit of 0.
    pub fn limits(mut self, lower: usize, linear: usize) -> Result<Self> {
        check_range("lower", lower as f64, lower > 0, ">= 1")?;
        check_range("linear", linear as f64, linear > 0, ">= 1")?;
        (self.lower_limit, self.linear_limit) = (lower, linear);
        Ok(self)
    }

    /// The accepted lower-level point.
    #[must_use]
    pub fn solution(&self) -> &Array1<f64> {
        &self.x
    }

    /// The problem.
    #[must_use]
    pub fn problem(&self) -> &P {
        &self.problem
    }

    /// Begins the next solve at `x`.
    ///
    /// # Errors
    /// Another length, entries that are not finite.
    pub fn warm_start(&mut self, x: &ArrayRef1<f64>) -> Result<()> {
        check_shape("x", x, &[self.x.len()], "the problem has that many variables")?;
        check_finite("x", x)?;
        self.x.assign(x);
        Ok(())
    }

    fn strong_convexity(&self, theta: &ArrayRef1<f64>) -> Result<f64> {
        let mu = self.problem.strong_convexity(theta);
        Ok(check_range("strong_convexity", mu, mu > 0.0 && mu.is_finite(), "finite and > 0").map(|()| mu)?)
    }

    /// Gradient norm that stands for an error of 1.
    fn unit(&self, theta: &ArrayRef1<f64>) -> Result<f64> {
        let mu = self.strong_convexity(theta)?;
        Ok(match self.scale {
            AccuracyScale::StrongConvexity => mu,
            // Without a known L, the certified scale.
            AccuracyScale::Lipschitz | AccuracyScale::Newton => self.problem.smoothness(theta).unwrap_or(mu).max(mu),
        })
    }

    /// Solves into the trial (`ahead`) or the accepted point.
    fn evaluate(&mut self, theta: &ArrayRef1<f64>, accuracy: f64, ahead: bool) -> Result<Evaluation> {
        let unit = self.unit(theta)?;
        let mut goal = accuracy * unit;
        let (x, point) = if ahead { (&mut self.trial, &mut self.at_trial) } else { (&mut self.x, &mut self.at_x) };
        let (error, solved) = loop {
            let solve = self.solver.solve(&mut self.problem, theta, x, goal, self.lower_limit)?;
            self.cost += solve.cost;
            self.problem.value_and_gradient_into(x, theta, &mut point.residual);
            let met = solve.residual <= goal;
            if self.scale != AccuracyScale::Newton {
                break (solve.residual / unit, met);
            }
            self.problem.linearise(x, theta);
            let (tolerance, mut step) = (0.1 * solve.residual, Array1::zeros(x.len()));
            let found =
                conjugate_gradients(&mut self.problem, x, theta, &point.residual, &mut step, tolerance, 20, |_| {})?;
            self.cost.products += found.products;
            let error = norm(&step);
            // An estimate that a tenth of the goal does not change much ends the search.
            if error <= accuracy || !met || goal <= 1e-6 * accuracy * unit {
                break (error, met && error <= accuracy);
            }
            goal *= 0.3;
        };
        point.value = self.problem.loss_and_gradient_into(x, &mut point.gradient);
        point.error = match self.certificate {
            Certificate::Achieved => error,
            Certificate::Requested => accuracy.max(error),
        };
        let (smoothness, convex) = (self.problem.loss_smoothness(), self.problem.loss_is_convex());
        let bounds = ValueBounds::new(point.value, norm(&point.gradient), point.error, smoothness, convex);
        Ok(Evaluation { bounds, solved })
    }

    /// Solves H q = ∇g at the accepted point: by a factor where the problem gives its Hessian, else by conjugate gradients.
    fn solve_adjoint(&mut self, theta: &ArrayRef1<f64>, tolerance: f64) -> Result<f64> {
        let n = self.x.len();
        self.problem.linearise(&self.x, theta);
        if n <= DENSE && self.problem.has_dense_hessian() {
            let (hessian, factor) = self.dense.get_or_insert_with(|| (Array2::zeros((n, n)), Llt::new(n)));
            self.problem.hessian_into(&self.x, theta, hessian);
            factor.factorise(hessian)?;
            self.adjoint.assign(&self.at_x.gradient);
            factor.solve_in_place(&mut self.adjoint)?;
            self.cost.factorisations += 1;
            return Ok(norm(&(hessian.dot(&self.adjoint) - &self.at_x.gradient)));
        }
        let Self { problem, x, at_x, adjoint, linear_limit, .. } = self;
        let found = conjugate_gradients(problem, x, theta, &at_x.gradient, adjoint, tolerance, *linear_limit, |_| {})?;
        self.cost.products += found.products;
        Ok(found.residual)
    }

    /// ω, by the mode.
    fn error_bound(&mut self, theta: &ArrayRef1<f64>, residual: f64) -> Result<Option<f64>> {
        let constants = match self.mode {
            BoundMode::Off => return Ok(None),
            BoundMode::Rigorous => self
                .problem
                .constants(&self.x, theta)
                .ok_or(Error::Missing { what: "BoundMode::Rigorous", needed: "the constants of the lower level" })?,
            BoundMode::Estimated => self.estimate(theta)?,
        };
        let (gradient, smoothness) = (norm(&self.at_x.gradient), self.problem.loss_smoothness());
        let mu = self.strong_convexity(theta)?;
        Ok(Some(hypergradient_error(&constants, mu, smoothness, gradient, self.at_x.error, residual)))
    }

    /// ‖J‖ by power iteration, Lipschitz constants by the largest difference quotients so far.
    fn estimate(&mut self, theta: &ArrayRef1<f64>) -> Result<Constants> {
        let (n, d) = (self.x.len(), theta.len());
        let mut t: Array1<f64> = core_tensor::random::normal_array(&mut core_tensor::random::rng(0), d);
        let (mut image, mut cross_norm) = (Array1::zeros(n), 0.0);
        for _ in 0..20 {
            let size = norm(&t);
            if size == 0.0 {
                break;
            }
            t /= size;
            self.problem.cross_into(&self.x, theta, &t, &mut image);
            cross_norm = norm(&image);
            self.problem.linearise(&self.x, theta);
            self.problem.cross_transposed_into(&self.x, theta, &image, &mut t);
        }
        let mut pulled = Array1::zeros(d);
        if let Some((before, q, cross)) = &self.seen.point {
            let moved = norm(&(&self.x - before));
            if moved > 0.0 {
                self.problem.cross_transposed_into(&self.x, theta, q, &mut pulled);
                let quotient = norm(&(&pulled - cross)) / (norm(q) * moved).max(f64::MIN_POSITIVE);
                self.seen.cross = self.seen.cross.max(quotient);
                // H⁻¹ at both points on the same right-hand side.
                let (mut ahead, right) = (q.clone(), {
                    let mut right = Array1::zeros(n);
                    self.problem.linearise(before, theta);
                    self.problem.hessian_vector_into(before, theta, q, &mut right);
                    self.problem.linearise(&self.x, theta);
                    right
                });
                let size = norm(&right);
                let found = conjugate_gradients(
                    &mut self.problem,
                    &self.x,
                    theta,
                    &right,
                    &mut ahead,
                    1e-6 * size,
                    self.linear_limit,
                    |_| {},
                )?;
                self.cost.products += found.products + 1;
                let quotient = norm(&(&ahead - q)) / (size * moved).max(f64::MIN_POSITIVE);
                self.seen.inverse = self.seen.inverse.max(quotient);
            }
        }
        self.problem.linearise(&self.x, theta);
        self.problem.cross_transposed_into(&self.x, theta, &self.adjoint, &mut pulled);
        self.seen.point = Some((self.x.clone(), self.adjoint.clone(), pulled));
        let (inverse_hessian_lipschitz, cross_lipschitz) = (self.seen.inverse, self.seen.cross);
        Ok(Constants { cross_norm, inverse_hessian_lipschitz, cross_lipschitz })
    }
}

/// Largest number of variables for which a problem's dense Hessian is asked for.
pub(crate) const DENSE: usize = 2000;

impl<P: LowerLevel + UpperLevel> Oracle for Implicit<P> {
    fn hyperparameters(&self) -> usize {
        self.problem.hyperparameters()
    }

    fn check(&self, theta: &ArrayRef1<f64>) -> Result<()> {
        check_shape("theta", theta, &[self.problem.hyperparameters()], "the problem has that many hyperparameters")?;
        check_finite("theta", theta)?;
        self.strong_convexity(theta).map(|_| ())
    }

    fn refine(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<Evaluation> {
        self.evaluate(theta, accuracy, false)
    }

    fn attempt(&mut self, theta: &ArrayRef1<f64>, accuracy: f64) -> Result<Evaluation> {
        self.trial.assign(&self.x);
        self.evaluate(theta, accuracy, true)
    }

    fn accept(&mut self) {
        std::mem::swap(&mut self.x, &mut self.trial);
        std::mem::swap(&mut self.at_x, &mut self.at_trial);
    }

    fn hypergradient_into(
        &mut self,
        theta: &ArrayRef1<f64>,
        residual: f64,
        z: &mut ArrayRef1<f64>,
    ) -> Result<Hypergradient> {
        let reached = self.solve_adjoint(theta, residual)?;
        self.problem.cross_transposed_into(&self.x, theta, &self.adjoint, z);
        z.mapv_inplace(|v| -v);
        let counted = match self.certificate {
            Certificate::Achieved => reached,
            Certificate::Requested => residual.max(reached),
        };
        let corrected = self.at_x.value - self.adjoint.dot(&self.at_x.residual);
        let error = self.error_bound(theta, counted)?;
        // A direct solve has no accuracy to choose.
        Ok(Hypergradient { error, corrected, solved: reached <= residual || self.dense.is_some() })
    }

    fn cost(&self) -> Cost {
        self.cost
    }

    fn scale(&mut self, theta: &ArrayRef1<f64>) -> Result<Scale> {
        let unit = self.unit(theta)?;
        let mut gradient = Array1::zeros(self.x.len());
        let value = self.problem.value_and_gradient_into(&self.x, theta, &mut gradient);
        self.cost.gradients += 1;
        let error = norm(&gradient) / unit;
        if !(value.is_finite() && error.is_finite()) {
            return Err(Error::NotFinite { what: "the lower level" });
        }
        Ok(Scale { error, size: norm(&self.x) })
    }

    fn state(&self) -> Vec<Array1<f64>> {
        let Seen { cross, inverse, point } = &self.seen;
        let mut state = vec![self.x.clone(), self.adjoint.clone(), Array1::from(vec![*cross, *inverse])];
        if let Some((x, q, pulled)) = point {
            state.extend([x.clone(), q.clone(), pulled.clone()]);
        }
        state
    }

    fn restore(&mut self, state: &[Array1<f64>]) -> Result<()> {
        let n = self.x.len();
        let (x, adjoint, seen, point) = match state {
            [x, adjoint, seen] => (x, adjoint, seen, None),
            [x, adjoint, seen, a, b, c] => (x, adjoint, seen, Some((a.clone(), b.clone(), c.clone()))),
            _ => return Err(Error::State { reason: "it has another number of parts" }),
        };
        if x.len() != n || adjoint.len() != n || seen.len() != 2 {
            return Err(Error::State { reason: "it has other numbers of variables" });
        }
        self.x.assign(x);
        self.adjoint.assign(adjoint);
        self.seen = Seen { cross: seen[0], inverse: seen[1], point };
        Ok(())
    }
}
