//! Sparse columns.

use super::DesignMatrix;
use crate::error::{check_count, check_index, check_length};
use crate::reduce::constant;
use crate::{Error, Result};
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2};

/// A sparse n × d matrix by columns (CSC): column j has the entries `values[s]` in the rows `indices[s]`, for s in
/// `starts[j]..starts[j + 1]`, rows strictly ascending.
///
/// ```
/// use core_optim::design::{CscMatrix, DesignMatrix};
/// use ndarray::array;
///
/// let x = CscMatrix::from_triplets(3, 2, &[(2, 0, 4.0), (0, 0, 1.0), (1, 1, -1.0)])?;
/// assert_eq!(x.to_dense(), array![[1.0, 0.0], [0.0, -1.0], [4.0, 0.0]]);
/// assert_eq!(x.column_norm_squared(0)?, 17.0);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CscMatrix<T> {
    rows: usize,
    starts: Vec<usize>,
    indices: Vec<usize>,
    values: Vec<T>,
}

const ROWS: &str = "the matrix has that many rows";

impl<T: Scalar> CscMatrix<T> {
    /// The matrix with `rows` ≥ 1 rows and `starts.len() - 1` columns, described as above.
    ///
    /// # Errors
    /// No row; [`Error::SparseStructure`] or [`Error::Index`] for arrays that do not fit together; an entry that is not finite.
    pub fn new(rows: usize, starts: Vec<usize>, indices: Vec<usize>, values: Vec<T>) -> Result<Self> {
        check_rows(rows)?;
        let wrong = |column, reason| Err(Error::SparseStructure { argument: "starts", column, reason });
        if starts.first() != Some(&0) {
            return wrong(0, "the first start must be 0");
        }
        if starts.last() != Some(&indices.len()) {
            return wrong(starts.len() - 1, "the last start must be the number of row indices");
        }
        if values.len() != indices.len() {
            return Err(core_tensor::Error::Shape {
                argument: "values",
                found: vec![values.len()],
                expected: vec![indices.len()],
                reason: "there is a value per row index",
            }
            .into());
        }
        if let Some(j) = starts.windows(2).position(|pair| pair[0] > pair[1]) {
            return wrong(j, "starts must not decrease");
        }
        for (column, range) in starts.windows(2).enumerate() {
            let mut before = None;
            for &row in &indices[range[0]..range[1]] {
                check_index("indices", row, rows, "rows")?;
                if before.is_some_and(|before| before >= row) {
                    let reason = "row indices must ascend strictly";
                    return Err(Error::SparseStructure { argument: "indices", column, reason });
                }
                before = Some(row);
            }
        }
        let values = Array1::from(values);
        check_finite("values", &values)?;
        Ok(Self { rows, starts, indices, values: values.into_raw_vec_and_offset().0 })
    }

    /// The matrix with the given (row, column, value) entries in any order; entries of the same place are added up in the
    /// order given.
    ///
    /// # Errors
    /// No row, [`Error::Index`] for an entry outside the matrix, or a sum that is not finite.
    pub fn from_triplets(rows: usize, columns: usize, triplets: &[(usize, usize, T)]) -> Result<Self> {
        check_rows(rows)?;
        let mut counts = vec![0_usize; columns.saturating_add(1)];
        for &(row, column, _) in triplets {
            check_index("row", row, rows, "rows")?;
            check_index("column", column, columns, "columns")?;
            counts[column + 1] += 1;
        }
        for j in 0..columns {
            counts[j + 1] += counts[j];
        }
        let mut next = counts.clone();
        let mut entries = vec![(0, T::zero()); triplets.len()];
        for &(row, column, value) in triplets {
            entries[next[column]] = (row, value);
            next[column] += 1;
        }
        let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for j in 0..columns {
            let column = &mut entries[counts[j]..counts[j + 1]];
            column.sort_by_key(|&(row, _)| row);
            let first = indices.len();
            for &(row, value) in column.iter() {
                if indices.len() > first && indices.last() == Some(&row) {
                    if let Some(last) = values.last_mut() {
                        *last += value;
                    }
                } else {
                    indices.push(row);
                    values.push(value);
                }
            }
            starts.push(indices.len());
        }
        Self::new(rows, starts, indices, values)
    }

