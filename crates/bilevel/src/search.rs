//! Black-box baselines: every point of a grid, or random points.

use crate::oracle::Oracle;
use crate::{Cost, Result};
use core_tensor::random::{rng, uniform_array};
use core_tensor::{check_range, check_shape};
use ndarray::{Array1, ArrayRef2};

/// The best point of a search.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SearchFit {
    /// The θ with the smallest value.
    pub theta: Array1<f64>,
    /// Its g.
    pub value: f64,
    /// g of every point, in order; NaN where the problem refused it.
    pub values: Vec<f64>,
    /// What it took.
    pub cost: Cost,
}

/// f at the rows of `points` (m × d), each solved to `accuracy` from the solution of the row before.
///
/// # Errors
/// No row, rows of another length, an accuracy that is not > 0, no row that can be evaluated.
pub fn grid_search(oracle: &mut dyn Oracle, points: &ArrayRef2<f64>, accuracy: f64) -> Result<SearchFit> {
    check_range("accuracy", accuracy, accuracy > 0.0 && accuracy.is_finite(), "finite and > 0")?;
    let d = oracle.hyperparameters();
    check_shape("points", points, &[points.nrows(), d], "a row has an entry for each hyperparameter")?;
    if points.nrows() == 0 {
        return Err(core_tensor::Error::Empty { argument: "points", expected: "row" }.into());
    }
    let mut values = Vec::new();
    let mut best: Option<(usize, f64)> = None;
    let mut failure = None;
    for (row, theta) in points.outer_iter().enumerate() {
        let value = match oracle.check(&theta).and_then(|()| oracle.refine(&theta, accuracy)) {
            Ok(evaluation) => evaluation.bounds.value,
            Err(error) => {
                failure = Some(error);
                f64::NAN
            }
        };
        values.push(value);
        if value.is_finite() && best.is_none_or(|(_, smallest)| value < smallest) {
            best = Some((row, value));
        }
    }
    match (best, failure) {
        (Some((row, value)), _) => {
            Ok(SearchFit { theta: points.row(row).to_owned(), value, values, cost: oracle.cost() })
        }
        (None, Some(error)) => Err(error),
        (None, None) => Err(crate::Error::NotFinite { what: "the upper level at every point" }),
    }
}

/// f at `points` random θ, uniform in the box.
///
/// # Errors
/// As [`grid_search`]; a box without interior.
pub fn random_search(
    oracle: &mut dyn Oracle,
    (low, high): (f64, f64),
    points: usize,
    accuracy: f64,
    seed: u64,
) -> Result<SearchFit> {
    check_range("high", high, high.is_finite() && low.is_finite() && high > low, "finite and above `low`")?;
    let unit: ndarray::Array2<f64> = uniform_array(&mut rng(seed), (points, oracle.hyperparameters()));
    grid_search(oracle, &unit.mapv(|u| low + (high - low) * u), accuracy)
}
