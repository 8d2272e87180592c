//! Accelerated gradient descent for strongly convex functions (section 4.5).

use super::{LowerSolver, Solve};
use crate::vector::norm;
use crate::{Cost, Error, LowerLevel, Result};
use ndarray::{Array1, ArrayRef1};

/// FISTA with the momentum of strongly convex functions: step 1/L, contraction (1 - √(μ/L)) per iteration.
///
/// L is the problem's, or a power iteration's with 5 % on top. With the safeguard, momentum starts anew where it points uphill.
#[derive(Debug, Clone)]
pub struct Fista {
    momentum: bool,
    restart: bool,
}

/// One iteration, as an observer sees it.
#[derive(Debug, Clone, Copy)]
pub struct FistaStep<'a> {
    /// t.
    pub t: f64,
    /// The factor of the momentum.
    pub beta: f64,
    /// The extrapolated point, where the gradient was taken.
    pub y: &'a ArrayRef1<f64>,
    /// The new point.
    pub x: &'a ArrayRef1<f64>,
    /// ‖∇h(y)‖.
    pub gradient_norm: f64,
}

impl Default for Fista {
    fn default() -> Self {
        Self::new()
    }
}

impl Fista {
    /// With momentum, and restarts.
    #[must_use]
    pub fn new() -> Self {
        Self { momentum: true, restart: true }
    }

    /// Momentum to the end, as the rate's proof has it.
    #[must_use]
    pub fn without_restart(mut self) -> Self {
        self.restart = false;
        self
    }

    /// Plain gradient descent at step 1/L: what the published code of MAID runs in effect, since it overwrites the previous point before
    /// using it.
    #[must_use]
    pub fn without_momentum(mut self) -> Self {
        self.momentum = false;
        self
    }

    /// [`LowerSolver::solve`] with a look at each iteration.
    ///
    /// # Errors
    /// As there.
    pub fn solve_observed(
        &self,
        problem: &mut dyn LowerLevel,
        theta: &ArrayRef1<f64>,
        x: &mut Array1<f64>,
        goal: f64,
        limit: usize,
        mut observer: impl FnMut(&FistaStep<'_>),
    ) -> Result<Solve> {
        let mut cost = Cost::default();
        let mu = problem.strong_convexity(theta);
        let smoothness = match problem.smoothness(theta) {
            Some(smoothness) => smoothness,
            None => estimate(problem, x, theta, &mut cost)?,
        };
        // Rounding may put an estimate below μ.
        let smoothness = smoothness.max(mu);
        if !(mu > 0.0 && smoothness.is_finite()) {
            return Err(Error::Missing { what: "FISTA", needed: "strong_convexity > 0 and a finite smoothness" });
        }
        let q = mu / smoothness;
        let (mut t, mut previous, mut y) = (0.0_f64, x.clone(), x.clone());
        let mut gradient = Array1::zeros(x.len());
        for iteration in 0.. {
            let inner = 1.0 - q * t * t;
            let next = 0.5 * (inner + (inner * inner + 4.0 * t * t).sqrt());
            let beta = if q >= 1.0 { 0.0 } else { (t - 1.0) / next * (1.0 - next * q) / (1.0 - q) };
            let factor = if self.momentum { beta } else { 0.0 };
            ndarray::Zip::from(&mut y).and(&*x).and(&previous).for_each(|y, &x, &p| *y = x + factor * (x - p));
            problem.value_and_gradient_into(&y, theta, &mut gradient);
            cost.gradients += 1;
            let size = norm(&gradient);
            if size <= goal || iteration == limit || !size.is_finite() {
                x.assign(&y);
                return Ok(Solve { residual: size, iterations: iteration, cost });
            }
            previous.assign(x);
            x.assign(&y);
            x.scaled_add(-1.0 / smoothness, &gradient);
            observer(&FistaStep { t: next, beta, y: &y, x, gradient_norm: size });
            let uphill = gradient.iter().zip(x.iter().zip(&previous)).map(|(g, (x, p))| g * (x - p)).sum::<f64>() > 0.0;
            t = if self.restart && uphill { 0.0 } else { next };
            if t == 0.0 {
                previous.assign(x);
            }
        }
        Err(Error::Missing { what: "FISTA", needed: "an iteration" })
    }
}

/// L by twenty power iterations, 5 % on top.
fn estimate(problem: &mut dyn LowerLevel, x: &ArrayRef1<f64>, theta: &ArrayRef1<f64>, cost: &mut Cost) -> Result<f64> {
    problem.linearise(x, theta);
    let mut v: Array1<f64> = core_tensor::random::normal_array(&mut core_tensor::random::rng(0), x.len());
    let (mut product, mut value) = (Array1::zeros(x.len()), 0.0);
    for _ in 0..20 {
        let size = norm(&v);
        if size == 0.0 {
            break;
        }
        v /= size;
        problem.hessian_vector_into(x, theta, &v, &mut product);
        cost.products += 1;
        value = v.dot(&product);
        std::mem::swap(&mut v, &mut product);
    }
    if value > 0.0 { Ok(1.05 * value) } else { Err(Error::NotStronglyConvex { curvature: value }) }
}

impl LowerSolver for Fista {
    fn solve(
        &mut self,
        problem: &mut dyn LowerLevel,
        theta: &ArrayRef1<f64>,
        x: &mut Array1<f64>,
        goal: f64,
        limit: usize,
    ) -> Result<Solve> {
        self.solve_observed(problem, theta, x, goal, limit, |_| {})
    }

    fn duplicate(&self) -> Box<dyn LowerSolver> {
        Box::new(self.clone())
    }
}
