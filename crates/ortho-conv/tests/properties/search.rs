//! Minimising L_orth, and polishing.

use core_tensor::random::{normal_array, rng};
use ndarray::{ArrayD, IxDyn};
use ortho_conv::generate::{bcop, strided};
use ortho_conv::{Error, Geometry, LOrth, Orthogonaliser, Status, extreme_singular_values, l_orth, polish};

#[test]
fn feasible_layers_are_found() {
    // (M, C, k, s): rows, columns, as large as the stride, square.
    for (m, c, k, s) in [(3, 4, 3, 1), (6, 4, 3, 1), (16, 4, 2, 2), (9, 1, 3, 3), (5, 2, 3, 2), (4, 4, 3, 1)] {
        let geometry = Geometry::new(m, c, &[k, k], &[s, s]).unwrap();
        let found = Orthogonaliser::new().search::<f64>(&geometry).unwrap();
        assert!(!matches!(found.status, Status::Stuck { .. }), "{m} {c} {k} {s}: {:?}", found.status);
        assert!(found.l_orth <= 1e-8);
        let (low, high) = extreme_singular_values(&found.kernel, &geometry, &[16, 16]).unwrap();
        assert!(low > 0.99 && high < 1.01, "{low} {high}");
    }
}

#[test]
fn infeasible_layers_are_refused_and_stay_above_their_bound() {
    for (m, c, k, s, least) in [(10, 1, 3, 4, 1.0), (20, 2, 2, 3, 10.0), (6, 1, 2, 3, 2.0)] {
        let geometry = Geometry::new(m, c, &[k, k], &[s, s]).unwrap();
        let Err(Error::NoOrthogonalKernel { reason }) = Orthogonaliser::new().search::<f64>(&geometry) else {
            panic!("found one")
        };
        assert!(!reason.is_empty());
        let mut l_orth = LOrth::<f64>::new(&geometry);
        for seed in 0..20 {
            let kernel: ArrayD<f64> = normal_array(&mut rng(seed), IxDyn(&geometry.kernel_shape()));
            for scale in [0.1, 0.3, 1.0] {
                assert!(l_orth.value(&(&kernel * scale)).unwrap() >= least - 1e-9);
            }
        }
    }
}

/// L_orth along the polish of a noisy orthogonal kernel.
fn polished([m, c, k, s]: [usize; 4]) -> Vec<f64> {
    let geometry = Geometry::new(m, c, &[k, k], &[s, s]).unwrap();
    let exact = strided::<f64>(m, c, &[k, k], &[s, s], 3).unwrap();
    let noise: ArrayD<f64> = normal_array(&mut rng(4), exact.raw_dim());
    let polished = polish(&(&exact + &(noise * 0.01)), &geometry, 6).unwrap();
    let last = polished.history[polished.history.len() - 1];
    assert!((l_orth(&polished.kernel, s).unwrap() - last).abs() < 1e-12 * (1.0 + last));
    polished.history
}

#[test]
fn gauss_newton_squares_the_error_where_taps_do_not_overlap() {
    for layer in [[9, 1, 3, 3], [4, 6, 1, 1], [3, 2, 2, 2]] {
        let history = polished(layer);
        assert!(history[0] > 1e-4, "{history:?}");
        assert!(history.windows(2).take(2).all(|pair| pair[1] < 30.0 * pair[0].powf(1.5)), "{history:?}");
        assert!(history[history.len() - 1] < 1e-24, "{history:?}");
    }
}

#[test]
fn gauss_newton_is_linear_where_the_constraints_are_degenerate() {
    for layer in [[4, 4, 3, 1], [3, 5, 3, 1], [6, 2, 4, 2]] {
        let history = polished(layer);
        assert!(history[history.len() - 1] < 1e-4 * history[0], "{history:?}");
    }
}

#[test]
fn a_zero_kernel_is_moved_and_a_trained_one_slides_down() {
    let geometry = Geometry::new(3, 5, &[3], &[1]).unwrap();
    let found = Orthogonaliser::new().from_kernel(&ArrayD::<f64>::zeros(IxDyn(&[3, 5, 3])), &geometry).unwrap();
    assert_eq!(found.status, Status::Orthogonal);
    let start = bcop::<f64>(3, 5, &[3], 2).unwrap() * 1.1;
    let found = Orthogonaliser::new().from_kernel(&start, &geometry).unwrap();
    assert_eq!(found.status, Status::Orthogonal);
    assert!(Orthogonaliser::new().tolerance(0.0).search::<f64>(&geometry).is_err());
    assert!(Orthogonaliser::new().max_iterations(0).search::<f64>(&geometry).is_err());
}
