//! Covariances of streams.

use crate::problems::{config, largest, matrix_of};
use colide::{Covariance, CovarianceAccumulator, covariance};
use ndarray::{Array1, Array2, Axis, s};
use proptest::prelude::*;

/// Weighted mean and covariance by two passes.
fn two_passes(x: &Array2<f64>, weights: &Array1<f64>) -> (Array1<f64>, Array2<f64>, f64) {
    let total = weights.sum();
    let mean = weights.dot(x) / total;
    let centred = x - &mean;
    let weighted = &centred * &weights.view().insert_axis(Axis(1));
    let samples = total * total / weights.dot(weights);
    (mean, centred.t().dot(&weighted) / total, samples)
}

/// Means up to 1e3 and deviations of about 1: the centred sums lose (1e3)² ε, so 1e-9 absolute is safe.
#[track_caller]
fn agree(found: &Covariance, (mean, matrix, samples): (Array1<f64>, Array2<f64>, f64)) {
    assert!(found.mean.iter().zip(&mean).all(|(a, b)| (a - b).abs() <= 1e-11), "{} {mean}", found.mean);
    assert!(largest(&(&found.matrix - &matrix)) <= 1e-9, "{} {matrix}", found.matrix);
    assert!((found.samples - samples).abs() <= 1e-12 * samples);
    assert_eq!(found.matrix, found.matrix.t());
}

fn stream() -> impl Strategy<Value = (Array2<f64>, Array1<f64>)> {
    (2..40_usize, 1..=4_usize, -1e3..1e3_f64).prop_flat_map(|(n, d, offset)| {
        let weight = prop_oneof![Just(0.0), 0.1..3.0_f64];
        (
            matrix_of(n, d, -2.0..2.0_f64).prop_map(move |x| x + offset),
            prop::collection::vec(weight, n).prop_map(Array1::from),
        )
    })
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn any_grouping_is_the_whole((x, weights) in stream(), cut in any::<prop::sample::Index>()) {
        let (n, d) = x.dim();
        let ones = Array1::ones(n);
        agree(&covariance(&x).unwrap(), two_passes(&x, &ones));
        prop_assert_eq!(covariance(&x).unwrap().samples, n as f64);

        let cut = cut.index(n);
        let (mut left, mut right) = (CovarianceAccumulator::new(d), CovarianceAccumulator::new(d));
        left.push_rows(&x.slice(s![..cut, ..])).unwrap();
        x.slice(s![cut.., ..]).rows().into_iter().for_each(|row| right.push_row(&row).unwrap());
        prop_assert_eq!((left.rows(), right.rows()), (cut, n - cut));
        let mut forth = left.clone();
        forth.merge(&right).unwrap();
        right.merge(&left).unwrap();
        agree(&forth.moments().unwrap(), two_passes(&x, &ones));
        agree(&right.moments().unwrap(), two_passes(&x, &ones));

        // An empty one is neutral.
        let before = forth.clone();
        forth.merge(&CovarianceAccumulator::new(d)).unwrap();
        prop_assert_eq!(&forth, &before);

        if weights.iter().filter(|&&w| w > 0.0).count() >= 2 {
            let mut block = CovarianceAccumulator::new(d);
            block.push_weighted_rows(&x, &weights).unwrap();
            let mut single = CovarianceAccumulator::new(d);
            for (row, &w) in x.rows().into_iter().zip(&weights) {
                single.push_weighted_row(&row, w).unwrap();
            }
            prop_assert_eq!(block.rows(), single.rows());
            agree(&block.moments().unwrap(), two_passes(&x, &weights));
            agree(&single.moments().unwrap(), two_passes(&x, &weights));
        }
    }

    /// Forgetting by f before each row weighs the row k steps back by fᵏ.
    #[test]
    fn forgetting_weighs_by_age((x, _) in stream(), factor in 0.5..1.0_f64) {
        let (n, d) = x.dim();
        let mut stream = CovarianceAccumulator::new(d);
        for row in x.rows() {
            stream.forget(factor).unwrap();
            stream.push_row(&row).unwrap();
        }
        let weights = Array1::from_shape_fn(n, |i| factor.powi((n - 1 - i) as i32));
        agree(&stream.moments().unwrap(), two_passes(&x, &weights));
    }

    /// Views of any stride give what their copy gives; a power of two scales everything exactly, also far outside the
    /// range of squares.
    #[test]
    fn strides_and_powers_of_two((x, _) in stream(), power in prop::sample::select(vec![-480, -450, -3, 4, 450, 480])) {
        let view = x.slice(s![..;-1, ..;-1]);
        prop_assert_eq!(covariance(&view).unwrap(), covariance(&view.to_owned()).unwrap());
        prop_assert_eq!(covariance(&x.t().as_standard_layout().t()).unwrap(), covariance(&x).unwrap());
        let scale = 2.0_f64.powi(power);
        let (plain, scaled) = (covariance(&x).unwrap(), covariance(&(&x * scale)).unwrap());
        let rescaled = scaled.matrix.mapv(|c| c / scale / scale);
        // The same operations on numbers that differ by a power of two, in another order of scaling only.
        prop_assert!(largest(&(&rescaled - &plain.matrix)) <= 1e-12 * largest(&plain.matrix));
        prop_assert_eq!(scaled.samples, plain.samples);
    }

    /// Constant columns have variance zero to the bit, whatever stands beside them.
    #[test]
    fn constants_are_constant((x, _) in stream(), value in prop_oneof![Just(0.1), -1e6..1e6_f64]) {
        let mut wide = Array2::from_elem((x.nrows(), x.ncols() + 1), value);
        wide.slice_mut(s![.., 1..]).assign(&x);
        let c = covariance(&wide).unwrap();
        prop_assert!(c.constant_columns().contains(&0));
        prop_assert!(c.matrix.row(0).iter().all(|&v| v == 0.0));
    }
}
