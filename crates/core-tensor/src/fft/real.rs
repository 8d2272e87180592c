//! Real transform of one dimension.

use super::{Complex, check_entries, check_length};
use crate::{Result, Scalar};
use ndarray::ArrayRef1;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::fmt;
use std::sync::Arc;

/// A plan for transforms of n real numbers to the ⌊n/2⌋ + 1 coefficients that determine the rest:
/// X(n − k) is the conjugate of X(k).
///
/// ```
/// use core_tensor::fft::RealFft;
/// use ndarray::{Array1, array};
///
/// let mut fft = RealFft::new(4)?;
/// let mut spectrum = Array1::from_elem(fft.spectrum_len(), Default::default());
/// fft.forward_into(&array![1.0, 2.0, 3.0, 4.0], &mut spectrum)?;
/// assert_eq!(spectrum[0].re, 10.0);
/// let mut back = Array1::zeros(4);
/// fft.inverse_into(&spectrum, &mut back)?;
/// assert_eq!(back, array![1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), core_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct RealFft<T: Scalar> {
    forward: Arc<dyn RealToComplex<T>>,
    inverse: Arc<dyn ComplexToReal<T>>,
    signal: Vec<T>,
    spectrum: Vec<Complex<T>>,
    scratch: Vec<Complex<T>>,
}

impl<T: Scalar> RealFft<T> {
    /// Plans both directions for `n` real numbers.
    ///
    /// # Errors
    /// `n` = 0.
    pub fn new(n: usize) -> Result<Self> {
        check_length(n)?;
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let zero = Complex::new(T::zero(), T::zero());
        Ok(Self {
            forward,
            inverse,
            signal: vec![T::zero(); n],
            spectrum: vec![zero; n / 2 + 1],
            scratch: vec![zero; scratch],
        })
    }

    /// The number n of real values.
    #[must_use]
    pub fn n(&self) -> usize {
        self.signal.len()
    }

    /// The number ⌊n/2⌋ + 1 of complex coefficients.
    #[must_use]
    pub fn spectrum_len(&self) -> usize {
        self.spectrum.len()
    }

    /// Writes the transform of `x` (n) to `out` (⌊n/2⌋ + 1), unscaled. O(n log n).
    ///
    /// # Errors
    /// Other lengths.
    pub fn forward_into(&mut self, x: &ArrayRef1<T>, out: &mut ArrayRef1<Complex<T>>) -> Result<()> {
        check_entries("x", x, self.n())?;
        check_entries("out", out, self.spectrum_len())?;
        self.signal.iter_mut().zip(x).for_each(|(to, &from)| *to = from);
        self.forward_inner();
        out.iter_mut().zip(&self.spectrum).for_each(|(to, &from)| *to = from);
        Ok(())
    }

    /// Writes n times the inverse transform of `spectrum` (⌊n/2⌋ + 1) to `out` (n).
    ///
    /// The imaginary part of the first coefficient, and for even n of the last, is zero for every real signal and
    /// therefore not read.
    ///
    /// # Errors
    /// Other lengths.
    pub fn inverse_unscaled_into(&mut self, spectrum: &ArrayRef1<Complex<T>>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.inverse_times(spectrum, out, T::one())
    }

    /// Writes the inverse transform of `spectrum` (⌊n/2⌋ + 1) to `out` (n): undoes [`forward_into`](Self::forward_into).
    ///
    /// # Errors
    /// Other lengths.
    pub fn inverse_into(&mut self, spectrum: &ArrayRef1<Complex<T>>, out: &mut ArrayRef1<T>) -> Result<()> {
        self.inverse_times(spectrum, out, T::one() / <T as Scalar>::from_f64(self.n() as f64))
    }

    fn inverse_times(&mut self, spectrum: &ArrayRef1<Complex<T>>, out: &mut ArrayRef1<T>, scale: T) -> Result<()> {
        check_entries("spectrum", spectrum, self.spectrum_len())?;
        check_entries("out", out, self.n())?;
        self.spectrum.iter_mut().zip(spectrum).for_each(|(to, &from)| *to = from);
        self.spectrum[0].im = T::zero();
        if self.n().is_multiple_of(2) {
            let last = self.spectrum.len() - 1;
            self.spectrum[last].im = T::zero();
        }
        self.inverse_inner();
        out.iter_mut().zip(&self.signal).for_each(|(to, &from)| *to = from * scale);
        Ok(())
    }

    fn forward_inner(&mut self) {
        let outcome = self.forward.process_with_scratch(&mut self.signal, &mut self.spectrum, &mut self.scratch);
        debug_assert!(outcome.is_ok(), "the buffers have the plan's lengths");
    }

    fn inverse_inner(&mut self) {
        let outcome = self.inverse.process_with_scratch(&mut self.spectrum, &mut self.signal, &mut self.scratch);
        debug_assert!(outcome.is_ok(), "the buffers have the plan's lengths, and no imaginary part where none can be");
    }
}

impl<T: Scalar> fmt::Debug for RealFft<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealFft").field("n", &self.n()).finish_non_exhaustive()
    }
}
