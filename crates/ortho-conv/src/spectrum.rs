//! All singular values of a layer with circular padding, exactly: those of K̂(ω), frequency by frequency (section 5.1).

use crate::certificate::check_sizes;
use crate::grid::{Spectra, for_pieces, half_grid};
use crate::polyphase::Polyphase;
use crate::spectral_gram::SpectralGram;
use crate::{Error, Geometry, Layer, Padding, Result};
use core_tensor::linalg::{ComplexSvd, HermitianEigenvalues, Svd};
use core_tensor::operator::LinearOperator;
use core_tensor::{Scalar, check_finite};
use ndarray::{Array1, ArrayRef, Axis, Dimension};

/// Entries of the largest matrix that [`Spectrum::padded`] decomposes: seconds.
const LARGEST_DENSE: usize = 1 << 22;

/// The min(rows, columns) singular values of a layer's matrix.
///
/// ```
/// use ndarray::array;
/// use ortho_conv::{Geometry, Spectrum};
///
/// // The second difference, on eight samples: 2 - 2 cos ω.
/// let kernel = array![[[-1.0, 2.0, -1.0]]];
/// let spectrum = Spectrum::of(&kernel, &Geometry::of(&kernel, 1)?, &[8])?;
/// assert!((spectrum.largest() - 4.0).abs() < 1e-14 && spectrum.smallest() < 1e-14);
/// assert_eq!(spectrum.values().len(), 8);
/// # Ok::<(), ortho_conv::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    values: Array1<f64>,
}

impl Spectrum {
    /// The singular values of `kernel` on circular signals with `n` outputs per dimension (inputs: s n).
    ///
    /// Half of the frequencies are computed, the others are their mirror images. Values are square roots of the eigenvalues of the
    /// smaller Gram matrix, or come from a singular value decomposition where these would lose digits; either way the error is about
    /// 1e-13 of the largest. Computed in `f64`, in parallel with the same bits for any number of threads. O(Πn a² b).
    ///
    /// # Errors
    /// A kernel of another geometry or not finite; sizes of another number of dimensions, or 0.
    pub fn of<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, geometry: &Geometry, n: &[usize]) -> Result<Self> {
        let mut values = Vec::new();
        for_each_frequency(kernel, geometry, n, |found, count| {
            for _ in 0..count {
                values.extend_from_slice(found);
            }
        })?;
        values.sort_by(|a: &f64, b| b.total_cmp(a));
        Ok(Self { values: values.into() })
    }

    /// The same for any padding: circular as [`Spectrum::of`], others by a decomposition of the dense matrix, O(rows · columns ·
    /// min(rows, columns)).
    ///
    /// # Errors
    /// As there and as [`Layer::new`]; dense matrices of more than 2²² entries.
    pub fn padded<T: Scalar, D: Dimension>(
        kernel: &ArrayRef<T, D>,
        geometry: &Geometry,
        n: &[usize],
        padding: Padding,
    ) -> Result<Self> {
        if padding == Padding::Circular {
            return Self::of(kernel, geometry, n);
        }
        let layer = Layer::new(kernel, geometry, n, padding)?;
        if layer.rows().saturating_mul(layer.columns()) > LARGEST_DENSE {
            return Err(Error::Unsupported {
                what: "all singular values of a matrix of more than 2^22 entries",
                reason: "only circular padding makes it block-diagonal; take extremes of Layer, or bounds",
            });
        }
        let matrix = layer.matrix().mapv(Scalar::to_f64);
        let mut svd = Svd::new(matrix.nrows(), matrix.ncols());
        svd.factorise(&matrix)?;
        Ok(Self { values: svd.singular_values()?.to_owned() })
    }

    /// In descending order, with multiplicities.
    #[must_use]
    pub fn values(&self) -> &Array1<f64> {
        &self.values
    }

    /// The layer's norm.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.values.first().copied().unwrap_or(0.0)
    }

    /// How little of a signal the layer may leave (of an input for M ≥ C s^D, of an output's gradient else).
    #[must_use]
    pub fn smallest(&self) -> f64 {
        self.values.last().copied().unwrap_or(0.0)
    }
}

