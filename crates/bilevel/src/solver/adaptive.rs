//! Gradient descent that finds its own step.

use super::{LowerSolver, Solve};
use crate::vector::norm;
use crate::{Cost, LowerLevel, Result};
use ndarray::{Array1, ArrayRef1};

/// Adaptive gradient descent (Malitsky and Mishchenko 2020): the step follows the local curvature seen between two gradients. Needs neither
/// a smoothness constant nor products.
#[derive(Debug, Clone, Default)]
pub struct AdaptiveGradient;

impl LowerSolver for AdaptiveGradient {
    fn solve(
        &mut self,
        problem: &mut dyn LowerLevel,
        theta: &ArrayRef1<f64>,
        x: &mut Array1<f64>,
        goal: f64,
        limit: usize,
    ) -> Result<Solve> {
        let (mut gradient, mut next) = (Array1::zeros(x.len()), Array1::zeros(x.len()));
        problem.value_and_gradient_into(x, theta, &mut gradient);
        let mut cost = Cost { gradients: 1, ..Cost::default() };
        // Small enough to be safe: it grows by itself.
        let mut step = 1e-6 * (1.0 + norm(x)) / norm(&gradient).max(f64::MIN_POSITIVE);
        let mut ratio = f64::INFINITY;
        let mut iterations = 0;
        let mut size = norm(&gradient);
        while size > goal && iterations < limit && size.is_finite() {
            x.scaled_add(-step, &gradient);
            problem.value_and_gradient_into(x, theta, &mut next);
            cost.gradients += 1;
            iterations += 1;
            let moved = step * size;
            let change = gradient.iter().zip(&next).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            let curvature = if change > 0.0 { moved / (2.0 * change) } else { f64::INFINITY };
            let longer = ((1.0 + ratio).sqrt() * step).min(curvature);
            // A gradient that does not change says nothing of the curvature.
            let longer = if longer.is_finite() { longer } else { 2.0 * step };
            ratio = longer / step;
            step = longer;
            std::mem::swap(&mut gradient, &mut next);
            size = norm(&gradient);
        }
        Ok(Solve { residual: size, iterations, cost })
    }

    fn duplicate(&self) -> Box<dyn LowerSolver> {
        Box::new(self.clone())
    }
}
