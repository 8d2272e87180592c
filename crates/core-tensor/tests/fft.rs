//! Transforms against their definition.
#![cfg(feature = "fft")]
#![allow(missing_docs)]

use core_tensor::Scalar;
use core_tensor::fft::{CircularConvolution, Complex, ComplexFft, Fft2, RealFft, circular_convolution};
use ndarray::{Array1, Array2, ArrayRef1, s};

const LENGTHS: [usize; 11] = [1, 2, 3, 4, 5, 8, 30, 37, 64, 101, 240];

fn signal(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |t| ((t * t * 7 + 3 * t) % 19) as f64 / 19.0 - 0.4)
}

fn complex(n: usize) -> Array1<Complex<f64>> {
    Array1::from_shape_fn(n, |t| Complex::new(((t * 5) % 7) as f64 - 3.0, ((t * t) % 11) as f64 / 11.0))
}

/// The definition, O(n²).
fn transform(x: &ArrayRef1<Complex<f64>>, sign: f64) -> Array1<Complex<f64>> {
    let n = x.len();
    Array1::from_shape_fn(n, |k| {
        (0..n)
            .map(|t| x[t] * Complex::from_polar(1.0, sign * std::f64::consts::TAU * ((k * t) % n) as f64 / n as f64))
            .sum()
    })
}

/// Rounding of sums of n terms of size at most 4.
fn tolerance(n: usize) -> f64 {
    16.0 * n as f64 * f64::EPSILON
}

#[track_caller]
fn assert_close(found: &ArrayRef1<Complex<f64>>, expected: &ArrayRef1<Complex<f64>>, tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).norm() <= tolerance, "{a} {b}");
    }
}

#[test]
fn complex_transforms_are_the_sums() {
    for n in LENGTHS {
        let x = complex(n);
        let mut fft = ComplexFft::new(n).unwrap();
        let mut y = x.clone();
        fft.forward(&mut y).unwrap();
        assert_close(&y, &transform(&x, -1.0), tolerance(n));
        let mut z = x.clone();
        fft.inverse_unscaled(&mut z).unwrap();
        assert_close(&z, &transform(&x, 1.0), tolerance(n));
        fft.inverse(&mut y).unwrap();
        assert_close(&y, &x, tolerance(n));
        // Strided memory gives the same bits.
        let mut wide = Array1::from_elem(2 * n, Complex::new(f64::NAN, 0.0));
        let mut strided = wide.slice_mut(s![..;-2]);
        strided.assign(&x);
        fft.inverse_unscaled(&mut strided).unwrap();
        assert_eq!(strided, z);
    }
}

#[test]
fn real_transforms_are_half_of_the_complex_ones() {
    for n in LENGTHS {
        let x = signal(n);
        let mut fft = RealFft::new(n).unwrap();
        let mut spectrum = Array1::from_elem(fft.spectrum_len(), Complex::new(f64::NAN, f64::NAN));
        fft.forward_into(&x, &mut spectrum).unwrap();
        let full = transform(&x.mapv(|v| Complex::new(v, 0.0)), -1.0);
        assert_close(&spectrum, &full.slice(s![..n / 2 + 1]), tolerance(n));
        let mut back = Array1::from_elem(n, f64::NAN);
        fft.inverse_into(&spectrum, &mut back).unwrap();
        assert!((&back - &x).iter().all(|v| v.abs() <= tolerance(n)));
        // Parts that no real signal has are not read.
        spectrum[0].im = f64::NAN;
        let mut scaled = Array1::from_elem(2 * n, f64::NAN);
        fft.inverse_unscaled_into(&spectrum, &mut scaled.slice_mut(s![..;2])).unwrap();
        assert!((&scaled.slice(s![..;2]) - &(x * n as f64)).iter().all(|v| v.abs() <= n as f64 * tolerance(n)));
        // Single precision agrees.
        let mut single = RealFft::<f32>::new(n).unwrap();
        let mut rough = Array1::from_elem(n / 2 + 1, Complex::new(0.0, 0.0));
        single.forward_into(&signal(n).mapv(|v| v as f32), &mut rough).unwrap();
        for (a, b) in rough.iter().zip(&full) {
            let error = (Scalar::to_f64(a.re) - b.re).abs().max((Scalar::to_f64(a.im) - b.im).abs());
            assert!(error <= 16.0 * n as f64 * f64::from(f32::EPSILON));
        }
    }
}

