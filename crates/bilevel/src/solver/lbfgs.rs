//! Quasi-Newton steps.

use super::{LowerSolver, Newton, Solve};
use crate::problem::AtTheta;
use crate::vector::norm;
use crate::{Cost, LowerLevel, Result};
use core_optim::{LbfgsWorkspace, StoppingRule, Unobserved};
use ndarray::{Array1, ArrayRef1};

/// Each one squares what is left.
const NEWTON_STEPS: usize = 5;

/// L-BFGS (memory 10, strong Wolfe), with a few Newton steps where rounding of the objective ends it: the default.
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
        let solver = core_optim::Lbfgs::new().max_iterations(limit).stopping(StoppingRule::none().gradient_abs(goal));
        let workspace = match &mut self.workspace {
            Some((size, workspace)) if *size == n => workspace,
            other => &mut other.insert((n, solver.workspace(n))).1,
        };
        let summary = solver.minimise_into(&mut objective, x, workspace, &mut Unobserved)?;
        let AtTheta { problem, mut gradient, gradients, .. } = objective;
        problem.value_and_gradient_into(x, theta, &mut gradient);
        let mut cost = Cost { gradients: gradients + 1, ..Cost::default() };
        let (residual, iterations) = (norm(&gradient), summary.iterations);
        if residual <= goal || iterations >= limit {
            return Ok(Solve { residual, iterations, cost });
        }
        // Near the limits of the arithmetic the objective no longer resolves what the gradient still does: Newton's method goes by that.
        let finish = Newton.solve(problem, theta, x, goal, (limit - iterations).min(NEWTON_STEPS))?;
        cost += finish.cost;
        Ok(Solve { residual: finish.residual, iterations: iterations + finish.iterations, cost })
    }

    fn duplicate(&self) -> Box<dyn LowerSolver> {
        Box::new(Self::default())
    }
}
