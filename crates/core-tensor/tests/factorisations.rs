//! The factorisations against their defining identities.
#![cfg(all(feature = "linalg", feature = "random"))]
#![allow(missing_docs)]

use core_tensor::linalg::{
    Inertia, Ldlt, Llt, Lu, PivotedQr, Qr, Svd, SymmetricEigen, UnpivotedLu, inverse, log_det, solve, solve_spd,
};
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
        let row_sum = a.row(i).sum();
        a[[i, i]] += 1.0 - row_sum;
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

fn lu_identities<T: Scalar>() {
    for n in SIZES {
        // A multiple of the identity keeps the condition number of a random matrix moderate: singular values of the
        // random part stay below 2 √n.
        let a = normal::<T>(n as u64, n, n) + Array2::<T>::eye(n) * <T as Scalar>::from_f64(3.0 * (n as f64).sqrt());
        let tolerance = 100.0 * (n + 1) as f64 * epsilon::<T>();
        let mut lu = Lu::new(n);
        lu.factorise(&a).unwrap();
        let b = normal::<T>(5, n, 70);
        let mut x = b.clone();
        lu.solve_in_place(&mut x).unwrap();
        assert_close(&a.dot(&x), &b, tolerance);
        let mut x = b.clone();
        lu.solve_transposed_in_place(&mut x).unwrap();
        assert_close(&a.t().dot(&x), &b, tolerance);
        let mut out = Array2::from_elem((n, n), T::nan());
        lu.inverse_into(&mut out).unwrap();
        assert_close(&out.dot(&a), &Array2::eye(n), tolerance);
        // Exchanging two rows changes the sign and nothing else; A Aᵀ has twice the logarithm.
        let (log, sign) = lu.log_abs_det().unwrap();
        if n > 1 {
            let mut exchanged = a.clone();
            for j in 0..n {
                exchanged.swap([0, j], [n - 1, j]);
            }
            lu.factorise(&exchanged).unwrap();
            let (other, other_sign) = lu.log_abs_det().unwrap();
            assert_eq!(other_sign, -sign);
            let scale = 1.0 + Scalar::to_f64(log.abs());
            assert!(Scalar::to_f64((other - log).abs()) <= tolerance * scale);
            let spd = log_det(&a.dot(&a.t())).unwrap();
            assert!(Scalar::to_f64((spd - log - log).abs()) <= 10.0 * tolerance * scale);
        } else if n == 0 {
            assert_eq!((log, sign), (T::zero(), T::one()));
        }
    }
}

#[test]
fn lu_in_both_precisions() {
    lu_identities::<f64>();
    lu_identities::<f32>();
}

#[test]
fn determinants_of_known_sign() {
    let a = ndarray::array![[0.0, 2.0], [3.0, 1.0]];
    let mut lu = Lu::new(2);
    lu.factorise(&a).unwrap();
    let (log, sign) = lu.log_abs_det().unwrap();
    assert!((log - 6.0_f64.ln()).abs() < 1e-15 && sign == -1.0);
    let error = lu.factorise(&ndarray::array![[1.0, 2.0], [2.0, 4.0]]).unwrap_err();
    assert_eq!(error, Error::Singular { argument: "a", pivot: 1 });
    assert_eq!(lu.log_abs_det(), Err(Error::NotFactorised { argument: "Lu" }));
}

