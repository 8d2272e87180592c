//! Circular convolution.

use super::{Complex, RealFft};
use crate::{Result, Scalar};
use ndarray::{Array1, ArrayRef1};

/// A plan for circular convolutions of real vectors of length n.
#[derive(Debug, Clone)]
pub struct CircularConvolution<T: Scalar> {
    fft: RealFft<T>,
    first: Array1<Complex<T>>,
    second: Array1<Complex<T>>,
}

impl<T: Scalar> CircularConvolution<T> {
    /// Plans for length `n`.
    ///
    /// # Errors
    /// `n` = 0.
    pub fn new(n: usize) -> Result<Self> {
        let fft = RealFft::new(n)?;
        let empty = Array1::from_elem(fft.spectrum_len(), Complex::new(T::zero(), T::zero()));
        Ok(Self { fft, first: empty.clone(), second: empty })
    }

    /// Writes c(t) = Σ a(s) b(t − s mod n), the sum over s, to `out`; all of length n. O(n log n).
    ///
    /// For the ordinary convolution of vectors of lengths p and q, pad both with zeros to n ≥ p + q − 1.
    ///
    /// # Errors
    /// Other lengths.
    pub fn convolve_into(&mut self, a: &ArrayRef1<T>, b: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.fft.forward_into(a, &mut self.first)?;
        self.fft.forward_into(b, &mut self.second)?;
        self.first.iter_mut().zip(&self.second).for_each(|(a, &b)| *a *= b);
        self.fft.inverse_into(&self.first, out)
    }
}

/// Circular convolution of two real vectors of the same length; see [`CircularConvolution`] for repeated use.
///
/// # Errors
/// Different lengths; no entries.
pub fn circular_convolution<T: Scalar>(a: &ArrayRef1<T>, b: &ArrayRef1<T>) -> Result<Array1<T>> {
    let mut out = Array1::zeros(a.len());
    CircularConvolution::new(a.len())?.convolve_into(a, b, &mut out)?;
    Ok(out)
}
