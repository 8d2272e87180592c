//! Certified upper bounds on the layer's norm (section 5.4).

use crate::certificate::check_sizes;
use crate::grid::{Spectra, for_pieces, half_grid};
use crate::lag_form::LagForm;
use crate::polyphase::Polyphase;
use crate::spectral_gram::SpectralGram;
use crate::spectrum::extreme_singular_values;
use crate::{Geometry, Result};
use core_tensor::linalg::Svd;
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{Array2, Array3, ArrayRef, Dimension};

/// The norm of the layer for every signal size and every padding: the largest singular value on a grid, times what a trigonometric
/// polynomial of that degree can rise between the grid's points,
///
/// ```text
/// sup σ² ≤ σ²(grid) Π min(1/cos(π n₀/N), (1 - 2 n₀/N)^(-1/2)),   n₀ = k' - 1
/// ```
///
/// on a grid of `fineness` · n₀ points per dimension (at least 3; with 16 the bound is 2 % above the norm at most, in 2-D).
///
/// # Errors
/// A kernel of another geometry or not finite; a fineness below 3.
pub fn continuum_bound<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    fineness: usize,
) -> Result<f64> {
    check_range("fineness", fineness as f64, fineness >= 3, "at least 3")?;
    let mut rise = 1.0;
    let grid: Vec<usize> = geometry
        .reduced_size()
        .iter()
        .map(|&k| {
            let degree = k - 1;
            let n = (fineness * degree).max(1);
            let part = degree as f64 / n as f64;
            rise *= (std::f64::consts::PI * part).cos().recip().min((1.0 - 2.0 * part).sqrt().recip()).max(1.0);
            n
        })
        .collect();
    // cos is negative, and no bound, where the grid has fewer than 2 n₀ points: not from 3 on.
    Ok(extreme_singular_values(kernel, geometry, &grid)?.1 * rise.sqrt())
}

/// The norm on circular signals of `n` outputs per dimension, from above by `iterations` squarings of the Gram matrices:
/// `σ ≤ ‖G_T‖_F^(2^-T)`, at most a factor `rank^(2^-(T+1))` above. Matrix products only; decreasing in the iterations.
///
/// # Errors
/// As [`Spectrum::of`](crate::Spectrum::of); 0 or more than 30 iterations.
pub fn gram_bound<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    n: &[usize],
    iterations: usize,
) -> Result<f64> {
    check_iterations(iterations)?;
    geometry.check("kernel", kernel)?;
    check_finite("kernel", kernel)?;
    check_sizes(geometry, n)?;
    let kernel = kernel.mapv(Scalar::to_f64);
    let polyphase = Polyphase::new(geometry);
    let frequencies = half_grid(&polyphase.size, n);
    let mut y = vec![0.0; polyphase.len()];
    let mut bound = 0.0_f64;
    for group in 0..geometry.groups() {
        polyphase.split_into(&kernel, group, &mut y);
        let pieces = for_pieces(&frequencies, |piece| {
            let spectra = Spectra::new(&polyphase, &y, piece)?;
            let mut gram = SpectralGram::new(polyphase.small);
            let mut pair = Array2::zeros((polyphase.small, 2 * polyphase.small));
            let mut largest = 0.0_f64;
            for (f, frequency) in piece.iter().enumerate() {
                let mut spectrum = spectra.at(f).to_owned();
                let mut logarithm = rescale(&mut spectrum);
                for step in 0..iterations {
                    gram.compute(&if step == 0 { spectrum.view() } else { pair.view() }, frequency.is_own_mirror)?;
                    let (mut re, mut im) = pair.view_mut().split_at(ndarray::Axis(1), polyphase.small);
                    re.assign(&gram.real);
                    im.assign(&gram.imaginary);
                    // Squaring doubles the logarithm that has been taken out; the new norm is taken out next.
                    logarithm = 2.0 * logarithm + rescale(&mut pair);
                }
                largest = largest.max((logarithm * 0.5_f64.powi(iterations as i32)).exp());
            }
            Ok(largest)
        })?;
        bound = pieces.into_iter().fold(bound, f64::max);
    }
    Ok(bound)
}