    /// The non-zero entries of `x` (n × d).
    ///
    /// # Errors
    /// No row, or an entry that is not finite.
    pub fn from_dense(x: &ArrayRef2<T>) -> Result<Self> {
        check_finite("x", x)?;
        let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for column in x.columns() {
            for (row, &value) in column.iter().enumerate().filter(|(_, v)| **v != T::zero()) {
                indices.push(row);
                values.push(value);
            }
            starts.push(indices.len());
        }
        Self::new(x.nrows(), starts, indices, values)
    }

    /// Number of stored entries.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// Rows and values of column `j`; empty if there is no such column.
    #[must_use]
    pub fn column(&self, j: usize) -> (&[usize], &[T]) {
        match (self.starts.get(j), self.starts.get(j.saturating_add(1))) {
            (Some(&from), Some(&to)) => (&self.indices[from..to], &self.values[from..to]),
            _ => (&[], &[]),
        }
    }

    /// The same matrix with all its zeros.
    #[must_use]
    pub fn to_dense(&self) -> Array2<T> {
        let mut out = Array2::zeros((self.rows, self.starts.len() - 1));
        for (j, mut column) in out.columns_mut().into_iter().enumerate() {
            let (rows, values) = self.column(j);
            for (&i, &x) in rows.iter().zip(values) {
                column[i] = x;
            }
        }
        out
    }
}

fn check_rows(rows: usize) -> Result<()> {
    if rows > 0 { Ok(()) } else { Err(core_tensor::Error::Empty { argument: "x", expected: "row" }.into()) }
}

impl<T: Scalar> DesignMatrix<T> for CscMatrix<T> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn columns(&self) -> usize {
        self.starts.len() - 1
    }

    #[inline]
    fn stored_dot(&self, j: usize, v: &ArrayRef1<T>) -> Result<T> {
        check_index("column", j, self.columns(), "columns")?;
        check_length("v", v, self.rows, ROWS)?;
        let (rows, values) = self.column(j);
        Ok(match v.as_slice() {
            Some(v) => gathered_dot(rows, values, |i| v[i]),
            None => gathered_dot(rows, values, |i| v[i]),
        })
    }

    #[inline]
    fn stored_axpy(&self, j: usize, a: T, v: &mut ArrayRef1<T>) -> Result<()> {
        check_index("column", j, self.columns(), "columns")?;
        check_length("v", v, self.rows, ROWS)?;
        let (rows, values) = self.column(j);
        match v.as_slice_mut() {
            Some(v) => rows.iter().zip(values).for_each(|(&i, &x)| v[i] += a * x),
            None => rows.iter().zip(values).for_each(|(&i, &x)| v[i] += a * x),
        }
        Ok(())
    }

    fn stored_dots_into(&self, columns: &[usize], v: &[T], out: &mut [T]) -> Result<()> {
        check_count("v", v.len(), self.rows, ROWS)?;
        check_count("out", out.len(), columns.len(), "there is an entry per column")?;
        for (out, &j) in out.iter_mut().zip(columns) {
            check_index("columns", j, self.columns(), "columns")?;
            let (rows, values) = self.column(j);
            *out = gathered_dot(rows, values, |i| v[i]);
        }
        Ok(())
    }

    fn sparse_column(&self, j: usize) -> Option<(&[usize], &[T], T)> {
        (j < self.columns()).then(|| {
            let (rows, values) = self.column(j);
            (rows, values, T::one())
        })
    }

    fn stored_moments(&self, j: usize) -> Result<(T, T)> {
        check_index("column", j, self.columns(), "columns")?;
        let (rows, values) = self.column(j);
        let sum: T = values.iter().copied().sum();
        let mean = sum / constant::<T>(self.rows as f64);
        let deviations: T = values.iter().map(|&x| (x - mean) * (x - mean)).sum();
        Ok((sum, deviations + constant::<T>((self.rows - rows.len()) as f64) * mean * mean))
    }
}

/// Σ values · v(row), in four lanes.
#[inline(always)]
fn gathered_dot<T: Scalar>(rows: &[usize], values: &[T], v: impl Fn(usize) -> T) -> T {
    let mut lanes = [T::zero(); 4];
    let (row_chunks, row_rest) = rows.as_chunks::<4>();
    let (value_chunks, value_rest) = values.as_chunks::<4>();
    for (rows, values) in row_chunks.iter().zip(value_chunks) {
        for l in 0..4 {
            lanes[l] += values[l] * v(rows[l]);
        }
    }
    for (l, (&row, &value)) in row_rest.iter().zip(value_rest).enumerate() {
        lanes[l] += value * v(row);
    }
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}
