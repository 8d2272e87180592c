//! Newton's method.

use super::{LowerSolver, Solve};
use crate::adjoint::{Adjoint, conjugate_gradients};
use crate::implicit::DENSE;
use crate::vector::norm;
use crate::{Cost, LowerLevel, Result};
use core_tensor::linalg::Llt;
use ndarray::{Array1, Array2, ArrayRef1};

/// Newton steps with backtracking: by Cholesky factors where the problem gives its Hessian, by conjugate gradients with a forcing term of
/// √‖∇h‖ (at most ½, at least 10⁻⁴) else.
#[derive(Debug, Clone, Default)]
pub struct Newton;

impl LowerSolver for Newton {
    fn solve(
        &mut self,
        problem: &mut dyn LowerLevel,
        theta: &ArrayRef1<f64>,
        x: &mut Array1<f64>,
        goal: f64,
        limit: usize,
    ) -> Result<Solve> {
        let n = x.len();
        let (mut gradient, mut ahead, mut trial) = (Array1::zeros(n), Array1::zeros(n), Array1::zeros(n));
        let mut value = problem.value_and_gradient_into(x, theta, &mut gradient);
        let mut cost = Cost { gradients: 1, ..Cost::default() };
        let mut dense: Option<(Array2<f64>, Llt<f64>)> = None;
        let (mut iterations, mut size) = (0, norm(&gradient));
        while size > goal && iterations < limit && size.is_finite() {
            problem.linearise(x, theta);
            let mut step = gradient.clone();
            if n <= DENSE && problem.has_dense_hessian() {
                let (hessian, factor) = dense.get_or_insert_with(|| (Array2::zeros((n, n)), Llt::new(n)));
                problem.hessian_into(x, theta, hessian);
                factor.factorise(hessian)?;
                factor.solve_in_place(&mut step)?;
                cost.factorisations += 1;
            } else {
                step.fill(0.0);
                // Digits beyond a few do not matter to the step, and near rounding they cannot be had.
                let tolerance = size * size.sqrt().clamp(1e-4, 0.5);
                let Adjoint { products, .. } =
                    conjugate_gradients(problem, x, theta, &gradient, &mut step, tolerance, 10 * n + 100, |_| {})?;
                cost.products += products;
            }
            let slope = step.dot(&gradient);
            let mut length = 1.0;
            loop {
                trial.assign(x);
                trial.scaled_add(-length, &step);
                let next = problem.value_and_gradient_into(&trial, theta, &mut ahead);
                cost.gradients += 1;
                let shrunk = norm(&ahead) < size;
                // Near the minimum values no longer resolve the decrease: there the gradient's must do.
                if next <= value - 1e-4 * length * slope || (shrunk && next <= value + 1e-12 * value.abs()) {
                    value = next;
                    std::mem::swap(x, &mut trial);
                    std::mem::swap(&mut gradient, &mut ahead);
                    break;
                }
                length *= 0.5;
                if length < 1e-12 {
                    return Ok(Solve { residual: size, iterations, cost });
                }
            }
            iterations += 1;
            size = norm(&gradient);
        }
        Ok(Solve { residual: size, iterations, cost })
    }

    fn duplicate(&self) -> Box<dyn LowerSolver> {
        Box::new(self.clone())
    }
}
