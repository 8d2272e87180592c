//! Spectra, layers, bounds.

use crate::{Case, config, layers};
use core_tensor::linalg::Svd;
use core_tensor::operator::LinearOperator;
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, ArrayD, IxDyn};
use ortho_conv::{
    Geometry, Layer, Padding, PowerIteration, Spectrum, almost_orthogonal, clip_singular_values, continuum_bound,
    correlation_bound, crop, extreme_singular_values, flattened_bound, gram_bound, map_singular_values,
};
use proptest::prelude::*;

fn dense(case: &Case, n: &[usize], padding: Padding) -> Array1<f64> {
    let matrix = Layer::new(&case.kernel, &case.geometry, n, padding).unwrap().matrix();
    let mut svd = Svd::new(matrix.nrows(), matrix.ncols());
    svd.factorise(&matrix).unwrap();
    svd.singular_values().unwrap().to_owned()
}

/// A size from 1 on per dimension: signals shorter than the kernel are legal.
fn sizes(case: &Case, seed: u64) -> Vec<usize> {
    (0..case.geometry.dimensions()).map(|d| 1 + (seed >> (8 * d)) as usize % 5).collect()
}

/// The same, large enough for every padding.
fn long(case: &Case, seed: u64) -> Vec<usize> {
    sizes(case, seed).iter().zip(case.geometry.size()).map(|(n, k)| n + k).collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn frequencies_have_the_singular_values_of_the_matrix(case in layers(), seed in any::<u64>()) {
        let n = sizes(&case, seed);
        let spectrum = Spectrum::of(&case.kernel, &case.geometry, &n).unwrap();
        let expected = dense(&case, &n, Padding::Circular);
        prop_assert_eq!(spectrum.values().len(), expected.len());
        for (found, expected) in spectrum.values().iter().zip(&expected) {
            prop_assert!((found - expected).abs() < 1e-10, "{found} {expected}");
        }
        let extremes = extreme_singular_values(&case.kernel, &case.geometry, &n).unwrap();
        prop_assert_eq!(extremes, (spectrum.smallest(), spectrum.largest()));
    }

    #[test]
    fn products_are_adjoint_and_those_of_the_matrix(case in layers(), seed in any::<u64>()) {
        for padding in [Padding::Circular, Padding::Zero, Padding::Valid] {
            let layer = Layer::new(&case.kernel, &case.geometry, &long(&case, seed), padding).unwrap();
            let x: Array1<f64> = normal_array(&mut rng(seed), layer.columns());
            let y: Array1<f64> = normal_array(&mut rng(seed ^ 1), layer.rows());
            let mut image = Array1::from_elem(layer.rows(), f64::NAN);
            let mut back = Array1::from_elem(layer.columns(), f64::NAN);
            layer.apply_into(&x, &mut image).unwrap();
            layer.apply_transposed_into(&y, &mut back).unwrap();
            prop_assert!((image.dot(&y) - x.dot(&back)).abs() < 1e-10 * (1.0 + image.dot(&image)));
            prop_assert!((&image - &layer.matrix().dot(&x)).iter().all(|d| d.abs() < 1e-11));
        }
    }

    #[test]
    fn bounds_are_nested(case in layers(), seed in any::<u64>()) {
        let (kernel, geometry) = (&case.kernel, &case.geometry);
        let n = sizes(&case, seed);
        let twice: Vec<usize> = n.iter().map(|n| 2 * n).collect();
        let (_, exact) = extreme_singular_values(kernel, geometry, &n).unwrap();
        let (_, finer) = extreme_singular_values(kernel, geometry, &twice).unwrap();
        let continuum = continuum_bound(kernel, geometry, 16).unwrap();
        prop_assert!(exact <= finer + 1e-12 && finer <= continuum + 1e-12, "{exact} {finer} {continuum}");
        prop_assert!(continuum_bound(kernel, geometry, 3).unwrap() >= finer - 1e-12);
        prop_assert!(flattened_bound(kernel, geometry).unwrap() >= finer - 1e-12);
        let mut last = f64::INFINITY;
        for iterations in 1..=6 {
            let bound = gram_bound(kernel, geometry, &n, iterations).unwrap();
            prop_assert!(bound >= exact - 1e-12 && bound <= last + 1e-12, "{bound} {exact} {last}");
            last = bound;
        }
        let rank = geometry.group().outputs().min(geometry.phase_channels()) as f64;
        prop_assert!(last <= exact * rank.powf(0.5_f64.powi(7)) + 1e-12);
        let mut last = f64::INFINITY;
        for iterations in 1..=2 {
            let bound = correlation_bound(kernel, geometry, iterations).unwrap();
            prop_assert!(bound >= finer - 1e-12 && bound <= last + 1e-12, "{bound} {finer} {last}");
            last = bound;
        }
        let layer = Layer::new(kernel, geometry, &n, Padding::Circular).unwrap();
        let found = PowerIteration::new(layer.columns(), seed).run(&layer, 100, 1e-9).unwrap();
        prop_assert!(found.value <= exact + 1e-12);
        // Some singular value is near, whatever the gap to the next.
        let spectrum = Spectrum::of(kernel, geometry, &n).unwrap();
        let distances = spectrum.values().iter().chain([&0.0]).map(|s| (s - found.value).abs());
        let nearest = distances.fold(f64::INFINITY, f64::min);
        prop_assert!(nearest <= found.residual + 1e-9, "{nearest} {}", found.residual);
    }

    #[test]
    fn other_paddings_stay_below_the_continuum(case in layers(), seed in any::<u64>()) {
        let bound = continuum_bound(&case.kernel, &case.geometry, 16).unwrap();
        for padding in [Padding::Zero, Padding::Valid] {
            prop_assert!(dense(&case, &long(&case, seed), padding)[0] <= bound + 1e-12);
        }
    }

    #[test]
    fn singular_values_can_be_replaced(case in layers(), seed in any::<u64>()) {
        let (kernel, geometry) = (&case.kernel, &case.geometry);
        // So long that the kernel stays itself.
        let n: Vec<usize> = geometry.reduced_size().iter().map(|k| k + seed as usize % 2).collect();
        let same = map_singular_values(kernel, geometry, &n, |s| s).unwrap();
        let back = crop(&same, geometry.size()).unwrap();
        prop_assert!((&back - kernel).iter().all(|d| d.abs() < 1e-12));
        let signal: Vec<usize> = n.iter().zip(geometry.stride()).map(|(n, s)| n * s).collect();
        let whole = Geometry::new(geometry.outputs(), geometry.inputs(), &signal, geometry.stride()).unwrap();
        let whole = whole.grouped(geometry.groups()).unwrap();
        for (least, most) in [(0.5, 0.8), (1.0, 1.0)] {
            let clipped = clip_singular_values(kernel, geometry, &n, least, most).unwrap();
            let (low, high) = extreme_singular_values(&clipped, &whole, &n).unwrap();
            prop_assert!(low >= least - 1e-9 && high <= most + 1e-9, "{low} {high}");
        }
    }

    #[test]
    fn rescaled_kernels_have_norm_at_most_one(case in layers()) {
        prop_assume!(case.geometry.groups() == 1);
        let rescaled = almost_orthogonal(&case.kernel).unwrap();
        let n = vec![9; case.geometry.dimensions()];
        prop_assert!(extreme_singular_values(&rescaled, &case.geometry, &n).unwrap().1 <= 1.0 + 1e-12);
    }
}

