//! Kernels that are orthogonal by construction.

use crate::config;
use core_tensor::random::{normal_array, rng};
use ndarray::{Array2, ArrayD, IxDyn};
use ortho_conv::generate::{BlockConvolution, bcop, compose, delta, reshape_orthogonalised, reshaped, strided};
use ortho_conv::{Error, Geometry, Layer, Padding, existence, extreme_singular_values, l_orth};
use proptest::prelude::*;

#[track_caller]
fn is_orthogonal(kernel: &ArrayD<f64>, stride: &[usize]) {
    let shape = kernel.shape();
    let geometry = Geometry::new(shape[0], shape[1], &shape[2..], stride).unwrap();
    for n in [shape[2], 7, 16] {
        let (low, high) = extreme_singular_values(kernel, &geometry, &vec![n; stride.len()]).unwrap();
        assert!((low - 1.0).abs() < 1e-12 && (high - 1.0).abs() < 1e-12, "{shape:?} {stride:?}: [{low}, {high}]");
    }
}

fn distance_from_identity(gram: &Array2<f64>) -> f64 {
    (gram - &Array2::<f64>::eye(gram.nrows())).iter().map(|e| e * e).sum::<f64>().sqrt()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn block_convolutions_are_orthogonal(
        m in 1..6_usize, c in 1..6_usize, size in prop::collection::vec(1..5_usize, 1..3), seed in any::<u64>(),
    ) {
        let kernel = bcop::<f64>(m, c, &size, seed).unwrap();
        let expected: Vec<usize> = [m, c].into_iter().chain(size.iter().copied()).collect();
        prop_assert_eq!(kernel.shape(), expected.as_slice());
        is_orthogonal(&kernel, &vec![1; size.len()]);
        prop_assert_eq!(bcop::<f64>(m, c, &size, seed).unwrap(), kernel);
    }

    #[test]
    fn strided_kernels_are_orthogonal_or_refused(
        m in 1..9_usize, c in 1..4_usize, pairs in prop::collection::vec((1..5_usize, 1..4_usize), 1..3), seed in any::<u64>(),
    ) {
        let (size, stride): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
        let geometry = Geometry::new(m, c, &size, &stride).unwrap();
        match strided::<f64>(m, c, &size, &stride, seed) {
            Ok(kernel) => is_orthogonal(&kernel, &stride),
            Err(Error::NoOrthogonalKernel { .. }) => prop_assert!(!existence(&geometry, Padding::Circular).unwrap().exists),
            Err(Error::Unsupported { .. }) => prop_assert!(size.iter().zip(&stride).any(|(k, s)| k < s)),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn delta_and_reshaped_kernels(
        m in 1..6_usize, c in 1..4_usize, size in prop::collection::vec(1..4_usize, 1..4), seed in any::<u64>(),
    ) {
        let ones = vec![1; size.len()];
        let kernel = delta::<f64>(m, c, &size, seed).unwrap();
        is_orthogonal(&kernel, &ones);
        // Under zero padding too.
        let geometry = Geometry::of(&kernel, 1).unwrap();
        let matrix = Layer::new(&kernel, &geometry, &vec![4; size.len()], Padding::Zero).unwrap().matrix();
        let gram = if m <= c { matrix.dot(&matrix.t()) } else { matrix.t().dot(&matrix) };
        prop_assert!(distance_from_identity(&gram) < 1e-11);
        // As large as its stride, a reshaped kernel is orthogonal; else its norm is at most 1.
        prop_assert!(l_orth(&reshaped::<f64>(m, c, &[3], &[3], seed).unwrap(), 3).unwrap() < 1e-24);
        let kernel = reshaped::<f64>(m, c, &size, &ones, seed).unwrap();
        prop_assert!(extreme_singular_values(&kernel, &geometry, &vec![8; size.len()]).unwrap().1 <= 1.0 + 1e-12);
        let again = reshape_orthogonalised(&(&kernel * 3.0), &geometry).unwrap();
        prop_assert!((&again - &kernel).iter().all(|d| d.abs() < 1e-12));
    }
}

#[test]
fn composition_is_the_product_of_layers() {
    let first: ArrayD<f64> = normal_array(&mut rng(1), IxDyn(&[3, 2, 2, 1]));
    let second: ArrayD<f64> = normal_array(&mut rng(2), IxDyn(&[4, 3, 2, 3]));
    let whole = compose(&second, &first).unwrap();
    assert_eq!(whole.shape(), [4, 2, 3, 3]);
    let valid = |kernel: &ArrayD<f64>, n: [usize; 2]| {
        Layer::new(kernel, &Geometry::of(kernel, 1).unwrap(), &n, Padding::Valid).unwrap().matrix()
    };
    let product = valid(&second, [5, 6]).dot(&valid(&first, [6, 6]));
    assert!((product - valid(&whole, [6, 6])).iter().all(|d| d.abs() < 1e-12));
    assert!(compose(&first, &first).is_err());
    assert!(compose(&second, &ArrayD::<f64>::zeros(IxDyn(&[3, 2, 2]))).is_err());
}

#[test]
fn block_convolutions_pull_gradients_back() {
    for (m, c, size) in [(3, 2, vec![3, 2]), (2, 4, vec![2, 2]), (3, 3, vec![4])] {
        let block = BlockConvolution::<f64>::random(m, c, &size, 5).unwrap();
        let upstream: ArrayD<f64> = normal_array(&mut rng(6), block.kernel().raw_dim());
        let gradient = block.pullback(&upstream).unwrap();
        let value = |head: &Array2<f64>, steps: &[Vec<Option<Array2<f64>>>]| {
            let kernel = BlockConvolution::from_parts(m, c, head.clone(), steps.to_vec()).unwrap().kernel();
            (&kernel * &upstream).sum()
        };
        let h = 1e-6;
        let check = |analytic: f64, moved: &dyn Fn(f64) -> f64| {
            let numeric = (moved(h) - moved(-h)) / (2.0 * h);
            assert!((analytic - numeric).abs() < 1e-7 * (1.0 + numeric.abs()), "{analytic} {numeric}");
        };
        for ((i, j), &analytic) in gradient.head.indexed_iter() {
            check(analytic, &|by| {
                let mut head = block.head().clone();
                head[[i, j]] += by;
                value(&head, block.steps())
            });
        }
        for (s, step) in gradient.steps.iter().enumerate() {
            for (d, projector) in step.iter().enumerate().filter_map(|(d, p)| p.as_ref().map(|p| (d, p))) {
                for ((i, j), &analytic) in projector.indexed_iter() {
                    check(analytic, &|by| {
                        let mut steps = block.steps().to_vec();
                        if let Some(projector) = &mut steps[s][d] {
                            projector[[i, j]] += by;
                        }
                        value(block.head(), &steps)
                    });
                }
            }
        }
        assert!(block.pullback(&ArrayD::<f64>::zeros(IxDyn(&[1, 1, 1]))).is_err());
    }
}

#[test]
fn padding_decides() {
    let kernel = bcop::<f64>(4, 4, &[3, 3], 1).unwrap();
    let layer = |kernel: &ArrayD<f64>, padding| {
        Layer::new(kernel, &Geometry::of(kernel, 1).unwrap(), &[6, 6], padding).unwrap().matrix()
    };
    let matrix = layer(&kernel, Padding::Zero);
    assert!(distance_from_identity(&matrix.dot(&matrix.t())) > 0.1);
    // Rows of a layer without padding see their whole support.
    let matrix = layer(&bcop::<f64>(2, 4, &[3, 3], 1).unwrap(), Padding::Valid);
    assert!(distance_from_identity(&matrix.dot(&matrix.t())) < 1e-12);
}
