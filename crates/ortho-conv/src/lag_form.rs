//! L_orth lag by lag: one matrix product for each run of overlapping taps, half of the lags by symmetry.

use crate::Result;
use crate::lags::{Lag, half_lags};
use crate::polyphase::Polyphase;
use core_tensor::Scalar;
use core_tensor::linalg::{Accumulate, gemm_into, gram_into};
use ndarray::{Array3, ArrayView2, ArrayViewMut2, Axis, Slice};

/// Residuals of half of the lags: `E_δ = R_δ - [δ = 0] I`, lags × a × a, and the plan of their products.
#[derive(Debug, Clone)]
pub(crate) struct LagForm<T> {
    lags: Vec<Lag>,
    small: usize,
    large: usize,
    taps: usize,
    residuals: Array3<T>,
}

impl<T: Scalar> LagForm<T> {
    pub(crate) fn new(polyphase: &Polyphase) -> Self {
        let (lags, small) = (half_lags(&polyphase.size), polyphase.small);
        let residuals = Array3::zeros((lags.len(), small, small));
        Self { lags, small, large: polyphase.large, taps: polyphase.taps(), residuals }
    }

    /// The lags with their residuals; entry (i, i') of δ is that of (i', i) at -δ.
    pub(crate) fn residuals(&self) -> impl Iterator<Item = (&[isize], ArrayView2<'_, T>)> {
        self.lags.iter().map(|lag| lag.delta.as_slice()).zip(self.residuals.outer_iter())
    }

    /// All residuals, lag after lag, to be replaced by others before a [`gradient_into`](Self::gradient_into).
    pub(crate) fn residuals_mut(&mut self) -> &mut Array3<T> {
        &mut self.residuals
    }

    /// ‖E‖² over all lags of the small-side array `y`.
    pub(crate) fn value(&mut self, y: &[T]) -> Result<f64> {
        let Self { lags, small, large, taps, residuals } = self;
        let y = matrix(y, *small, *taps * *large)?;
        let mut total = 0.0;
        for (number, (lag, mut residual)) in lags.iter().zip(residuals.outer_iter_mut()).enumerate() {
            if number == 0 {
                gram_into(&mut residual, Accumulate::Replace, T::one(), &y.t())?;
                residual.diag_mut().iter_mut().for_each(|r| *r -= T::one());
            }
            for (part, run) in lag.runs.iter().enumerate().filter(|_| number > 0) {
                let accumulate = if part == 0 { Accumulate::Replace } else { Accumulate::Add };
                let (a, b) = (columns(&y, run.first, run.length, *large), columns(&y, run.second, run.length, *large));
                gemm_into(&mut residual, accumulate, T::one(), &a, &b.t())?;
            }
            let squares: f64 = residual.iter().map(|&e| Scalar::to_f64(e) * Scalar::to_f64(e)).sum();
            total += if number == 0 { squares } else { 2.0 * squares };
        }
        Ok(total)
    }

    /// The gradient with respect to `y`, from the residuals of the last [`value`](Self::value).
    pub(crate) fn gradient_into(&self, y: &[T], gradient: &mut [T]) -> Result<()> {
        let Self { lags, small, large, taps, residuals } = self;
        let four = <T as Scalar>::from_f64(4.0);
        let y = matrix(y, *small, *taps * *large)?;
        let mut gradient = matrix_mut(gradient, *small, *taps * *large)?;
        for (number, (lag, residual)) in lags.iter().zip(residuals.outer_iter()).enumerate() {
            if number == 0 {
                gemm_into(&mut gradient, Accumulate::Replace, four, &residual, &y)?;
                continue;
            }
            for run in &lag.runs {
                let (a, b) = (columns(&y, run.first, run.length, *large), columns(&y, run.second, run.length, *large));
                let mut at = columns_mut(&mut gradient, run.first, run.length, *large);
                gemm_into(&mut at, Accumulate::Add, four, &residual, &b)?;
                let mut at = columns_mut(&mut gradient, run.second, run.length, *large);
                gemm_into(&mut at, Accumulate::Add, four, &residual.t(), &a)?;
            }
        }
        Ok(())
    }
}

/// `data` as a matrix; its length is the crate's own business, so that the error never shows.
pub(crate) fn matrix<T>(data: &[T], rows: usize, columns: usize) -> Result<ArrayView2<'_, T>> {
    let shape = |_| core_tensor::Error::Shape {
        argument: "data",
        found: vec![data.len()],
        expected: vec![rows, columns],
        reason: "of the workspace",
    };
    Ok(ArrayView2::from_shape((rows, columns), data).map_err(shape)?)
}

pub(crate) fn matrix_mut<T>(data: &mut [T], rows: usize, columns: usize) -> Result<ArrayViewMut2<'_, T>> {
    let found = vec![data.len()];
    let shape = |_| core_tensor::Error::Shape {
        argument: "data",
        found,
        expected: vec![rows, columns],
        reason: "of the workspace",
    };
    Ok(ArrayViewMut2::from_shape((rows, columns), data).map_err(shape)?)
}

/// Columns of `length` taps from tap `first` on.
fn columns<'a, T>(y: &'a ArrayView2<'_, T>, first: usize, length: usize, large: usize) -> ArrayView2<'a, T> {
    y.slice_axis(Axis(1), Slice::from(first * large..(first + length) * large))
}

fn columns_mut<'a, T>(
    y: &'a mut ArrayViewMut2<'_, T>,
    first: usize,
    length: usize,
    large: usize,
) -> ArrayViewMut2<'a, T> {
    y.slice_axis_mut(Axis(1), Slice::from(first * large..(first + length) * large))
}
