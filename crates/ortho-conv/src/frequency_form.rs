//! L_orth frequency by frequency: `n^-D Σ_ω ‖K̂(ω) K̂(ω)ᴴ - I‖²` on a grid of n = 2k' - 1 points per dimension, which is exact.
//!
//! The spectrum of a real kernel at -ω is the conjugate of that at ω: half of the grid is enough, and n is odd, so that only ω = 0 is its
//! own mirror image.

use crate::Result;
use crate::lag_form::{matrix, matrix_mut};
use crate::polyphase::{Polyphase, for_each_index};
use crate::spectral_gram::SpectralGram;
use core_tensor::Scalar;
use core_tensor::linalg::{Accumulate, gemm_into};
use ndarray::{Array2, ArrayView2, Axis, Slice};

/// Fourier matrices, spectra and residuals.
#[derive(Debug, Clone)]
pub(crate) struct FrequencyForm<T> {
    small: usize,
    large: usize,
    taps: usize,
    /// cos and -sin of every frequency at every tap: 2F × taps.
    forward: Array2<T>,
    /// Its transpose, each frequency weighted by 4 n^-D and by how often it counts: taps × 2F.
    backward: Array2<T>,
    /// n^-D times how often each frequency counts.
    weights: Vec<f64>,
    /// Real and imaginary part of each frequency, a × (2F b).
    spectrum: Vec<T>,
    /// The gradient's spectrum, of the same shape.
    pulled: Vec<T>,
    gram: SpectralGram<T>,
}

impl<T: Scalar> FrequencyForm<T> {
    pub(crate) fn new(polyphase: &Polyphase) -> Self {
        let Polyphase { small, large, ref size, .. } = *polyphase;
        let grid: Vec<usize> = size.iter().map(|&k| 2 * k - 1).collect();
        let points = grid.iter().product::<usize>() as f64;
        let (mut rows, mut weights) = (Vec::new(), Vec::new());
        for_each_index(&grid, |omega| {
            let mirrored: Vec<usize> = omega.iter().zip(&grid).map(|(&w, &n)| (n - w) % n).collect();
            if omega > mirrored.as_slice() {
                return;
            }
            weights.push(if omega == mirrored { 1.0 } else { 2.0 } / points);
            let mut angles = Vec::new();
            for_each_index(size, |tap| {
                let turns: f64 =
                    omega.iter().zip(tap).zip(&grid).map(|((&w, &t), &n)| (w * t % n) as f64 / n as f64).sum();
                angles.push(std::f64::consts::TAU * turns);
            });
            rows.push(angles.iter().map(|a| a.cos()).collect::<Vec<_>>());
            rows.push(angles.iter().map(|a| -a.sin()).collect());
        });
        let taps = polyphase.taps();
        let forward = Array2::from_shape_fn((rows.len(), taps), |(row, tap)| <T as Scalar>::from_f64(rows[row][tap]));
        let weighted = |(tap, row): (usize, usize)| <T as Scalar>::from_f64(4.0 * weights[row / 2] * rows[row][tap]);
        let backward = Array2::from_shape_fn((taps, rows.len()), weighted);
        let entries = small * rows.len() * large;
        Self {
            small,
            large,
            taps,
            forward,
            backward,
            spectrum: vec![T::zero(); entries],
            pulled: vec![T::zero(); entries],
            weights,
            gram: SpectralGram::new(small),
        }
    }

    /// ‖E‖² of the small-side array `y`; with `pull`, also what [`gradient_into`](Self::gradient_into) needs.
    pub(crate) fn value(&mut self, y: &[T], pull: bool) -> Result<f64> {
        self.transform(y)?;
        let Self { small, large, weights, spectrum, pulled, gram, .. } = self;
        let width = 2 * weights.len() * *large;
        let spectrum = matrix(spectrum, *small, width)?;
        let mut pulled = matrix_mut(pulled, *small, width)?;
        let mut total = 0.0;
        for (frequency, &weight) in weights.iter().enumerate() {
            let part = |half: usize, count: usize| {
                Slice::from((2 * frequency + half) * *large..(2 * frequency + half + count) * *large)
            };
            let at = |half, count| -> ArrayView2<'_, T> { spectrum.slice_axis(Axis(1), part(half, count)) };
            let is_real = frequency == 0;
            gram.compute(&at(0, 2), is_real)?;
            let SpectralGram { real, imaginary, .. } = gram;
            real.diag_mut().iter_mut().for_each(|r| *r -= T::one());
            let squares = |x: &Array2<T>| x.iter().map(|&e| Scalar::to_f64(e) * Scalar::to_f64(e)).sum::<f64>();
            total += weight * (squares(real) + squares(imaginary));
            if pull {
                gemm_into(
                    &mut pulled.slice_axis_mut(Axis(1), part(0, 2)),
                    Accumulate::Replace,
                    T::one(),
                    real,
                    &at(0, 2),
                )?;
                if !is_real {
                    gemm_into(
                        &mut pulled.slice_axis_mut(Axis(1), part(0, 1)),
                        Accumulate::Add,
                        -T::one(),
                        imaginary,
                        &at(1, 1),
                    )?;
                    gemm_into(
                        &mut pulled.slice_axis_mut(Axis(1), part(1, 1)),
                        Accumulate::Add,
                        T::one(),
                        imaginary,
                        &at(0, 1),
                    )?;
                }
            }
        }
        Ok(total)
    }

    fn transform(&mut self, y: &[T]) -> Result<()> {
        let rows = self.forward.nrows();
        for (y, spectrum) in
            y.chunks_exact(self.taps * self.large).zip(self.spectrum.chunks_exact_mut(rows * self.large))
        {
            let (y, mut spectrum) = (matrix(y, self.taps, self.large)?, matrix_mut(spectrum, rows, self.large)?);
            gemm_into(&mut spectrum, Accumulate::Replace, T::one(), &self.forward, &y)?;
        }
        Ok(())
    }

    /// The gradient with respect to the array of the last [`value`](Self::value).
    pub(crate) fn gradient_into(&self, gradient: &mut [T]) -> Result<()> {
        let rows = self.forward.nrows();
        for (gradient, pulled) in
            gradient.chunks_exact_mut(self.taps * self.large).zip(self.pulled.chunks_exact(rows * self.large))
        {
            let (mut gradient, pulled) =
                (matrix_mut(gradient, self.taps, self.large)?, matrix(pulled, rows, self.large)?);
            gemm_into(&mut gradient, Accumulate::Replace, T::one(), &self.backward, &pulled)?;
        }
        Ok(())
    }
}
