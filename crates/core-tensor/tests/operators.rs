//! Methods on operators against dense answers.
#![cfg(all(feature = "linalg", feature = "random"))]
#![allow(missing_docs)]

use core_tensor::linalg::{Svd, SymmetricEigen, solve};
use core_tensor::operator::{
    ConjugateGradients, Limits, LinearOperator, Minres, Scaled, Shifted, Stopped, Sum, Transposed, conjugate_gradients,
    extreme_eigenvalues, extreme_singular_values, hutchinson_trace, hutchinson_trace_with, minres, power_iteration,
};
use core_tensor::random::{normal_array, rng};
use core_tensor::{Error, Scalar};
use ndarray::{Array1, Array2, ArrayRef1, array, s};

fn normal(seed: u64, m: usize, n: usize) -> Array2<f64> {
    normal_array(&mut rng(seed), (m, n))
}

fn spd(n: usize) -> Array2<f64> {
    let x = normal(1, 2 * n, n);
    x.t().dot(&x) / (2 * n.max(1)) as f64 + Array2::<f64>::eye(n) * 0.1
}

fn symmetric(n: usize) -> Array2<f64> {
    let x = normal(2, n, n);
    &x + &x.t()
}

fn vector(n: usize) -> Array1<f64> {
    normal_array(&mut rng(9), n)
}

fn length(x: &ArrayRef1<f64>) -> f64 {
    x.dot(x).sqrt()
}

#[test]
fn products_and_wrappers() {
    let (a, b) = (normal(1, 4, 3), normal(2, 4, 3));
    let (x, y) = (vector(3), vector(4));
    let check = |operator: &dyn LinearOperator<f64>, dense: &Array2<f64>| {
        assert_eq!((operator.rows(), operator.columns()), dense.dim());
        let (mut out, mut back) =
            (Array1::from_elem(dense.nrows(), f64::NAN), Array1::from_elem(dense.ncols(), f64::NAN));
        let (x, y) = (vector(dense.ncols()), vector(dense.nrows()));
        operator.apply_into(&x, &mut out).unwrap();
        operator.apply_transposed_into(&y, &mut back).unwrap();
        assert!(length(&(out - dense.dot(&x))) < 1e-14);
        assert!(length(&(back - dense.t().dot(&y))) < 1e-14);
        assert!(operator.apply_into(&vector(dense.ncols() + 1), &mut Array1::zeros(dense.nrows())).is_err());
        assert!(operator.apply_transposed_into(&y, &mut Array1::zeros(dense.ncols() + 1)).is_err());
    };
    check(&a, &a);
    check(&&a, &a);
    check(&a.slice(s![..;-1, 1..]), &a.slice(s![..;-1, 1..]).to_owned());
    check(&Transposed(&a), &a.t().to_owned());
    check(&Scaled { factor: -2.0, operator: &a }, &(&a * -2.0));
    check(&Sum::new(&a, &b).unwrap(), &(&a + &b));
    let square = normal(3, 5, 5);
    check(&Shifted { operator: &square, shift: 0.5 }, &(&square + Array2::<f64>::eye(5) * 0.5));
    assert!(matches!(Sum::new(&a, &square), Err(Error::Shape { argument: "second", .. })));
    let shifted = Shifted { operator: &a, shift: 0.5 };
    assert!(shifted.apply_into(&x, &mut Array1::zeros(4)).is_err());
    assert!(shifted.apply_transposed_into(&y, &mut Array1::zeros(3)).is_err());
}