fn ldlt_identities<T: Scalar>() {
    for n in SIZES {
        // A saddle point [[H, Bᵀ], [B, 0]] has as many positive eigenvalues as H has rows.
        let (top, bottom) = (n, n / 2);
        let mut a = Array2::<T>::zeros((top + bottom, top + bottom));
        a.slice_mut(s![..top, ..top]).assign(&spd::<T>(n as u64, top));
        let b = normal::<T>(n as u64, bottom, top) / <T as Scalar>::from_f64((n.max(1) as f64).sqrt());
        a.slice_mut(s![top.., ..top]).assign(&b);
        a.slice_mut(s![..top, top..]).assign(&b.t());
        let size = top + bottom;
        // The condition number of these systems stays below 10⁴.
        let tolerance = 1e4 * (size + 1) as f64 * epsilon::<T>();
        let mut ldlt = Ldlt::new(size);
        ldlt.factorise(&a).unwrap();
        assert_eq!(ldlt.inertia().unwrap(), Inertia { positive: top, negative: bottom });
        let b = normal::<T>(5, size, 9);
        let mut x = b.clone();
        ldlt.solve_in_place(&mut x).unwrap();
        assert_close(&a.dot(&x), &b, tolerance);
        let mut out = Array2::from_elem((size, size), T::nan());
        ldlt.inverse_into(&mut out).unwrap();
        assert_eq!(out, out.t());
        assert_close(&out.dot(&a), &Array2::eye(size), tolerance);
        let mut lu = Lu::new(size);
        lu.factorise(&a).unwrap();
        let ((log, sign), (expected, expected_sign)) = (ldlt.log_abs_det().unwrap(), lu.log_abs_det().unwrap());
        assert_eq!(sign, expected_sign);
        assert!(Scalar::to_f64((log - expected).abs()) <= tolerance);
    }
}

#[test]
fn ldlt_in_both_precisions() {
    ldlt_identities::<f64>();
    ldlt_identities::<f32>();
    // No pivot on the diagonal at all.
    let mut ldlt = Ldlt::new(2);
    ldlt.factorise(&ndarray::array![[0.0, 1.0], [1.0, 0.0]]).unwrap();
    assert_eq!(ldlt.inertia().unwrap(), Inertia { positive: 1, negative: 1 });
    let error = ldlt.factorise(&Array2::zeros((2, 2))).unwrap_err();
    assert_eq!(error, Error::Singular { argument: "a", pivot: 0 });
}

const SHAPES: [(usize, usize); 9] = [(0, 0), (5, 0), (1, 1), (5, 2), (40, 40), (70, 33), (200, 7), (3, 5), (0, 4)];

fn qr_identities<T: Scalar>() {
    for (m, n) in SHAPES {
        let a = normal::<T>(2, m, n);
        let k = m.min(n);
        // Random square matrices of this size have condition numbers below 10³.
        let tolerance = 1e3 * 4.0 * (m + n + 1) as f64 * epsilon::<T>();
        let b = normal::<T>(6, m, 70);
        if m >= n {
            let mut qr = Qr::new(m, n);
            qr.factorise(&a).unwrap();
            let (mut q, mut r) = (Array2::from_elem((m, n), T::nan()), Array2::from_elem((n, n), T::nan()));
            qr.q_into(&mut q).unwrap();
            qr.r_into(&mut r).unwrap();
            assert_close(&q.dot(&r), &a, tolerance);
            assert_close(&q.t().dot(&q), &Array2::eye(n), tolerance);
            assert!(r.indexed_iter().all(|((i, j), &v)| i <= j || v == T::zero()));
            let mut x = Array2::from_elem((n, 70), T::nan());
            qr.least_squares_into(&b, &mut x).unwrap();
            // Normal equations: the residual is orthogonal to the columns.
            assert_close(&a.t().dot(&(a.dot(&x) - &b)), &Array2::zeros((n, 70)), 10.0 * tolerance);
        }
        let mut qr = PivotedQr::new(m, n);
        qr.factorise(&a).unwrap();
        assert_eq!(qr.rank(qr.default_tolerance()).unwrap(), k);
        let (mut q, mut r) = (Array2::from_elem((m, k), T::nan()), Array2::from_elem((k, n), T::nan()));
        qr.q_into(&mut q).unwrap();
        qr.r_into(&mut r).unwrap();
        let permuted = Array2::from_shape_fn((m, n), |(i, j)| a[[i, qr.permutation().unwrap()[j]]]);
        assert_close(&q.dot(&r), &permuted, tolerance);
        assert!(r.diag().windows(2).into_iter().all(|w| w[1].abs() <= w[0].abs() * <T as Scalar>::from_f64(1.0001)));
        let mut x = Array2::from_elem((n, 70), T::nan());
        let tolerance_of_rank = qr.default_tolerance();
        assert_eq!(qr.least_squares_into(tolerance_of_rank, &b, &mut x).unwrap(), k);
        assert_close(&a.t().dot(&(a.dot(&x) - &b)), &Array2::zeros((n, 70)), 10.0 * tolerance);
    }
}

