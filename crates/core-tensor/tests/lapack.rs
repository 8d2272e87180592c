//! faer against LAPACK.
#![cfg(all(feature = "lapack", feature = "random"))]
#![allow(missing_docs)]

use core_tensor::Error;
use core_tensor::linalg::{Llt, Lu, Qr, Svd, SymmetricEigen, inverse, lapack, solve, solve_spd};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, ArrayRef, Dimension, ShapeBuilder, array};

fn normal(m: usize, n: usize) -> Array2<f64> {
    normal_array(&mut rng(1), (m, n))
}

fn spd(n: usize) -> Array2<f64> {
    let x = normal(2 * n, n);
    x.t().dot(&x) / (2 * n) as f64 + Array2::<f64>::eye(n) * 0.1
}

#[track_caller]
fn assert_close<D: Dimension>(a: &ArrayRef<f64, D>, b: &ArrayRef<f64, D>, tolerance: f64) {
    assert_eq!(a.shape(), b.shape());
    let error = a.iter().zip(b).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
    assert!(error <= tolerance, "error {error:e}, tolerance {tolerance:e}");
}

/// The same up to the sign of each column.
fn aligned(x: &Array2<f64>, reference: &Array2<f64>) -> Array2<f64> {
    let mut x = x.clone();
    for (mut column, reference) in x.columns_mut().into_iter().zip(reference.columns()) {
        if column.dot(&reference) < 0.0 {
            column.mapv_inplace(|v| -v);
        }
    }
    x
}

const SIZES: [usize; 4] = [1, 5, 40, 150];

#[test]
fn positive_definite_systems() {
    for n in SIZES {
        let a = spd(n);
        // Condition numbers below 100, backward errors of n ε.
        let tolerance = 100.0 * 8.0 * n as f64 * f64::EPSILON;
        let mut llt = Llt::new(n);
        llt.factorise(&a).unwrap();
        assert_close(&llt.lower().unwrap(), &lapack::cholesky(&a).unwrap(), tolerance);
        let b: Array1<f64> = normal_array(&mut rng(3), n);
        assert_close(&solve_spd(&a, &b).unwrap(), &lapack::solve_spd(&a, &b).unwrap(), 100.0 * tolerance);
        // Both memory orders.
        let column_major = Array2::from_shape_fn((n, n).f(), |at| a[at]);
        assert_close(&lapack::cholesky(&column_major).unwrap(), &lapack::cholesky(&a).unwrap(), tolerance);
    }
    assert_eq!(
        lapack::cholesky(&array![[1.0, 2.0], [2.0, 1.0]]),
        Err(Error::NotPositiveDefinite { argument: "a", pivot: 1 })
    );
}

#[test]
fn general_systems() {
    for n in SIZES {
        let a = normal(n, n) + Array2::<f64>::eye(n) * 3.0 * (n as f64).sqrt();
        let tolerance = 100.0 * 8.0 * n as f64 * f64::EPSILON;
        let b: Array1<f64> = normal_array(&mut rng(3), n);
        assert_close(&solve(&a, &b).unwrap(), &lapack::solve(&a, &b).unwrap(), tolerance);
        assert_close(&inverse(&a).unwrap(), &lapack::inverse(&a).unwrap(), tolerance);
        let mut lu = Lu::new(n);
        lu.factorise(&a).unwrap();
        let ((log, sign), (expected, expected_sign)) = (lu.log_abs_det().unwrap(), lapack::log_abs_det(&a).unwrap());
        assert!((log - expected).abs() <= tolerance * (1.0 + expected.abs()) && sign == expected_sign);
    }
    let singular = array![[1.0, 2.0], [2.0, 4.0]];
    assert_eq!(lapack::inverse(&singular), Err(Error::Singular { argument: "a", pivot: 1 }));
    assert_eq!(lapack::solve(&singular, &array![1.0, 1.0]), Err(Error::Singular { argument: "a", pivot: 1 }));
}

#[test]
fn orthogonal_factorisations() {
    for (m, n) in [(1, 1), (6, 3), (50, 50), (160, 40)] {
        let a = normal(m, n);
        // Orthogonal factors move by ε times the condition number (below 10³) or the inverse gap of singular values.
        let tolerance = 1e4 * 8.0 * m as f64 * f64::EPSILON;
        let mut qr = Qr::new(m, n);
        qr.factorise(&a).unwrap();
        let mut q = Array2::zeros((m, n));
        qr.q_into(&mut q).unwrap();
        let (expected, r) = lapack::qr(&a).unwrap();
        assert_close(&aligned(&q, &expected), &expected, tolerance);
        assert_close(&expected.dot(&r), &a, tolerance);
        let mut svd = Svd::new(m, n);
        svd.factorise(&a).unwrap();
        let (u, s, v) = lapack::svd(&a).unwrap();
        assert_close(&svd.singular_values().unwrap(), &s, 8.0 * m as f64 * f64::EPSILON * s[0]);
        assert_close(&aligned(&svd.u().unwrap().to_owned(), &u), &u, tolerance);
        assert_close(&aligned(&svd.v().unwrap().to_owned(), &v), &v, tolerance);
    }
    for n in SIZES {
        let x = normal(n, n);
        let a = &x + &x.t();
        let mut eigen = SymmetricEigen::new(n);
        eigen.factorise(&a).unwrap();
        let (values, vectors) = lapack::symmetric_eigen(&a).unwrap();
        let size = 4.0 * (n as f64).sqrt() + 1.0;
        assert_close(&eigen.values().unwrap(), &values, 8.0 * n as f64 * f64::EPSILON * size);
        let tolerance = 1e4 * 8.0 * n as f64 * f64::EPSILON;
        assert_close(&aligned(&eigen.vectors().unwrap().to_owned(), &vectors), &vectors, tolerance);
    }
}

#[test]
fn bad_input() {
    let bad = array![[1.0, f64::NAN], [0.0, 1.0]];
    assert!(lapack::cholesky(&bad).is_err() && lapack::inverse(&bad).is_err() && lapack::qr(&bad).is_err());
    assert!(lapack::svd(&bad).is_err() && lapack::symmetric_eigen(&bad).is_err() && lapack::log_abs_det(&bad).is_err());
    let eye = Array2::<f64>::eye(2);
    assert!(lapack::solve(&eye, &array![1.0]).is_err() && lapack::solve_spd(&eye, &array![1.0, f64::NAN]).is_err());
    assert!(lapack::cholesky(&normal(2, 3)).is_err() && lapack::symmetric_eigen(&normal(2, 3)).is_err());
    let empty = Array2::<f64>::zeros((0, 0));
    assert_eq!(lapack::log_abs_det(&empty), Ok((0.0, 1.0)));
    assert!(lapack::qr(&empty).is_err() && lapack::svd(&empty).is_err());
    assert!(lapack::inverse(&empty).unwrap().is_empty() && lapack::symmetric_eigen(&empty).unwrap().0.is_empty());
    assert_eq!(lapack::cholesky(&array![[4.0_f32]]), Ok(array![[2.0_f32]]));
}
