//! From the table to the columns that are penalised.

use crate::failure::{Failure, Outcome};
use crate::regression::{Matrix, moments};
use ndarray::Array1;
use orthant::core_optim::design::{Dense, DesignMatrix, Standardised};

/// Mean mⱼ and factor fⱼ of each column: the column that is penalised is fⱼ (xⱼ - mⱼ).
pub(super) struct Scaling {
    pub(super) means: Array1<f64>,
    pub(super) factors: Array1<f64>,
}

impl Scaling {
    /// Means with `centre`, deviations with `standardise`; the factor of a constant column is then 0.
    pub(super) fn new(x: &Matrix, weights: Option<&Array1<f64>>, centre: bool, standardise: bool) -> Self {
        let d = x.dim().1;
        let mut scaling = Self { means: Array1::zeros(d), factors: Array1::ones(d) };
        if centre || standardise {
            let (means, deviations) = moments(x, weights);
            if centre {
                scaling.means = means;
            }
            if standardise {
                scaling.factors = deviations.mapv(|deviation| if deviation > 0.0 { deviation.recip() } else { 0.0 });
            }
        }
        scaling
    }

    fn changes_nothing(&self) -> bool {
        self.factors.iter().all(|&f| f == 1.0) && self.means.iter().all(|&m| m == 0.0)
    }
}

/// Runs `work` on the columns that are penalised.
pub(super) fn with_columns<R>(
    x: &Matrix,
    scaling: &Scaling,
    work: impl FnOnce(&dyn DesignMatrix<f64>) -> Outcome<R>,
) -> Outcome<R> {
    let refuse = |error: orthant::core_optim::Error| Failure::input(error.to_string());
    let (means, factors) = (&scaling.means, &scaling.factors);
    match x {
        Matrix::Dense(x) => {
            let x = Dense::new(x).map_err(refuse)?;
            if scaling.changes_nothing() {
                return work(&x);
            }
            work(&Standardised::new(&x, means, factors).map_err(refuse)?)
        }
        Matrix::Sparse(x) if scaling.changes_nothing() => work(x),
        Matrix::Sparse(x) => work(&Standardised::new(x, means, factors).map_err(refuse)?),
    }
}
