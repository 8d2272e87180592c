//! Complex transform of one dimension.

use super::{Complex, check_entries, check_length, with_slice};
use crate::{Result, Scalar};
use ndarray::{Array1, ArrayRef1};
use rustfft::{Fft, FftPlanner};
use std::fmt;
use std::sync::Arc;

/// A plan for complex transforms of length n.
#[derive(Clone)]
pub struct ComplexFft<T: Scalar> {
    forward: Arc<dyn Fft<T>>,
    inverse: Arc<dyn Fft<T>>,
    buffer: Array1<Complex<T>>,
    scratch: Vec<Complex<T>>,
}

impl<T: Scalar> ComplexFft<T> {
    /// Plans both directions for length `n`.
    ///
    /// # Errors
    /// `n` = 0.
    pub fn new(n: usize) -> Result<Self> {
        check_length(n)?;
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        let zero = Complex::new(T::zero(), T::zero());
        Ok(Self { forward, inverse, buffer: Array1::from_elem(n, zero), scratch: vec![zero; scratch] })
    }

    /// The length n.
    #[must_use]
    pub fn n(&self) -> usize {
        self.buffer.len()
    }

    /// Overwrites `x` (n) with its transform, unscaled. O(n log n).
    ///
    /// # Errors
    /// `x` not of length n.
    pub fn forward(&mut self, x: &mut ArrayRef1<Complex<T>>) -> Result<()> {
        check_entries("x", x, self.n())?;
        let Self { forward, buffer, scratch, .. } = self;
        with_slice(x, buffer, |x| forward.process_with_scratch(x, scratch));
        Ok(())
    }

    /// Overwrites `x` (n) with n times its inverse transform.
    ///
    /// # Errors
    /// `x` not of length n.
    pub fn inverse_unscaled(&mut self, x: &mut ArrayRef1<Complex<T>>) -> Result<()> {
        check_entries("x", x, self.n())?;
        let Self { inverse, buffer, scratch, .. } = self;
        with_slice(x, buffer, |x| inverse.process_with_scratch(x, scratch));
        Ok(())
    }

    /// Overwrites `x` (n) with its inverse transform: `inverse` after `forward` is the identity.
    ///
    /// # Errors
    /// `x` not of length n.
    pub fn inverse(&mut self, x: &mut ArrayRef1<Complex<T>>) -> Result<()> {
        self.inverse_unscaled(x)?;
        let scale = T::one() / <T as Scalar>::from_f64(self.n() as f64);
        x.iter_mut().for_each(|v| *v = v.scale(scale));
        Ok(())
    }

    /// Both directions on a contiguous line, unscaled, for callers within the module that checked its length.
    pub(super) fn process(&mut self, line: &mut [Complex<T>], inverse: bool) {
        let plan = if inverse { &self.inverse } else { &self.forward };
        plan.process_with_scratch(line, &mut self.scratch);
    }
}

impl<T: Scalar> fmt::Debug for ComplexFft<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComplexFft").field("n", &self.n()).finish_non_exhaustive()
    }
}
