//! The factorisations against their defining identities.
#![cfg(all(feature = "linalg", feature = "random"))]
#![allow(missing_docs)]

use core_tensor::linalg::{Llt, UnpivotedLu};
use core_tensor::random::{normal_array, rng};
use core_tensor::{Error, Scalar};
use ndarray::{Array1, Array2, ArrayRef2, ShapeBuilder, s};

const SIZES: [usize; 9] = [0, 1, 2, 7, 24, 25, 50, 129, 260];

/// n × n with standard normal entries, in the type asked for.
fn normal<T: Scalar>(seed: u64, m: usize, n: usize) -> Array2<T> {
    normal_array::<f64, _, _>(&mut rng(seed), (m, n)).mapv(<T as Scalar>::from_f64)
}

fn spd<T: Scalar>(seed: u64, n: usize) -> Array2<T> {
    let x = normal::<f64>(seed, 2 * n, n);
    // Eigenvalues of XᵀX/2n lie in about [0.08, 3]; the condition number stays below 100.
    (x.t().dot(&x) / (2 * n.max(1)) as f64 + Array2::<f64>::eye(n) * 0.1).mapv(<T as Scalar>::from_f64)
}

/// Diagonally dominant with off-diagonal entries ≤ 0: a nonsingular M-matrix.
fn m_matrix<T: Scalar>(seed: u64, n: usize) -> Array2<T> {
    let mut a = normal::<f64>(seed, n, n).mapv(|v| if v > 0.5 { -v } else { 0.0 });
    for i in 0..n {
        a[[i, i]] = 1.0 - a.row(i).sum() + a[[i, i]];
    }
    a.mapv(<T as Scalar>::from_f64)
}

fn largest<T: Scalar>(x: &ArrayRef2<T>) -> f64 {
    x.iter().fold(0.0, |m, v| if v.is_nan() { f64::INFINITY } else { m.max(Scalar::to_f64(v.abs())) })
}

fn epsilon<T: Scalar>() -> f64 {
    Scalar::to_f64(T::epsilon())
}

/// Fails unless the matrices agree to `tolerance`, absolutely.
#[track_caller]
fn assert_close<T: Scalar>(found: &ArrayRef2<T>, expected: &ArrayRef2<T>, tolerance: f64) {
    let error = largest(&(found - expected));
    assert!(error <= tolerance, "error {error:e}, tolerance {tolerance:e}");
}

fn llt_identities<T: Scalar>() {
    for n in SIZES {
        let a = spd::<T>(n as u64, n);
        // Backward error n ε ‖A‖, forward error times the condition number (below 100).
        let tolerance = 100.0 * 4.0 * (n + 1) as f64 * epsilon::<T>();
        let mut llt = Llt::new(n);
        llt.factorise(&a).unwrap();
        let lower = llt.lower().unwrap().to_owned();
        assert!(lower.indexed_iter().all(|((i, j), &v)| j <= i || v == T::zero()));
        assert_close(&lower.dot(&lower.t()), &a, tolerance);
        let b = normal::<T>(7, n, 3);
        let mut x = Array2::from_elem((n, 3), T::nan());
        llt.solve_into(&b, &mut x).unwrap();
        assert_close(&a.dot(&x), &b, 10.0 * tolerance);
        let mut column = b.column(1).to_owned();
        llt.solve_in_place(&mut column).unwrap();
        assert_close(&column.insert_axis(ndarray::Axis(1)), &x.slice(s![.., 1..2]), 10.0 * tolerance);
        let mut inverse = Array2::from_elem((n, n), T::nan());
        llt.inverse_into(&mut inverse).unwrap();
        assert_eq!(inverse, inverse.t());
        assert_close(&inverse.dot(&a), &Array2::eye(n), tolerance);
        let (mut half, mut back) = (b.clone(), b.clone());
        llt.solve_lower_in_place(&mut half).unwrap();
        assert_close(&lower.dot(&half), &b, tolerance);
        llt.solve_lower_transposed_in_place(&mut back).unwrap();
        assert_close(&lower.t().dot(&back), &b, tolerance);
        let diagonal: f64 = lower.diag().iter().map(|v| 2.0 * Scalar::to_f64(*v).ln()).sum();
        assert!((Scalar::to_f64(llt.log_det().unwrap()) - diagonal).abs() <= tolerance * (1.0 + diagonal.abs()));
    }
}

#[test]
fn llt_in_both_precisions() {
    llt_identities::<f64>();
    llt_identities::<f32>();
}

