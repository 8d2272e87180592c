//! Bad input: every error, no panic.
#![cfg(feature = "linalg")]
#![allow(missing_docs)]

use core_tensor::linalg::{
    Ldlt, Llt, Lu, PivotedQr, Qr, Svd, SymmetricEigen, UnpivotedLu, inverse, log_det, solve, solve_spd,
};
use core_tensor::{Error, Result};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

type Factorise = Box<dyn FnMut(&Array2<f64>) -> Result<()>>;

/// Every factorisation of a square matrix, by name.
fn square(n: usize) -> Vec<(&'static str, Factorise)> {
    let (mut llt, mut ldlt, mut lu, mut unpivoted) = (Llt::new(n), Ldlt::new(n), Lu::new(n), UnpivotedLu::new(n));
    let (mut qr, mut pivoted) = (Qr::new(n, n), PivotedQr::new(n, n));
    let (mut svd, mut eigen) = (Svd::new(n, n), SymmetricEigen::new(n));
    vec![
        ("llt", Box::new(move |a| llt.factorise(a))),
        ("ldlt", Box::new(move |a| ldlt.factorise(a))),
        ("lu", Box::new(move |a| lu.factorise(a))),
        ("unpivoted", Box::new(move |a| unpivoted.factorise(a))),
        ("qr", Box::new(move |a| qr.factorise(a))),
        ("pivoted", Box::new(move |a| pivoted.factorise(a))),
        ("svd", Box::new(move |a| svd.factorise(a))),
        ("eigen", Box::new(move |a| eigen.factorise(a))),
    ]
}

#[test]
fn entries_that_are_not_finite_are_found_in_every_corner() {
    for n in [1, 5, 40, 200] {
        for (name, mut factorise) in square(n) {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                for at in [[0, 0], [0, n - 1], [n - 1, 0], [n - 1, n - 1]] {
                    let mut a = Array2::eye(n);
                    a[at] = bad;
                    let error = factorise(&a).unwrap_err();
                    assert!(matches!(&error, Error::NotFinite { index, .. } if index[..] == at), "{name}: {error}");
                }
            }
            // The value recovers.
            assert_eq!(factorise(&Array2::eye(n)), Ok(()), "{name}");
        }
    }
}

#[test]
fn other_shapes_are_refused() {
    for (name, mut factorise) in square(4) {
        for shape in [(3, 3), (4, 5), (5, 4), (0, 0)] {
            let error = factorise(&Array2::zeros(shape)).unwrap_err();
            assert!(matches!(error, Error::Shape { argument: "a", .. }), "{name}: {error}");
        }
    }
    assert!(matches!(Qr::<f64>::new(2, 3).factorise(&Array2::ones((2, 3))), Err(Error::Shape { .. })));
}

#[test]
fn nothing_comes_out_of_an_empty_value() {
    let (mut out, mut b, mut c) = (Array2::<f64>::eye(2), Array1::<f64>::zeros(2), Array1::<f64>::zeros(2));
    let none = |name| Error::NotFactorised { argument: name };
    let mut llt = Llt::new(2);
    assert_eq!(llt.solve_in_place(&mut b), Err(none("Llt")));
    assert_eq!(llt.solve_into(&b, &mut c), Err(none("Llt")));
    assert_eq!(llt.solve_lower_in_place(&mut b), Err(none("Llt")));
    assert_eq!(llt.solve_lower_transposed_in_place(&mut b), Err(none("Llt")));
    assert_eq!(llt.inverse_into(&mut out), Err(none("Llt")));
    assert_eq!(llt.log_det(), Err(none("Llt")));
    assert_eq!(llt.lower().err(), Some(none("Llt")));
    let mut ldlt = Ldlt::new(2);
    assert_eq!(ldlt.solve_in_place(&mut b), Err(none("Ldlt")));
    assert_eq!(ldlt.inverse_into(&mut out), Err(none("Ldlt")));
    assert_eq!(ldlt.inertia(), Err(none("Ldlt")));
    assert_eq!(ldlt.log_abs_det(), Err(none("Ldlt")));
    let mut lu = Lu::new(2);
    assert_eq!(lu.solve_in_place(&mut b), Err(none("Lu")));
    assert_eq!(lu.solve_transposed_in_place(&mut b), Err(none("Lu")));
    assert_eq!(lu.inverse_into(&mut out), Err(none("Lu")));
    assert_eq!(lu.log_abs_det(), Err(none("Lu")));
    let mut lu = UnpivotedLu::new(2);
    assert_eq!(lu.solve_in_place(&mut b), Err(none("UnpivotedLu")));
    assert_eq!(lu.solve_transposed_in_place(&mut b), Err(none("UnpivotedLu")));
    assert_eq!(lu.inverse_into(&mut out), Err(none("UnpivotedLu")));
    assert!(lu.pivots().is_err() && lu.log_abs_det().is_nan());
    let mut qr = Qr::new(2, 2);
    assert_eq!(qr.least_squares_into(&b, &mut c), Err(none("Qr")));
    assert_eq!(qr.q_into(&mut out), Err(none("Qr")));
    assert_eq!(qr.r_into(&mut out), Err(none("Qr")));
    let mut qr = PivotedQr::new(2, 2);
    assert_eq!(qr.least_squares_into(0.0, &b, &mut c), Err(none("PivotedQr")));
    assert_eq!(qr.rank(0.0), Err(none("PivotedQr")));
    assert!(qr.q_into(&mut out).is_err() && qr.r_into(&mut out).is_err() && qr.permutation().is_err());
    let mut svd = Svd::new(2, 2);
    assert_eq!(svd.solve_into(0.0, &b, &mut c), Err(none("Svd")));
    assert_eq!(svd.pseudo_inverse_into(0.0, &mut out), Err(none("Svd")));
    assert!(svd.u().is_err() && svd.v().is_err() && svd.singular_values().is_err() && svd.rank(0.0).is_err());
    let mut eigen = SymmetricEigen::<f64>::new(2);
    assert_eq!(eigen.map_into(|v| v, &mut out), Err(none("SymmetricEigen")));
    assert!(eigen.values().is_err() && eigen.vectors().is_err());
}

