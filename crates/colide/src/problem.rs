//! One problem as the solvers see it, and the state that they move.

use crate::column::Sign;
use crate::score::{NoiseModel, mean_squared_residuals_into, noise_scales_unchecked, score_unchecked};
use core_tensor::linalg::{Accumulate, gemm_into};
use ndarray::{Array1, Array2, ArrayRef2, ShapeBuilder};

/// Everything that stays fixed while a graph is learned. Built and validated once; the solvers trust it.
pub(crate) struct Problem {
    /// d × d, row-major and symmetric.
    pub(crate) covariance: Array2<f64>,
    pub(crate) model: NoiseModel,
    /// Lower bounds of the noise scales (d).
    pub(crate) floor: Array1<f64>,
    /// Noise scales that are known and therefore not estimated (d).
    pub(crate) known_scales: Option<Array1<f64>>,
    /// λ times the weight of each entry, column-major; infinite where the entry is fixed at zero.
    pub(crate) l1: Array2<f64>,
    /// Sign constraints, column-major.
    pub(crate) signs: Option<Array2<Sign>>,
    /// Diagonal shift for collinear columns.
    pub(crate) ridge: f64,
}

impl Problem {
    pub(crate) fn variables(&self) -> usize {
        self.covariance.nrows()
    }

    /// Row-major covariance as one slice: row i is column i.
    pub(crate) fn covariance_slice(&self) -> &[f64] {
        self.covariance.as_slice().unwrap_or(&[])
    }

    /// λ-weighted l1 norm of W.
    pub(crate) fn l1_norm(&self, w: &ArrayRef2<f64>) -> f64 {
        let mut sum = 0.0;
        ndarray::Zip::from(w).and(&self.l1).for_each(|&w, &t| {
            if w != 0.0 {
                sum += t * w.abs();
            }
        });
        sum
    }
}

/// A point W with its residuals and noise scales.
#[derive(Clone)]
pub(crate) struct State {
    /// d × d, column-major: column j holds the weights into variable j.
    pub(crate) w: Array2<f64>,
    /// C (I − W), column-major.
    pub(crate) residual: Array2<f64>,
    /// Mean squared residuals (d).
    pub(crate) q: Array1<f64>,
    /// Noise scales at their closed form (d).
    pub(crate) scales: Array1<f64>,
}

impl State {
    pub(crate) fn zeros(d: usize) -> Self {
        Self {
            w: Array2::zeros((d, d).f()),
            residual: Array2::zeros((d, d).f()),
            q: Array1::zeros(d),
            scales: Array1::zeros(d),
        }
    }

    /// The state at `w`.
    pub(crate) fn at(problem: &Problem, w: &ArrayRef2<f64>) -> Self {
        let mut state = Self::zeros(problem.variables());
        state.w.assign(w);
        state.refresh(problem);
        state
    }

    /// The state at W = 0.
    pub(crate) fn start(problem: &Problem) -> Self {
        let mut state = Self::zeros(problem.variables());
        state.residual.assign(&problem.covariance);
        state.refresh_scales(problem);
        state
    }

    /// Recomputes everything from W: one matrix product.
    pub(crate) fn refresh(&mut self, problem: &Problem) {
        self.residual.assign(&problem.covariance);
        let outcome = gemm_into(&mut self.residual, Accumulate::Add, -1.0, &problem.covariance, &self.w);
        debug_assert!(outcome.is_ok(), "square matrices of one size");
        self.refresh_scales(problem);
    }

    /// Recomputes mean squared residuals and noise scales from W and the residual covariance.
    pub(crate) fn refresh_scales(&mut self, problem: &Problem) {
        let outcome = mean_squared_residuals_into(&self.w, &self.residual, &mut self.q);
        debug_assert!(outcome.is_ok(), "square matrices of one size");
        match &problem.known_scales {
            Some(known) => self.scales.assign(known),
            None => noise_scales_unchecked(problem.model, &self.q, &problem.floor, &mut self.scales),
        }
    }

    pub(crate) fn score(&self) -> f64 {
        score_unchecked(&self.q, &self.scales)
    }

    /// S(W, σ̂) + Σ λ_ij |W_ij|.
    pub(crate) fn penalised_score(&self, problem: &Problem) -> f64 {
        self.score() + problem.l1_norm(&self.w)
    }
}
