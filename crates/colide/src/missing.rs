//! Covariances of tables with missing entries.

use crate::cholesky::Cholesky;
use crate::{Covariance, CovarianceAccumulator, Error, Result};
use core_tensor::check_range;
use core_tensor::linalg::SymmetricEigen;
use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, Axis};
use std::collections::BTreeMap;

/// How missing entries are dealt with.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MissingData {
    /// Maximum likelihood of a Gaussian by expectation and maximisation: right when whether an entry is missing depends
    /// only on what is observed.
    ExpectationMaximisation {
        /// Largest change of a covariance entry, relative to its standard deviations, that ends the iterations.
        tolerance: f64,
        /// Iterations at most.
        maximum_iterations: usize,
    },
    /// Each entry from the rows that have both variables, then the nearest positive semidefinite matrix: right only when
    /// entries are missing completely at random, but fast.
    Pairwise,
}

impl Default for MissingData {
    fn default() -> Self {
        Self::ExpectationMaximisation { tolerance: 1e-6, maximum_iterations: 500 }
    }
}

/// A covariance from incomplete data.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IncompleteCovariance {
    /// The covariance. Its number of samples is that of the rows, whatever they lack: standard errors are optimistic.
    pub covariance: Covariance,
    /// Share of the entries that are missing.
    pub missing: f64,
    /// Iterations of expectation and maximisation.
    pub iterations: usize,
    /// False when the iterations reached their limit.
    pub converged: bool,
}

/// The covariance of a table (n × d) in which NaN marks a missing entry. Rows without any entry are left out. Complete
/// tables give what [`covariance`](crate::covariance) gives.
///
/// ```
/// use colide::{MissingData, covariance_with_missing};
/// use ndarray::array;
///
/// let x = array![[1.0, 2.0], [2.0, f64::NAN], [3.0, 6.0], [4.0, 8.5]];
/// let found = covariance_with_missing(&x, MissingData::default())?;
/// // The second row's missing entry is worth about 4: larger where the first variable is larger.
/// assert!((found.covariance.mean[1] - 5.1).abs() < 0.2);
/// # Ok::<(), colide::Error>(())
/// ```
///
/// # Errors
/// Infinite entries; fewer than two rows; [`Error::NeverObserved`] for a column with fewer than two entries, and for two
/// columns with fewer than two rows in common ([`MissingData::Pairwise`]); every column constant; illegal options.
pub fn covariance_with_missing(x: &ArrayRef2<f64>, how: MissingData) -> Result<IncompleteCovariance> {
    if let MissingData::ExpectationMaximisation { tolerance, maximum_iterations } = how {
        check_range("tolerance", tolerance, tolerance > 0.0 && tolerance.is_finite(), "finite and > 0")?;
        check_range("maximum_iterations", maximum_iterations as f64, maximum_iterations > 0, ">= 1")?;
    }
    for ((row, column), &found) in x.indexed_iter() {
        if found.is_infinite() {
            let index = vec![row, column];
            return Err(core_tensor::Error::NotFinite { argument: "x", found, index }.into());
        }
    }
    let d = x.ncols();
    let absent = x.iter().filter(|v| v.is_nan()).count();
    let missing = absent as f64 / x.len().max(1) as f64;
    if absent == 0 {
        let covariance = crate::covariance(x)?;
        return Ok(IncompleteCovariance { covariance, missing, iterations: 0, converged: true });
    }
    let kept: Vec<usize> = (0..x.nrows()).filter(|&i| x.row(i).iter().any(|v| !v.is_nan())).collect();
    if kept.len() < 2 {
        return Err(Error::TooFewSamples { argument: "x", found: kept.len() });
    }
    // Units of each column's own mean and deviation: what follows neither overflows nor depends on the units.
    let mut standard = x.select(Axis(0), &kept);
    let (mut mean, mut deviation) = (Array1::zeros(d), Array1::zeros(d));
    for (j, mut column) in standard.columns_mut().into_iter().enumerate() {
        let mut entries = CovarianceAccumulator::new(1);
        for &v in column.iter().filter(|v| !v.is_nan()) {
            entries.push_row(&Array1::from_elem(1, v))?;
        }
        if entries.rows() < 2 {
            return Err(Error::NeverObserved { columns: vec![j], rows: entries.rows() });
        }
        let moments = entries.moments()?;
        (mean[j], deviation[j]) = (moments.mean[0], moments.matrix[[0, 0]].sqrt());
        let unit = if deviation[j] > 0.0 { deviation[j] } else { 1.0 };
        column.mapv_inplace(|v| (v - mean[j]) / unit);
    }
    if deviation.iter().all(|&s| s == 0.0) {
        return Err(Error::ZeroVariance { argument: "x" });
    }
    let (centre, matrix, iterations, converged) = match how {
        MissingData::ExpectationMaximisation { tolerance, maximum_iterations } => {
            expectation_maximisation(&standard, tolerance, maximum_iterations)
        }
        MissingData::Pairwise => (Array1::zeros(d), pairwise(&standard)?, 0, true),
    };
    let scaled =
        Array2::from_shape_fn((d, d), |(i, j)| 0.5 * (matrix[[i, j]] + matrix[[j, i]]) * deviation[i] * deviation[j]);
    let covariance = Covariance { matrix: scaled, mean: mean + &centre * &deviation, samples: kept.len() as f64 };
    Ok(IncompleteCovariance { covariance, missing, iterations, converged })
}

/// Rows with the same entries observed.
struct Pattern {
    observed: Vec<usize>,
    absent: Vec<usize>,
    rows: Vec<usize>,
}

