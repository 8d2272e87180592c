//! The updates by name (section 4).

use crate::cubic_step::{CubicConstant, CubicStep};
use crate::forest_step::ForestStep;
use crate::gradient_step::{EstimatedStep, GradientStep};
use crate::line_search::LineSearch;
use crate::matrix_step::{MatrixStep, NewtonStep};
use crate::prox_newton::{Inner, ProxNewtonStep};
use crate::step::{Problem, Step};
use crate::two_metric::{ActiveRule, TwoMetricStep};
use crate::two_metric_l1::TwoMetricL1Step;
use crate::{Curvature, Result};
use core_tensor::Scalar;
use core_tensor::check_range;

/// How the chosen block is changed. None of them lets F grow.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Update {
    /// 1. A (proximal) gradient step of length `1/L_b`, any penalty.
    Gradient,
    /// 2. The same with an estimate of `L_b`, multiplied by `relax` in (0, 1] at each visit, any penalty.
    Estimated {
        /// 1 keeps estimates, 0.9 lets them shrink.
        relax: f64,
    },
    /// 3. `x_b - H_b⁺ ∇_b` with the fixed bound; no penalty.
    Matrix,
    /// 4. A Newton step with line search; no penalty.
    Newton(LineSearch),
    /// 5. A cubic-regularised Newton step; no penalty.
    Cubic(CubicConstant),
    /// 6. The minimiser over the block (Newton or proximal Newton until it is optimal), any penalty.
    Exact,
    /// 7. A proximal Newton step, any penalty.
    ProxNewton {
        /// The fixed bound (no line search) or the Hessian at x.
        curvature: Curvature,
        /// How the model is minimised.
        inner: Inner,
    },
    /// 8. Two-metric projection for bounds.
    TwoMetric(ActiveRule),
    /// 9. Two-metric steps for a 1-norm.
    TwoMetricL1,
    /// 10. Message passing on a block that induces a forest; bounds or no penalty.
    Forest,
}

impl Update {
    /// Newton with the default line search.
    #[must_use]
    pub fn newton() -> Self {
        Update::Newton(LineSearch::default())
    }

    /// Proximal Newton with the Hessian at x, solved exactly where that is possible.
    #[must_use]
    pub fn prox_newton() -> Self {
        Update::ProxNewton { curvature: Curvature::AtPoint, inner: Inner::Auto }
    }

    /// The step, checked against the problem.
    ///
    /// # Errors
    /// Options out of range, [`Error::Incompatible`](crate::Error::Incompatible).
    pub fn build<T: Scalar>(&self, problem: &Problem<'_, T>) -> Result<Box<dyn Step<T>>> {
        let search = LineSearch::default();
        let step: Box<dyn Step<T>> = match *self {
            Update::Gradient => Box::new(GradientStep::new()),
            Update::Estimated { relax } => {
                check_range("relax", relax, relax > 0.0 && relax <= 1.0, "in (0, 1]")?;
                Box::new(EstimatedStep::new(relax))
            }
            Update::Matrix => Box::new(MatrixStep::new()),
            Update::Newton(search) => {
                search.check()?;
                Box::new(NewtonStep::new(search, 1))
            }
            Update::Cubic(constant) => {
                if let CubicConstant::Fixed(m) = constant {
                    check_range("M", m, m >= 0.0 && m.is_finite(), "finite and >= 0")?;
                }
                Box::new(CubicStep::new(constant))
            }
            Update::Exact if problem.penalty.is_none() => Box::new(NewtonStep::new(search, 50)),
            Update::Exact => Box::new(ProxNewtonStep::new(Curvature::AtPoint, Inner::Auto, search, 50)),
            Update::ProxNewton { curvature, inner } => Box::new(ProxNewtonStep::new(curvature, inner, search, 1)),
            Update::TwoMetric(rule) => Box::new(TwoMetricStep::new(rule)),
            Update::TwoMetricL1 => Box::new(TwoMetricL1Step::new()),
            Update::Forest => Box::new(ForestStep::new()),
        };
        step.check(problem)?;
        Ok(step)
    }
}
