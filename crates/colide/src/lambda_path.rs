//! The regularisation path: fits over a grid of λ, each warm-started at its neighbour, and the choice among them.

use crate::evidence::Evidence;
use crate::run::{self, Warm};
use crate::score::NoiseModel;
use crate::{Colide, Covariance, Fit, Result};
use core_optim::Unobserved;
use core_tensor::{Error as ArgumentError, check_range};
use ndarray::Array1;

/// Fits for a decreasing sequence of λ.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RegularisationPath {
    /// One fit for each λ, from the largest λ (the sparsest graph) down.
    pub fits: Vec<Fit>,
    /// Index of the fit with the lowest Bayesian information criterion after least squares.
    pub chosen: usize,
}

impl RegularisationPath {
    /// The fit with the lowest criterion.
    pub fn best(&self) -> &Fit {
        &self.fits[self.chosen]
    }

    /// Index of the fit with the lowest extended criterion ([`Fit::extended_bic`]).
    pub fn chosen_by_extended_bic(&self, gamma: f64) -> usize {
        lowest(self.fits.iter().map(|fit| fit.extended_bic(gamma)))
    }
}

fn lowest(values: impl Iterator<Item = f64>) -> usize {
    values.enumerate().fold((0, f64::INFINITY), |best, (i, v)| if v < best.1 { (i, v) } else { best }).0
}

impl Colide {
    /// Fits every λ of `lambdas`, from the largest to the smallest. The first stage of each central path starts at the
    /// solution of the first stage of the λ before.
    ///
    /// # Errors
    /// As [`Colide::fit`]; an empty list; a λ that is not finite or negative.
    pub fn fit_path(&self, covariance: &Covariance, lambdas: &[f64]) -> Result<RegularisationPath> {
        self.validate()?;
        if lambdas.is_empty() {
            return Err(ArgumentError::Empty { argument: "lambdas", expected: "value" }.into());
        }
        for &lambda in lambdas {
            check_range("lambdas", lambda, lambda >= 0.0 && lambda.is_finite(), "finite and >= 0")?;
        }
        let mut descending = lambdas.to_vec();
        descending.sort_by(|a, b| b.total_cmp(a));
        let mut warm = Warm::default();
        let mut fits = Vec::with_capacity(descending.len());
        for lambda in descending {
            let config = self.clone().sparsity(lambda);
            let (fit, next) = run::fit_warm(&config, Evidence::single(covariance), &mut Unobserved, &warm)?;
            fits.push(fit);
            warm = next;
        }
        let chosen = lowest(fits.iter().map(Fit::bic));
        Ok(RegularisationPath { fits, chosen })
    }

    /// `count` values of λ, spaced logarithmically from the smallest one at which W = 0 is optimal at the start of the
    /// path, `max_{i ≠ j} |C_ij| / σ̂_j(0)`, down to `ratio` times it.
    ///
    /// # Errors
    /// As [`Colide::fit`]; no value; a ratio outside (0, 1).
    pub fn lambda_grid(&self, covariance: &Covariance, count: usize, ratio: f64) -> Result<Vec<f64>> {
        self.validate()?;
        check_range("count", count as f64, count > 0, ">= 1")?;
        check_range("ratio", ratio, ratio > 0.0 && ratio < 1.0, "> 0 and < 1")?;
        let setup = run::prepare(self, Evidence::single(covariance))?;
        let c = &covariance.matrix / setup.divisor / setup.divisor;
        let d = c.nrows();
        let variance: Array1<f64> = c.diag().to_owned();
        let scale = |j: usize| match (&self.known_scales, self.model) {
            (Some(known), _) => known[j] / setup.divisor,
            (None, NoiseModel::EqualVariance) => (variance.sum() / d as f64).sqrt(),
            (None, NoiseModel::NonEqualVariance) => variance[j].sqrt(),
        };
        let largest = (0..d)
            .filter(|&j| scale(j) > 0.0)
            .flat_map(|j| (0..d).filter(move |&i| i != j).map(move |i| (i, j)))
            .fold(0.0_f64, |m, (i, j)| m.max(c[[i, j]].abs() / scale(j)));
        let largest = largest * setup.mu_factor;
        let step = |k: usize| if count > 1 { k as f64 / (count - 1) as f64 } else { 0.0 };
        Ok((0..count).map(|k| largest * ratio.powf(step(k))).collect())
    }
}
