//! Kernels with other singular values (section 5.5): a function of those of every K̂(ω), transformed back.

use crate::certificate::check_sizes;
use crate::grid::{Frequency, Spectra, for_pieces, half_grid};
use crate::lag_form::{matrix, matrix_mut};
use crate::polyphase::Polyphase;
use crate::{Geometry, Result};
use core_tensor::linalg::{Accumulate, ComplexSvd, Svd, gemm_into};
use core_tensor::{Scalar, check_finite, check_range, check_shape};
use ndarray::{Array2, ArrayD, ArrayRef, Axis, Dimension, IxDyn, Slice};

/// The kernel (M × C/g × s n…) of the layer on circular signals of `n` outputs per dimension whose singular values are `f` of the given
/// layer's: U f(S) Vᴴ at each frequency. It fills the whole signal; [`crop`] cuts it back, no longer exactly.
///
/// # Errors
/// A kernel of another geometry or not finite; sizes of another number of dimensions or 0.
pub fn map_singular_values<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    n: &[usize],
    f: impl Fn(f64) -> f64 + Sync + Send,
) -> Result<ArrayD<T>> {
    map_spectra(kernel, geometry, n, |re, im, work: &mut Decompositions| {
        let largest = |x: &Array2<f64>| x.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        if largest(im) <= REAL * largest(re) {
            return work.map_real(re, im, &f);
        }
        let svd = work.complex.get_or_insert_with(|| ComplexSvd::new(re.nrows(), re.ncols()));
        svd.factorise(re, im)?;
        Ok(svd.map_into(&f, re, im)?)
    })
}

/// Imaginary parts that are rounding, of the largest real part.
const REAL: f64 = 1e-14;

/// Memory of one thread.
#[derive(Default)]
struct Decompositions {
    complex: Option<ComplexSvd<f64>>,
    real: Option<Svd<f64>>,
}

impl Decompositions {
    /// At frequencies that are their own mirror images the new block must be real, too. Singular vectors of a vanishing singular value are
    /// arbitrary: complex ones would leave an imaginary part, which no kernel has.
    fn map_real(&mut self, re: &mut Array2<f64>, im: &mut Array2<f64>, f: impl Fn(f64) -> f64) -> Result<()> {
        let svd = self.real.get_or_insert_with(|| Svd::new(re.nrows(), re.ncols()));
        svd.factorise(re)?;
        let scaled = &svd.u()? * &svd.singular_values()?.mapv(f);
        gemm_into(re, Accumulate::Replace, 1.0, &scaled, &svd.v()?.t())?;
        im.fill(0.0);
        Ok(())
    }
}

/// [`map_singular_values`] with values clipped to [`low`, `high`]; 1 and 1 gives the nearest orthogonal layer at that size.
///
/// # Errors
/// As there; bounds with `low` < 0, above `high` or not finite.
pub fn clip_singular_values<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    n: &[usize],
    low: f64,
    high: f64,
) -> Result<ArrayD<T>> {
    check_range("low", low, low >= 0.0 && low.is_finite(), "finite and >= 0")?;
    check_range("high", high, high >= low && high.is_finite(), "finite and at least `low`")?;
    map_singular_values(kernel, geometry, n, |s| s.clamp(low, high))
}

/// The taps 0 to `size` - 1 in each dimension of a kernel (M × C × K…).
///
/// # Errors
/// Sizes of another number of dimensions, 0, or larger than the kernel's.
pub fn crop<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, size: &[usize]) -> Result<ArrayD<T>> {
    let geometry = Geometry::of(kernel, 1)?;
    if size.len() != geometry.dimensions() {
        let (found, expected) = (vec![size.len()], vec![geometry.dimensions()]);
        return Err(core_tensor::Error::Shape {
            argument: "size",
            found,
            expected,
            reason: "it has one entry per spatial dimension",
        }
        .into());
    }
    let mut cut = kernel.to_owned().into_dyn();
    for (d, (&wanted, &there)) in size.iter().zip(geometry.size()).enumerate() {
        check_range("size", wanted as f64, (1..=there).contains(&wanted), "1 to the kernel's size")?;
        cut.slice_axis_inplace(Axis(d + 2), Slice::from(..wanted));
    }
    Ok(cut.as_standard_layout().into_owned())
}

/// Replaces every K̂(ω) (a × b, small side first) by what `change` makes of its real and imaginary part, and transforms back.
pub(crate) fn map_spectra<T: Scalar, D: Dimension, S: Default>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    n: &[usize],
    change: impl Fn(&mut Array2<f64>, &mut Array2<f64>, &mut S) -> Result<()> + Sync + Send,
) -> Result<ArrayD<T>> {
    geometry.check("kernel", kernel)?;
    check_finite("kernel", kernel)?;
    check_sizes(geometry, n)?;
    let kernel = kernel.mapv(Scalar::to_f64);
    let polyphase = Polyphase::new(geometry);
    let (small, large) = (polyphase.small, polyphase.large);
    let frequencies = half_grid(&polyphase.size, n);
    // The same frequencies at every tap of the signal.
    let whole = half_grid(n, n);
    let taps: usize = n.iter().product();
    let rows = 2 * frequencies.len();
    let weight = |frequency: &Frequency| if frequency.is_own_mirror { 1.0 } else { 2.0 } / taps as f64;
    let backward =
        Array2::from_shape_fn((taps, rows), |(tap, row)| weight(&whole[row / 2]) * whole[row / 2].waves[row % 2][tap]);
    let long: Vec<usize> = n.iter().zip(geometry.stride()).map(|(n, s)| n * s).collect();
    let target =
        Geometry::new(geometry.outputs(), geometry.inputs(), &long, geometry.stride())?.grouped(geometry.groups())?;
    let unfolded = Polyphase::new(&target);
    let mut found = ArrayD::zeros(IxDyn(&target.kernel_shape()));
    check_shape("kernel", &found, &target.kernel_shape(), "the kernel fills the signal")?;
    let mut y = vec![0.0; polyphase.len()];
    for group in 0..geometry.groups() {
        polyphase.split_into(&kernel, group, &mut y);
        let pieces = for_pieces(&frequencies, |piece| {
            let spectra = Spectra::new(&polyphase, &y, piece)?;
            let mut state = S::default();
            let mut changed = Vec::with_capacity(piece.len());
            for f in 0..piece.len() {
                let spectrum = spectra.at(f);
                let (re, im) = spectrum.split_at(Axis(1), large);
                let (mut re, mut im) = (re.to_owned(), im.to_owned());
                change(&mut re, &mut im, &mut state)?;
                changed.push([re, im]);
            }
            Ok(changed)
        })?;
        let parts: Vec<&Array2<f64>> = pieces.iter().flatten().flatten().collect();
        let mut array = vec![0.0; small * taps * large];
        let mut spectrum = vec![0.0; rows * large];
        for (i, array) in array.chunks_exact_mut(taps * large).enumerate() {
            for (part, row) in parts.iter().zip(spectrum.chunks_exact_mut(large)) {
                row.iter_mut().zip(part.row(i)).for_each(|(s, &v)| *s = v);
            }
            gemm_into(
                &mut matrix_mut(array, taps, large)?,
                Accumulate::Replace,
                1.0,
                &backward,
                &matrix(&spectrum, rows, large)?,
            )?;
        }
        unfolded.join_into(&array, 1.0, false, group, &mut found);
    }
    Ok(found.mapv(<T as Scalar>::from_f64))
}
