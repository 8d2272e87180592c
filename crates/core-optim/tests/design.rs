//! Dense, sparse and standardised designs are the same matrix.

use core_optim::Error;
use core_optim::design::{CscMatrix, Dense, DesignMatrix, Standardised, WorkingVector};
use core_tensor::Scalar;
use ndarray::{Array1, Array2, ArrayRef1, ShapeBuilder, array};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 100,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// A matrix with many zeros, empty and constant columns.
fn matrix() -> impl Strategy<Value = Array2<f64>> {
    (1..9_usize, 0..7_usize).prop_flat_map(|(n, d)| {
        let entry = prop_oneof![3 => Just(0.0), 1 => Just(2.0), 2 => -3.0..3.0_f64];
        (proptest::collection::vec(entry, n * d), proptest::collection::vec(0..4_u8, d)).prop_map(move |(v, kinds)| {
            let mut x = Array2::from_shape_vec((n, d), v).unwrap();
            for (j, kind) in kinds.into_iter().enumerate() {
                if kind == 0 {
                    x.column_mut(j).fill(1.7);
                }
            }
            x
        })
    })
}

/// Compares a design with the explicit matrix it stands for.
#[track_caller]
fn check<X: DesignMatrix<f64>>(design: &X, x: &Array2<f64>) {
    check_stored(design, x, 0.0);
}

