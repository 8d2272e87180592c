//! L_orth: value, gradient, forms, invariances, theorems.

use crate::{config, layers, wide_enough};
use core_tensor::gradient::{Difference, check_gradient_by};
use core_tensor::linalg::Svd;
use core_tensor::random::{normal_array, rng};
use ndarray::{Array2, ArrayD, Axis, IxDyn};
use ortho_conv::orthogonaliser::haar;
use ortho_conv::{
    Certificate, Form, Geometry, LOrth, Layer, Padding, Regime, Regulariser, alpha, bjorck_step, frobenius_error,
    l_orth_gradient, lipschitz_bound,
};
use proptest::prelude::*;

/// 𝒦 𝒦ᵀ - I or 𝒦ᵀ 𝒦 - I, of the smaller side.
fn error(matrix: &Array2<f64>, regime: Regime) -> Array2<f64> {
    let product = if regime == Regime::Column { matrix.t().dot(matrix) } else { matrix.dot(&matrix.t()) };
    let identity = Array2::<f64>::eye(product.nrows());
    product - identity
}

fn singular_values(x: &Array2<f64>) -> Vec<f64> {
    let mut svd = Svd::new(x.nrows(), x.ncols());
    svd.factorise(x).unwrap();
    svd.singular_values().unwrap().to_vec()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn gradients_are_those_of_differences(case in layers()) {
        for form in [Form::Lags, Form::Frequencies] {
            let mut l_orth = LOrth::with_form(&case.geometry, form);
            let mut gradient = case.kernel.mapv(|_| f64::NAN);
            l_orth.value_and_gradient_into(&case.kernel, &mut gradient).unwrap();
            let central = Difference::central::<f64>();
            let report = check_gradient_by(central, |k| l_orth.value(k).unwrap(), &gradient, &case.kernel).unwrap();
            prop_assert!(report.agrees(1e-7), "{report:?}");
        }
    }

    #[test]
    fn both_forms_and_the_dense_matrix_agree(case in layers()) {
        let mut found = Vec::new();
        for form in [Form::Lags, Form::Frequencies] {
            let mut gradient = case.kernel.mapv(|_| f64::NAN);
            let mut l_orth = LOrth::with_form(&case.geometry, form);
            found.push((l_orth.value_and_gradient_into(&case.kernel, &mut gradient).unwrap(), gradient));
        }
        let value = found[0].0;
        prop_assert!((value - found[1].0).abs() <= 1e-12 * (1.0 + value));
        let difference = (&found[0].1 - &found[1].1).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        prop_assert!(difference <= 1e-12 * (1.0 + value), "{difference:e}");
        // Theorem 2.
        let n = wide_enough(&case.geometry);
        let matrix = Layer::new(&case.kernel, &case.geometry, &n, Padding::Circular).unwrap().matrix();
        let squares: f64 = error(&matrix, case.geometry.regime()).iter().map(|e| e * e).sum();
        let expected = frobenius_error(&case.geometry, value, &n).unwrap();
        prop_assert!((squares.sqrt() - expected).abs() <= 1e-11 * (1.0 + expected), "{} {expected}", squares.sqrt());
    }

    #[test]
    fn certificates_hold(case in layers()) {
        let certificate = Certificate::of(&case.kernel, &case.geometry).unwrap();
        let n = wide_enough(&case.geometry);
        let matrix = Layer::new(&case.kernel, &case.geometry, &n, Padding::Circular).unwrap().matrix();
        let err = singular_values(&error(&matrix, case.geometry.regime()))[0];
        prop_assert!(err <= certificate.block_bound + 1e-12);
        prop_assert!(err * err <= alpha(&case.geometry) * certificate.l_orth + 1e-12);
        let (low, high) = certificate.singular_values();
        for s in singular_values(&matrix) {
            // In squares: the root blows rounding up at 0.
            prop_assert!(s * s >= low * low - 1e-12 && s <= high + 1e-12, "{s} outside [{low}, {high}]");
        }
    }

    #[test]
    fn rotations_signs_and_flips_change_nothing(case in layers(), seed in any::<u64>()) {
        let (kernel, geometry) = (&case.kernel, &case.geometry);
        prop_assume!(geometry.groups() == 1);
        let mut l_orth = LOrth::new(geometry);
        let value = l_orth.value(kernel).unwrap();
        let (m, c) = (geometry.outputs(), geometry.inputs());
        let flat = kernel.to_shape((m, kernel.len() / m)).unwrap().into_owned();
        let rotated = haar::<f64>(m, m, seed).unwrap().dot(&flat).into_shape_with_order(kernel.raw_dim()).unwrap();
        let v = haar::<f64>(c, c, seed ^ 1).unwrap();
        let mut mixed = ArrayD::<f64>::zeros(kernel.raw_dim());
        for (i, mut target) in mixed.axis_iter_mut(Axis(1)).enumerate() {
            for (j, part) in kernel.axis_iter(Axis(1)).enumerate() {
                target.scaled_add(v[[i, j]], &part);
            }
        }
        let mut flipped = kernel.clone();
        // Flips exchange phases unless the stride is 1.
        if geometry.stride().iter().all(|&s| s == 1) {
            (2..kernel.ndim()).for_each(|axis| flipped.invert_axis(Axis(axis)));
        }
        for changed in [rotated, mixed, flipped, -kernel] {
            prop_assert!((l_orth.value(&changed).unwrap() - value).abs() <= 1e-11 * (1.0 + value));
        }
    }

    #[test]
    fn along_a_ray_it_is_a_polynomial_in_the_square(case in layers()) {
        let mut l_orth = LOrth::new(&case.geometry);
        let mut at = |t: f64| l_orth.value(&(&case.kernel * t)).unwrap();
        // a + b t² + c t⁴ through 0, 1 and 2 predicts 3.
        let (f0, f1, f2, f3) = (at(0.0), at(1.0), at(2.0), at(3.0));
        let c = (f2 - 4.0 * f1 + 3.0 * f0) / 12.0;
        let b = f1 - f0 - c;
        prop_assert!((f0 + 9.0 * b + 81.0 * c - f3).abs() <= 1e-10 * (1.0 + f3));
        let group = case.geometry.group();
        let small = group.outputs().min(group.phase_channels()) * case.geometry.groups();
        prop_assert!((f0 - small as f64).abs() < 1e-12);
    }

    #[test]
    fn steps_precision_memory_order_and_weights(case in layers()) {
        let mut l_orth = LOrth::new(&case.geometry);
        let mut gradient = case.kernel.clone();
        let value = l_orth.value_and_gradient_into(&case.kernel, &mut gradient).unwrap();
        let step = bjorck_step(&case.kernel, &case.geometry).unwrap();
        prop_assert!((&step - &(&case.kernel - &(&gradient / 8.0))).iter().all(|d| d.abs() < 1e-13));
        let single = LOrth::new(&case.geometry).value(&case.kernel.mapv(|v| v as f32)).unwrap();
        prop_assert!((single - value).abs() <= 1e-4 * (1.0 + value));
        let backwards: Vec<usize> = case.kernel.shape().iter().rev().copied().collect();
        let mut reordered = ArrayD::<f64>::zeros(IxDyn(&backwards)).reversed_axes();
        reordered.assign(&case.kernel);
        let mut strided = reordered.clone();
        prop_assert_eq!(l_orth.value_and_gradient_into(&reordered, &mut strided).unwrap(), value);
        prop_assert_eq!(&strided, &gradient);
        let mut sum = gradient.clone();
        l_orth.add_gradient(&case.kernel, 2.0, &mut sum).unwrap();
        prop_assert!((&sum - &(&gradient * 3.0)).iter().all(|d| d.abs() < 1e-12 * (1.0 + value)));
        let distance = l_orth.distance_and_gradient_into(&case.kernel, &mut sum).unwrap();
        if distance > 1e-3 {
            let central = Difference::central::<f64>();
            let report = check_gradient_by(central, |k| l_orth.distance(k).unwrap(), &sum, &case.kernel).unwrap();
            prop_assert!(report.agrees(1e-6), "{report:?}");
        }
    }
}