#[test]
fn both_solvers_solve() {
    for n in [1, 2, 10, 60] {
        let (a, b) = (spd(n), vector(n));
        let expected = solve(&a, &b).unwrap();
        let limits = Limits { tolerance: 1e-12, iterations: 500 };
        for (x, report) in [conjugate_gradients(&a, &b, limits).unwrap(), minres(&a, &b, limits).unwrap()] {
            assert!(matches!(report.stopped, Stopped::Converged), "{report:?}");
            assert!((report.residual - length(&(&b - &a.dot(&x)))).abs() < 1e-13);
            // Error ≤ residual / smallest eigenvalue, which is above 0.1.
            assert!(length(&(x - &expected)) <= 10.0 * 2e-12 * length(&b) + 1e-14);
        }
        let a = symmetric(n);
        let (x, report) = minres(&a, &b, limits).unwrap();
        assert!(report.residual <= 1e-9 * length(&b), "n = {n}: {report:?}");
        assert!(length(&(a.dot(&x) - &b)) <= 1e-9 * length(&b));
        let single = a.mapv(|v| v as f32);
        let (_, report) = minres(&single, &b.mapv(|v| v as f32), Limits { tolerance: 1e-4, iterations: 500 }).unwrap();
        assert!(Scalar::to_f64(report.residual) <= 1e-2 * length(&b), "n = {n}: {report:?}");
    }
}

#[test]
fn conjugate_gradients_ends_after_as_many_steps_as_eigenvalues() {
    let d = Array1::from_shape_fn(40, |i| [1.0, 3.0, 7.0][i % 3]);
    let a = Array2::from_diag(&d);
    let (_, report) = conjugate_gradients(&a, &vector(40), Limits { tolerance: 1e-13, iterations: 100 }).unwrap();
    assert_eq!((report.iterations, report.stopped), (3, Stopped::Converged));
    // The exact inverse as preconditioner: one step.
    let inverse = Array2::from_diag(&d.mapv(|v| 1.0 / v));
    let mut x = Array1::zeros(40);
    let mut solver = ConjugateGradients::new(40);
    let b = vector(40);
    let report = solver.solve(&a, Some(&inverse), &b, &mut x, Limits::default()).unwrap();
    assert_eq!((report.iterations, report.stopped), (1, Stopped::Converged));
    // From the solution: none.
    let report = solver.solve(&a, None, &b, &mut x, Limits::default()).unwrap();
    assert_eq!((report.iterations, report.stopped), (0, Stopped::Converged));
    let negative = Scaled { factor: -1.0, operator: &inverse };
    let report = solver.solve(&a, Some(&negative), &b, &mut Array1::zeros(40), Limits::default()).unwrap();
    assert_eq!(report.stopped, Stopped::IndefinitePreconditioner);
}

#[test]
fn outcomes_are_typed() {
    let a = Array2::from_diag(&array![1.0, -1.0]);
    let (x, report) = conjugate_gradients(&a, &array![0.0, 1.0], Limits::default()).unwrap();
    assert_eq!(report.stopped, Stopped::NegativeCurvature);
    assert_eq!((x, report.residual), (array![0.0, 0.0], 1.0));
    let limits = Limits { tolerance: 1e-14, iterations: 2 };
    let (_, report) = conjugate_gradients(&spd(30), &vector(30), limits).unwrap();
    assert_eq!((report.stopped, report.iterations), (Stopped::IterationLimit, 2));
    let (_, report) = minres(&spd(30), &vector(30), limits).unwrap();
    assert_eq!((report.stopped, report.iterations), (Stopped::IterationLimit, 2));
    // Singular and inconsistent: the least-squares residual is the component outside the range.
    let singular = Array2::<f64>::from_diag(&array![2.0, 1.0, 0.0]);
    let (x, report) = minres(&singular, &array![2.0, 1.0, 0.5], Limits { tolerance: 1e-12, iterations: 50 }).unwrap();
    assert!((report.residual - 0.5).abs() < 1e-12, "{report:?} {x}");
    assert_eq!(report.stopped, Stopped::Exhausted);
    assert!((x[0] - 1.0).abs() < 1e-9 && (x[1] - 1.0).abs() < 1e-9, "{x}");
    let huge = Array2::from_elem((3, 3), 1e308);
    for stopped in [
        conjugate_gradients(&huge, &array![1.0, 1.0, 1.0], Limits::default()).unwrap().1.stopped,
        minres(&huge, &array![1.0, 1.0, 1.0], Limits::default()).unwrap().1.stopped,
        power_iteration(&huge, Limits::default()).unwrap().stopped,
    ] {
        assert_ne!(stopped, Stopped::IterationLimit);
    }
}

