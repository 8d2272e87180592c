//! Anything that type-checks gives a value or an error, never a panic.

use core_optim::design::{CscMatrix, Dense, Standardised};
use core_optim::loss::{EmpiricalLoss, Huber, LinearModel, Logistic, Loss, Multinomial, Squared};
use core_optim::prox::{
    BoxConstraint, ElasticNet, GroupL2, L1, L1Ball, NonNegative, Proximal, Separable, Simplex, Zero, check_prox,
    soft_threshold,
};
use core_optim::{
    Error, Fista, Lbfgs, SmoothObjective,
    line_search::{Armijo, StrongWolfe},
};
use ndarray::{Array1, Array2, array};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

const BAD: [f64; 4] = [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

#[test]
fn penalties_refuse_bad_levels() {
    for bad in BAD {
        assert!(L1::new(bad).is_err() && ElasticNet::new(bad, 1.0).is_err() && ElasticNet::new(1.0, bad).is_err());
        assert!(NonNegative::new(bad).is_err() && GroupL2::new(1, bad, &[vec![0]]).is_err());
        assert!(L1Ball::new(bad).is_err() && Simplex::new(bad).is_err() && Huber::new(bad).is_err());
        let weights = array![1.0, bad];
        assert!(L1::weighted(1.0, &weights).is_err() && ElasticNet::weighted(1.0, 1.0, &weights).is_err());
        assert!(NonNegative::weighted(1.0, &weights).is_err());
        assert!(GroupL2::new(2, 1.0, &[vec![0], vec![1]]).unwrap().weights(&weights).is_err());
        assert!(EmpiricalLoss::new(Squared, &array![0.0, 0.0]).unwrap().weights(&weights).is_err());
        let mut out = array![0.0];
        assert!(Zero.prox_into(&array![1.0], bad, &mut out).is_err());
        assert!(check_prox(&mut Zero, 2, bad, 5, 0).is_err());
    }
    assert!(L1Ball::new(0.0).is_err() && Simplex::new(0.0).is_err() && Huber::new(0.0).is_err());
    assert!(check_prox(&mut L1::new(1.0_f64).unwrap(), 2, 1.0, 0, 0).is_err());
    assert_eq!(L1::new(-1.0).unwrap_err().to_string(), "`level` is -1; it must be finite and >= 0");
}

#[test]
fn groups_and_boxes_are_validated() {
    assert!(matches!(
        GroupL2::new(3, 1.0, &[vec![0, 1], vec![1]]),
        Err(Error::OverlappingGroups { coordinate: 1, first: 0, second: 1 })
    ));
    assert!(matches!(
        GroupL2::new(3, 1.0, &[vec![0, 0]]),
        Err(Error::OverlappingGroups { coordinate: 0, first: 0, second: 0 })
    ));
    assert!(matches!(GroupL2::new(3, 1.0, &[vec![3]]), Err(Error::Index { found: 3, length: 3, .. })));
    assert!(GroupL2::new(3, 1.0, &[vec![]]).is_err());
    assert!(GroupL2::new(3, 1.0, &[vec![0]]).unwrap().weights(&array![1.0, 2.0]).is_err());
    for (lower, upper) in [
        (1.0, 0.0),
        (f64::NAN, 0.0),
        (0.0, f64::NAN),
        (f64::INFINITY, f64::INFINITY),
        (f64::NEG_INFINITY, f64::NEG_INFINITY),
    ] {
        assert!(matches!(BoxConstraint::uniform(lower, upper), Err(Error::EmptyInterval { .. })));
        assert!(matches!(
            BoxConstraint::new(&array![0.0, lower], &array![0.0, upper]),
            Err(Error::EmptyInterval { coordinate: 1, .. })
        ));
    }
    assert!(BoxConstraint::new(&array![0.0], &array![0.0, 1.0]).is_err());
}

#[test]
fn lengths_are_checked_everywhere() {
    let weights = array![1.0, 2.0];
    let mut penalties: Vec<Box<dyn Proximal<f64>>> = vec![
        Box::new(Zero),
        Box::new(L1::weighted(1.0, &weights).unwrap()),
        Box::new(ElasticNet::weighted(1.0, 1.0, &weights).unwrap()),
        Box::new(NonNegative::weighted(1.0, &weights).unwrap()),
        Box::new(BoxConstraint::new(&weights, &weights).unwrap()),
        Box::new(GroupL2::new(2, 1.0, &[vec![1]]).unwrap()),
        Box::new(L1Ball::new(1.0).unwrap()),
        Box::new(Simplex::probability()),
    ];
    for (i, penalty) in penalties.iter_mut().enumerate() {
        let (mut two, mut three) = (array![0.0, 0.0], array![0.0, 0.0, 0.0]);
        assert!(penalty.prox_into(&array![1.0, 2.0], 1.0, &mut three).is_err(), "{i}");
        assert!(penalty.prox_into(&array![1.0, 2.0], 1.0, &mut two).is_ok(), "{i}");
        // Values and conjugates of a wrong length: anything, but no panic.
        for n in [0, 1, 3] {
            let x = Array1::ones(n);
            let _ = (penalty.value(&x), penalty.conjugate(&x), penalty.dual_scale(&x));
            let mut out = Array1::zeros(n);
            let fixed = (1..6).contains(&i);
            assert_eq!(penalty.prox_into(&x, 1.0, &mut out).is_err(), fixed || (i == 7 && n == 0), "{i} {n}");
        }
    }
    let separable: [&dyn Separable<f64>; 3] =
        [&L1::weighted(1.0, &weights).unwrap(), &BoxConstraint::new(&weights, &weights).unwrap(), &Zero];
    for penalty in separable {
        let _ = (
            penalty.coordinate_prox(99, 1.0, 1.0),
            penalty.coordinate_value(99, 1.0),
            penalty.violation(99, 1.0, f64::NAN),
        );
    }
}

#[test]
fn targets_are_validated() {
    let error = EmpiricalLoss::new(Logistic, &array![1.0, 0.0]).unwrap_err();
    assert_eq!(error.to_string(), "`targets` holds 0 at 1; a logistic loss needs -1 or 1");
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(EmpiricalLoss::new(Logistic, &array![bad]).is_err());
        assert!(EmpiricalLoss::new(Squared, &array![bad]).is_err());
        assert!(EmpiricalLoss::new(Huber::new(1.0).unwrap(), &array![bad]).is_err());
    }
    assert!(EmpiricalLoss::<f64, _>::new(Squared, &array![]).is_err());
    assert!(Multinomial::new(1, &[0]).is_err() && Multinomial::new(3, &[]).is_err());
    assert!(matches!(Multinomial::new(3, &[0, 3]), Err(Error::Index { found: 3, length: 3, .. })));

    let loss = EmpiricalLoss::new(Squared, &array![1.0, 2.0]).unwrap();
    let (one, two) = (array![0.0], array![0.0, 0.0]);
    let mut out = array![0.0, 0.0];
    assert!(loss.value(&one).is_err() && loss.conjugate(&one).is_err());
    assert!(loss.gradient_into(&one, &mut out).is_err() && loss.gradient_into(&two, &mut one.clone()).is_err());
    assert!(
        loss.value_and_gradient_into(&one, &mut out).is_err()
            && loss.value_and_gradient_into(&two, &mut one.clone()).is_err()
    );
    assert!(loss.curvature_into(&one, &mut out).is_err() && loss.curvature_into(&two, &mut one.clone()).is_err());
    assert!(loss.hessian_vector_into(&two, &one, &mut out).is_err());
    assert!(loss.clone().weights(&one).is_err());
    let multinomial = Multinomial::new(2, &[0, 1]).unwrap();
    let (good, wrong) = (Array2::<f64>::zeros((2, 2)), Array2::<f64>::zeros((2, 3)));
    let mut out = good.clone();
    assert!(multinomial.value(&wrong).is_err() && multinomial.conjugate(&wrong).is_err());
    assert!(
        multinomial.gradient_into(&wrong, &mut out).is_err()
            && multinomial.gradient_into(&good, &mut wrong.clone()).is_err()
    );
    assert!(multinomial.probabilities_into(&wrong, &mut out).is_err());
    assert!(multinomial.hessian_vector_into(&good, &wrong, &mut out).is_err());

    let x = array![[1.0], [2.0], [3.0]];
    let design = Dense::new(&x).unwrap();
    assert!(LinearModel::new(&design, &loss).is_err());
    let y = EmpiricalLoss::new(Squared, &array![1.0, 2.0, 3.0]).unwrap();
    for bad in BAD {
        assert!(LinearModel::new(&design, &y).unwrap().scale(bad).is_err());
        assert!(LinearModel::new(&design, &y).unwrap().ridge(bad).is_err());
    }
    let mut model = LinearModel::new(&design, &y).unwrap();
    assert!(model.value(&array![1.0, 2.0]).is_nan());
    assert!(model.value_and_gradient_into(&array![1.0], &mut array![1.0, 2.0]).is_nan());
}

