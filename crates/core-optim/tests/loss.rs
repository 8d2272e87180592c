//! Losses: derivatives by finite differences, conjugates by Fenchel, overflow, weights.

use core_optim::design::Dense;
use core_optim::loss::{EmpiricalLoss, Huber, LinearModel, Logistic, Loss, Multinomial, Squared};
use core_optim::{SmoothObjective, TwiceDifferentiable, largest_curvature};
use ndarray::{Array1, Array2, array};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

const H: f64 = 1e-5;

#[track_caller]
fn check_sample_loss(loss: &impl Loss<f64>, z: f64, y: f64, u: f64) {
    let (slope, bend) = loss.derivatives(z, y);
    // Central differences: truncation h² |ℓ'''| / 6 < 1e-10, rounding ε |ℓ| / h.
    let size = 1.0 + loss.value(z, y).abs() + slope.abs();
    let numeric = (loss.value(z + H, y) - loss.value(z - H, y)) / (2.0 * H);
    assert!((slope - numeric).abs() <= 1e-9 * size, "{slope} {numeric}");
    let numeric = (loss.derivative(z + H, y) - loss.derivative(z - H, y)) / (2.0 * H);
    assert!((bend - numeric).abs() <= 1e-9 * size, "{bend} {numeric}");
    assert!(bend >= 0.0 && bend <= loss.curvature_bound());
    assert_eq!(loss.derivative(z, y), slope);
    assert_eq!(loss.value_and_derivative(z, y), (loss.value(z, y), slope));
    // Fenchel: equality at the slope, inequality elsewhere.
    let terms = 1.0 + (slope * z).abs() + loss.value(z, y);
    assert!((loss.value(z, y) + loss.conjugate(slope, y) - slope * z).abs() <= 1e-13 * terms, "{z} {y}");
    let terms = 1.0 + (u * z).abs() + loss.value(z, y);
    assert!(loss.value(z, y) + loss.conjugate(u, y) >= u * z - 1e-13 * terms);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn sample_losses(z in -30.0..30.0_f64, y in -5.0..5.0_f64, u in -2.0..2.0_f64, delta in 0.1..4.0_f64) {
        check_sample_loss(&Squared, z, y, u);
        check_sample_loss(&Logistic, z, y.signum(), u);
        if ((z - y).abs() - delta).abs() > 2.0 * H {
            check_sample_loss(&Huber::new(delta).unwrap(), z, y, u);
        }
        // f32 agrees with f64 to a few of its roundings.
        let (single, double) = (Loss::<f32>::value(&Logistic, z as f32, y.signum() as f32), Logistic.value(z, y.signum()));
        prop_assert!((f64::from(single) - double).abs() <= 16.0 * f64::from(f32::EPSILON) * (1.0 + double));
    }

    #[test]
    fn multinomial(z in proptest::collection::vec(-8.0..8.0_f64, 12), v in proptest::collection::vec(-1.0..1.0_f64, 12), y in proptest::collection::vec(0..4_usize, 3)) {
        let loss = Multinomial::new(4, &y).unwrap();
        let z = Array2::from_shape_vec((3, 4), z).unwrap();
        let v = Array2::from_shape_vec((3, 4), v).unwrap();
        let mut gradient = Array2::from_elem((3, 4), f64::NAN);
        let value = loss.value_and_gradient_into(&z, &mut gradient).unwrap();
        prop_assert!((value - loss.value(&z).unwrap()).abs() <= 1e-14 * (1.0 + value));
        let along = |t: f64| loss.value(&(&z + &(&v * t))).unwrap();
        let slope = (&gradient * &v).sum();
        prop_assert!((slope - (along(H) - along(-H)) / (2.0 * H)).abs() <= 1e-9 * (1.0 + value));
        // Rows of the gradient sum to 0.
        for row in gradient.rows() { prop_assert!(row.sum().abs() <= 1e-15); }
        let (mut p, mut hv) = (Array2::from_elem((3, 4), f64::NAN), Array2::from_elem((3, 4), f64::NAN));
        loss.probabilities_into(&z, &mut p).unwrap();
        loss.hessian_vector_into(&p, &v, &mut hv).unwrap();
        let at = |t: f64| { let mut g = Array2::zeros((3, 4)); loss.gradient_into(&(&z + &(&v * t)), &mut g).unwrap(); g };
        let numeric = (at(H) - at(-H)) / (2.0 * H);
        for (a, b) in hv.iter().zip(&numeric) { prop_assert!((a - b).abs() <= 1e-9); }
        prop_assert!((&hv * &v).sum() <= loss.curvature_bound::<f64>() * (&v * &v).sum() + 1e-15);
        // Fenchel, also with a scaled dual point.
        let terms = 1.0 + value + (&gradient * &z).mapv(f64::abs).sum();
        prop_assert!((value + loss.conjugate(&gradient).unwrap() - (&gradient * &z).sum()).abs() <= 1e-13 * terms);
        let scaled = &gradient * 0.37;
        prop_assert!(value + loss.conjugate(&scaled).unwrap() >= (&scaled * &z).sum() - 1e-13 * terms);
    }

    #[test]
    fn sums_weights_and_linear_models(
        x in proptest::collection::vec(-2.0..2.0_f64, 15), w in proptest::collection::vec(-1.0..1.0_f64, 3),
        s in proptest::collection::vec(0.0..3.0_f64, 5), v in proptest::collection::vec(-1.0..1.0_f64, 3),
    ) {
        let y = array![1.0, -1.0, -1.0, 1.0, 1.0];
        let x = Array2::from_shape_vec((5, 3), x).unwrap();
        let (w, v, s) = (Array1::from(w), Array1::from(v), Array1::from(s));
        let design = Dense::new(&x).unwrap();
        let loss = EmpiricalLoss::new(Logistic, &y).unwrap().weights(&s).unwrap();
        let mut model = LinearModel::new(&design, &loss).unwrap().scale(0.2).unwrap().ridge(0.3).unwrap();
        let z = x.dot(&w);
        let expected: f64 = 0.2 * (0..5).map(|i| s[i] * Logistic.value(z[i], y[i])).sum::<f64>() + 0.15 * w.dot(&w);
        prop_assert!((model.value(&w) - expected).abs() <= 1e-14 * (1.0 + expected));
        let (mut gradient, mut hv) = (Array1::from_elem(3, f64::NAN), Array1::from_elem(3, f64::NAN));
        prop_assert!((model.value_and_gradient_into(&w, &mut gradient) - expected).abs() <= 1e-14 * (1.0 + expected));
        let slope = (model.value(&(&w + &(&v * H))) - model.value(&(&w - &(&v * H)))) / (2.0 * H);
        prop_assert!((gradient.dot(&v) - slope).abs() <= 1e-9 * (1.0 + expected));
        model.hessian_vector_into(&w, &v, &mut hv);
        let mut at = |t: f64| { let mut g = Array1::zeros(3); model.value_and_gradient_into(&(&w + &(&v * t)), &mut g); g };
        let numeric = (at(H) - at(-H)) / (2.0 * H);
        for (a, b) in hv.iter().zip(&numeric) { prop_assert!((a - b).abs() <= 1e-8); }
        // The curvature estimate stays below the bound ν max s ‖X‖²_F and above the ridge.
        let l = largest_curvature(&mut model, &w, 30).unwrap();
        let frobenius: f64 = x.iter().map(|v| v * v).sum();
        prop_assert!(l >= 0.3 * (1.0 - 1e-12) && l <= 0.2 * loss.curvature_bound() * frobenius + 0.3 + 1e-12);

        // Fenchel for the weighted sum.
        let mut u = Array1::zeros(5);
        loss.gradient_into(&z, &mut u).unwrap();
        let (f, conjugate) = (loss.value(&z).unwrap(), loss.conjugate(&u).unwrap());
        prop_assert!((f + conjugate - u.dot(&z)).abs() <= 1e-12 * (1.0 + f + u.dot(&z).abs()));
    }
}