#[test]
fn qr_in_both_precisions() {
    qr_identities::<f64>();
    qr_identities::<f32>();
}

#[test]
fn lost_rank_is_noticed_by_all_three() {
    let mut a = normal::<f64>(1, 30, 8);
    let duplicate = a.column(2).to_owned();
    a.column_mut(5).assign(&duplicate);
    a.column_mut(6).fill(0.0);
    let error = Qr::new(30, 8).factorise(&a).unwrap_err();
    assert!(matches!(error, Error::RankDeficient { argument: "a", needed: 8, rank: 1..8, .. }), "{error}");
    let (mut qr, mut svd) = (PivotedQr::new(30, 8), Svd::new(30, 8));
    qr.factorise(&a).unwrap();
    svd.factorise(&a).unwrap();
    assert_eq!(qr.rank(1e-12).unwrap(), 6);
    assert_eq!(svd.rank(1e-12).unwrap(), 6);
    let b = Array1::from_shape_fn(30, |i| (i % 4) as f64);
    let (mut basic, mut shortest) = (Array1::zeros(8), Array1::zeros(8));
    assert_eq!(qr.least_squares_into(1e-12, &b, &mut basic).unwrap(), 6);
    assert_eq!(svd.solve_into(1e-12, &b, &mut shortest).unwrap(), 6);
    // The same fit; the second solution is the shortest, and splits the weight of equal columns evenly.
    assert!((a.dot(&basic) - a.dot(&shortest)).iter().all(|v| v.abs() < 1e-12));
    assert!(shortest.dot(&shortest) < basic.dot(&basic));
    assert!((shortest[2] - shortest[5]).abs() < 1e-12 && shortest[6].abs() < 1e-12);
    assert_eq!(basic.iter().filter(|v| **v == 0.0).count(), 2);
}

fn svd_identities<T: Scalar>() {
    for (m, n) in SHAPES {
        let a = normal::<T>(4, m, n);
        let k = m.min(n);
        let tolerance = 8.0 * (m + n + 1) as f64 * epsilon::<T>();
        let scale = 1.0 + 2.0 * (m.max(n) as f64).sqrt();
        let mut svd = Svd::new(m, n);
        svd.factorise(&a).unwrap();
        let (u, s, v) =
            (svd.u().unwrap().to_owned(), svd.singular_values().unwrap().to_owned(), svd.v().unwrap().to_owned());
        assert_eq!((u.dim(), s.len(), v.dim()), ((m, k), k, (n, k)));
        assert_close(&(&u * &s).dot(&v.t()), &a, tolerance * scale);
        assert_close(&u.t().dot(&u), &Array2::eye(k), tolerance);
        assert_close(&v.t().dot(&v), &Array2::eye(k), tolerance);
        assert!(s.iter().all(|&v| v >= T::zero()) && s.windows(2).into_iter().all(|w| w[0] >= w[1]));
        // Moore and Penrose: A A⁺ A = A, A⁺ A A⁺ = A⁺, both products symmetric.
        let mut plus = Array2::from_elem((n, m), T::nan());
        let cutoff = svd.default_cutoff();
        assert_eq!(svd.pseudo_inverse_into(cutoff, &mut plus).unwrap(), k);
        let condition = if k > 0 { Scalar::to_f64(s[0] / s[k - 1]) } else { 1.0 };
        let (left, right) = (a.dot(&plus), plus.dot(&a));
        assert_close(&left.dot(&a), &a, tolerance * scale * condition);
        assert_close(&left, &left.t(), tolerance * condition);
        assert_close(&right, &right.t(), tolerance * condition);
        let b = normal::<T>(6, m, 70);
        let mut x = Array2::from_elem((n, 70), T::nan());
        svd.solve_into(cutoff, &b, &mut x).unwrap();
        let size = 1.0 + largest(&plus) * m as f64;
        assert_close(&x, &plus.dot(&b), 10.0 * tolerance * condition * size);
    }
}

#[test]
fn svd_in_both_precisions() {
    svd_identities::<f64>();
    svd_identities::<f32>();
}