/// The norm on zero-padded (or any other) signals from above by `iterations` self-correlations in space:
/// `σ ≤ (max_i Σ_{i',δ} |K_T[i, i', δ]|)^(2^-T)`. Each one doubles the kernel's size: 2 or 3 are usual.
///
/// # Errors
/// A kernel of another geometry or not finite; 0 or more than 30 iterations.
pub fn correlation_bound<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    iterations: usize,
) -> Result<f64> {
    check_iterations(iterations)?;
    geometry.check("kernel", kernel)?;
    check_finite("kernel", kernel)?;
    let kernel = kernel.mapv(Scalar::to_f64);
    let mut bound = 0.0_f64;
    for group in 0..geometry.groups() {
        let mut polyphase = Polyphase::new(geometry);
        let mut y = vec![0.0; polyphase.len()];
        polyphase.split_into(&kernel, group, &mut y);
        let mut logarithm = 0.0;
        for _ in 0..iterations {
            let norm = y.iter().map(|v| v * v).sum::<f64>().sqrt();
            if norm == 0.0 {
                break;
            }
            y.iter_mut().for_each(|v| *v /= norm);
            logarithm = 2.0 * (logarithm + norm.ln());
            let mut form = LagForm::new(&polyphase);
            form.value(&y)?;
            (polyphase, y) = correlated(&polyphase, &form);
        }
        let rows = y.chunks_exact(polyphase.taps() * polyphase.large);
        let largest = rows.map(|row| row.iter().map(|v| v.abs()).sum::<f64>()).fold(0.0_f64, f64::max);
        if largest > 0.0 {
            bound = bound.max(((logarithm + largest.ln()) * 0.5_f64.powi(iterations as i32)).exp());
        }
    }
    Ok(bound)
}

/// The full self-correlation as a kernel of its own: a × (2k' - 1)^D × a.
fn correlated(polyphase: &Polyphase, form: &LagForm<f64>) -> (Polyphase, Vec<f64>) {
    let small = polyphase.small;
    let size: Vec<usize> = polyphase.size.iter().map(|k| 2 * k - 1).collect();
    let taps: usize = size.iter().product();
    let mut whole = Array3::zeros((small, taps, small));
    for (number, (delta, residual)) in form.residuals().enumerate() {
        let at = |sign: isize| {
            delta
                .iter()
                .zip(&polyphase.size)
                .zip(&size)
                .fold(0, |at, ((&d, &k), &n)| at * n + (k - 1).wrapping_add_signed(sign * d))
        };
        for ((i, j), &e) in residual.indexed_iter() {
            let r = if number == 0 && i == j { e + 1.0 } else { e };
            whole[[i, at(1), j]] = r;
            whole[[j, at(-1), i]] = r;
        }
    }
    (polyphase.resized(small, size), whole.into_raw_vec_and_offset().0)
}

/// `√Π⌈k/s⌉ ‖K‖₂` of the kernel flattened to M × C k^D: cheap and loose. (The norm of the flattened kernel itself is not a bound.)
///
/// # Errors
/// A kernel of another geometry or not finite.
pub fn flattened_bound<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, geometry: &Geometry) -> Result<f64> {
    let taps: usize = geometry.reduced_size().iter().product();
    Ok((taps as f64).sqrt() * flattened_norm(kernel, geometry)?)
}

/// The spectral norm of the kernel flattened to M × C k^D, the largest over groups. Not the layer's: that may be √Π⌈k/s⌉ times as large.
///
/// # Errors
/// A kernel of another geometry or not finite.
pub fn flattened_norm<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, geometry: &Geometry) -> Result<f64> {
    geometry.check("kernel", kernel)?;
    check_finite("kernel", kernel)?;
    let rows = geometry.outputs() / geometry.groups();
    let columns = kernel.len() / geometry.outputs();
    let entries: Vec<f64> = kernel.iter().map(|&v| Scalar::to_f64(v)).collect();
    let mut svd = Svd::new(rows, columns);
    let mut largest = 0.0_f64;
    for group in entries.chunks_exact(rows * columns) {
        svd.factorise(&crate::lag_form::matrix(group, rows, columns)?)?;
        largest = largest.max(svd.singular_values()?[0]);
    }
    Ok(largest)
}

fn check_iterations(iterations: usize) -> Result<()> {
    Ok(check_range("iterations", iterations as f64, (1..=30).contains(&iterations), "1 to 30")?)
}

/// Divides by the Frobenius norm; returns its logarithm (0 for zero matrices).
fn rescale(x: &mut Array2<f64>) -> f64 {
    let largest = x.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    if largest == 0.0 {
        return f64::NEG_INFINITY;
    }
    x.iter_mut().for_each(|v| *v /= largest);
    let norm = x.iter().map(|v| v * v).sum::<f64>().sqrt();
    x.iter_mut().for_each(|v| *v /= norm);
    largest.ln() + norm.ln()
}
