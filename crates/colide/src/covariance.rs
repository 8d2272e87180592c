//! The covariance C = Xcᵀ Xc / n: all that the method needs of the data.

use crate::{CovarianceAccumulator, Error, Result};
use core_tensor::{check_finite, check_range, check_symmetric};
use ndarray::{Array1, Array2, ArrayRef2};

/// Covariance, mean and size of a sample.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Covariance {
    /// C = Xcᵀ Xc / n with divisor n (d × d, symmetric bit for bit).
    pub matrix: Array2<f64>,
    /// Column means (d).
    pub mean: Array1<f64>,
    /// Number of rows n; with weights the effective number, (Σ w)² / Σ w².
    pub samples: f64,
}

impl Covariance {
    /// A covariance that was computed elsewhere, from `samples` rows with mean zero. It is made symmetric to the bit.
    ///
    /// # Errors
    /// Those of [`check_covariance`]; [`Error::ZeroVariance`] when the whole diagonal is zero; `samples` not finite or
    /// below 2.
    pub fn from_matrix(matrix: &ArrayRef2<f64>, samples: f64) -> Result<Self> {
        let d = check_covariance("covariance", matrix)?;
        check_range("samples", samples, samples >= 2.0 && samples.is_finite(), "finite and at least 2")?;
        if d > 0 && matrix.diag().iter().all(|&v| v == 0.0) {
            return Err(Error::ZeroVariance { argument: "covariance" });
        }
        let symmetric = Array2::from_shape_fn((d, d), |(i, j)| 0.5 * matrix[[i, j]] + 0.5 * matrix[[j, i]]);
        Ok(Self { matrix: symmetric, mean: Array1::zeros(d), samples })
    }

    /// `√C_jj`, the standard deviation of each column with divisor n (d).
    pub fn deviations(&self) -> Array1<f64> {
        self.matrix.diag().mapv(|v| v.max(0.0).sqrt())
    }

    /// The columns that do not vary at all.
    pub fn constant_columns(&self) -> Vec<usize> {
        self.matrix.diag().iter().enumerate().filter(|&(_, &v)| v == 0.0).map(|(j, _)| j).collect()
    }
}

/// The covariance of a sample (n × d, rows are samples), which must be fit to learn from. `x` is not changed.
///
/// A constant column has variance 0 exactly. Data of any scale are squared without overflow or underflow, as long as
/// their variances are numbers at all.
///
/// # Errors
/// An entry that is not finite (with its position), no rows, [`Error::TooFewSamples`] for one row,
/// [`Error::ZeroVariance`] when all columns are constant, [`Error::ScaleOutOfRange`] when a variance is no `f64`.
///
/// ```
/// let c = colide::covariance(&ndarray::array![[1.0, 2.0], [3.0, 0.0]])?;
/// assert_eq!(c.matrix, ndarray::array![[1.0, -1.0], [-1.0, 1.0]]);
/// assert_eq!(c.mean, ndarray::array![2.0, 1.0]);
/// # Ok::<(), colide::Error>(())
/// ```
pub fn covariance(x: &ArrayRef2<f64>) -> Result<Covariance> {
    let mut accumulator = CovarianceAccumulator::new(x.ncols());
    accumulator.push_rows(x)?;
    accumulator.covariance()
}

/// Accepts a covariance matrix (d × d) and returns d. Eigenvalues are not looked at.
///
/// # Errors
/// Not square, an entry not finite, not symmetric up to 1e-10 of the largest entry, or
/// [`Error::NotPositiveSemidefinite`] for a negative diagonal entry.
pub fn check_covariance(argument: &'static str, c: &ArrayRef2<f64>) -> Result<usize> {
    core_tensor::check_square(argument, c)?;
    check_finite(argument, c)?;
    check_symmetric(argument, c, 1e-10)?;
    match c.diag().iter().position(|&v| !(v >= 0.0)) {
        Some(index) => {
            let found = c[[index, index]];
            Err(Error::NotPositiveSemidefinite { argument, what: "diagonal entry", index, found })
        }
        None => Ok(c.nrows()),
    }
}
