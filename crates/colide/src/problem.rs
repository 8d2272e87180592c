//! One problem as the solvers see it, and the state that they move.

use crate::acyclicity::Acyclicity;
use crate::column::Sign;
use crate::score::{NoiseModel, noise_scales_of, score_of};
use core_tensor::linalg::{Accumulate, gemm_into, gemv_into};
use ndarray::{Array1, Array2, ArrayRef2, ShapeBuilder};

/// Everything that stays fixed while a graph is learned. Built and validated once; the solvers trust it.
pub(crate) struct Problem {
    /// d × d each, row-major and symmetric; one for all columns unless interventions leave some rows out for some.
    matrices: Vec<Array2<f64>>,
    /// Which matrix explains each column (d).
    matrix_of: Vec<usize>,
    pub(crate) model: NoiseModel,
    /// Lower bounds of the noise scales (d).
    pub(crate) floor: Array1<f64>,
    /// Noise scales that are known and therefore not estimated (d).
    pub(crate) known_scales: Option<Array1<f64>>,
    /// λ times the weight of each entry, column-major; infinite where the entry is fixed at zero.
    pub(crate) l1: Array2<f64>,
    /// Sign constraints, column-major.
    pub(crate) signs: Option<Array2<Sign>>,
    /// Which form of h is used.
    pub(crate) acyclicity: Acyclicity,
    /// False for variables that only explain others: their own equation is no part of the score (d).
    pub(crate) scored: Vec<bool>,
    /// Diagonal shift for collinear columns.
    pub(crate) ridge: f64,
}

impl Problem {
    /// The problem of one covariance with nothing else known.
    pub(crate) fn new(covariance: &ArrayRef2<f64>, model: NoiseModel, floor: Array1<f64>, l1: Array2<f64>) -> Self {
        let d = covariance.nrows();
        Self::with_matrices(vec![covariance.to_owned()], vec![0; d], model, floor, l1)
    }

    /// The problem in which column j is explained from the covariance `matrices[matrix_of[j]]`.
    pub(crate) fn with_matrices(
        matrices: Vec<Array2<f64>>,
        matrix_of: Vec<usize>,
        model: NoiseModel,
        floor: Array1<f64>,
        l1: Array2<f64>,
    ) -> Self {
        let d = matrix_of.len();
        let matrices: Vec<_> = matrices.into_iter().map(|m| m.as_standard_layout().into_owned()).collect();
        let ridge = 1e-12 * matrices.first().map_or(0.0, |m| m.diag().sum()) / d.max(1) as f64;
        Self {
            matrices,
            matrix_of,
            model,
            floor,
            known_scales: None,
            l1,
            signs: None,
            acyclicity: Acyclicity::Squared,
            scored: vec![true; d],
            ridge,
        }
    }

    pub(crate) fn variables(&self) -> usize {
        self.matrix_of.len()
    }

    /// The covariance that explains column j.
    pub(crate) fn covariance(&self, j: usize) -> &Array2<f64> {
        &self.matrices[self.matrix_of[j]]
    }

    /// That covariance as one row-major slice: row i is column i.
    pub(crate) fn covariance_slice(&self, j: usize) -> &[f64] {
        self.covariance(j).as_slice().unwrap_or(&[])
    }

    /// Writes C (I − W) to `out`, column by column with the column's covariance.
    fn residual_into(&self, w: &ArrayRef2<f64>, out: &mut ArrayRef2<f64>) {
        let outcome = if let [one] = self.matrices.as_slice() {
            out.assign(one);
            gemm_into(out, Accumulate::Add, -1.0, one, w)
        } else {
            (0..self.variables()).try_for_each(|j| {
                let covariance = self.covariance(j);
                let mut column = out.column_mut(j);
                column.assign(&covariance.column(j));
                gemv_into(&mut column, Accumulate::Add, -1.0, covariance, &w.column(j))
            })
        };
        debug_assert!(outcome.is_ok(), "square matrices of one size");
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

    /// The sign constraint of one weight.
    pub(crate) fn sign(&self, i: usize, j: usize) -> Sign {
        self.signs.as_ref().map_or(Sign::Free, |signs| signs[[i, j]])
    }

    /// Largest violation of the optimality conditions of `min μ [S + Σ l1_ij |W_ij|] + H(W)` at `state`, where
    /// `other(i, j)` is the gradient of the smooth function H: with g the gradient of the smooth part,
    /// |g + μ l1 sign(w)| where w ≠ 0 and (|g| − μ l1)₊ where w = 0, over the entries that are free to move.
    pub(crate) fn violation(
        &self,
        state: &State,
        l1: &ArrayRef2<f64>,
        mu: f64,
        other: impl Fn(usize, usize) -> f64,
    ) -> f64 {
        let d = self.variables();
        let mut worst = 0.0_f64;
        for j in (0..d).filter(|&j| self.scored[j] && state.scales[j] > 0.0) {
            for i in (0..d).filter(|&i| l1[[i, j]].is_finite()) {
                let gradient = -mu * state.residual[[i, j]] / state.scales[j] + other(i, j);
                let (w, t) = (state.w[[i, j]], mu * l1[[i, j]]);
                let violation = if w != 0.0 {
                    (gradient + t * w.signum()).abs()
                } else {
                    let sign = self.sign(i, j);
                    let up = if sign.allows(1.0) { -gradient - t } else { 0.0 };
                    let down = if sign.allows(-1.0) { gradient - t } else { 0.0 };
                    up.max(down).max(0.0)
                };
                worst = worst.max(violation);
            }
        }
        worst
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
        state.refresh(problem);
        state
    }

    /// Recomputes everything from W: one matrix product.
    pub(crate) fn refresh(&mut self, problem: &Problem) {
        problem.residual_into(&self.w, &mut self.residual);
        self.refresh_scales(problem);
    }

    /// Recomputes mean squared residuals and noise scales from W and the residual covariance.
    pub(crate) fn refresh_scales(&mut self, problem: &Problem) {
        for j in 0..problem.variables() {
            self.q[j] = crate::score::mean_squared_residual(&self.w, &self.residual, j);
        }
        match &problem.known_scales {
            Some(known) => self.scales.assign(known),
            None => noise_scales_of(problem.model, &self.q, &problem.floor, |j| problem.scored[j], &mut self.scales),
        }
    }

    pub(crate) fn score(&self, problem: &Problem) -> f64 {
        score_of(&self.q, &self.scales, |j| problem.scored[j])
    }

    /// S(W, σ̂) + Σ λ_ij |W_ij|.
    pub(crate) fn penalised_score(&self, problem: &Problem) -> f64 {
        self.score(problem) + problem.l1_norm(&self.w)
    }
}