#[test]
fn extreme_eigenvalues_are_those_of_the_decomposition() {
    for n in [1, 2, 3, 20, 80] {
        let a = symmetric(n);
        let mut eigen = SymmetricEigen::new(n);
        eigen.factorise(&a).unwrap();
        let values = eigen.values().unwrap();
        let size = values[0].abs().max(values[n - 1].abs());
        let found = extreme_eigenvalues(&a, Limits::default()).unwrap();
        assert!((found.smallest - values[0]).abs() <= 1e-9 * size, "n = {n}: {found:?} {values}");
        assert!((found.largest - values[n - 1]).abs() <= 1e-9 * size);
        assert!(found.iterations <= n);
        // Cut short, the values lie inside the spectrum and the bounds hold.
        let short = extreme_eigenvalues(&a, Limits { tolerance: 0.0, iterations: 4 }).unwrap();
        assert!(short.smallest >= values[0] - 1e-12 * size && short.largest <= values[n - 1] + 1e-12 * size);
        for (value, residual) in [(short.smallest, short.smallest_residual), (short.largest, short.largest_residual)] {
            let distance = values.iter().fold(f64::INFINITY, |m, v| m.min((v - value).abs()));
            assert!(distance <= residual + 1e-12 * size, "n = {n}: {distance} {residual}");
        }
        let dominant = if values[0].abs() > values[n - 1].abs() { values[0] } else { values[n - 1] };
        let power = power_iteration(&a, Limits { tolerance: 1e-7, iterations: 100_000 }).unwrap();
        assert!((power.value - dominant).abs() <= 1e-6 * size, "n = {n}: {} {dominant}", power.value);
        assert!((length(&power.vector) - 1.0).abs() < 1e-12);
        assert!((length(&(a.dot(&power.vector) - &power.vector * power.value)) - power.residual).abs() < 1e-10 * size);
    }
    let identity = extreme_eigenvalues(&Array2::<f64>::eye(10), Limits::default()).unwrap();
    assert_eq!((identity.stopped, identity.iterations), (Stopped::Exhausted, 1));
    assert!((identity.smallest - 1.0).abs() < 1e-14 && (identity.largest - 1.0).abs() < 1e-14);
}

#[test]
fn extreme_singular_values_are_those_of_the_decomposition() {
    for (m, n) in [(1, 1), (2, 2), (7, 3), (3, 7), (40, 40), (90, 25)] {
        let a = normal(5, m, n);
        let k = m.min(n);
        let mut svd = Svd::new(m, n);
        svd.factorise(&a).unwrap();
        let values = svd.singular_values().unwrap();
        let found = extreme_singular_values(&a, Limits::default()).unwrap();
        assert!((found.largest - values[0]).abs() <= 1e-9 * values[0], "{m} {n}: {found:?} {values}");
        assert!((found.smallest - values[k - 1]).abs() <= 1e-9 * values[0], "{m} {n}: {found:?} {values}");
        let short = extreme_singular_values(&a, Limits { tolerance: 0.0, iterations: 3 }).unwrap();
        assert!(short.largest <= values[0] * (1.0 + 1e-12) && short.smallest >= values[k - 1] - 1e-12 * values[0]);
        for (value, residual) in [(short.largest, short.largest_residual), (short.smallest, short.smallest_residual)] {
            let distance = values.iter().fold(value, |m, v| m.min((v - value).abs()));
            assert!(distance <= residual + 1e-12 * values[0], "{m} {n}: {distance} {residual}");
        }
    }
    // A null space is found.
    let mut a = normal(5, 12, 5);
    let column = a.column(0).to_owned();
    a.column_mut(3).assign(&column);
    let found = extreme_singular_values(&a, Limits::default()).unwrap();
    assert!(found.smallest <= 1e-13 * found.largest, "{found:?}");
    let zero = extreme_singular_values(&Array2::<f64>::zeros((4, 3)), Limits::default()).unwrap();
    assert_eq!((zero.largest, zero.smallest), (0.0, 0.0));
}