/// The same, for a design whose stored entries are as large as `stored`: centring cancels all of them but the spread.
#[track_caller]
fn check_stored<X: DesignMatrix<f64>>(design: &X, x: &Array2<f64>, stored: f64) {
    let (n, d) = x.dim();
    assert_eq!((design.rows(), design.columns()), (n, d));
    let w = Array1::from_shape_fn(d, |j| if j % 3 == 1 { 0.0 } else { 0.7 - j as f64 });
    let v = Array1::from_shape_fn(n, |i| 1.0 - 0.3 * i as f64);
    // Sums of n ≤ 8 products of entries (m at most) with a vector that two rounds grow to 12 m: 64 ε n 12 m².
    let m = x.iter().fold(stored.max(1.0), |m, v| m.max(v.abs()));
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 1.4e-12 * m * m, "{a} {b}");
    let mut out = Array1::from_elem(n, f64::NAN);
    design.apply_into(&w, &mut out).unwrap();
    out.iter().zip(&x.dot(&w)).for_each(|(&a, &b)| close(a, b));
    let mut out = Array1::from_elem(d, f64::NAN);
    design.apply_transposed_into(&v, &mut out).unwrap();
    out.iter().zip(&x.t().dot(&v)).for_each(|(&a, &b)| close(a, b));
    // Strided vectors.
    let mut wide = Array2::from_elem((n, 2), f64::NAN);
    wide.column_mut(0).assign(&v);
    let mut other = Array2::from_elem((d, 2), f64::NAN);
    design.apply_transposed_into(&wide.column(0), &mut other.column_mut(1)).unwrap();
    other.column(1).iter().zip(&out).for_each(|(&a, &b)| close(a, b));
    design.apply_into(&w, &mut wide.column_mut(1)).unwrap();
    wide.column(1).iter().zip(&x.dot(&w)).for_each(|(&a, &b)| close(a, b));

    let norms = design.column_norms_squared().unwrap();
    let mut working = WorkingVector::new(&v).unwrap();
    let mut plain = v;
    for round in 0..2 {
        for j in 0..d {
            let column = x.column(j);
            close(design.column_dot(j, &working).unwrap(), column.dot(&plain));
            close(norms[j], column.dot(&column));
            let a = 0.3 * j as f64 - 0.5;
            design.column_axpy(j, a, &mut working).unwrap();
            plain.scaled_add(a, &column);
            close(working.sum(), plain.sum());
            close(working.norm_squared(), plain.dot(&plain));
            close(working.dot(&column).unwrap(), column.dot(&plain));
        }
        if round == 0 {
            design.correlations_into(&working, &mut out).unwrap();
            out.iter().zip(&x.t().dot(&plain)).for_each(|(&a, &b)| close(a, b));
        }
    }
    working.materialise().iter().zip(&plain).for_each(|(&a, &b)| close(a, b));
    assert_eq!(working.offset(), 0.0);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn all_designs_are_the_same_matrix(x in matrix()) {
        let (n, d) = x.dim();
        let sparse = CscMatrix::from_dense(&x).unwrap();
        prop_assert_eq!(&sparse.to_dense(), &x);
        let mut fortran = Array2::zeros((n, d).f());
        fortran.assign(&x);
        let (dense, borrowed) = (Dense::new(&x).unwrap(), Dense::new(&fortran).unwrap());
        prop_assert_eq!(dense.view(), borrowed.view());
        check(&dense, &x);
        check(&sparse, &x);

        let means = Array1::from_shape_fn(d, |j| x.column(j).mean().unwrap());
        let mut centred = &x - &means;
        let mut standard = centred.clone();
        for j in 0..d {
            let spread = (centred.column(j).mapv(|v| v * v).sum() / n as f64).sqrt();
            if x.column(j).iter().all(|&v| v == x[[0, j]]) {
                centred.column_mut(j).fill(0.0);
                standard.column_mut(j).fill(0.0);
            } else {
                standard.column_mut(j).mapv_inplace(|v| v / spread);
            }
        }
        check(&Standardised::centred(&dense).unwrap(), &centred);
        check(&Standardised::centred(&sparse).unwrap(), &centred);
        let factors = Standardised::unit_variance(&dense).unwrap().factors().to_owned();
        let stored = (&x * &factors).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        if stored < 1e4 {
            check_stored(&Standardised::unit_variance(&dense).unwrap(), &standard, stored);
            check_stored(&Standardised::unit_variance(&sparse).unwrap(), &standard, stored);
        }
        let factors = Array1::from_shape_fn(d, |j| j as f64 - 1.5);
        check(&Standardised::weighted(&sparse, &factors).unwrap(), &(&x * &factors));
        // A view of a view.
        let inner = Standardised::weighted(&sparse, &factors).unwrap();
        let shifts = factors.mapv(|f| 0.2 * f);
        let outer = Standardised::new(&inner, &shifts, &factors).unwrap();
        check(&outer, &((&x * &factors - &shifts) * &factors));
        let again = Standardised::new(&outer, &shifts, &factors).unwrap();
        check(&again, &(((&x * &factors - &shifts) * &factors - &shifts) * &factors));
    }

    #[test]
    fn triplets_in_any_order_add_up(entries in proptest::collection::vec((0..5_usize, 0..4_usize, -2..=2_i8), 0..30)) {
        let mut expected = Array2::zeros((5, 4));
        let triplets: Vec<_> = entries.iter().map(|&(i, j, v)| (i, j, f64::from(v))).collect();
        for &(i, j, v) in &triplets { expected[[i, j]] += v; }
        prop_assert_eq!(CscMatrix::from_triplets(5, 4, &triplets).unwrap().to_dense(), expected);
    }
}

#[test]
fn single_precision_agrees() {
    let x = Array2::from_shape_fn((50, 6), |(i, j)| ((i * 7 + j * 5) % 11) as f64 - 3.0);
    let single = x.mapv(|v| v as f32);
    let (a, b) = (Dense::new(&x).unwrap(), Dense::new(&single).unwrap());
    let (a, b) = (Standardised::unit_variance(&a).unwrap(), Standardised::unit_variance(&b).unwrap());
    for (a, b) in a.column_norms_squared().unwrap().iter().zip(b.column_norms_squared().unwrap()) {
        // Standardised: ‖x‖² = n.
        assert!((a - 50.0).abs() < 1e-12 && (Scalar::to_f64(b) - 50.0).abs() < 50.0 * 32.0 * f64::from(f32::EPSILON));
    }
}

