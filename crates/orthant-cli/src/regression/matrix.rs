//! Features in the types of the library.

use crate::failure::{Failure, Outcome};
use crate::input::{Features, Regression};
use ndarray::{Array1, Array2};
use orthant::core_optim::design::{CscMatrix, DesignMatrix};

/// The features as they are in the table.
pub(crate) enum Matrix {
    Dense(Array2<f64>),
    Sparse(CscMatrix<f64>),
}

impl Matrix {
    /// The features of the table, which keeps none.
    pub(crate) fn take(table: &mut Regression) -> Outcome<Self> {
        let none = Features::Dense(Array2::zeros((0, 0)));
        Ok(match std::mem::replace(&mut table.features, none) {
            Features::Dense(x) => Self::Dense(x),
            Features::Sparse(x) => Self::Sparse(
                CscMatrix::new(x.rows, x.starts, x.indices, x.values)
                    .map_err(|error| Failure::input(format!("`{}`: {error}", table.source)))?,
            ),
        })
    }

    /// (n, d).
    pub(crate) fn dim(&self) -> (usize, usize) {
        match self {
            Self::Dense(x) => x.dim(),
            Self::Sparse(x) => (x.rows(), x.columns()),
        }
    }

    /// The stored entries of a column: (row, value).
    pub(crate) fn entries(&self, column: usize) -> Vec<(usize, f64)> {
        match self {
            Self::Dense(x) => x.column(column).iter().copied().enumerate().collect(),
            Self::Sparse(x) => {
                let (rows, values) = x.column(column);
                rows.iter().copied().zip(values.iter().copied()).collect()
            }
        }
    }

    /// X w + b.
    pub(crate) fn predict(&self, coefficients: &Array1<f64>, intercept: f64) -> Array1<f64> {
        let mut fitted = Array1::from_elem(self.dim().0, intercept);
        for (j, &w) in coefficients.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            self.entries(j).into_iter().for_each(|(i, x)| fitted[i] += w * x);
        }
        fitted
    }
}
