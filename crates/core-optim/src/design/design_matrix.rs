//! The trait of design matrices.

use super::WorkingVector;
use crate::Result;
use crate::error::{check_count, check_length};
use crate::reduce::{constant, sum_by};
use core_tensor::Scalar;
use ndarray::{Array1, ArrayRef1, ArrayView1, ArrayView2, ArrayViewMut1};

/// An n × d matrix X seen through its columns xⱼ = stored column j - shiftⱼ · 1.
///
/// Plain matrices have no shift: the stored columns are the columns. A centred view stores nothing new and has the means
/// as shifts. Methods that begin with `stored_` speak of the stored part; the others of X itself.
///
/// Every operation checks index and length, which costs a nanosecond or two per column.
pub trait DesignMatrix<T: Scalar> {
    /// n.
    fn rows(&self) -> usize;

    /// d.
    fn columns(&self) -> usize;

    /// (stored column j)ᵀ v.
    ///
    /// # Errors
    /// A column that does not exist or a `v` that is not of length n.
    fn stored_dot(&self, j: usize, v: &ArrayRef1<T>) -> Result<T>;

    /// v ← v + a (stored column j).
    ///
    /// # Errors
    /// A column that does not exist or a `v` that is not of length n.
    fn stored_axpy(&self, j: usize, a: T, v: &mut ArrayRef1<T>) -> Result<()>;

    /// Sum of stored column j, and sum of its squared deviations from its mean.
    ///
    /// # Errors
    /// A column that does not exist.
    fn stored_moments(&self, j: usize) -> Result<(T, T)>;

    /// shiftⱼ; `None` for a matrix without shifts (the default). A matrix with shifts answers
    /// [`stored_moments`](Self::stored_moments) in O(1).
    fn shift(&self, j: usize) -> Option<T> {
        let _ = j;
        None
    }

    /// (stored column j)ᵀ v for each j of `columns`, into `out`. The matrices of this module run it as one vectorised loop.
    ///
    /// # Errors
    /// A column that does not exist, a `v` that is not of length n, an `out` that is not as long as `columns`.
    fn stored_dots_into(&self, columns: &[usize], v: &[T], out: &mut [T]) -> Result<()> {
        check_count("v", v.len(), self.rows(), "the matrix has that many rows")?;
        check_count("out", out.len(), columns.len(), "there is an entry per column")?;
        let v = ArrayView1::from(v);
        for (out, &j) in out.iter_mut().zip(columns) {
            *out = self.stored_dot(j, &v)?;
        }
        Ok(())
    }

    /// All entries of stored column j, into `out` (n).
    ///
    /// # Errors
    /// A column that does not exist or an `out` that is not of length n.
    fn stored_column_into(&self, j: usize, out: &mut [T]) -> Result<()> {
        out.fill(T::zero());
        self.stored_axpy(j, T::one(), &mut ArrayViewMut1::from(out))
    }

    /// All stored columns as an array (n × d), if they are one. `None` by default.
    fn stored_array(&self) -> Option<ArrayView2<'_, T>> {
        None
    }

    /// For a sparse matrix: rows and values of stored column j, and a factor of the values. `None` for a dense one (the default)
    /// and for a column that does not exist.
    fn sparse_column(&self, j: usize) -> Option<(&[usize], &[T], T)> {
        let _ = j;
        None
    }

    /// xⱼᵀ v: costs one pass over the stored entries of the column.
    ///
    /// # Errors
    /// A column that does not exist or a `v` that is not of length n.
    fn column_dot(&self, j: usize, v: &WorkingVector<T>) -> Result<T> {
        let plain = self.stored_dot(j, &v.values())?;
        let plain = if v.offset() == T::zero() { plain } else { plain + v.offset() * self.stored_moments(j)?.0 };
        Ok(match self.shift(j) {
            None => plain,
            Some(shift) => plain - shift * v.sum(),
        })
    }

    /// v ← v + a xⱼ: costs one pass over the stored entries of the column.
    ///
    /// # Errors
    /// A column that does not exist or a `v` that is not of length n.
    fn column_axpy(&self, j: usize, a: T, v: &mut WorkingVector<T>) -> Result<()> {
        check_length("v", &v.values(), self.rows(), "the matrix has that many rows")?;
        match self.shift(j) {
            None => self.stored_axpy(j, a, v.change(None, T::zero())),
            Some(shift) => {
                let change = a * self.stored_moments(j)?.0;
                self.stored_axpy(j, a, v.change(Some(change), -a * shift))
            }
        }
    }

    /// ‖xⱼ‖².
    ///
    /// # Errors
    /// A column that does not exist.
    fn column_norm_squared(&self, j: usize) -> Result<T> {
        let (sum, deviations) = self.stored_moments(j)?;
        let n = constant::<T>(self.rows().max(1) as f64);
        let mean = sum / n - self.shift(j).unwrap_or(T::zero());
        Ok(deviations + n * mean * mean)
    }

    /// ‖xⱼ‖² for all columns.
    ///
    /// # Errors
    /// None of its own.
    fn column_norms_squared(&self) -> Result<Array1<T>> {
        let mut out = Array1::zeros(self.columns());
        for (j, out) in out.iter_mut().enumerate() {
            *out = self.column_norm_squared(j)?;
        }
        Ok(out)
    }

    /// X w for w (d), into `out` (n). Columns with wⱼ = 0 cost nothing.
    ///
    /// # Errors
    /// Lengths that do not match.
    fn apply_into(&self, w: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        check_length("w", w, self.columns(), "the matrix has that many columns")?;
        check_length("out", out, self.rows(), "the matrix has that many rows")?;
        out.fill(T::zero());
        let mut shift = T::zero();
        for (j, &w) in w.iter().enumerate() {
            if w != T::zero() {
                self.stored_axpy(j, w, out)?;
                shift += w * self.shift(j).unwrap_or(T::zero());
            }
        }
        if shift != T::zero() {
            out.mapv_inplace(|v| v - shift);
        }
        Ok(())
    }

    /// Xᵀ v for v (n), into `out` (d).
    ///
    /// # Errors
    /// Lengths that do not match.
    fn apply_transposed_into(&self, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        check_length("v", v, self.rows(), "the matrix has that many rows")?;
        check_length("out", out, self.columns(), "the matrix has that many columns")?;
        let mut sum = None;
        for (j, out) in out.iter_mut().enumerate() {
            let plain = self.stored_dot(j, v)?;
            *out = match self.shift(j) {
                None => plain,
                Some(shift) => plain - shift * *sum.get_or_insert_with(|| sum_by(v, |v| v)),
            };
        }
        Ok(())
    }

    /// Xᵀ v for a working vector (n), into `out` (d): the correlations with a residual.
    ///
    /// # Errors
    /// Lengths that do not match.
    fn correlations_into(&self, v: &WorkingVector<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        check_length("out", out, self.columns(), "the matrix has that many columns")?;
        for (j, out) in out.iter_mut().enumerate() {
            *out = self.column_dot(j, v)?;
        }
        Ok(())
    }
}
