//! λ-orthogonality.

use crate::config;
use core_tensor::gradient::{Difference, check_gradient_by};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array2, Axis};
use ortho_conv::lambda::retrieval::{Distance, retrieve};
use ortho_conv::lambda::{
    Alignment, EpochState, Penalty, Threshold, constrained_map, least_squares_map, orthogonality_distance, procrustes,
};
use ortho_conv::orthogonaliser::haar;
use proptest::prelude::*;
use std::ops::ControlFlow;

const SHARP: Threshold = Threshold::Lambda { lambda: 1.0, alpha: 20.0 };

fn loss(w: &Array2<f64>, threshold: Threshold) -> f64 {
    Penalty::new(w.nrows(), threshold).unwrap().value_and_gradient_into(w, &mut w.clone()).unwrap().loss
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn gradients_are_those_of_differences(
        n in 1..6_usize, lambda in 0.0..3.0_f64, alpha in 0.5..5.0_f64, seed in any::<u64>(),
    ) {
        let w: Array2<f64> = normal_array(&mut rng(seed), (n, n));
        for threshold in [Threshold::Lambda { lambda, alpha }, Threshold::None] {
            let mut gradient = w.mapv(|_| f64::NAN);
            Penalty::new(n, threshold).unwrap().value_and_gradient_into(&w, &mut gradient).unwrap();
            let central = Difference::central::<f64>();
            let report = check_gradient_by(central, |w| loss(w, threshold), &gradient, &w).unwrap();
            prop_assert!(report.agrees(1e-6), "{threshold:?} {report:?}");
        }
    }

    #[test]
    fn rotations_do_not_matter_and_the_distance_orders(n in 1..6_usize, seed in any::<u64>()) {
        let w: Array2<f64> = normal_array(&mut rng(seed), (n, n));
        let q = haar::<f64>(n, n, seed ^ 1).unwrap();
        let value = loss(&w, SHARP);
        prop_assert!((loss(&q.dot(&w), SHARP) - value).abs() < 1e-9 * (1.0 + value));
        prop_assert!((loss(&w.dot(&q), SHARP) - value).abs() < 1e-9 * (1.0 + value));
        prop_assert!(loss(&q, SHARP) < 1e-9);
        let other: Array2<f64> = normal_array(&mut rng(seed ^ 2), (n, n));
        let (a, b) = (orthogonality_distance(&w).unwrap(), orthogonality_distance(&other).unwrap());
        let gentle = Threshold::Lambda { lambda: 1.0, alpha: 1.0 };
        prop_assert_eq!(a < b, loss(&w, gentle) < loss(&other, gentle));
        // A very sharp threshold is the hard one, away from λ.
        if (a - 1.0).abs() > 1e-2 {
            let sharp = loss(&w, Threshold::Lambda { lambda: 1.0, alpha: 1e4 });
            let hard = loss(&w, Threshold::Hard { lambda: 1.0 });
            prop_assert!((sharp - hard).abs() < 1e-9);
        }
    }

    #[test]
    fn retrieval_does_not_see_rotations(seed in any::<u64>()) {
        let x: Array2<f64> = normal_array(&mut rng(seed), (20, 3));
        let turned = x.dot(&haar::<f64>(3, 3, seed).unwrap());
        let labels: Vec<usize> = (0..20).map(|i| i % 4).collect();
        for distance in [Distance::Euclidean, Distance::Cosine] {
            let of = |x: &Array2<f64>| retrieve(x, x, &labels, distance).unwrap();
            prop_assert!((of(&x).top_1 - of(&turned).top_1).abs() < 1e-12);
            prop_assert!((of(&x).mean_average_precision - of(&turned).mean_average_precision).abs() < 1e-12);
        }
    }
}

