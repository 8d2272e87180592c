//! K̂ K̂ᴴ of a spectrum whose real and imaginary part stand side by side.

use crate::Result;
use core_tensor::Scalar;
use core_tensor::linalg::{Accumulate, gemm_into, gram_into};
use ndarray::{Array2, ArrayView2, Axis};

/// Real part A Aᵀ + B Bᵀ and imaginary part B Aᵀ - A Bᵀ for K̂ = A + iB, in reused memory.
#[derive(Debug, Clone)]
pub(crate) struct SpectralGram<T> {
    pub(crate) real: Array2<T>,
    pub(crate) imaginary: Array2<T>,
    product: Array2<T>,
}

impl<T: Scalar> SpectralGram<T> {
    pub(crate) fn new(small: usize) -> Self {
        let square = || Array2::zeros((small, small));
        Self { real: square(), imaginary: square(), product: square() }
    }

    /// Of `spectrum`, [A B] (a × 2b); `is_real` says that B = 0.
    pub(crate) fn compute(&mut self, spectrum: &ArrayView2<'_, T>, is_real: bool) -> Result<()> {
        let (re, im) = spectrum.split_at(Axis(1), spectrum.ncols() / 2);
        gram_into(&mut self.real, Accumulate::Replace, T::one(), &spectrum.t())?;
        if is_real {
            self.imaginary.fill(T::zero());
        } else {
            gemm_into(&mut self.product, Accumulate::Replace, T::one(), &im, &re.t())?;
            self.imaginary.assign(&self.product);
            self.imaginary.zip_mut_with(&self.product.t(), |i, &p| *i -= p);
        }
        Ok(())
    }
}
