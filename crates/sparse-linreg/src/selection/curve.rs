//! Errors of candidates over folds.

use super::progress::Count;
use crate::error::Result;
use crate::parallel;
use crate::selection::{Fold, Folds, first_smallest};
use ndarray::{Array1, Array2, ArrayRef1};

/// Cross-validated mean squared errors of a list of candidates, ordered from the simplest to the most complex.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CvCurve {
    /// What distinguishes the candidates: levels λ, or sizes.
    pub parameters: Array1<f64>,
    /// Mean squared error of each candidate in each fold (candidates × folds).
    pub errors: Array2<f64>,
    /// Share of each fold in the sum of the sample weights (folds); the shares add up to 1.
    pub shares: Array1<f64>,
    /// Σ share · error (candidates).
    pub mean: Array1<f64>,
    /// √(Σ share (error - mean)² / (K - 1)) (candidates).
    pub standard_error: Array1<f64>,
    /// The candidate with the smallest mean, the simplest on ties.
    pub best: usize,
    /// The simplest candidate whose mean is within one standard error of the smallest mean.
    pub one_se: usize,
}

/// Which candidate of a curve is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rule {
    /// The smallest mean error.
    #[default]
    Minimum,
    /// The simplest within one standard error of it.
    OneStandardError,
}

impl CvCurve {
    pub(crate) fn new(parameters: Array1<f64>, errors: Array2<f64>, shares: Array1<f64>) -> Self {
        let folds = shares.len() as f64;
        let total = shares.sum();
        let shares = shares / total;
        let mean: Array1<f64> = errors.rows().into_iter().map(|row| row.dot(&shares)).collect();
        let spread = |(row, &mean): (ndarray::ArrayView1<'_, f64>, &f64)| {
            let squares: f64 = row.iter().zip(&shares).map(|(e, s)| s * (e - mean) * (e - mean)).sum();
            (squares / (folds - 1.0).max(1.0)).sqrt()
        };
        let standard_error: Array1<f64> = errors.rows().into_iter().zip(&mean).map(spread).collect();
        let best = first_smallest(&mean.to_vec()).unwrap_or(0);
        let limit = mean.get(best).zip(standard_error.get(best)).map_or(f64::INFINITY, |(m, se)| m + se);
        let one_se = mean.iter().position(|&m| m <= limit).unwrap_or(best);
        Self { parameters, errors, shares, mean, standard_error, best, one_se }
    }

    /// The candidate that a rule takes.
    pub fn chosen(&self, rule: Rule) -> usize {
        match rule {
            Rule::Minimum => self.best,
            Rule::OneStandardError => self.one_se,
        }
    }
}

/// Calls `errors_of(fold)` for each fold, on threads, counts them, and gathers the errors of the candidates.
pub(crate) fn cross_validate(
    parameters: Array1<f64>,
    folds: &Folds,
    weights: Option<&ArrayRef1<f64>>,
    count: &mut Count<'_>,
    errors_of: impl Fn(&Fold) -> Result<Vec<f64>> + Sync + Send,
) -> Result<CvCurve> {
    let mut errors = Array2::zeros((parameters.len(), folds.len()));
    let mut to = errors.columns_mut().into_iter();
    let mut done = 0;
    for batch in folds.folds.chunks(count.batch().min(folds.len().max(1))) {
        let columns = parallel::map(batch, |_, fold| errors_of(fold));
        for (column, mut to) in columns.into_iter().zip(to.by_ref()) {
            to.iter_mut().zip(column?).for_each(|(to, error)| *to = error);
        }
        count.add(batch.len());
        // After the last fold the curve is complete, whatever the observer says.
        done += batch.len();
        if done < folds.len() {
            count.check()?;
        }
    }
    let weight = |fold: &Fold| fold.test.iter().map(|&i| weights.map_or(1.0, |s| s[i])).sum();
    let shares = folds.folds.iter().map(weight).collect();
    Ok(CvCurve::new(parameters, errors, shares))
}

/// Weighted mean squared error of predictions for the test rows of a fold.
pub(crate) fn fold_error(
    y: &ArrayRef1<f64>,
    test: &[usize],
    fitted: &ArrayRef1<f64>,
    weights: Option<&ArrayRef1<f64>>,
) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (&row, &fitted) in test.iter().zip(fitted) {
        let s = weights.map_or(1.0, |weights| weights[row]);
        sum += s * (y[row] - fitted) * (y[row] - fitted);
        total += s;
    }
    sum / total
}