fn patterns(x: &Array2<f64>) -> Vec<Pattern> {
    let mut groups: BTreeMap<Vec<bool>, Vec<usize>> = BTreeMap::new();
    for (i, row) in x.rows().into_iter().enumerate() {
        groups.entry(row.iter().map(|v| v.is_nan()).collect()).or_default().push(i);
    }
    let split = |(absent, rows): (Vec<bool>, Vec<usize>)| Pattern {
        observed: (0..absent.len()).filter(|&j| !absent[j]).collect(),
        absent: (0..absent.len()).filter(|&j| absent[j]).collect(),
        rows,
    };
    groups.into_iter().map(split).collect()
}

/// Mean and covariance of maximum likelihood for standardised data; also iterations and whether they settled.
fn expectation_maximisation(
    x: &Array2<f64>,
    tolerance: f64,
    maximum: usize,
) -> (Array1<f64>, Array2<f64>, usize, bool) {
    let (n, d) = x.dim();
    let patterns = patterns(x);
    let mut mean = Array1::zeros(d);
    let mut covariance = Array2::eye(d);
    for j in 0..d {
        // A constant column stays constant.
        covariance[[j, j]] = f64::from(u8::from(x.column(j).iter().any(|&v| !v.is_nan() && v != 0.0)));
    }
    for iteration in 1..=maximum {
        let (mut sum, mut second) = (Array1::<f64>::zeros(d), Array2::<f64>::zeros((d, d)));
        for pattern in &patterns {
            let regression = Regression::new(&covariance, pattern);
            for &row in &pattern.rows {
                let complete = regression.complete(x.row(row), &mean, pattern);
                sum += &complete;
                for i in 0..d {
                    let (value, mut target) = (complete[i], second.row_mut(i));
                    target.scaled_add(value, &complete);
                }
            }
            for (a, &i) in pattern.absent.iter().enumerate() {
                for (b, &j) in pattern.absent.iter().enumerate() {
                    second[[i, j]] += pattern.rows.len() as f64 * regression.uncertainty[[a, b]];
                }
            }
        }
        mean = sum / n as f64;
        let mut next = second / n as f64;
        for i in 0..d {
            for j in 0..d {
                next[[i, j]] -= mean[i] * mean[j];
            }
        }
        let change = next.iter().zip(&covariance).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
        covariance = next;
        if change <= tolerance {
            return (mean, covariance, iteration, true);
        }
    }
    (mean, covariance, maximum, false)
}

/// The regression of a pattern's absent variables on its observed ones.
struct Regression {
    /// Σ_MO Σ_OO⁻¹ (absent × observed).
    coefficients: Array2<f64>,
    /// Σ_MM − Σ_MO Σ_OO⁻¹ Σ_OM (absent × absent).
    uncertainty: Array2<f64>,
}

impl Regression {
    fn new(covariance: &Array2<f64>, pattern: &Pattern) -> Self {
        let (observed, absent) = (&pattern.observed, &pattern.absent);
        let block = |rows: &[usize], columns: &[usize]| {
            Array2::from_shape_fn((rows.len(), columns.len()), |(a, b)| covariance[[rows[a], columns[b]]])
        };
        let cross = block(absent, observed);
        let mut coefficients = Array2::zeros(cross.dim());
        // Units are standard deviations: 1e-10 is far below every noise and far above rounding.
        if let Some((factor, _)) = Cholesky::ridged(block(observed, observed), 1e-10) {
            for (mut row, right) in coefficients.rows_mut().into_iter().zip(cross.rows()) {
                row.assign(&factor.solve(&right.to_owned()));
            }
        }
        let uncertainty = block(absent, absent) - coefficients.dot(&cross.t());
        Self { coefficients, uncertainty }
    }

    /// The row with the expectation of what is absent.
    fn complete(&self, row: ArrayView1<'_, f64>, mean: &Array1<f64>, pattern: &Pattern) -> Array1<f64> {
        let known: Array1<f64> = pattern.observed.iter().map(|&j| row[j] - mean[j]).collect();
        let expected = self.coefficients.dot(&known);
        let mut complete = row.to_owned();
        for (a, &j) in pattern.absent.iter().enumerate() {
            complete[j] = mean[j] + expected[a];
        }
        complete
    }
}

/// Covariances over the rows that two columns share, made positive semidefinite by dropping negative eigenvalues.
fn pairwise(x: &Array2<f64>) -> Result<Array2<f64>> {
    let d = x.ncols();
    let mut matrix = Array2::zeros((d, d));
    for i in 0..d {
        for j in 0..=i {
            let shared: Vec<(f64, f64)> = (x.column(i).iter().zip(x.column(j)))
                .filter(|(a, b)| !a.is_nan() && !b.is_nan())
                .map(|(&a, &b)| (a, b))
                .collect();
            if shared.len() < 2 {
                return Err(Error::NeverObserved { columns: vec![j, i], rows: shared.len() });
            }
            let n = shared.len() as f64;
            let (a, b) = shared.iter().fold((0.0, 0.0), |(a, b), pair| (a + pair.0 / n, b + pair.1 / n));
            let value = shared.iter().map(|pair| (pair.0 - a) * (pair.1 - b)).sum::<f64>() / n;
            matrix[[i, j]] = value;
            matrix[[j, i]] = value;
        }
    }
    let mut eigen = SymmetricEigen::new(d);
    eigen.factorise(&matrix)?;
    let (values, vectors) = (eigen.values()?.to_owned(), eigen.vectors()?);
    if values.iter().all(|&v| v >= 0.0) {
        return Ok(matrix);
    }
    let clipped = values.mapv(|v| v.max(0.0));
    Ok((&vectors * &clipped).dot(&vectors.t()))
}
