//! From the table to the columns that are penalised.

use crate::failure::{Failure, Outcome};
use crate::regression::Matrix;
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
        let (n, d) = x.dim();
        let mut scaling = Self { means: Array1::zeros(d), factors: Array1::ones(d) };
        if !centre && !standardise {
            return scaling;
        }
        let weight = |i: usize| weights.map_or(1.0, |s| s[i]);
        let total: f64 = (0..n).map(weight).sum();
        for j in 0..d {
            let entries = x.entries(j);
            let mean = entries.iter().map(|&(i, v)| weight(i) * v).sum::<f64>() / total;
            let stored: f64 = entries.iter().map(|&(i, v)| weight(i) * (v - mean) * (v - mean)).sum();
            // The entries that are not stored are zero.
            let rest = total - entries.iter().map(|&(i, _)| weight(i)).sum::<f64>();
            if centre {
                scaling.means[j] = mean;
            }
            if standardise {
                let deviation = ((stored + rest.max(0.0) * mean * mean) / total).sqrt();
                let constant = !(deviation > 1e-12 * mean.abs().max(f64::MIN_POSITIVE));
                scaling.factors[j] = if constant { 0.0 } else { deviation.recip() };
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