#[test]
fn line_searches_refuse_ascent_and_nonsense() {
    let phi = |t: f64| (t, 1.0);
    for (value, slope, step) in [
        (1.0, 0.0, 1.0),
        (1.0, 1.0, 1.0),
        (f64::NAN, -1.0, 1.0),
        (1.0, f64::NAN, 1.0),
        (1.0, -1.0, 0.0),
        (1.0, -1.0, f64::NAN),
        (1.0, f64::NEG_INFINITY, 1.0),
    ] {
        assert!(StrongWolfe::default().search(value, slope, step, phi).is_err());
        assert!(Armijo::default().search(value, slope, step, |t| t).is_err());
    }
    assert!(Armijo { sufficient_decrease: 1.0, ..Armijo::default() }.search(1.0, -1.0, 1.0, |t: f64| t).is_err());
    assert!(Armijo { max_evaluations: 0, ..Armijo::default() }.search(1.0, -1.0, 1.0, |t: f64| t).is_err());
    assert_eq!(
        StrongWolfe::default().search(1.0, 2.0, 1.0, phi).unwrap_err().to_string(),
        "`slope` is 2; it must be finite and < 0 (a descent direction)"
    );
}

fn any() -> impl Strategy<Value = f64> {
    prop_oneof![
        proptest::num::f64::ANY,
        Just(0.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn arbitrary_numbers_never_panic(v in proptest::collection::vec(any(), 0..9), level in any(), step in any(), other in any()) {
        let x = Array1::from(v.clone());
        let mut out = Array1::zeros(v.len());
        let _ = soft_threshold(level, step);
        if let Ok(mut g) = L1::new(level) { let _ = (g.prox_into(&x, step, &mut out), g.value(&x), g.conjugate(&x), g.dual_scale(&x)); }
        if let Ok(mut g) = ElasticNet::new(level, other) { let _ = (g.prox_into(&x, step, &mut out), g.value(&x), g.conjugate(&x), g.dual_scale(&x)); }
        if let Ok(mut g) = NonNegative::new(level) { let _ = (g.prox_into(&x, step, &mut out), g.value(&x), g.conjugate(&x), g.dual_scale(&x)); }
        if let Ok(mut g) = BoxConstraint::uniform(level, other) { let _ = (g.prox_into(&x, step, &mut out), g.value(&x), g.conjugate(&x), g.dual_scale(&x)); }
        if let Ok(mut g) = L1Ball::new(level) { let _ = (g.prox_into(&x, step, &mut out), g.value(&x), g.conjugate(&x)); }
        if let Ok(mut g) = Simplex::new(level) {
            let _ = (g.prox_into(&x, step, &mut out), g.value(&x), g.conjugate(&x));
            let mut wide = Array2::zeros((v.len(), 2));
            let _ = g.prox_into(&x, step, &mut wide.column_mut(0));
        }
        if let Ok(mut g) = GroupL2::new(v.len(), level, &(0..v.len()).map(|j| vec![j]).collect::<Vec<_>>()) {
            let _ = (g.prox_into(&x, step, &mut out), g.value(&x), g.conjugate(&x), g.dual_scale(&x));
        }
        let _ = (Logistic.value(level, 1.0), Logistic.derivatives(level, -1.0), Logistic.conjugate(level, 1.0));
        let _ = (StrongWolfe::default().search(level, step, other, |t: f64| (t * level, step)), Armijo::default().search(level, step, other, |t: f64| t * level));
        // A model of whatever numbers pass the doors.
        if let (Ok(y), false) = (EmpiricalLoss::new(Squared, &x), v.is_empty()) {
            let column = x.clone().insert_axis(ndarray::Axis(1));
            let sparse = CscMatrix::from_dense(&column).unwrap();
            let view = Standardised::unit_variance(&sparse);
            if let Ok(view) = &view {
                let mut model = LinearModel::new(view, &y).unwrap();
                let _ = Lbfgs::new().max_iterations(20).minimise(&mut model, &array![0.0]);
            }
            let mut model = LinearModel::new(&sparse, &y).unwrap();
            let _ = Lbfgs::new().max_iterations(20).minimise(&mut model, &array![0.0]);
            let _ = Fista::new().max_iterations(20).minimise(&mut model, &mut L1::new(1.0).unwrap(), &array![0.0]);
        }
    }
}
