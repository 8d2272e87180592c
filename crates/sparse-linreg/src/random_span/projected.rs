//! Phase 2: the Lasso outside the span.

use super::rsp_fit::RspLevel;
use super::span::RandomSpan;
use crate::error::Result;
use crate::greedy::support_of;
use crate::lasso::FitEnd;
use crate::reduction::Reduced;
use core_optim::design::Dense;
use core_optim::working_set::{Options, SparseFit, SparsePenalty, WorkingSet, Workspace};
use core_tensor::linalg::{Accumulate, gemv_into};
use ndarray::{Array1, Array2, ShapeBuilder};
use std::ops::ControlFlow;

/// A response, split by a span: y_U = P y and y_⊥ = y - P y.
pub(crate) struct Projected<'a> {
    pub(crate) span: &'a RandomSpan,
    pub(crate) reduced: &'a Reduced,
    inside: Array1<f64>,
    pub(crate) outside: Array1<f64>,
    tolerance: f64,
}

/// z on the directions with its certificate, before it is carried back to X.
pub(crate) struct Solved {
    pub(crate) z: Array1<f64>,
    pub(crate) gap: f64,
    pub(crate) end: FitEnd,
}

impl<'a> Projected<'a> {
    pub(crate) fn new(span: &'a RandomSpan, reduced: &'a Reduced, tolerance: f64) -> Result<Self> {
        let (inside, outside) = span.split(&reduced.y)?;
        Ok(Self { span, reduced, inside, outside, tolerance })
    }

    fn n(&self) -> f64 {
        self.outside.len() as f64
    }

    /// max |ζᵢᵀ y_⊥| / n.
    pub(crate) fn lambda_max(&self) -> Result<f64> {
        let mut correlations = Array1::zeros(self.span.rho.len());
        gemv_into(&mut correlations, Accumulate::Replace, 1.0, &self.span.directions.t(), &self.outside)?;
        Ok(correlations.iter().fold(0.0_f64, |m, c: &f64| m.max(c.abs())) / self.n())
    }

    /// [`solve`](Self::solve) for each level, each from the one before.
    pub(crate) fn solve_levels(&self, lambdas: &[f64], lambda_max: f64) -> Result<Vec<Solved>> {
        let zero = lambdas.iter().take_while(|&&lambda| lambda >= lambda_max * (1.0 - 4.0 * f64::EPSILON)).count();
        let mut solved = Vec::with_capacity(lambdas.len());
        for &lambda in &lambdas[..zero] {
            solved.push(self.solve(lambda, None, lambda_max)?);
        }
        let levels: Array1<f64> = lambdas[zero..].iter().map(|lambda| lambda * self.n()).collect();
        let (solver, penalty) = (WorkingSet::new().tolerance(self.tolerance), SparsePenalty::lasso(0.0)?);
        let mut each = |fit: SparseFit<f64>| {
            solved.push(self.solved(fit));
            ControlFlow::Continue(())
        };
        let (design, options) = (Dense::new(&self.span.directions)?, Options::default());
        solver.squared_path(&design, &self.outside, &penalty, &levels, &options, &mut Workspace::new(), &mut each)?;
        Ok(solved)
    }

    fn solved(&self, fit: SparseFit<f64>) -> Solved {
        Solved { z: fit.coefficients, gap: fit.gap / self.n(), end: fit.stopped.into() }
    }

    /// argmin 1/(2n) ‖y_⊥ - Σ zᵢ ζᵢ‖² + λ ‖z‖₁.
    pub(crate) fn solve(&self, lambda: f64, start: Option<&Array1<f64>>, lambda_max: f64) -> Result<Solved> {
        let d = self.span.rho.len();
        if lambda >= lambda_max * (1.0 - 4.0 * f64::EPSILON) {
            return Ok(Solved { z: Array1::zeros(d), gap: 0.0, end: FitEnd::Converged });
        }
        let penalty = SparsePenalty::lasso(lambda * self.n())?;
        let options = match start {
            Some(start) => Options::default().start(start),
            None => Options::default(),
        };
        let solver = WorkingSet::new().tolerance(self.tolerance);
        let fit = solver.squared(&Dense::new(&self.span.directions)?, &self.outside, &penalty, &options)?;
        Ok(self.solved(fit))
    }

    /// y_⊥ - Σ zᵢ ζᵢ.
    pub(crate) fn residual(&self, z: &Array1<f64>) -> Array1<f64> {
        let mut residual = self.outside.clone();
        for (direction, &z) in self.span.directions.columns().into_iter().zip(z) {
            if z != 0.0 {
                residual.scaled_add(-z, &direction);
            }
        }
        residual
    }

    /// Carries z back to the columns of X.
    pub(crate) fn level(&self, lambda: f64, solved: Solved) -> Result<RspLevel> {
        let Solved { z, gap, end } = solved;
        let (span, reduced) = (self.span, self.reduced);
        let residual = self.residual(&z);
        let rss = residual.dot(&residual);
        let coefficients = span.recover(&reduced.x, &reduced.y, &z)?;
        let support = support_of(&z);
        let mut support_coefficients = Array2::zeros((span.rank(), support.len()).f());
        for (mut b, &j) in support_coefficients.columns_mut().into_iter().zip(&support) {
            b.assign(&span.explain(&reduced.x, &reduced.x.column(j))?);
        }
        let span_coefficients = span.explain(&reduced.x, &reduced.y)?;
        let objective = 0.5 * rss / self.n() + lambda * z.iter().map(|z| z.abs()).sum::<f64>();
        let null = 0.5 * self.outside.dot(&self.outside) / self.n();
        let mut level = RspLevel {
            lambda,
            intercept: reduced.intercept(&coefficients),
            coefficients,
            fitted: Array1::zeros(0),
            objective,
            gap,
            relative_gap: if null > 0.0 { gap / null } else { 0.0 },
            converged: end.is_success(),
            end,
            rss,
            sigma: None,
            steps: support.iter().map(|&j| self.n().sqrt() * z[j] / span.rho[j]).collect(),
            z,
            support,
            support_coefficients,
            span_coefficients,
            set: span.set.clone(),
            x_mean: reduced.x_mean.clone(),
            y_mean: reduced.y_mean,
        };
        let mut fitted = &reduced.y - &residual;
        debug_assert_eq!(fitted.len(), self.inside.len());
        if let Some(root) = &reduced.root_weights {
            fitted.iter_mut().zip(root).for_each(|(f, &root)| *f = if root > 0.0 { *f / root } else { f64::NAN });
        }
        fitted.mapv_inplace(|f| f + reduced.y_mean);
        level.fitted = fitted;
        Ok(level)
    }
}