#[test]
fn the_spectral_penalty_and_its_gradient() {
    // Singular values 2 and 0.5: WᵀW - I has 3 and -0.75.
    let (u, v) = (haar::<f64>(2, 2, 1).unwrap(), haar::<f64>(2, 2, 2).unwrap());
    let w = u.dot(&Array2::from_diag(&ndarray::array![2.0, 0.5])).dot(&v.t());
    let mut gradient = w.clone();
    let found = Penalty::new(2, Threshold::Spectral).unwrap().value_and_gradient_into(&w, &mut gradient).unwrap();
    assert!((found.loss - 3.0).abs() < 1e-12);
    let central = Difference::central::<f64>();
    let report = check_gradient_by(central, |w| loss(w, Threshold::Spectral), &gradient, &w).unwrap();
    assert!(report.agrees(1e-7), "{report:?}");
    // Both ends count: for small matrices it is -1.
    assert!((loss(&(w * 0.1), Threshold::Spectral) - (1.0 - 0.05_f64.powi(2))).abs() < 1e-9);
}

/// New embeddings, and old ones that are a strong linear image of them.
fn pair() -> (Array2<f64>, Array2<f64>) {
    let new: Array2<f64> = normal_array(&mut rng(7), (200, 4));
    let map: Array2<f64> = normal_array(&mut rng(8), (4, 4));
    let old = new.dot(&map) * 1.5;
    (new, old)
}

#[test]
fn the_threshold_is_where_training_ends() {
    let (new, old) = pair();
    let fit = |lambda: f64| {
        let threshold = Threshold::Lambda { lambda, alpha: 20.0 };
        let losses = Alignment::new().threshold(threshold).weights(0.0, 1.0, 0.0).regulariser(10.0);
        losses.epochs(300).learning_rate(0.02).batch(50).fit(&new, &old, None).unwrap()
    };
    let mut last = -1.0;
    for lambda in [0.5, 1.0, 2.0] {
        let found = fit(lambda);
        assert!((found.distance - lambda).abs() < 0.5, "{lambda}: {}", found.distance);
        assert!(found.distance > last);
        assert_eq!(found.allows_zero_map, lambda >= 2.0);
        last = found.distance;
        // The exact constrained solution lies within its bound, and fits no worse at the same distance.
        let exact = constrained_map(&new, &old, found.distance).unwrap();
        assert!(orthogonality_distance(&exact).unwrap() <= found.distance + 1e-6);
        let misfit = |w: &Array2<f64>| (&new.dot(&w.t()) - &old).iter().map(|d| d * d).sum::<f64>();
        let (best, trained) = (misfit(&exact), misfit(&found.backward.weight));
        assert!(best <= 1.02 * trained, "{best} {trained}");
    }
    assert!(fit(f64::INFINITY).distance > 4.0);
}

#[test]
fn a_strict_map_is_a_rotation_and_seeds_repeat() {
    let (new, old) = pair();
    let labels: Vec<usize> = (0..200).map(|i| i % 5).collect();
    let alignment = Alignment::new().strict().epochs(5).seed(3);
    let fit = alignment.fit(&new, &old, Some(&labels)).unwrap();
    assert!(fit.distance < 1e-12);
    assert_eq!(alignment.fit(&new, &old, Some(&labels)).unwrap(), fit);
    assert!(fit.history[4] < fit.history[0]);
    let mut seen = Vec::new();
    let mut observer = |state: &EpochState| {
        seen.push(state.epoch);
        if state.epoch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = alignment.fit_observed(&new, &old, Some(&labels), &mut observer).unwrap();
    assert_eq!((seen, stopped.history.len()), (vec![1, 2], 2));
    // Longer vectors are cut.
    let wide = ndarray::concatenate(Axis(1), &[new.view(), new.view()]).unwrap();
    assert_eq!(alignment.fit(&wide, &old, Some(&labels)).unwrap(), fit);
}

#[test]
fn closed_forms() {
    let (new, old) = pair();
    let rotation = haar::<f64>(4, 4, 5).unwrap();
    assert!((&procrustes(&new, &new.dot(&rotation.t())).unwrap() - &rotation).iter().all(|d| d.abs() < 1e-12));
    let map = least_squares_map(&new, &(&old + 2.0)).unwrap();
    assert!((&map.apply(&new).unwrap() - &(&old + 2.0)).iter().all(|d| d.abs() < 1e-11));
    assert_eq!(constrained_map(&new, &old, 0.0).unwrap(), procrustes(&new, &old).unwrap());
    assert!(constrained_map(&new, &old, -1.0).is_err());
    let few = |x: &Array2<f64>| x.select(Axis(0), &[0, 1]);
    assert!(least_squares_map(&few(&new), &few(&old)).is_err());
}
