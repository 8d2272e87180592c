//! The methods that are compared, each at its best: with the level that has the smallest true error (Lasso, RSP), or with
//! the true number of columns (the others).

use crate::experiment::Outcome;
use datasets::designs::Planted;
use ndarray::{Array1, Array2};
use sparse_linreg::{BestSubset, ElasticNet, Omp, Preconditioner, Rsp, Thresholding};

/// Prediction errors ‖X ŵ - X w*‖² / n on one data set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errors {
    pub(super) oracle: f64,
    pub(super) lasso: f64,
    pub(super) omp: f64,
    pub(super) htp: f64,
    pub(super) splicing: f64,
    pub(super) rsp: f64,
    /// Dimension of the span.
    pub(super) rank: f64,
}

/// The usual grid for n < d, of both Lassos: 100 levels over two decades.
const LEVELS: usize = 100;
const RATIO: f64 = 1e-2;
/// A deeper grid, to see how much of a failure is the grid's.
const DEEP_RATIO: f64 = 1e-3;

pub(super) fn preconditioner(k: usize, seed: u64) -> Preconditioner {
    Preconditioner::peel(k).probes(8).seed(seed)
}

/// Error of the plain Lasso.
pub(super) fn lasso(x: &Array2<f64>, y: &Array1<f64>, planted: &Planted) -> Outcome<f64> {
    lasso_on_grid(x, y, planted, RATIO)
}

/// Error of the plain Lasso on a grid of three decades.
pub(super) fn deep_lasso(x: &Array2<f64>, y: &Array1<f64>, planted: &Planted) -> Outcome<f64> {
    lasso_on_grid(x, y, planted, DEEP_RATIO)
}

fn lasso_on_grid(x: &Array2<f64>, y: &Array1<f64>, planted: &Planted, ratio: f64) -> Outcome<f64> {
    let config = ElasticNet::lasso().intercept(false).levels(LEVELS).ratio(ratio).tolerance(1e-5);
    let path = config.fit_path(x, y)?;
    let errors = path.fits.iter().map(|fit| Ok(planted.prediction_error(&fit.predict(x)?)));
    Ok(errors.collect::<Outcome<Vec<f64>>>()?.into_iter().fold(f64::INFINITY, f64::min))
}

/// Error of RSP, and the dimension of its span.
pub(super) fn rsp(
    x: &Array2<f64>,
    y: &Array1<f64>,
    planted: &Planted,
    preconditioner: Preconditioner,
) -> Outcome<(f64, f64)> {
    let path = Rsp::new(preconditioner).intercept(false).levels(LEVELS).ratio(RATIO).tolerance(1e-5).fit_path(x, y)?;
    let errors = path.levels.iter().map(|level| planted.prediction_error(&level.fitted));
    Ok((errors.fold(f64::INFINITY, f64::min), path.span.rank() as f64))
}

/// All methods.
pub(super) fn all(x: &Array2<f64>, y: &Array1<f64>, planted: &Planted, seed: u64) -> Outcome<Errors> {
    let k = planted.support.len();
    let fixed = BestSubset::new().size(k).always_in(planted.support.clone()).intercept(false).fit(x, y)?;
    let error = |fitted: &Array1<f64>| planted.prediction_error(fitted);
    let of_subset = |path: &sparse_linreg::SubsetPath| -> Outcome<f64> {
        Ok(error(&path.models.first().ok_or("no model")?.predict(x)?))
    };
    let omp = Omp::new(k).intercept(false).fit(x, y)?;
    let mut fitted = Array1::zeros(y.len());
    if let Some(step) = omp.steps.last() {
        step.support.iter().zip(&step.coefficients).for_each(|(&j, &w)| fitted.scaled_add(w, &x.column(j)));
    }
    let htp = Thresholding::htp(k).intercept(false).fit(x, y)?;
    let mut by_htp = Array1::zeros(y.len());
    htp.support.iter().for_each(|&j| by_htp.scaled_add(htp.coefficients[j], &x.column(j)));
    let (rsp, rank) = rsp(x, y, planted, preconditioner(k, seed))?;
    Ok(Errors {
        oracle: of_subset(&fixed)?,
        lasso: lasso(x, y, planted)?,
        omp: error(&fitted),
        htp: error(&by_htp),
        splicing: of_subset(&BestSubset::new().size(k).intercept(false).fit(x, y)?)?,
        rsp,
        rank,
    })
}