#[test]
fn centring_far_from_zero_keeps_its_digits() {
    // Deviations of 1 around 1e8: the formula ‖x‖² - n m² would lose them all.
    let x = array![[1e8 + 1.0], [1e8 - 1.0]];
    let dense = Dense::new(&x).unwrap();
    assert_eq!(Standardised::centred(&dense).unwrap().column_norm_squared(0).unwrap(), 2.0);
    assert_eq!(Standardised::unit_variance(&dense).unwrap().factors()[0], 1.0);
    assert_eq!(Standardised::centred(&dense).unwrap().means()[0], 1e8);
}

#[test]
fn structure_is_validated() {
    let text = |starts: &[usize], indices: &[usize], values: &[f64]| {
        CscMatrix::new(3, starts.to_vec(), indices.to_vec(), values.to_vec()).unwrap_err().to_string()
    };
    let not = "`starts` is not a sparse matrix by columns: ";
    assert_eq!(text(&[], &[], &[]), format!("{not}the first start must be 0 (column 0)"));
    assert_eq!(text(&[1], &[0], &[1.0]), format!("{not}the first start must be 0 (column 0)"));
    assert_eq!(
        text(&[0, 2], &[0], &[1.0]),
        format!("{not}the last start must be the number of row indices (column 1)")
    );
    assert_eq!(text(&[0, 2, 1], &[0], &[1.0]), format!("{not}starts must not decrease (column 1)"));
    assert_eq!(text(&[0, 9, 1], &[0], &[1.0]), format!("{not}starts must not decrease (column 1)"));
    assert_eq!(text(&[0, 1], &[3], &[1.0]), "`indices` is 3, but there are only 3 rows (counted from 0)");
    let unsorted = "`indices` is not a sparse matrix by columns: row indices must ascend strictly (column 0)";
    assert_eq!(text(&[0, 2], &[1, 0], &[1.0, 2.0]), unsorted);
    assert_eq!(text(&[0, 2], &[1, 1], &[1.0, 2.0]), unsorted);
    assert_eq!(
        text(&[0, 1], &[0], &[]),
        "`values` has shape [0], but [1] is needed because there is a value per row index"
    );
    assert_eq!(text(&[0, 1], &[0], &[f64::NAN]), "`values` holds NaN at [0]; every entry must be finite");
    assert!(CscMatrix::<f64>::new(0, vec![0], vec![], vec![]).is_err());
    assert!(CscMatrix::<f64>::from_triplets(2, 2, &[(2, 0, 1.0)]).is_err());
    assert!(CscMatrix::<f64>::from_triplets(2, 2, &[(0, 2, 1.0)]).is_err());
    assert!(CscMatrix::from_triplets(2, 2, &[(0, 0, f64::MAX), (0, 0, f64::MAX)]).is_err());
}

#[test]
fn operations_are_checked() {
    let x = array![[1.0, 2.0], [3.0, 4.0]];
    let dense = Dense::new(&x).unwrap();
    let sparse = CscMatrix::from_dense(&x).unwrap();
    let view = Standardised::centred(&sparse).unwrap();
    let designs: [&dyn DesignMatrix<f64>; 3] = [&dense, &sparse, &view];
    for design in designs {
        let mut good = WorkingVector::zeros(2);
        let mut bad = WorkingVector::zeros(3);
        assert!(matches!(design.column_dot(2, &good), Err(Error::Index { found: 2, length: 2, .. })));
        assert!(design.column_axpy(2, 1.0, &mut good).is_err());
        assert!(design.column_dot(0, &bad).is_err());
        assert!(design.column_axpy(0, 1.0, &mut bad).is_err());
        assert!(design.column_norm_squared(2).is_err());
        assert!(design.apply_into(&array![1.0], &mut array![0.0, 0.0]).is_err());
        assert!(design.apply_into(&array![1.0, 2.0], &mut array![0.0]).is_err());
        assert!(design.apply_transposed_into(&array![1.0], &mut array![0.0, 0.0]).is_err());
        assert!(design.apply_transposed_into(&array![1.0, 2.0], &mut array![0.0]).is_err());
        assert!(design.correlations_into(&bad, &mut array![0.0, 0.0]).is_err());
        assert!(design.correlations_into(&good, &mut array![0.0]).is_err());
    }
    assert!(Dense::new(&Array2::<f64>::zeros((0, 3))).is_err());
    assert!(Dense::new(&array![[f64::NAN]]).is_err());
    assert!(Standardised::new(&dense, &array![0.0], &array![1.0, 1.0]).is_err());
    assert!(Standardised::new(&dense, &array![0.0, 0.0], &array![1.0, f64::INFINITY]).is_err());
    assert!(WorkingVector::new(&array![f64::NAN]).is_err());
    assert!(WorkingVector::zeros(2).assign(&array![1.0]).is_err());
    assert!(WorkingVector::zeros(1).assign(&array![f64::INFINITY]).is_err());
    assert!(WorkingVector::zeros(2).dot(&array![1.0]).is_err());
}

