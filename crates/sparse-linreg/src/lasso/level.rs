//! One level of a path.

use super::elastic_net::{Bounds, ElasticNet};
use super::prepared::{Matrix, Prepared};
use super::{FitEnd, LinearFit, ridge};
use crate::error::Result;
use crate::greedy::support_of;
use crate::reduction::select_columns;
use core_optim::prox::Separable;
use core_optim::working_set::{SparseFit, SparsePenalty};
use core_tensor::linalg::{Accumulate, Llt, gram_into};
use ndarray::{Array1, Array2, ArrayRef1, ShapeBuilder};

impl ElasticNet {
    /// The fit at λ from scaled coefficients `start`, and the scaled coefficients.
    pub(crate) fn level(
        &self,
        prepared: &Prepared<'_>,
        lambda: f64,
        start: Option<&Array1<f64>>,
    ) -> Result<(LinearFit, Array1<f64>)> {
        if let Some(known) = self.known(prepared, lambda)? {
            return Ok(known);
        }
        let (l1, l2) = self.levels_of(prepared, lambda);
        let penalty = self.penalty(&prepared.factors, prepared.penalty_factors.as_ref())?.with_l1(l1)?.with_l2(l2)?;
        let found = prepared.solve(&self.solver(), &penalty, start)?;
        self.finish_solved(prepared, lambda, &penalty, found)
    }

    /// (λ₁, λ₂) in the units of the sum of squares.
    pub(super) fn levels_of(&self, prepared: &Prepared<'_>, lambda: f64) -> (f64, f64) {
        let total = prepared.total;
        (total * lambda * self.alpha, total * lambda * (1.0 - self.alpha))
    }

    /// The fit at λ where nothing need be solved iteratively.
    pub(super) fn known(&self, prepared: &Prepared<'_>, lambda: f64) -> Result<Option<(LinearFit, Array1<f64>)>> {
        let (l1, l2) = self.levels_of(prepared, lambda);
        let penalty = || -> Result<SparsePenalty<f64>> {
            Ok(self.penalty(&prepared.factors, prepared.penalty_factors.as_ref())?.with_l1(l1)?.with_l2(l2)?)
        };
        if self.bounds == Bounds::Free && l1 == 0.0 {
            let penalty = penalty()?;
            if let Some(w) = ridge::closed_form(prepared, &penalty)? {
                return self.finish(prepared, lambda, &penalty, w, None).map(Some);
            }
        }
        // At and above the largest level the solution is known; rounding in λ must not put a coefficient there.
        if prepared.zero_level.is_some_and(|largest| lambda >= largest * (1.0 - 4.0 * f64::EPSILON)) {
            return self.finish(prepared, lambda, &penalty()?, Array1::zeros(prepared.dim().1), None).map(Some);
        }
        Ok(None)
    }

    pub(super) fn finish_solved(
        &self,
        prepared: &Prepared<'_>,
        lambda: f64,
        penalty: &SparsePenalty<f64>,
        found: SparseFit<f64>,
    ) -> Result<(LinearFit, Array1<f64>)> {
        let state = State {
            gap: found.gap / prepared.total,
            violation: found.violation,
            end: found.stopped.into(),
            rounds: found.effort.outer_iterations,
        };
        self.finish(prepared, lambda, penalty, found.coefficients, Some(state))
    }

    fn finish(
        &self,
        prepared: &Prepared<'_>,
        lambda: f64,
        penalty: &SparsePenalty<f64>,
        w: Array1<f64>,
        state: Option<State>,
    ) -> Result<(LinearFit, Array1<f64>)> {
        // The solver has looked at all columns: only its support is needed once more.
        let (residual, violation) = match &state {
            Some(state) => (prepared.residual(&w)?, state.violation),
            None => {
                let (correlations, residual) = prepared.gradient(&w)?;
                let of = |j: usize| violation(penalty, j, w[j], correlations[j]);
                (residual, (0..w.len()).map(of).fold(0.0, f64::max))
            }
        };
        let n = prepared.dim().0 as f64;
        let rss = prepared.rss(&residual);
        let objective = 0.5 * rss / n + penalty.value(&w) / prepared.total;
        // A closed form has no duality gap to report but its optimality conditions.
        let state = state.unwrap_or(State { gap: 0.0, violation, end: FitEnd::Converged, rounds: 0 });
        let null = prepared.null / prepared.total;
        let relative_gap = if null > 0.0 { state.gap / null } else { 0.0 };
        let (coefficients, intercept) = prepared.coefficients(&w)?;
        let fit = LinearFit {
            coefficients,
            intercept,
            lambda,
            alpha: self.alpha,
            objective,
            gap: state.gap,
            relative_gap,
            violation: violation / prepared.total,
            converged: state.end.is_success(),
            end: state.end,
            rounds: state.rounds,
            rss,
            degrees_of_freedom: self.degrees_of_freedom(prepared, penalty, &w)?,
        };
        Ok((fit, w))
    }

    fn degrees_of_freedom(
        &self,
        prepared: &Prepared<'_>,
        penalty: &SparsePenalty<f64>,
        w: &ArrayRef1<f64>,
    ) -> Result<f64> {
        let support = support_of(w);
        let unpenalised = prepared.unpenalised.as_ref().map_or(0, |unpenalised| unpenalised.rank()) as f64;
        if penalty.l2() == 0.0 {
            return Ok(unpenalised + support.len() as f64);
        }
        let columns = match &prepared.matrix {
            Matrix::Dense(x) => select_columns(x, &support),
            Matrix::Sparse { x, .. } => prepared.dense_columns(x, &support),
        };
        Ok(unpenalised + trace(&columns, &support, penalty)?)
    }
}

struct State {
    gap: f64,
    violation: f64,
    end: FitEnd,
    rounds: usize,
}

/// tr X_A (X_AᵀX_A + λ₂ D)⁻¹ X_Aᵀ = |A| - λ₂ tr D (X_AᵀX_A + λ₂ D)⁻¹.
fn trace(x: &Array2<f64>, support: &[usize], penalty: &SparsePenalty<f64>) -> Result<f64> {
    let k = support.len();
    let mut gram = Array2::zeros((k, k).f());
    gram_into(&mut gram, Accumulate::Replace, 1.0, x)?;
    for (i, &j) in support.iter().enumerate() {
        gram[[i, i]] += penalty.l2() * penalty.factor(j);
    }
    let mut llt = Llt::new(k);
    if llt.factorise(&gram).is_err() {
        return Ok(k as f64);
    }
    let mut inverse = Array2::zeros((k, k).f());
    llt.inverse_into(&mut inverse)?;
    let lost: f64 = support.iter().enumerate().map(|(i, &j)| penalty.l2() * penalty.factor(j) * inverse[[i, i]]).sum();
    Ok(k as f64 - lost)
}

/// How far xⱼᵀr lies outside the subdifferential of the penalty at wⱼ.
fn violation(penalty: &SparsePenalty<f64>, j: usize, w: f64, correlation: f64) -> f64 {
    let (low, high) = penalty.subdifferential(j, w);
    (low - correlation).max(correlation - high).max(0.0)
}
