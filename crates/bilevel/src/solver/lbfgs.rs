//! Quasi-Newton steps.

use super::{LowerSolver, Solve};
use crate::problem::AtTheta;
use crate::vector::norm;
use crate::{Cost, LowerLevel, Result};
use core_optim::{LbfgsWorkspace, StoppingRule, Unobserved};
use ndarray::{Array1, ArrayRef1};

/// L-BFGS (memory 10, strong Wolfe): the default.
#[derive(Debug, Default)]
pub struct Lbfgs {
    workspace: Option<(usize, LbfgsWorkspace<f64>)>,
}

impl LowerSolver for Lbfgs {
    fn solve(
        &mut self,
        problem: &mut dyn LowerLevel,
        theta: &ArrayRef1<f64>,
        x: &mut Array1<f64>,
        goal: f64,
        limit: usize,
    ) -> Result<Solve> {
        let n = x.len();
        let mut objective = AtTheta { problem, theta, gradient: Array1::zeros(n), gradients: 0 };
        let mut solver =
            core_optim::Lbfgs::new().max_iterations(limit).stopping(StoppingRule::none().gradient_abs(goal));
        let workspace = match &mut self.workspace {
            Some((size, workspace)) if *size == n => workspace,
            other => &mut other.insert((n, solver.workspace(n))).1,
        };
        let mut iterations = 0;
        // Near the limits of the arithmetic the objective no longer resolves what the gradient still does; a second run begins with steepest
        // descent and fresh pairs.
        for _ in 0..3 {
            let summary = solver.minimise_into(&mut objective, x, workspace, &mut Unobserved)?;
            iterations += summary.iterations;
            if summary.gradient_norm <= goal || summary.iterations == 0 || iterations >= limit {
                break;
            }
            solver = solver.max_iterations(limit - iterations);
        }
        let AtTheta { problem, mut gradient, gradients, .. } = objective;
        problem.value_and_gradient_into(x, theta, &mut gradient);
        let cost = Cost { gradients: gradients + 1, ..Cost::default() };
        Ok(Solve { residual: norm(&gradient), iterations, cost })
    }

    fn duplicate(&self) -> Box<dyn LowerSolver> {
        Box::new(Self::default())
    }
}
