//! What a user describes: a lower level, an upper level.

use crate::differences;
use core_optim::SmoothObjective;
use ndarray::{Array1, ArrayRef1, ArrayRef2};

/// h(x, θ): strongly convex and smooth in x (N), twice differentiable, with hyperparameters θ (d).
///
/// Value and gradient must be given; products with second derivatives default to central differences, which
/// [`check_derivatives`](crate::check_derivatives) compares with your own. x and θ always have the announced lengths. Functions may return
/// what is not finite: the line search then steps back.
pub trait LowerLevel: Send {
    /// N.
    fn variables(&self) -> usize;

    /// d.
    fn hyperparameters(&self) -> usize;

    /// h, and ∇ₓh written to `gradient`, whose old contents must not be read.
    fn value_and_gradient_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        gradient: &mut ArrayRef1<f64>,
    ) -> f64;

    /// Called before products with second derivatives at a new point: a place to compute what they share.
    fn linearise(&mut self, _x: &ArrayRef1<f64>, _theta: &ArrayRef1<f64>) {}

    /// H v, H = ∂²h/∂x².
    fn hessian_vector_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        v: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        differences::hessian_vector_into(self, x, theta, v, out);
    }

    /// Jᵀ q (d), J = ∂²h/∂x∂θ. By differences it costs 2 d gradients.
    fn cross_transposed_into(
        &mut self,
        x: &ArrayRef1<f64>,
        theta: &ArrayRef1<f64>,
        q: &ArrayRef1<f64>,
        out: &mut ArrayRef1<f64>,
    ) {
        differences::cross_transposed_into(self, x, theta, q, out);
    }

    /// J t (N): how ∇ₓh moves with θ along t.
    fn cross_into(&mut self, x: &ArrayRef1<f64>, theta: &ArrayRef1<f64>, t: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) {
        differences::cross_into(self, x, theta, t, out);
    }

    /// Whether [`hessian_into`](Self::hessian_into) writes H, so that systems with it are solved directly (up to 2000 variables).
    fn has_dense_hessian(&self) -> bool {
        false
    }

    /// Writes H (N × N).
    fn hessian_into(&mut self, _x: &ArrayRef1<f64>, _theta: &ArrayRef1<f64>, _out: &mut ArrayRef2<f64>) {}

    /// μ(θ) > 0, a bound of the curvature from below.
    fn strong_convexity(&self, theta: &ArrayRef1<f64>) -> f64;

    /// L(θ), a bound of the curvature from above.
    fn smoothness(&self, _theta: &ArrayRef1<f64>) -> Option<f64> {
        None
    }

    /// What the rigorous bound of the hypergradient's error needs besides μ.
    fn constants(&mut self, _x: &ArrayRef1<f64>, _theta: &ArrayRef1<f64>) -> Option<Constants> {
        None
    }

    /// Where the first solve begins.
    fn start(&self) -> Array1<f64> {
        Array1::zeros(self.variables())
    }
}

/// g(x): smooth, bounded below.
pub trait UpperLevel: Send {
    /// g, and ∇g written to `gradient`, whose old contents must not be read.
    fn loss_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64;

    /// L_g, the Lipschitz constant of ∇g.
    fn loss_smoothness(&self) -> f64;

    /// Whether g is convex: tighter tests.
    fn loss_is_convex(&self) -> bool {
        false
    }
}

/// Constants of the lower level along an iterate, for theorem 2.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constants {
    /// ‖J‖, or a bound.
    pub cross_norm: f64,
    /// Lipschitz constant of H⁻¹ in x (at most that of H, divided by μ²).
    pub inverse_hessian_lipschitz: f64,
    /// Lipschitz constant of J in x.
    pub cross_lipschitz: f64,
}

/// h at a fixed θ, as a function that `core-optim`'s solvers minimise; counts the gradients.
pub(crate) struct AtTheta<'a> {
    pub(crate) problem: &'a mut dyn LowerLevel,
    pub(crate) theta: &'a ArrayRef1<f64>,
    pub(crate) gradient: Array1<f64>,
    pub(crate) gradients: usize,
}

impl SmoothObjective<f64> for AtTheta<'_> {
    fn dimension(&self) -> usize {
        self.problem.variables()
    }

    fn value(&mut self, x: &ArrayRef1<f64>) -> f64 {
        self.gradients += 1;
        self.problem.value_and_gradient_into(x, self.theta, &mut self.gradient)
    }

    fn value_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        self.gradients += 1;
        self.problem.value_and_gradient_into(x, self.theta, gradient)
    }
}
