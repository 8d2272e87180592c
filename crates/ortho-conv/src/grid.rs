//! The frequencies of a signal of N samples per dimension, and the kernel's spectrum there.

use crate::Result;
use crate::lag_form::{matrix, matrix_mut};
use crate::polyphase::{Polyphase, for_each_index};
use core_tensor::linalg::{Accumulate, gemm_into};
use ndarray::{Array2, ArrayView2, Axis, Slice};

/// One of each pair of conjugate frequencies.
#[derive(Debug, Clone)]
pub(crate) struct Frequency {
    /// cos and -sin of 2π ⟨ω, t⟩/N for each tap t of K'.
    pub(crate) waves: [Vec<f64>; 2],
    /// ω = -ω: the spectrum is real, and the frequency counts once.
    pub(crate) is_own_mirror: bool,
}

/// Half of the grid of `n` points per dimension.
pub(crate) fn half_grid(size: &[usize], n: &[usize]) -> Vec<Frequency> {
    let mut found = Vec::new();
    for_each_index(n, |omega| {
        let mirrored: Vec<usize> = omega.iter().zip(n).map(|(&w, &n)| (n - w) % n).collect();
        if omega > mirrored.as_slice() {
            return;
        }
        let mut waves = [Vec::new(), Vec::new()];
        for_each_index(size, |tap| {
            // Reduced modulo N before rounding; taps beyond the signal's end wrap by themselves.
            let turns: f64 =
                omega.iter().zip(tap).zip(n).map(|((&w, &t), &n)| (w * (t % n) % n) as f64 / n as f64).sum();
            let angle = std::f64::consts::TAU * turns;
            waves[0].push(angle.cos());
            waves[1].push(-angle.sin());
        });
        found.push(Frequency { waves, is_own_mirror: omega == mirrored.as_slice() });
    });
    found
}

/// The spectra of `y` (a × taps × b) at some frequencies: a × (2F b), real and imaginary part of each side by side.
pub(crate) struct Spectra {
    large: usize,
    spectra: Array2<f64>,
}

impl Spectra {
    pub(crate) fn new(polyphase: &Polyphase, y: &[f64], frequencies: &[Frequency]) -> Result<Self> {
        let Polyphase { small, large, .. } = *polyphase;
        let (taps, rows) = (polyphase.taps(), 2 * frequencies.len());
        let waves = Array2::from_shape_fn((rows, taps), |(row, tap)| frequencies[row / 2].waves[row % 2][tap]);
        let mut spectra = vec![0.0; small * rows * large];
        for (y, spectrum) in y.chunks_exact(taps * large).zip(spectra.chunks_exact_mut(rows * large)) {
            let mut spectrum = matrix_mut(spectrum, rows, large)?;
            gemm_into(&mut spectrum, Accumulate::Replace, 1.0, &waves, &matrix(y, taps, large)?)?;
        }
        let spectra = matrix(&spectra, small, rows * large)?.to_owned();
        Ok(Self { large, spectra })
    }

    /// Frequency number `f`: [Re Im], a × 2b.
    pub(crate) fn at(&self, f: usize) -> ArrayView2<'_, f64> {
        self.spectra.slice_axis(Axis(1), Slice::from(2 * f * self.large..2 * (f + 1) * self.large))
    }
}

/// Frequencies per piece of work.
pub(crate) const PIECE: usize = 16;

/// Calls `f` with each piece of `frequencies` and collects what it returns, in order, on several threads.
pub(crate) fn for_pieces<R: Send>(
    frequencies: &[Frequency],
    f: impl Fn(&[Frequency]) -> Result<R> + Sync + Send,
) -> Result<Vec<R>> {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        frequencies.par_chunks(PIECE).map(f).collect()
    }
    #[cfg(not(feature = "rayon"))]
    frequencies.chunks(PIECE).map(f).collect()
}