#[test]
fn two_dimensions_are_rows_then_columns() {
    for (m, n) in [(1, 1), (3, 5), (8, 6), (1, 7), (10, 1)] {
        let x = Array2::from_shape_fn((m, n), |(i, j)| Complex::new((i * 3 + j) as f64, (i * j % 5) as f64));
        let mut expected = x.clone();
        for mut row in expected.rows_mut() {
            let y = transform(&row, -1.0);
            row.assign(&y);
        }
        for mut column in expected.columns_mut() {
            let y = transform(&column, -1.0);
            column.assign(&y);
        }
        let mut fft = Fft2::new(m, n).unwrap();
        let mut y = x.clone();
        fft.forward(&mut y).unwrap();
        // Entries up to 40, sums of mn of them.
        let bound = 40.0 * tolerance(m * n);
        assert!(y.iter().zip(&expected).all(|(a, b)| (a - b).norm() <= bound));
        let mut column_major = x.t().as_standard_layout().to_owned().reversed_axes();
        fft.forward(&mut column_major).unwrap();
        assert_eq!(column_major, y);
        let mut unscaled = y.clone();
        fft.inverse(&mut y).unwrap();
        assert!(y.iter().zip(&x).all(|(a, b)| (a - b).norm() <= bound));
        fft.inverse_unscaled(&mut unscaled).unwrap();
        let size = (m * n) as f64;
        assert!(unscaled.iter().zip(&x).all(|(a, b)| (a - b * size).norm() <= size * bound));
    }
}

#[test]
fn convolution_is_the_sum() {
    for n in LENGTHS {
        let (a, b) = (signal(n), signal(n).mapv(|v| v * v - 0.1));
        let expected = Array1::from_shape_fn(n, |t| (0..n).map(|s| a[s] * b[(n + t - s) % n]).sum::<f64>());
        assert!((circular_convolution(&a, &b).unwrap() - &expected).iter().all(|v| v.abs() <= tolerance(n)));
        let mut out = Array1::zeros(n);
        CircularConvolution::new(n).unwrap().convolve_into(&b, &a, &mut out).unwrap();
        assert!((out - expected).iter().all(|v| v.abs() <= tolerance(n)));
    }
}

#[test]
fn bad_lengths() {
    assert_eq!(ComplexFft::<f64>::new(0).unwrap_err().to_string(), "`n` is 0; it must be >= 1");
    assert!(RealFft::<f64>::new(0).is_err() && Fft2::<f64>::new(0, 3).is_err() && Fft2::<f64>::new(3, 0).is_err());
    let mut fft = ComplexFft::<f64>::new(4).unwrap();
    assert_eq!(
        fft.forward(&mut complex(5)).unwrap_err().to_string(),
        "`x` has shape [5], but [4] is needed because the plan was made for that length"
    );
    assert!(fft.inverse(&mut complex(3)).is_err());
    let mut fft = RealFft::<f64>::new(4).unwrap();
    assert!(fft.forward_into(&signal(4), &mut complex(4)).is_err());
    assert!(fft.forward_into(&signal(3), &mut complex(3)).is_err());
    assert!(fft.inverse_into(&complex(3), &mut signal(5)).is_err());
    assert!(Fft2::<f64>::new(2, 2).unwrap().forward(&mut Array2::from_elem((2, 3), Complex::new(0.0, 0.0))).is_err());
    assert!(circular_convolution(&signal(3), &signal(4)).is_err());
}