#[test]
fn traces() {
    let d = Array1::from_shape_fn(100, |i| i as f64 - 30.0);
    let exact = hutchinson_trace(&Array2::from_diag(&d), 3, 7).unwrap();
    assert_eq!((exact.mean, exact.standard_error), (d.sum(), 0.0));
    let a = symmetric(50);
    let estimate = hutchinson_trace(&a, 4000, 1).unwrap();
    let off: f64 = a.indexed_iter().map(|((i, j), v)| if i == j { 0.0 } else { v * v }).sum();
    let deviation = (2.0 * off / 4000.0).sqrt();
    assert!((estimate.mean - a.diag().sum()).abs() < 4.0 * deviation);
    // The relative deviation of a standard error from 4000 probes is about 1 / √8000.
    assert!((estimate.standard_error / deviation - 1.0).abs() < 0.1);
    assert_eq!(estimate, hutchinson_trace(&a, 4000, 1).unwrap());
    assert_ne!(estimate.mean, hutchinson_trace(&a, 4000, 2).unwrap().mean);
    // Unit vectors scaled by √n are probes too, and together exact.
    let columns = hutchinson_trace_with(&a, 50, |k, z| {
        z.fill(0.0);
        z[k] = 50.0_f64.sqrt();
    });
    assert!((columns.unwrap().mean - a.diag().sum()).abs() < 1e-12);
    assert!(hutchinson_trace(&a, 1, 1).unwrap().standard_error.is_nan());
}

#[test]
fn bad_input() {
    let (wide, square) = (normal(1, 2, 3), spd(3));
    let bad = Limits { tolerance: f64::NAN, iterations: 5 };
    let none = Limits { tolerance: 1e-3, iterations: 0 };
    let b = vector(3);
    assert!(matches!(conjugate_gradients(&wide, &b, Limits::default()), Err(Error::Shape { argument: "a", .. })));
    assert!(minres(&wide, &b, Limits::default()).is_err() && power_iteration(&wide, Limits::default()).is_err());
    assert!(extreme_eigenvalues(&wide, Limits::default()).is_err() && hutchinson_trace(&wide, 2, 1).is_err());
    assert!(conjugate_gradients(&square, &b, bad).is_err() && minres(&square, &b, bad).is_err());
    assert!(power_iteration(&square, bad).is_err() && extreme_eigenvalues(&square, bad).is_err());
    assert!(extreme_singular_values(&wide, bad).is_err() && extreme_singular_values(&wide, none).is_err());
    assert!(extreme_eigenvalues(&square, none).is_err() && hutchinson_trace(&square, 0, 1).is_err());
    assert!(conjugate_gradients(&square, &vector(4), Limits::default()).is_err());
    assert!(minres(&square, &array![1.0, f64::NAN, 0.0], Limits::default()).is_err());
    let mut solver = Minres::new(3);
    assert!(solver.solve(&square, &b, &mut Array1::zeros(2), Limits::default()).is_err());
    assert!(Minres::new(4).solve(&square, &b, &mut Array1::zeros(3), Limits::default()).is_err());
    assert!(ConjugateGradients::new(4).solve(&square, None, &b, &mut Array1::zeros(3), Limits::default()).is_err());
    let empty = Array2::<f64>::zeros((0, 0));
    assert_eq!(power_iteration(&empty, Limits::default()).unwrap().value, 0.0);
    assert_eq!(extreme_eigenvalues(&empty, Limits::default()).unwrap().largest, 0.0);
    assert_eq!(extreme_singular_values(&empty, Limits::default()).unwrap().largest, 0.0);
    assert_eq!(hutchinson_trace(&empty, 2, 1).unwrap().mean, 0.0);
    assert_eq!(
        conjugate_gradients(&empty, &Array1::zeros(0), Limits::default()).unwrap().1.stopped,
        Stopped::Converged
    );
    assert_eq!(minres(&empty, &Array1::zeros(0), Limits::default()).unwrap().1.stopped, Stopped::Converged);
}