#[test]
fn a_network_is_the_sum_of_its_layers() {
    let geometries = [Geometry::new(4, 2, &[3, 3], &[1, 1]).unwrap(), Geometry::new(6, 4, &[3, 3], &[2, 2]).unwrap()];
    let random =
        |(i, g): (usize, &Geometry)| normal_array::<f64, _, _>(&mut rng(i as u64), IxDyn(&g.kernel_shape())) * 0.3;
    let kernels: Vec<ArrayD<f64>> = geometries.iter().enumerate().map(random).collect();
    let views: Vec<_> = kernels.iter().map(|k| k.view()).collect();
    let mut network = Regulariser::new(&geometries, 0.5).unwrap();
    let mut gradients: Vec<ArrayD<f64>> = kernels.iter().map(|k| ArrayD::ones(k.raw_dim())).collect();
    let value = network.add_gradients(&views, &mut gradients).unwrap();
    let single: Vec<(f64, ArrayD<f64>)> =
        kernels.iter().zip([1, 2]).map(|(k, s)| l_orth_gradient(k, s).unwrap()).collect();
    assert!((value - 0.5 * (single[0].0 + single[1].0)).abs() < 1e-12);
    for (found, (_, expected)) in gradients.iter().zip(&single) {
        assert!((found - &(expected * 0.5 + 1.0)).iter().all(|d| d.abs() < 1e-12));
    }
    let reports = network.report(&views, 8).unwrap();
    assert!(reports.iter().all(|r| r.singular_values.1 <= r.norm_bound));
    assert!((lipschitz_bound(&reports) - reports[0].norm_bound * reports[1].norm_bound).abs() < 1e-12);
    let error = network.adapt(&views, 0.1, 2.0).unwrap();
    assert!(error > 0.1 && network.lambda() == 1.0);
    network.adapt(&views, 1e6, 4.0).unwrap();
    assert_eq!(network.lambda(), 0.5);
    assert!(network.add_gradients(&views[..1], &mut gradients).is_err());
    assert!(network.set_lambda(f64::NAN).is_err());
}