fn unpivoted_lu_identities<T: Scalar>() {
    for n in SIZES {
        let a = m_matrix::<T>(n as u64, n);
        let norm = largest(&a).max(1.0) * (n + 1) as f64;
        let tolerance = 8.0 * norm * epsilon::<T>();
        let mut lu = UnpivotedLu::new(n);
        assert!(lu.factorise_m_matrix(&a));
        let log_det = Scalar::to_f64(lu.log_abs_det());
        // The inverse of an M-matrix is nonnegative; row sums of A are 1, so those of A⁻¹ are too.
        let mut inverse = Array2::from_elem((n, n).f(), T::nan());
        lu.inverse_into(&mut inverse).unwrap();
        assert!(inverse.iter().all(|&v| v >= T::zero()));
        assert_close(&inverse.dot(&a), &Array2::eye(n), tolerance);
        let mut row_major = Array2::from_elem((n, n), T::nan());
        lu.inverse_into(&mut row_major).unwrap();
        assert_close(&row_major, &inverse, tolerance);
        let b = normal::<T>(3, n, 70);
        let mut x = b.clone();
        lu.solve_in_place(&mut x).unwrap();
        assert_close(&a.dot(&x), &b, 8.0 * tolerance);
        let mut x = b.clone();
        lu.solve_transposed_in_place(&mut x).unwrap();
        assert_close(&a.t().dot(&x), &b, 8.0 * tolerance);
        lu.factorise(&a).unwrap();
        assert_eq!(Scalar::to_f64(lu.log_abs_det()), log_det);
        let product: f64 = lu.pivots().unwrap().map(|p| Scalar::to_f64(p).ln()).sum();
        assert!((product - log_det).abs() <= tolerance * (1.0 + log_det.abs()));
        // Transposing keeps the determinant.
        assert!(lu.factorise_m_matrix(&a.t()));
        assert!((Scalar::to_f64(lu.log_abs_det()) - log_det).abs() <= tolerance * (1.0 + log_det.abs()));
    }
}

#[test]
fn unpivoted_lu_in_both_precisions() {
    unpivoted_lu_identities::<f64>();
    unpivoted_lu_identities::<f32>();
}

#[test]
fn the_m_matrix_test_is_sharp() {
    // I − c P for a cyclic permutation P is an M-matrix exactly for c < 1; its determinant is 1 − cⁿ.
    for n in [2, 5, 30, 100] {
        for (c, inside) in [(0.5, true), (0.999, true), (1.001, false), (3.0, false)] {
            let a = Array2::from_shape_fn((n, n), |(i, j)| {
                if i == j {
                    1.0
                } else if j == (i + 1) % n {
                    -c
                } else {
                    0.0
                }
            });
            let mut lu = UnpivotedLu::new(n);
            assert_eq!(lu.factorise_m_matrix(&a), inside, "n = {n}, c = {c}");
            if inside {
                let expected = (1.0 - f64::powi(c, n as i32)).ln();
                assert!((lu.log_abs_det() - expected).abs() < 1e-11);
            }
        }
    }
    // Two separate 2-cycles of large weight: a positive determinant, but no M-matrix.
    let mut a = Array2::<f64>::eye(4);
    for (i, j) in [(0, 1), (1, 0), (2, 3), (3, 2)] {
        a[[i, j]] = -2.0;
    }
    let mut lu = UnpivotedLu::new(4);
    assert!(!lu.factorise_m_matrix(&a));
    assert!(lu.log_abs_det().is_nan());
    assert_eq!(lu.inverse_into(&mut a), Err(Error::NotFactorised { argument: "UnpivotedLu" }));
    a[[0, 3]] = f64::NAN;
    assert!(!lu.factorise_m_matrix(&a));
    assert!(!lu.factorise_m_matrix(&Array2::eye(3)));
    // A zero pivot in the second block is named by its index in the whole matrix.
    let mut singular = Array2::<f64>::eye(60);
    singular[[41, 41]] = 0.0;
    let error = UnpivotedLu::new(60).factorise(&singular).unwrap_err();
    assert_eq!(error, Error::Singular { argument: "a", pivot: 41 });
}

#[test]
fn strides_do_not_change_a_bit() {
    let n = 57;
    let wide = Array2::from_shape_fn((2 * n, 2 * n), |(i, j)| (i * j % 11) as f64 / 50.0);
    let mut view = wide.slice(s![..;-2, ..;2]).to_owned();
    view = &view + &view.t() + Array2::<f64>::eye(n) * 20.0;
    let mut padded = Array2::from_elem((2 * n, 2 * n), f64::NAN);
    padded.slice_mut(s![..;-2, ..;2]).assign(&view);
    let strided = padded.slice(s![..;-2, ..;2]);
    let (mut one, mut two) = (Llt::new(n), Llt::new(n));
    one.factorise(&view).unwrap();
    two.factorise(&strided).unwrap();
    assert_eq!(one.lower().unwrap(), two.lower().unwrap());
    let (mut one, mut two) = (UnpivotedLu::new(n), UnpivotedLu::new(n));
    one.factorise(&view).unwrap();
    two.factorise(&strided).unwrap();
    let b = Array1::from_shape_fn(n, |i| i as f64);
    let (mut x, mut y) = (b.clone(), b);
    one.solve_in_place(&mut x).unwrap();
    two.solve_in_place(&mut y).unwrap();
    assert_eq!(x, y);
}
