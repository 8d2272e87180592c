//! A sparse matrix as plain arrays.

use ndarray::Array2;

/// A sparse matrix by columns (CSC): column j has the entries `values[s]` in the rows `indices[s]` for s in
/// `starts[j]..starts[j + 1]`, rows ascending. The arrays are what `core_optim::design::CscMatrix::new` takes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SparseColumns {
    /// Number of rows.
    pub rows: usize,
    /// Where each column starts; one more than there are columns.
    pub starts: Vec<usize>,
    /// Row of each entry.
    pub indices: Vec<usize>,
    /// The entries.
    pub values: Vec<f64>,
}

impl SparseColumns {
    /// The entries of `dense` for which `keep` (same shape) is true.
    pub(crate) fn kept(dense: &Array2<f64>, keep: &Array2<bool>) -> Self {
        let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for (column, keep) in dense.columns().into_iter().zip(keep.columns()) {
            for (i, &value) in column.iter().enumerate().filter(|&(i, _)| keep[i]) {
                indices.push(i);
                values.push(value);
            }
            starts.push(indices.len());
        }
        Self { rows: dense.nrows(), starts, indices, values }
    }

    /// Number of entries.
    #[must_use]
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.starts.len() - 1
    }

    /// (column, value) of the entries of row `i`, columns ascending.
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        (0..self.columns()).filter_map(move |j| {
            let column = &self.indices[self.starts[j]..self.starts[j + 1]];
            column.binary_search(&i).ok().map(|k| (j, self.values[self.starts[j] + k]))
        })
    }

    /// A w (n) for `w` with an entry per column.
    pub(crate) fn times(&self, w: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.rows];
        for (j, &w) in w.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            for s in self.starts[j]..self.starts[j + 1] {
                out[self.indices[s]] += w * self.values[s];
            }
        }
        out
    }
}