/// The smallest and the largest singular value; as [`Spectrum::of`] without keeping the others.
///
/// # Errors
/// As there.
pub fn extreme_singular_values<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    n: &[usize],
) -> Result<(f64, f64)> {
    let (mut smallest, mut largest) = (f64::INFINITY, 0.0_f64);
    for_each_frequency(kernel, geometry, n, |found, _| {
        smallest = found.iter().copied().fold(smallest, f64::min);
        largest = found.iter().copied().fold(largest, f64::max);
    })?;
    Ok((smallest, largest))
}

/// Calls `visit` with the singular values at each frequency and how often they count.
fn for_each_frequency<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    n: &[usize],
    mut visit: impl FnMut(&[f64], usize),
) -> Result<()> {
    geometry.check("kernel", kernel)?;
    check_finite("kernel", kernel)?;
    check_sizes(geometry, n)?;
    // By a power of two, so that squares neither overflow nor vanish and nothing else changes.
    let largest = kernel.iter().fold(0.0_f64, |largest, &v| largest.max(Scalar::to_f64(v).abs()));
    let scale = if largest > 0.0 { 2.0_f64.powi(largest.log2().clamp(-1000.0, 1000.0) as i32) } else { 1.0 };
    let kernel = kernel.mapv(|v| Scalar::to_f64(v) / scale);
    let polyphase = Polyphase::new(geometry);
    let frequencies = half_grid(&polyphase.size, n);
    let mut y = vec![0.0; polyphase.len()];
    for group in 0..geometry.groups() {
        polyphase.split_into(&kernel, group, &mut y);
        let pieces = for_pieces(&frequencies, |piece| {
            let spectra = Spectra::new(&polyphase, &y, piece)?;
            let mut solver = SingularValues::new(polyphase.small, polyphase.large);
            let mut found = Vec::with_capacity(piece.len() * polyphase.small);
            for (f, frequency) in piece.iter().enumerate() {
                solver.append(&spectra.at(f), frequency.is_own_mirror, &mut found)?;
            }
            found.iter_mut().for_each(|value| *value *= scale);
            Ok(found)
        })?;
        for (found, frequency) in pieces.iter().flat_map(|piece| piece.chunks_exact(polyphase.small)).zip(&frequencies)
        {
            visit(found, if frequency.is_own_mirror { 1 } else { 2 });
        }
    }
    Ok(())
}

/// Below this ratio of eigenvalues their square roots lose too many digits: 1e-16 of the largest eigenvalue is 1e-13 of the largest
/// singular value there.
const LOSS: f64 = 1e-6;

/// Singular values of complex a × b matrices, by the cheaper of two ways.
struct SingularValues {
    gram: SpectralGram<f64>,
    eigenvalues: HermitianEigenvalues<f64>,
    svd: Option<ComplexSvd<f64>>,
    large: usize,
}

impl SingularValues {
    fn new(small: usize, large: usize) -> Self {
        Self { gram: SpectralGram::new(small), eigenvalues: HermitianEigenvalues::new(small), svd: None, large }
    }

    fn append(&mut self, spectrum: &ndarray::ArrayView2<'_, f64>, is_real: bool, found: &mut Vec<f64>) -> Result<()> {
        self.gram.compute(spectrum, is_real)?;
        let values = self.eigenvalues.of(&self.gram.real, &self.gram.imaginary)?;
        if values[0] > LOSS * values[values.len() - 1] {
            found.extend(values.iter().rev().map(|v| v.sqrt()));
            return Ok(());
        }
        let (re, im) = spectrum.split_at(Axis(1), self.large);
        let svd = self.svd.get_or_insert_with(|| ComplexSvd::values_only(spectrum.nrows(), self.large));
        svd.factorise(&re, &im)?;
        found.extend(svd.singular_values()?);
        Ok(())
    }
}
