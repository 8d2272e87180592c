//! Centred, scaled and weighted columns without a copy.

use super::DesignMatrix;
use crate::Result;
use crate::error::{check_index, check_length};
use crate::reduce::constant;
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, ArrayRef1};

/// The columns fⱼ (xⱼ - mⱼ 1) of a matrix with columns xⱼ: nothing is copied, and a sparse matrix stays sparse.
///
/// A column operation costs what it costs in the matrix beneath, plus O(1), as long as the [`WorkingVector`](super::WorkingVector)
/// is changed by columns of this view only.
///
/// ```
/// use core_optim::design::{CscMatrix, DesignMatrix, Standardised};
/// use ndarray::array;
///
/// let x = CscMatrix::from_triplets(4, 1, &[(0, 0, 2.0)])?;
/// let centred = Standardised::centred(&x)?;
/// let mut out = array![0.0, 0.0, 0.0, 0.0];
/// centred.apply_into(&array![1.0], &mut out)?;
/// assert_eq!(out, array![1.5, -0.5, -0.5, -0.5]);
/// # Ok::<(), core_optim::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Standardised<'a, T, X: ?Sized> {
    inner: &'a X,
    means: Array1<T>,
    factors: Array1<T>,
    /// Of the stored columns: fⱼ Σxⱼ and fⱼ² times the squared deviations; and fⱼ (mⱼ + shift beneath).
    sums: Array1<T>,
    deviations: Array1<T>,
    shifts: Array1<T>,
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized> Standardised<'a, T, X> {
    /// Any means mⱼ and factors fⱼ, one per column: sample-weighted means, column weights, …
    ///
    /// # Errors
    /// Lengths that are not d, or entries that are not finite.
    pub fn new(inner: &'a X, means: &ArrayRef1<T>, factors: &ArrayRef1<T>) -> Result<Self> {
        const COLUMNS: &str = "the matrix has that many columns";
        let d = inner.columns();
        check_length("means", means, d, COLUMNS)?;
        check_length("factors", factors, d, COLUMNS)?;
        check_finite("means", means)?;
        check_finite("factors", factors)?;
        let vector = || Array1::zeros(d);
        let (mut sums, mut deviations, mut shifts) = (vector(), vector(), vector());
        for j in 0..d {
            let (sum, deviation) = inner.stored_moments(j)?;
            let f = factors[j];
            sums[j] = f * sum;
            deviations[j] = f * f * deviation;
            shifts[j] = f * (means[j] + inner.shift(j).unwrap_or(T::zero()));
        }
        Ok(Self { inner, means: means.to_owned(), factors: factors.to_owned(), sums, deviations, shifts })
    }

    /// Columns minus their means. A constant column becomes exactly zero.
    ///
    /// # Errors
    /// None of its own.
    pub fn centred(inner: &'a X) -> Result<Self> {
        let (means, spreads) = means_and_spreads(inner)?;
        Self::new(inner, &means, &spreads.mapv(|s| if s > T::zero() { T::one() } else { T::zero() }))
    }

    /// Columns minus their means, divided by their population standard deviations (divisor n). A constant column becomes
    /// exactly zero.
    ///
    /// # Errors
    /// None of its own.
    pub fn unit_variance(inner: &'a X) -> Result<Self> {
        let (means, spreads) = means_and_spreads(inner)?;
        Self::new(inner, &means, &spreads.mapv(|s| if s > T::zero() { s.recip() } else { T::zero() }))
    }

    /// Columns times `factors` (d), not centred.
    ///
    /// # Errors
    /// A wrong length, or a factor that is not finite.
    pub fn weighted(inner: &'a X, factors: &ArrayRef1<T>) -> Result<Self> {
        Self::new(inner, &Array1::zeros(inner.columns()), factors)
    }

    /// mⱼ (d).
    pub fn means(&self) -> &ArrayRef1<T> {
        &self.means
    }

    /// fⱼ (d): coefficients of this view times fⱼ are coefficients of the matrix beneath.
    pub fn factors(&self) -> &ArrayRef1<T> {
        &self.factors
    }
}

/// Mean and population standard deviation of each column; 0 for a column that is constant up to rounding.
fn means_and_spreads<T: Scalar, X: DesignMatrix<T> + ?Sized>(x: &X) -> Result<(Array1<T>, Array1<T>)> {
    let n = constant::<T>(x.rows().max(1) as f64);
    let (mut means, mut spreads) = (Array1::zeros(x.columns()), Array1::zeros(x.columns()));
    for j in 0..x.columns() {
        let (sum, deviations) = x.stored_moments(j)?;
        let stored_mean = sum / n;
        means[j] = stored_mean - x.shift(j).unwrap_or(T::zero());
        // The mean has a relative error of a few ε: deviations of that size are its rounding.
        let noise = constant::<T>(16.0) * T::epsilon() * stored_mean.abs();
        let spread = (deviations / n).sqrt();
        spreads[j] = if spread > noise && spread.recip().is_finite() { spread } else { T::zero() };
    }
    Ok((means, spreads))
}

impl<T: Scalar, X: DesignMatrix<T> + ?Sized> DesignMatrix<T> for Standardised<'_, T, X> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn columns(&self) -> usize {
        self.inner.columns()
    }

    #[inline]
    fn stored_dot(&self, j: usize, v: &ArrayRef1<T>) -> Result<T> {
        let plain = self.inner.stored_dot(j, v)?;
        Ok(self.factors[j] * plain)
    }

    #[inline]
    fn stored_axpy(&self, j: usize, a: T, v: &mut ArrayRef1<T>) -> Result<()> {
        check_index("column", j, self.columns(), "columns")?;
        self.inner.stored_axpy(j, a * self.factors[j], v)
    }

    fn stored_dots_into(&self, columns: &[usize], v: &[T], out: &mut [T]) -> Result<()> {
        self.inner.stored_dots_into(columns, v, out)?;
        for (out, &j) in out.iter_mut().zip(columns) {
            *out *= self.factors[j];
        }
        Ok(())
    }

    fn stored_column_into(&self, j: usize, out: &mut [T]) -> Result<()> {
        self.inner.stored_column_into(j, out)?;
        let factor = self.factors[j];
        out.iter_mut().for_each(|out| *out *= factor);
        Ok(())
    }

    fn sparse_column(&self, j: usize) -> Option<(&[usize], &[T], T)> {
        let (rows, values, factor) = self.inner.sparse_column(j)?;
        Some((rows, values, factor * self.factors[j]))
    }

    #[inline]
    fn stored_moments(&self, j: usize) -> Result<(T, T)> {
        check_index("column", j, self.columns(), "columns")?;
        Ok((self.sums[j], self.deviations[j]))
    }

    #[inline]
    fn shift(&self, j: usize) -> Option<T> {
        self.shifts.get(j).copied()
    }
}
