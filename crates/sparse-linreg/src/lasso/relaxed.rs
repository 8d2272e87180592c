//! The relaxed Lasso.

use super::elastic_net::{Bounds, ElasticNet};
use super::path::Path;
use crate::Design;
use crate::design::Columns;
use crate::error::Result;
use crate::greedy::support_of;
use crate::lasso::r_squared;
use crate::reduction::select_columns;
use core_tensor::check_range;
use ndarray::{Array1, ArrayRef1};

/// φ w_lasso + (1 - φ) w_ls, with least squares w_ls on each support of a Lasso path: the Lasso chooses, and its shrinkage is
/// undone as far as φ says.
///
/// Least squares keeps the sample weights, the intercept and the bounds of the given [`ElasticNet`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RelaxedLasso {
    pub(crate) lasso: ElasticNet,
    pub(crate) phi: f64,
}

/// One level of a relaxed path.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RelaxedFit {
    /// λ of the Lasso that chose the support.
    pub lambda: f64,
    /// φ w_lasso + (1 - φ) w_ls (d).
    pub coefficients: Array1<f64>,
    /// The intercept, mixed the same way.
    pub intercept: f64,
}

impl RelaxedLasso {
    /// φ in [0, 1]: 1 is the Lasso, 0 least squares on its support.
    pub fn new(lasso: ElasticNet, phi: f64) -> Self {
        Self { lasso, phi }
    }

    /// The relaxed path on the Lasso's grid.
    ///
    /// # Errors
    /// As [`ElasticNet::fit`]; φ outside [0, 1].
    pub fn fit_path(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<Vec<RelaxedFit>> {
        let path = self.lasso.fit_path(x, y)?;
        self.relax(x.as_columns(), y, &path)
    }

    /// The relaxed path of a Lasso path that was fitted to the same data.
    pub(crate) fn relax(&self, x: Columns<'_>, y: &ArrayRef1<f64>, path: &Path) -> Result<Vec<RelaxedFit>> {
        check_range("phi", self.phi, (0.0..=1.0).contains(&self.phi), "in [0, 1]")?;
        let mut fits: Vec<RelaxedFit> = Vec::with_capacity(path.fits.len());
        let mut last: Option<(Vec<usize>, Array1<f64>, f64)> = None;
        for fit in &path.fits {
            let support = support_of(&fit.coefficients);
            let (least_squares, intercept) = match &last {
                Some((known, w, b)) if *known == support => (w.clone(), *b),
                _ => self.least_squares(x, y, &support)?,
            };
            fits.push(RelaxedFit {
                lambda: fit.lambda,
                coefficients: &fit.coefficients * self.phi + &least_squares * (1.0 - self.phi),
                intercept: self.phi * fit.intercept + (1.0 - self.phi) * intercept,
            });
            last = Some((support, least_squares, intercept));
        }
        Ok(fits)
    }

    fn least_squares(&self, x: Columns<'_>, y: &ArrayRef1<f64>, support: &[usize]) -> Result<(Array1<f64>, f64)> {
        let d = x.dim().1;
        let columns = match x {
            Columns::Dense(x) => select_columns(&x, support),
            Columns::Sparse(x) => sparse_columns(x, support),
        };
        let mut w = Array1::zeros(d);
        let mut config = self.lasso.clone();
        config.penalty_factors = None;
        config.standardise = false;
        if let Bounds::Between(lower, upper) = &config.bounds {
            let on = |bound: &Array1<f64>| support.iter().map(|&j| bound[j]).collect();
            config.bounds = Bounds::Between(on(lower), on(upper));
        }
        if support.is_empty() {
            let nothing = ndarray::Array2::<f64>::zeros((x.dim().0, 1));
            config.bounds = Bounds::Free;
            return Ok((w, config.fit(&nothing, y, 0.0)?.intercept));
        }
        let fit = config.fit(&columns, y, 0.0)?;
        support.iter().zip(&fit.coefficients).for_each(|(&j, &c)| w[j] = c);
        Ok((w, fit.intercept))
    }
}

impl RelaxedFit {
    /// Predictions for the rows of `x` (m × d).
    ///
    /// # Errors
    /// Another number of columns.
    pub fn predict(&self, x: &(impl Design + ?Sized)) -> Result<Array1<f64>> {
        x.as_columns().predict(&self.coefficients, self.intercept)
    }

    /// R² of the predictions for `x` (m × d) and `y` (m).
    ///
    /// # Errors
    /// Lengths that do not fit.
    pub fn score(&self, x: &(impl Design + ?Sized), y: &ArrayRef1<f64>) -> Result<f64> {
        r_squared(y, &self.predict(x)?)
    }
}

fn sparse_columns(x: &core_optim::design::CscMatrix<f64>, support: &[usize]) -> ndarray::Array2<f64> {
    use core_optim::design::DesignMatrix;
    let mut out = ndarray::Array2::zeros((x.rows(), support.len()));
    for (at, &j) in support.iter().enumerate() {
        let (rows, values) = x.column(j);
        rows.iter().zip(values).for_each(|(&i, &v)| out[[i, at]] = v);
    }
    out
}