fn eigen_identities<T: Scalar>() {
    for n in SIZES {
        let x = normal::<T>(8, n, n);
        let a = &x + &x.t();
        let tolerance = 8.0 * (n + 1) as f64 * epsilon::<T>();
        let scale = 1.0 + 4.0 * (n as f64).sqrt();
        let mut eigen = SymmetricEigen::new(n);
        eigen.factorise(&a).unwrap();
        let (values, vectors) = (eigen.values().unwrap().to_owned(), eigen.vectors().unwrap().to_owned());
        assert!(values.windows(2).into_iter().all(|w| w[0] <= w[1]));
        assert_close(&a.dot(&vectors), &(&vectors * &values), tolerance * scale);
        assert_close(&vectors.t().dot(&vectors), &Array2::eye(n), tolerance);
        let mut square = Array2::from_elem((n, n), T::nan());
        eigen.map_into(|v| v * v, &mut square).unwrap();
        assert_eq!(square, square.t());
        assert_close(&square, &a.dot(&a), 4.0 * tolerance * scale * scale);
        if n > 1 {
            assert!(eigen.map_into(|v| v.sqrt(), &mut square).is_err(), "there is a negative eigenvalue");
        }
    }
}

#[test]
fn symmetric_eigen_in_both_precisions() {
    eigen_identities::<f64>();
    eigen_identities::<f32>();
}

#[test]
fn one_off_solves_agree() {
    let a = spd::<f64>(3, 20);
    let b = Array1::from_shape_fn(20, |i| i as f64);
    let by_inverse = inverse(&a).unwrap().dot(&b);
    for x in [solve(&a, &b).unwrap(), solve_spd(&a, &b).unwrap()] {
        assert!((&x - &by_inverse).iter().all(|v| v.abs() < 1e-11));
    }
    let many = solve(&a, &Array2::eye(20)).unwrap();
    assert_close(&many, &inverse(&a).unwrap(), 1e-12);
}

#[cfg(feature = "rayon")]
#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    // Large enough for every routine to go parallel.
    let n = 300;
    let a = spd::<f64>(3, n);
    let general = normal::<f64>(4, n, n);
    let m = m_matrix::<f64>(5, n);
    let b = normal::<f64>(6, n, 100);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut all = Vec::new();
            let mut llt = Llt::new(n);
            llt.factorise(&a).unwrap();
            let mut out = b.clone();
            llt.solve_in_place(&mut out).unwrap();
            all.push(out);
            let mut out = Array2::zeros((n, n));
            llt.inverse_into(&mut out).unwrap();
            all.push(out);
            let mut lu = UnpivotedLu::new(n);
            assert!(lu.factorise_m_matrix(&m));
            let mut out = Array2::zeros((n, n));
            lu.inverse_into(&mut out).unwrap();
            all.push(out);
            all.push(inverse(&general).unwrap());
            all.push(solve(&general, &b).unwrap());
            let mut ldlt = Ldlt::new(n);
            ldlt.factorise(&a).unwrap();
            let mut out = b.clone();
            ldlt.solve_in_place(&mut out).unwrap();
            all.push(out);
            let mut qr = Qr::new(n, n);
            qr.factorise(&general).unwrap();
            let mut out = Array2::zeros((n, n));
            qr.q_into(&mut out).unwrap();
            all.push(out);
            let mut qr = PivotedQr::new(n, n);
            qr.factorise(&general).unwrap();
            let mut out = Array2::zeros((n, n));
            qr.q_into(&mut out).unwrap();
            all.push(out);
            let mut svd = Svd::new(n, n);
            svd.factorise(&general).unwrap();
            all.push(svd.u().unwrap().to_owned());
            all.push(svd.v().unwrap().to_owned());
            let mut eigen = SymmetricEigen::new(n);
            eigen.factorise(&a).unwrap();
            all.push(eigen.vectors().unwrap().to_owned());
            all
        })
    };
    let one = run(1);
    for threads in [2, 4] {
        for (k, (x, y)) in one.iter().zip(run(threads)).enumerate() {
            assert!(*x == y, "result {k} differs with {threads} threads");
        }
    }
}