#[test]
fn threads_do_not_change_the_bits() {
    let kernel: ArrayD<f64> = normal_array(&mut rng(3), IxDyn(&[6, 5, 3, 3]));
    let geometry = Geometry::of(&kernel, 1).unwrap();
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let spectrum = Spectrum::of(&kernel, &geometry, &[9, 8]).unwrap();
            let clipped = clip_singular_values(&kernel, &geometry, &[5, 5], 0.9, 1.1).unwrap();
            (spectrum, clipped, gram_bound(&kernel, &geometry, &[9, 9], 5).unwrap())
        })
    };
    assert_eq!(of(1), of(4));
}

#[test]
fn tiny_and_huge_kernels_keep_their_spectra() {
    let kernel: ArrayD<f64> = normal_array(&mut rng(4), IxDyn(&[3, 2, 3]));
    let geometry = Geometry::of(&kernel, 1).unwrap();
    let plain = Spectrum::of(&kernel, &geometry, &[6]).unwrap();
    for scale in [1e-200, 1e200] {
        let scaled = &kernel * scale;
        let found = Spectrum::of(&scaled, &geometry, &[6]).unwrap();
        assert!(found.values().iter().zip(plain.values()).all(|(s, p)| (s / scale - p).abs() < 1e-10));
        let bound = gram_bound(&scaled, &geometry, &[6], 5).unwrap() / scale;
        assert!(bound >= plain.largest() - 1e-9 && bound < 1.1 * plain.largest());
    }
}
