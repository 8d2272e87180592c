//! Columns, dense or sparse, and their files.

use crate::Outcome;
use core_optim::design::{CscMatrix, DesignMatrix};
use ndarray::{Array1, Array2};
use ndarray_npy::{read_npy, write_npy};
use std::path::Path;

/// Columns, dense or sparse.
#[derive(Debug, Clone)]
pub enum Design {
    /// All entries.
    Dense(Array2<f64>),
    /// The stored entries of each column.
    Sparse(CscMatrix<f64>),
}

impl Design {
    /// True for stored entries.
    pub fn is_sparse(&self) -> bool {
        matches!(self, Self::Sparse(_))
    }

    /// (n, d).
    pub fn dim(&self) -> (usize, usize) {
        match self {
            Self::Dense(x) => x.dim(),
            Self::Sparse(x) => (x.rows(), x.columns()),
        }
    }

    /// Writes `x-NAME.npy`, or `x-NAME-starts.npy`, `-rows.npy` and `-values.npy`.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Outcome<()> {
        match self {
            Self::Dense(x) => write_npy(folder.join(format!("x-{name}.npy")), x)?,
            Self::Sparse(x) => {
                let (mut starts, mut rows, mut values) = (vec![0_i64], Vec::new(), Vec::new());
                for j in 0..x.columns() {
                    let (column_rows, column_values) = x.column(j);
                    rows.extend(column_rows.iter().map(|&i| i as i64));
                    values.extend_from_slice(column_values);
                    starts.push(rows.len() as i64);
                }
                write_npy(folder.join(format!("x-{name}-starts.npy")), &Array1::from(starts))?;
                write_npy(folder.join(format!("x-{name}-rows.npy")), &Array1::from(rows))?;
                write_npy(folder.join(format!("x-{name}-values.npy")), &Array1::from(values))?;
            }
        }
        Ok(())
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn read(folder: &Path, name: &str, is_sparse: bool, rows: usize) -> Outcome<Self> {
        if !is_sparse {
            return Ok(Self::Dense(read_npy(folder.join(format!("x-{name}.npy")))?));
        }
        let starts: Array1<i64> = read_npy(folder.join(format!("x-{name}-starts.npy")))?;
        let indices: Array1<i64> = read_npy(folder.join(format!("x-{name}-rows.npy")))?;
        let values: Array1<f64> = read_npy(folder.join(format!("x-{name}-values.npy")))?;
        let whole = |x: Array1<i64>| x.iter().map(|&v| v as usize).collect();
        Ok(Self::Sparse(CscMatrix::new(rows, whole(starts), whole(indices), values.to_vec())?))
    }
}