/// Only what the trait requires, so that its own forms of the block operations run.
struct Plain<'a>(&'a CscMatrix<f64>);

impl DesignMatrix<f64> for Plain<'_> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn columns(&self) -> usize {
        self.0.columns()
    }

    fn stored_dot(&self, j: usize, v: &ArrayRef1<f64>) -> core_optim::Result<f64> {
        self.0.stored_dot(j, v)
    }

    fn stored_axpy(&self, j: usize, a: f64, v: &mut ArrayRef1<f64>) -> core_optim::Result<()> {
        self.0.stored_axpy(j, a, v)
    }

    fn stored_moments(&self, j: usize) -> core_optim::Result<(f64, f64)> {
        self.0.stored_moments(j)
    }
}

#[test]
fn block_operations_are_the_single_ones() {
    let x =
        Array2::from_shape_fn((37, 9), |(i, j)| if (i * 5 + j * 3) % 4 == 0 { (i * 7 + j) as f64 - 90.0 } else { 0.0 });
    let csc = CscMatrix::from_dense(&x).unwrap();
    let dense = Dense::new(&x).unwrap();
    let factors = Array1::from_shape_fn(9, |j| 0.5 + j as f64);
    let means = Array1::from_shape_fn(9, |j| j as f64 - 3.0);
    let (of_dense, of_csc) =
        (Standardised::new(&dense, &means, &factors).unwrap(), Standardised::new(&csc, &means, &factors).unwrap());
    let designs: [&dyn DesignMatrix<f64>; 5] = [&dense, &csc, &of_dense, &of_csc, &Plain(&csc)];
    let v = Array1::from_shape_fn(37, |i| ((i * 11) % 17) as f64 - 8.0);
    let columns = [3, 0, 8, 3];
    for design in designs {
        let mut dots = [f64::NAN; 4];
        design.stored_dots_into(&columns, v.as_slice().unwrap(), &mut dots).unwrap();
        let mut column = vec![f64::NAN; 37];
        for (&j, dot) in columns.iter().zip(dots) {
            // Small whole numbers and halves: exact in every order.
            assert_eq!(dot, design.stored_dot(j, &v).unwrap());
            design.stored_column_into(j, &mut column).unwrap();
            assert_eq!(dot, column.iter().zip(&v).map(|(x, v)| x * v).sum::<f64>());
            if let Some((rows, values, factor)) = design.sparse_column(j) {
                assert_eq!(dot, rows.iter().zip(values).map(|(&i, x)| factor * x * v[i]).sum::<f64>());
            }
        }
        assert!(design.stored_dots_into(&[9], v.as_slice().unwrap(), &mut [0.0]).is_err());
        assert!(design.stored_dots_into(&[0], &[1.0], &mut [0.0]).is_err());
        assert!(design.stored_dots_into(&[0, 1], v.as_slice().unwrap(), &mut [0.0]).is_err());
        assert!(design.stored_column_into(9, &mut column).is_err());
        assert!(design.stored_column_into(0, &mut [0.0]).is_err());
        assert!(design.sparse_column(9).is_none());
    }
    assert!(csc.sparse_column(0).is_some() && of_csc.sparse_column(0).is_some());
    assert!(dense.sparse_column(0).is_none() && of_dense.sparse_column(0).is_none());
    assert_eq!(dense.stored_array().unwrap(), x.view());
    assert!(csc.stored_array().is_none() && of_dense.stored_array().is_none());
}
