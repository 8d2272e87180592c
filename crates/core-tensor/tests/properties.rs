//! Theorems on random input.
#![cfg(all(feature = "linalg", feature = "random", feature = "fft"))]
#![allow(missing_docs)]

use core_tensor::fft::{Complex, ComplexFft, RealFft, circular_convolution, next_fast_len};
use core_tensor::gradient::check_gradient;
use core_tensor::linalg::{Ldlt, Llt, Lu, PivotedQr, Svd, SymmetricEigen, UnpivotedLu, log_det, solve};
use core_tensor::operator::{
    Limits, Shifted, Stopped, conjugate_gradients, extreme_eigenvalues, hutchinson_trace, minres,
};
use core_tensor::random::{Streams, permutation, rng};
use ndarray::{Array1, Array2, ArrayView2, s};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const EPSILON: f64 = f64::EPSILON;

fn matrix(rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> impl Strategy<Value = Array2<f64>> {
    (rows, columns).prop_flat_map(|(m, n)| {
        // A grid hits ties, zeros and lost rank; reals do not.
        let entry = prop_oneof![3 => -2.0..2.0, 1 => prop_oneof![Just(0.0), Just(1.0), Just(-1.0)]];
        proptest::collection::vec(entry, m * n)
            .prop_map(move |v| Array2::from_shape_vec((m, n), v).expect("m n values"))
    })
}

/// Xᵀ X + I: eigenvalues in [1, 1 + ‖X‖²], with ‖X‖² ≤ 4 · 30 · 20.
fn spd() -> impl Strategy<Value = Array2<f64>> {
    matrix(1..30, 1..20).prop_map(|x| x.t().dot(&x) + Array2::<f64>::eye(x.ncols()))
}

/// Condition number times n ε for matrices of [`spd`], with a small factor.
fn spd_tolerance(a: &Array2<f64>) -> f64 {
    8.0 * a.nrows() as f64 * EPSILON * (1.0 + a.diag().sum())
}

fn distance(a: &ArrayView2<'_, f64>, b: &ArrayView2<'_, f64>) -> f64 {
    a.iter().zip(b).fold(0.0, |m, (a, b)| f64::max(m, (a - b).abs()))
}

fn values(a: &Array2<f64>) -> Array1<f64> {
    let mut eigen = SymmetricEigen::new(a.nrows());
    eigen.factorise(a).expect("finite");
    eigen.values().expect("decomposed").to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn log_det_scales_and_does_not_care_about_order(a in spd(), c in 0.1..10.0_f64, seed in any::<u64>()) {
        let n = a.nrows();
        let base = log_det(&a).unwrap();
        let tolerance = spd_tolerance(&a) * (1.0 + base.abs());
        prop_assert!((log_det(&(&a * c)).unwrap() - base - n as f64 * c.ln()).abs() <= tolerance);
        let order = permutation(&mut rng(seed), n);
        let permuted = Array2::from_shape_fn((n, n), |(i, j)| a[[order[i], order[j]]]);
        prop_assert!((log_det(&permuted).unwrap() - base).abs() <= tolerance);
        let sum: f64 = values(&a).iter().map(|v| v.ln()).sum();
        prop_assert!((sum - base).abs() <= tolerance);
        let mut ldlt = Ldlt::new(n);
        ldlt.factorise(&a).unwrap();
        prop_assert!((ldlt.log_abs_det().unwrap().0 - base).abs() <= tolerance);
        prop_assert_eq!(ldlt.inertia().unwrap().positive, n);
        let mut lu = UnpivotedLu::new(n);
        lu.factorise(&a).unwrap();
        prop_assert!((lu.log_abs_det() - base).abs() <= tolerance);
    }

    #[test]
    fn inertia_counts_signs(x in matrix(1..12, 1..12)) {
        let n = x.nrows().min(x.ncols());
        let x = x.slice(s![..n, ..n]);
        let a = &x + &x.t();
        let values = values(&a);
        let gap = 1e-9 * (1.0 + values.iter().fold(0.0_f64, |m, v| m.max(v.abs())));
        prop_assume!(values.iter().all(|v| v.abs() > gap));
        let mut ldlt = Ldlt::new(n);
        ldlt.factorise(&a).unwrap();
        prop_assert_eq!(ldlt.inertia().unwrap().positive, values.iter().filter(|v| **v > 0.0).count());
        let mut lu = Lu::new(n);
        lu.factorise(&a).unwrap();
        prop_assert_eq!(lu.log_abs_det().unwrap().1, ldlt.log_abs_det().unwrap().1);
    }

    #[test]
    fn all_solvers_agree(a in spd(), seed in any::<u64>()) {
        let n = a.nrows();
        let b: Array1<f64> = core_tensor::random::normal_array(&mut rng(seed), n);
        let expected = solve(&a, &b).unwrap();
        let size = 10.0 * expected.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        let tolerance = spd_tolerance(&a) * size;
        let mut llt = Llt::new(n);
        llt.factorise(&a).unwrap();
        let mut x = Array1::from_elem(n, f64::NAN);
        llt.solve_into(&b, &mut x).unwrap();
        prop_assert!((&x - &expected).iter().all(|v| v.abs() <= tolerance));
        // Half solves compose to the whole.
        let mut halves = b.clone();
        llt.solve_lower_in_place(&mut halves).unwrap();
        llt.solve_lower_transposed_in_place(&mut halves).unwrap();
        prop_assert!((&halves - &expected).iter().all(|v| v.abs() <= tolerance));
        let limits = Limits { tolerance: 1e-13, iterations: 50 * n };
        for (x, report) in [conjugate_gradients(&a, &b, limits).unwrap(), minres(&a, &b, limits).unwrap()] {
            // The smallest eigenvalue is at least 1, so the error is at most the residual.
            prop_assert!(report.residual <= 1e-9 * (1.0 + size), "{:?}", report);
            prop_assert!((&x - &expected).iter().all(|v| v.abs() <= tolerance + 2.0 * report.residual));
        }
        let single = a.mapv(|v| v as f32);
        let rough = solve(&single, &b.mapv(|v| v as f32)).unwrap();
        let rough_tolerance = tolerance / EPSILON * f64::from(f32::EPSILON);
        prop_assert!(rough.iter().zip(&expected).all(|(x, y)| (f64::from(*x) - y).abs() <= rough_tolerance));
    }

    #[test]
    fn singular_values_do_not_care_about_transposition(a in matrix(1..20, 1..20)) {
        let (m, n) = a.dim();
        let (mut tall, mut wide) = (Svd::new(m, n), Svd::new(n, m));
        tall.factorise(&a).unwrap();
        wide.factorise(&a.t()).unwrap();
        let (s, t) = (tall.singular_values().unwrap(), wide.singular_values().unwrap());
        let tolerance = 8.0 * (m + n) as f64 * EPSILON * (1.0 + s[0]);
        prop_assert!(s.iter().zip(&t).all(|(a, b)| (a - b).abs() <= tolerance));
        // ‖A‖²_F = Σ s².
        let (frobenius, squares) = (a.mapv(|v| v * v).sum(), s.mapv(|v| v * v).sum());
        prop_assert!((frobenius - squares).abs() <= tolerance * (1.0 + s[0]) * s.len() as f64);
        // Both ranks agree where there is a clear gap.
        let clear = s.iter().all(|&v| v > 1e-6 * s[0] || v < 1e-13 * s[0]);
        prop_assume!(clear && s[0] > 0.0);
        let mut qr = PivotedQr::new(m, n);
        qr.factorise(&a).unwrap();
        prop_assert_eq!(qr.rank(1e-10).unwrap(), tall.rank(1e-10).unwrap());
    }

    #[test]
    fn spectra_shift(a in spd(), shift in -5.0..5.0_f64) {
        let values = values(&a);
        let found = extreme_eigenvalues(&Shifted { operator: &a, shift }, Limits::default()).unwrap();
        let size = values.last().unwrap().abs() + shift.abs();
        prop_assert!((found.largest - values.last().unwrap() - shift).abs() <= 1e-8 * size);
        prop_assert!((found.smallest - values[0] - shift).abs() <= 1e-8 * size);
        prop_assert!(matches!(found.stopped, Stopped::Converged | Stopped::Exhausted));
    }

    #[test]
    fn traces_of_diagonals_are_exact(d in proptest::collection::vec(-8_i32..8, 0..100), seed in any::<u64>()) {
        let d = Array1::from_iter(d.into_iter().map(f64::from));
        let estimate = hutchinson_trace(&Array2::from_diag(&d), 2, seed).unwrap();
        prop_assert_eq!((estimate.mean, estimate.standard_error), (d.sum(), 0.0));
    }

    #[test]
    fn any_strides_give_the_same_bits(x in matrix(2..12, 2..12)) {
        let n = x.nrows().min(x.ncols());
        let square = x.slice(s![..n, ..n]).to_owned();
        let a = &square + Array2::<f64>::eye(n) * 50.0;
        let mut wide = Array2::from_elem((2 * n, 3 * n), f64::NAN);
        wide.slice_mut(s![..;-2, ..;3]).assign(&a);
        let strided = wide.slice(s![..;-2, ..;3]);
        let (mut one, mut two) = (UnpivotedLu::new(n), UnpivotedLu::new(n));
        one.factorise(&a).unwrap();
        two.factorise(&strided).unwrap();
        let (mut left, mut right) = (Array2::from_elem((n, n), f64::NAN), Array2::zeros((n, n)));
        one.inverse_into(&mut left).unwrap();
        two.inverse_into(&mut right).unwrap();
        prop_assert_eq!(&left, &right);
        let (mut one, mut two) = (Svd::new(n, n), Svd::new(n, n));
        one.factorise(&a).unwrap();
        two.factorise(&strided).unwrap();
        prop_assert_eq!(distance(&one.u().unwrap(), &two.u().unwrap()), 0.0);
        // Memory that was used before gives the same as new memory.
        two.factorise(&square).unwrap();
        two.factorise(&a).unwrap();
        prop_assert_eq!(distance(&one.v().unwrap(), &two.v().unwrap()), 0.0);
    }

    #[test]
    fn transforms_keep_energy_and_turn_shifts_into_phases(v in proptest::collection::vec(-1.0..1.0_f64, 1..80), by in 0_usize..80) {
        let n = v.len();
        let x = Array1::from_iter(v.iter().map(|&v| Complex::new(v, -v * v)));
        let mut fft = ComplexFft::new(n).unwrap();
        let mut spectrum = x.clone();
        fft.forward(&mut spectrum).unwrap();
        let energy = |x: &Array1<Complex<f64>>| x.iter().map(|v| v.norm_sqr()).sum::<f64>();
        let tolerance = 32.0 * n as f64 * EPSILON;
        prop_assert!((energy(&spectrum) / n as f64 - energy(&x)).abs() <= tolerance * n as f64);
        let mut shifted = Array1::from_shape_fn(n, |t| x[(t + by) % n]);
        fft.forward(&mut shifted).unwrap();
        for k in 0..n {
            let angle = std::f64::consts::TAU * ((k * by) % n) as f64 / n as f64;
            prop_assert!((shifted[k] - spectrum[k] * Complex::from_polar(1.0, angle)).norm() <= tolerance);
        }
        // A convolution with a unit vector is a shift.
        let signal = Array1::from_vec(v);
        let unit = Array1::from_shape_fn(n, |t| f64::from(u8::from(t == by % n)));
        let moved = circular_convolution(&signal, &unit).unwrap();
        prop_assert!((0..n).all(|t| (moved[(t + by) % n] - signal[t]).abs() <= tolerance));
        let mut real = RealFft::new(n).unwrap();
        let mut half = Array1::from_elem(real.spectrum_len(), Complex::new(0.0, 0.0));
        real.forward_into(&signal, &mut half).unwrap();
        prop_assert!((half[0].re - signal.sum()).abs() <= tolerance);
        prop_assert!(next_fast_len(n) >= n && next_fast_len(n) < 2 * n);
    }

    #[test]
    fn gradients_of_quadratics(a in spd(), seed in any::<u64>()) {
        let x: Array1<f64> = core_tensor::random::normal_array(&mut rng(seed), a.nrows());
        let f = |x: &Array1<f64>| 0.5 * x.dot(&a.dot(x));
        let gradient = a.dot(&x);
        // No truncation error: rounding of f, ε |f|, divided by the step.
        let tolerance = 100.0 * EPSILON.powf(0.8) * (1.0 + f(&x).abs());
        prop_assert!(check_gradient(f, &gradient, &x).unwrap().absolute <= tolerance);
        let report = check_gradient(f, &(&gradient + 0.01), &x).unwrap();
        prop_assert!((report.absolute - 0.01).abs() <= tolerance);
    }

    #[test]
    fn streams_are_functions_of_seed_and_index(seed in any::<u64>(), k in any::<u64>(), j in any::<u64>()) {
        use rand::Rng;
        let streams = Streams::new(seed);
        prop_assert_eq!(streams.stream(k).next_u64(), Streams::new(seed).stream(k).next_u64());
        prop_assume!(j != k);
        prop_assert_ne!(streams.stream(k).next_u64(), streams.stream(j).next_u64());
    }
}