#[test]
fn a_failure_empties_the_value() {
    let mut llt = Llt::new(2);
    llt.factorise(&Array2::eye(2)).unwrap();
    assert_eq!(
        llt.factorise(&array![[1.0, 2.0], [2.0, 1.0]]),
        Err(Error::NotPositiveDefinite { argument: "a", pivot: 1 })
    );
    assert_eq!(llt.log_det(), Err(Error::NotFactorised { argument: "Llt" }));
}

#[test]
fn right_hand_sides_that_do_not_fit() {
    let eye = Array2::<f64>::eye(3);
    assert_eq!(
        solve(&eye, &Array1::zeros(2)).unwrap_err().to_string(),
        "`b` has shape [2], but [3] is needed because `b` has a row per row of the factorised matrix"
    );
    assert!(solve(&eye, &array![0.0, f64::NAN, 0.0]).is_err());
    assert!(solve_spd(&eye, &Array2::zeros((4, 2))).is_err());
    assert!(solve(&Array2::<f64>::zeros((2, 3)), &Array1::zeros(2)).is_err());
    assert!(inverse(&Array2::<f64>::zeros((2, 3))).is_err() && log_det(&Array2::<f64>::zeros((2, 3))).is_err());
    let mut qr = Qr::new(3, 3);
    qr.factorise(&eye).unwrap();
    assert!(qr.least_squares_into(&Array2::zeros((3, 2)), &mut Array2::zeros((3, 1))).is_err());
    assert!(qr.least_squares_into(&Array2::zeros((3, 2)), &mut Array2::zeros((2, 2))).is_err());
    assert!(qr.q_into(&mut Array2::zeros((3, 2))).is_err() && qr.r_into(&mut Array2::zeros((3, 2))).is_err());
    let mut svd = Svd::new(3, 3);
    svd.factorise(&eye).unwrap();
    assert!(svd.solve_into(0.0, &Array2::zeros((3, 2)), &mut Array2::zeros((3, 1))).is_err());
    for cutoff in [f64::NAN, -1.0, 1.0, f64::INFINITY] {
        assert!(svd.rank(cutoff).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// Whatever the entries, there is an answer or an error, and no answer holds NaN.
    #[test]
    fn any_entries(
        n in 0_usize..7,
        entries in proptest::collection::vec(prop_oneof![4 => -2.0..2.0, 2 => Just(0.0), 1 => proptest::num::f64::ANY], 36),
    ) {
        let a = Array2::from_shape_fn((n, n), |(i, j)| entries[6 * i + j]);
        for (_, mut factorise) in square(n) {
            let _ = factorise(&a);
        }
        let mut svd = Svd::new(n, n);
        if svd.factorise(&a).is_ok() {
            prop_assert!(svd.u().unwrap().iter().chain(svd.v().unwrap()).all(|v| v.is_finite()));
        }
        let mut eigen = SymmetricEigen::new(n);
        if eigen.factorise(&a).is_ok() {
            prop_assert!(eigen.vectors().unwrap().iter().all(|v| v.is_finite()));
        }
        let mut qr = PivotedQr::new(n, n);
        if qr.factorise(&a).is_ok() {
            prop_assert!(qr.rank(1e-12).unwrap() <= n);
        }
    }
}
