//! Properties of the families of score functions.

use crate::{batch, config};
use ndarray::Array2;
use proptest::prelude::*;
use stablemax::Link;

const LINKS: [Link; 5] =
    [Link::StableMax, Link::HeavyTail { q: 0.7 }, Link::HeavyTail { q: 5.0 }, Link::Softmax, Link::Taylor { order: 4 }];

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn stablemax_is_softmax_of_its_logarithm((z, _) in batch(4, 9, 1e6)) {
        let direct = Link::StableMax.log_probabilities(&z).unwrap();
        let g = z.mapv(|v| Link::StableMax.log_score(v));
        let through = Link::Softmax.log_probabilities(&g).unwrap();
        for (a, b) in direct.iter().zip(&through) {
            prop_assert!((a - b).abs() <= 1e-14 * b.abs());
        }
    }

    #[test]
    fn probabilities_sum_to_one((z, _) in batch(5, 12, 50.0)) {
        for link in LINKS {
            let p = link.probabilities(&z).unwrap();
            let log = link.log_probabilities(&z).unwrap();
            for row in p.outer_iter() {
                prop_assert!((row.sum() - 1.0).abs() <= 4.0 * f64::EPSILON * z.ncols() as f64);
            }
            for (p, log) in p.iter().zip(&log) {
                prop_assert!(*log <= 0.0);
                // An exponential of a number up to 200 multiplies its rounding by as much.
                prop_assert!((p - log.exp()).abs() <= 1e-13 * p);
            }
        }
    }

    #[test]
    fn reflection(x in prop_oneof![-1e3..1e3_f64, -1e-3..1e-3_f64, -1e300..1e300_f64]) {
        let s = Link::StableMax;
        prop_assert!((s.score(x) * s.score(-x) - 1.0).abs() <= 2.0 * f64::EPSILON);
        prop_assert_eq!(s.log_score(-x), -s.log_score(x));
        for q in [0.5, 1.0, 3.0] {
            let link = Link::HeavyTail { q };
            prop_assert_eq!(link.log_score(-x), -link.log_score(x));
        }
        let one = Link::HeavyTail { q: 1.0 };
        prop_assert!((one.log_score(x) - s.log_score(x)).abs() <= 4e-16 * s.log_score(x).abs());
    }

    #[test]
    fn derivatives_are_differences(x in -20.0..20.0_f64) {
        prop_assume!(x.abs() > 1e-3);
        for link in LINKS {
            // A central difference of step h: h² of the third derivative, and ε/h of rounding.
            let h = 1e-5 * (1.0 + x.abs());
            let close = |value: f64, f: &dyn Fn(f64) -> f64| {
                let difference = (f(x + h) - f(x - h)) / (2.0 * h);
                (value - difference).abs() <= 1e-6 * (1.0 + value.abs())
            };
            if h < x.abs() {
                prop_assert!(close(link.log_score_derivative(x), &|v| link.log_score(v)), "{link:?} g′({x})");
                prop_assert!(close(link.log_score_second_derivative(x), &|v| link.log_score_derivative(v)), "{link:?} g″({x})");
            }
            let direct = link.score_derivative(x);
            let product = link.score(x) * link.log_score_derivative(x);
            // Taylor polynomials of negative numbers cancel: relative to the sum of absolute terms.
            prop_assert!((direct - product).abs() <= 1e-13 * (product.abs() + x.abs().exp()), "{link:?} s′({x})");
        }
    }

    /// Large exponents approach the exponential: (1 + x/q)^q differs by a factor exp(-x²/2q).
    #[test]
    fn heavy_tails_tend_to_softmax(x in -5.0..5.0_f64) {
        let q = 1e9;
        let link = Link::HeavyTail { q };
        prop_assert!((link.log_score(x) - x).abs() <= 25.0 / (2.0 * q) * 1.01 + 1e-12);
    }

    #[test]
    fn vector_jacobian_products_are_gradients((z, _) in batch(2, 6, 3.0), salt in 0_usize..100) {
        let v = Array2::from_shape_fn(z.raw_dim(), |(i, k)| ((i * 31 + k * 17 + salt * 7) % 19) as f64 / 9.5 - 1.0);
        for link in [Link::StableMax, Link::Softmax, Link::HeavyTail { q: 2.0 }] {
            let p = link.probabilities(&z).unwrap();
            let found = link.probabilities_vjp(&z, &p, &v).unwrap();
            let value = |z: &Array2<f64>| (link.probabilities(z).unwrap() * &v).sum();
            for index in ndarray::indices(z.raw_dim()) {
                let (i, k) = index;
                if z[[i, k]].abs() < 1e-4 {
                    continue;
                }
                let (mut up, mut down) = (z.clone(), z.clone());
                up[[i, k]] += 1e-5;
                down[[i, k]] -= 1e-5;
                let difference = (value(&up) - value(&down)) / 2e-5;
                prop_assert!((found[[i, k]] - difference).abs() < 1e-7);
            }
        }
    }
}

#[test]
fn scores_increase_strictly_in_order() {
    let mut x: Vec<f64> = (0..50_000).map(|i| f64::from(i).powi(3) * 1e-9 - 30.0).collect();
    x.extend((0..50_000_u64).map(|i| f64::from_bits(i * 41)));
    x.extend([f64::MAX, f64::MIN, -5e-324, f64::MIN_POSITIVE, -f64::MIN_POSITIVE]);
    x.sort_by(f64::total_cmp);
    for pair in x.windows(2) {
        assert!(Link::StableMax.score(pair[0]) <= Link::StableMax.score(pair[1]));
        assert!(Link::StableMax.log_score(pair[0]) <= Link::StableMax.log_score(pair[1]));
    }
    assert_eq!(Link::StableMax.score(-0.0), 1.0);
}

#[test]
fn masks_have_no_share() {
    let mask = f64::NEG_INFINITY;
    let z = ndarray::array![[mask, 2.0, -1.0], [1e308, mask, mask]];
    for link in LINKS {
        let p = link.probabilities(&z).unwrap();
        assert_eq!((p[[0, 0]], p[[1, 0]], p[[1, 1]]), (0.0, 1.0, 0.0), "{link:?}");
        assert_eq!(link.log_probabilities(&z).unwrap()[[0, 0]], mask);
        let gradient = link.probabilities_vjp(&z, &p, &Array2::ones((2, 3))).unwrap();
        assert!(gradient.iter().all(|g| g.abs() < 1e-15), "{link:?}: probabilities sum to a constant");
    }
}