#[test]
fn the_logistic_loss_never_overflows() {
    for z in [0.0, 1e-300, 40.0, 800.0, 1e300, f64::MAX] {
        for y in [-1.0, 1.0] {
            let (value, slope) = Logistic.value_and_derivative(z, y);
            let (_, bend) = Logistic.derivatives(z, y);
            assert!(value.is_finite() && (0.0..=1.0).contains(&slope.abs()) && (0.0..=0.25).contains(&bend));
            assert_eq!(Logistic.derivative(-z, -y), -slope);
        }
    }
    assert_eq!(Logistic.value(-1e300, 1.0), 1e300);
    // Small tails keep their digits: log(1 + e⁻⁴⁰) = e⁻⁴⁰ (1 - e⁻⁴⁰/2).
    assert!((Logistic.value(40.0, 1.0) / (-40.0_f64).exp() - 1.0).abs() < 1e-15);
    assert_eq!((Logistic.conjugate(0.0, 1.0), Logistic.conjugate(-1.0, 1.0)), (0.0, 0.0));
    assert_eq!((Logistic.conjugate(0.1, 1.0), Logistic.conjugate(-1.1, 1.0)), (f64::INFINITY, f64::INFINITY));
    assert!(Logistic.value(f64::NAN, 1.0).is_nan() && Logistic.derivative(f64::NAN, 1.0).is_nan());
}

#[test]
fn softmax_never_overflows_and_keeps_tails() {
    let loss = Multinomial::new(3, &[0, 2]).unwrap();
    let z = array![[1e300, -1e300, 0.0], [40.0, 0.0, -1e300]];
    let mut g = Array2::zeros((2, 3));
    assert_eq!(loss.value_and_gradient_into(&z, &mut g).unwrap(), 1e300);
    assert_eq!(g.row(0), array![0.0, 0.0, 0.0]);
    let z = array![[40.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
    loss.gradient_into(&z, &mut g).unwrap();
    // P - 1 for a confident prediction: -2 e⁻⁴⁰, which 1 - e⁻⁴⁰ - 1 would lose.
    assert!((g[[0, 0]] / (-2.0 * (-40.0_f64).exp()) - 1.0).abs() < 1e-14);
    assert!(loss.value(&array![[f64::NAN, 0.0, 0.0], [0.0, 0.0, 0.0]]).unwrap().is_nan());
    assert_eq!(loss.conjugate(&array![[0.1, 0.0, 0.0], [0.0, 0.0, 0.0]]).unwrap(), f64::INFINITY);
    assert_eq!(loss.conjugate(&array![[0.1, -0.1, 0.0], [0.0, 0.0, 0.0]]).unwrap(), f64::INFINITY);
}

#[test]
fn a_weight_of_zero_silences_a_sample() {
    let loss = EmpiricalLoss::new(Squared, &array![1.0, 2.0]).unwrap().weights(&array![1.0, 0.0]).unwrap();
    let mut g = Array1::from_elem(2, f64::NAN);
    let z = array![3.0, f64::INFINITY];
    assert_eq!(loss.value_and_gradient_into(&z, &mut g).unwrap(), 2.0);
    assert_eq!(g, array![2.0, 0.0]);
    assert_eq!(loss.conjugate(&array![0.0, 1.0]).unwrap(), f64::INFINITY);
    assert_eq!(loss.conjugate(&array![0.0, 0.0]).unwrap(), 0.0);
}
