//! Coordinate descent reaches the KKT conditions, gaps bound the error, and screening never errs.

use core_optim::descent::{Anderson, Sign, duality_gap, elastic_net_gap, gap_safe_radius, screen_into, sweep};
use core_optim::design::{CscMatrix, Dense, DesignMatrix, Standardised, WorkingVector};
use core_optim::loss::{EmpiricalLoss, Logistic, Squared};
use core_optim::prox::{BoxConstraint, ElasticNet, GroupL2, L1, NonNegative, Proximal, Separable, Zero};
use core_optim::{Error, Fista, StoppingRule, loss::LinearModel};
use core_tensor::Scalar;
use ndarray::{Array1, Array2, ArrayRef1, array};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 60,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// A regression problem; some entries on a grid, so that there are ties, zero columns and duplicates.
fn problem() -> impl Strategy<Value = (Array2<f64>, Array1<f64>)> {
    (2..10_usize, 1..8_usize).prop_flat_map(|(n, d)| {
        let entry = prop_oneof![Just(0.0), Just(1.0), Just(-1.0), -2.0..2.0_f64, -2.0..2.0_f64];
        (proptest::collection::vec(entry, n * d), proptest::collection::vec(-2.0..2.0_f64, n), 0..3_u8).prop_map(
            move |(x, y, kind)| {
                let mut x = Array2::from_shape_vec((n, d), x).unwrap();
                if kind == 0 {
                    x.column_mut(0).fill(0.0);
                }
                if kind == 1 {
                    let last = x.column(d - 1).to_owned();
                    x.column_mut(0).assign(&last);
                }
                (x, Array1::from(y))
            },
        )
    })
}

/// Sweeps until nothing moves by more than rounding; returns w, the residual and the number of sweeps.
fn solve<T: Scalar>(
    x: &impl DesignMatrix<T>,
    y: &ArrayRef1<T>,
    penalty: &impl Separable<T>,
    start: &ArrayRef1<T>,
) -> (Array1<T>, Array1<T>) {
    let norms = x.column_norms_squared().unwrap();
    let mut w = start.to_owned();
    let mut fit = Array1::zeros(y.len());
    x.apply_into(&w, &mut fit).unwrap();
    let mut residual = WorkingVector::new(&(&y.view() - &fit)).unwrap();
    for _ in 0..20_000 {
        let change = sweep(x, &norms, penalty, 0..x.columns(), &mut w, &mut residual).unwrap();
        if change.largest <= T::epsilon() {
            break;
        }
    }
    (w, residual.materialise().to_owned())
}

fn objective(y_minus_fit: &Array1<f64>, penalty: &mut impl Proximal<f64>, w: &Array1<f64>) -> f64 {
    0.5 * y_minus_fit.dot(y_minus_fit) + penalty.value(w)
}

#[track_caller]
fn check_kkt(x: &Array2<f64>, y: &Array1<f64>, penalty: &mut impl Separable<f64>, start: f64) {
    let design = Dense::new(x).unwrap();
    let (w, r) = solve(&design, y, penalty, &Array1::from_elem(x.ncols(), start));
    let scale = 1.0 + x.iter().fold(0.0_f64, |m, v| m.max(v.abs())) * y.dot(y).sqrt();
    for (j, column) in x.columns().into_iter().enumerate() {
        let violation = penalty.violation(j, w[j], -column.dot(&r));
        assert!(violation <= 1e-6 * scale, "coordinate {j}: {violation:e} at {w}");
    }
    // Nothing near is better.
    let best = objective(&r, penalty, &w);
    for j in 0..w.len() {
        for by in [-0.1, -1e-3, 1e-3, 0.1] {
            let mut other = w.clone();
            other[j] += by;
            let residual = y - &x.dot(&other);
            assert!(objective(&residual, penalty, &other) >= best - 1e-9 * scale);
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn sweeps_reach_the_optimality_conditions((x, y) in problem(), l1 in 0.05..2.0_f64, l2 in 0.05..2.0_f64, start in -1.0..1.0_f64) {
        let weights = Array1::from_shape_fn(x.ncols(), |j| [1.0, 0.5, 2.0][j % 3]);
        check_kkt(&x, &y, &mut L1::new(l1).unwrap(), start);
        check_kkt(&x, &y, &mut ElasticNet::weighted(l1, l2, &weights).unwrap(), start);
        check_kkt(&x, &y, &mut NonNegative::new(l1).unwrap(), start);
        check_kkt(&x, &y, &mut BoxConstraint::uniform(-0.5, 0.3).unwrap(), start);
    }

    #[test]
    fn gaps_bound_the_error_and_screening_never_errs((x, y) in problem(), l1 in 0.05..2.0_f64, l2 in prop_oneof![Just(0.0), 0.05..2.0_f64], sweeps in 0..12_usize) {
        let (design, d) = (Dense::new(&x).unwrap(), x.ncols());
        let mut weights = Array1::from_shape_fn(d, |j| [1.0, 0.5, 2.0][j % 3]);
        if l2 > 1.0 { weights.fill(1.0); }
        let mut penalty = ElasticNet::weighted(l1, l2, &weights).unwrap();
        let (optimum, r) = solve(&design, &y, &penalty, &Array1::zeros(d));
        let best = objective(&r, &mut penalty, &optimum);
        let norms = design.column_norms_squared().unwrap();

        let mut w = Array1::from_elem(d, 0.5);
        let mut residual = WorkingVector::new(&(&y - &x.dot(&w))).unwrap();
        for _ in 0..sweeps { sweep(&design, &norms, &penalty, 0..d, &mut w, &mut residual).unwrap(); }
        let r = residual.materialise().to_owned();
        let mut correlations = Array1::zeros(d);
        design.correlations_into(&residual, &mut correlations).unwrap();
        let gap = elastic_net_gap(&y, &r, &w, &correlations, &norms, &penalty, Sign::Free).unwrap();
        let rounding = 1e-12 * (1.0 + gap.primal);
        prop_assert!((gap.primal - objective(&r, &mut penalty, &w)).abs() <= rounding);
        prop_assert!(gap.dual <= best + rounding && best <= gap.primal + rounding, "{:?} {}", gap, best);
        prop_assert!(gap.gap() >= gap.primal - best - rounding);

        let mut keep = vec![true; d];
        let kept = screen_into(&w, &correlations, &norms, &penalty, Sign::Free, &gap, &mut keep).unwrap();
        prop_assert_eq!(kept, keep.iter().filter(|k| **k).count());
        for j in 0..d { prop_assert!(keep[j] || optimum[j].abs() < 1e-8, "{} {}", j, optimum); }

        // The general gap by Fenchel, at the same point.
        let loss = EmpiricalLoss::new(Squared, &y).unwrap();
        let z = x.dot(&w);
        let (mut u, mut c) = (&z - &y, -&correlations);
        let general = duality_gap(&loss, &mut penalty, &w, &z, &mut u, &mut c).unwrap();
        prop_assert!((general.primal - gap.primal).abs() <= rounding);
        prop_assert!(general.dual <= best + rounding);
        if l2 == 0.0 {
            // For the Lasso both are the same formula.
            prop_assert!((general.dual - gap.dual).abs() <= 1e-10 * (1.0 + gap.primal));
        }

        // At the optimum the gap closes, and what screening leaves out is what it must.
        let mut c = Array1::zeros(d);
        let r = &y - &x.dot(&optimum);
        design.apply_transposed_into(&r, &mut c).unwrap();
        let gap = elastic_net_gap(&y, &r, &optimum, &c, &norms, &penalty, Sign::Free).unwrap();
        prop_assert!(gap.gap() <= 1e-5 * (1.0 + gap.primal), "{:?}", gap);
    }

    #[test]
    fn the_positive_gap((x, y) in problem(), l1 in 0.05..2.0_f64, sweeps in 0..12_usize) {
        let (design, d) = (Dense::new(&x).unwrap(), x.ncols());
        let mut positive = NonNegative::new(l1).unwrap();
        let (optimum, r) = solve(&design, &y, &positive, &Array1::zeros(d));
        let best = objective(&r, &mut positive, &optimum);
        let norms = design.column_norms_squared().unwrap();
        let mut w = Array1::from_elem(d, 0.5);
        let mut residual = WorkingVector::new(&(&y - &x.dot(&w))).unwrap();
        for _ in 0..sweeps { sweep(&design, &norms, &positive, 0..d, &mut w, &mut residual).unwrap(); }
        let mut c = Array1::zeros(d);
        design.correlations_into(&residual, &mut c).unwrap();
        let r = residual.materialise().to_owned();
        let gap = elastic_net_gap(&y, &r, &w, &c, &norms, &ElasticNet::new(l1, 0.0).unwrap(), Sign::NonNegative).unwrap();
        prop_assert!(gap.dual <= best + 1e-12 * (1.0 + gap.primal) && best <= gap.primal + 1e-12 * (1.0 + gap.primal));
        let mut keep = vec![true; d];
        screen_into(&w, &c, &norms, &ElasticNet::new(l1, 0.0).unwrap(), Sign::NonNegative, &gap, &mut keep).unwrap();
        for j in 0..d { prop_assert!(keep[j] || optimum[j].abs() < 1e-8); }
    }

    #[test]
    fn sparse_centred_and_single_precision_agree((x, y) in problem(), l1 in 0.3..2.0_f64) {
        let sparse = CscMatrix::from_dense(&x).unwrap();
        let means = x.mean_axis(ndarray::Axis(0)).unwrap();
        let centred = &x - &means;
        let (n, d) = x.dim();
        let penalty = ElasticNet::new(l1, 0.5).unwrap();
        let start = Array1::zeros(d);
        let explicit = Dense::new(&centred).unwrap();
        let view = Standardised::centred(&sparse).unwrap();
        let (a, r) = solve(&explicit, &y, &penalty, &start);
        let (b, s) = solve(&view, &y, &penalty, &start);
        for (a, b) in a.iter().zip(&b) { prop_assert!((a - b).abs() <= 1e-9); }
        for (a, b) in r.iter().zip(&s) { prop_assert!((a - b).abs() <= 1e-9); }
        let (x32, y32) = (centred.mapv(|v| v as f32), y.mapv(|v| v as f32));
        let (c, _) = solve(&Dense::new(&x32).unwrap(), &y32, &ElasticNet::new(l1 as f32, 0.5).unwrap(), &Array1::zeros(d));
        // Strong convexity 0.5: errors of the correlations (n products of size 16) are doubled.
        let tolerance = 2.0 * 32.0 * n as f64 * 16.0 * f64::from(f32::EPSILON);
        for (a, c) in a.iter().zip(&c) { prop_assert!((a - f64::from(*c)).abs() <= tolerance); }
    }

    #[test]
    fn ridge_and_unpenalised_gaps((x, y) in problem(), l2 in 0.1..2.0_f64) {
        let (design, d) = (Dense::new(&x).unwrap(), x.ncols());
        let norms = design.column_norms_squared().unwrap();
        let penalty = ElasticNet::new(0.0, l2).unwrap();
        let (w, r) = solve(&design, &y, &penalty, &Array1::zeros(d));
        let c = x.t().dot(&r);
        let gap = elastic_net_gap(&y, &r, &w, &c, &norms, &penalty, Sign::Free).unwrap();
        prop_assert!(gap.gap() <= 1e-9 * (1.0 + gap.primal), "{:?}", gap);
        // Without any penalty only a stationary point has a bound.
        let none = ElasticNet::weighted(1.0, 0.0, &Array1::zeros(d)).unwrap();
        let (w, r) = (Array1::from_elem(d, 0.5), &y - &x.sum_axis(ndarray::Axis(1)).mapv(|v| 0.5 * v));
        let c = x.t().dot(&r);
        let gap = elastic_net_gap(&y, &r, &w, &c, &norms, &none, Sign::Free).unwrap();
        prop_assert!(gap.dual == f64::NEG_INFINITY || c.iter().all(|c| c.abs() < 1e-9));
    }

    /// Logistic loss with l1 and with groups: FISTA closes the gap, and any point's gap bounds its error.
    #[test]
    fn logistic_gaps((x, y) in problem(), level in 0.05..1.0_f64, at in -1.0..1.0_f64) {
        let labels = y.mapv(|v| if v >= 0.0 { 1.0 } else { -1.0 });
        let (design, d) = (Dense::new(&x).unwrap(), x.ncols());
        let loss = EmpiricalLoss::new(Logistic, &labels).unwrap();
        let groups: Vec<Vec<usize>> = (0..d).collect::<Vec<_>>().chunks(2).map(<[usize]>::to_vec).collect();
        let mut l1 = L1::new(level).unwrap();
        let mut grouped = GroupL2::new(d, level, &groups).unwrap();
        let penalties: [&mut dyn Proximal<f64>; 2] = [&mut l1, &mut grouped];
        for penalty in penalties {
            let mut model = LinearModel::new(&design, &loss).unwrap();
            let rule = StoppingRule::none().gradient_abs(1e-11);
            let best = Fista::new().stopping(rule).minimise(&mut model, penalty, &Array1::zeros(d)).unwrap();
            for (w, tight) in [(best.x.clone(), true), (Array1::from_elem(d, at), false)] {
                let z = x.dot(&w);
                let mut u = Array1::zeros(z.len());
                loss.gradient_into(&z, &mut u).unwrap();
                let mut c = x.t().dot(&u);
                let gap = duality_gap(&loss, penalty, &w, &z, &mut u, &mut c).unwrap();
                prop_assert!(gap.dual <= best.summary.value + 1e-12 * (1.0 + gap.primal));
                prop_assert!(!tight || gap.gap() <= 1e-7 * (1.0 + gap.primal), "{:?} {:?}", gap, best.summary);
            }
        }
    }
}

#[test]
fn zero_columns_minimise_the_penalty_alone() {
    let x = array![[0.0, 1.0], [0.0, 1.0]];
    let y = array![1.0, 2.0];
    let start = array![5.0, 0.0];
    let design = Dense::new(&x).unwrap();
    let at = |penalty: &dyn Fn() -> Array1<f64>| penalty()[0];
    assert_eq!(at(&|| solve(&design, &y, &L1::new(0.1).unwrap(), &start).0), 0.0);
    assert_eq!(at(&|| solve(&design, &y, &ElasticNet::new(0.0, 0.1).unwrap(), &start).0), 0.0);
    assert_eq!(at(&|| solve(&design, &y, &L1::new(0.0).unwrap(), &start).0), 5.0);
    assert_eq!(at(&|| solve(&design, &y, &Zero, &start).0), 5.0);
    assert_eq!(at(&|| solve(&design, &y, &NonNegative::new(0.1).unwrap(), &start).0), 0.0);
    assert_eq!(at(&|| solve(&design, &y, &BoxConstraint::uniform(-1.0, 2.0).unwrap(), &start).0), 2.0);
}

#[test]
fn radii_are_those_of_the_literature() {
    // Squared: √(2 gap)/λ. Logistic: √(gap/2)/λ.
    assert_eq!(gap_safe_radius(2.0, 4.0, 1.0).unwrap(), 0.5);
    assert_eq!(gap_safe_radius(2.0, 4.0, 0.25).unwrap(), 0.25);
    for (gap, level, nu) in
        [(-1.0, 1.0, 1.0), (f64::NAN, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0), (1.0, f64::INFINITY, 1.0)]
    {
        assert!(gap_safe_radius(gap, level, nu).is_err());
    }
}

#[test]
fn anderson_accelerates_coordinate_descent() {
    let x = Array2::from_shape_fn((30, 10), |(i, j)| {
        ((i * 13 + j * 7) % 17) as f64 / 17.0 + if i == j { 0.2 } else { 0.0 }
    });
    let y = Array1::from_shape_fn(30, |i| (i as f64 * 0.7).sin());
    let design = Dense::new(&x).unwrap();
    let norms = design.column_norms_squared().unwrap();
    let mut penalty = ElasticNet::new(0.01, 0.001).unwrap();
    let (optimum, r) = solve(&design, &y, &penalty, &Array1::zeros(10));
    let best = objective(&r, &mut penalty, &optimum);
    let run = |accelerate: bool| {
        let mut penalty = penalty.clone();
        let (mut w, mut candidate) = (Array1::zeros(10), Array1::zeros(10));
        let mut residual = WorkingVector::new(&y).unwrap();
        let mut anderson = Anderson::new(10, 5).unwrap();
        for _ in 0..60 {
            sweep(&design, &norms, &penalty, 0..10, &mut w, &mut residual).unwrap();
            anderson.push(&w).unwrap();
            if accelerate && anderson.is_full() && anderson.extrapolate_into(&mut candidate).unwrap() {
                let other = &y - &x.dot(&candidate);
                if objective(&other, &mut penalty, &candidate)
                    < objective(&residual.values().to_owned(), &mut penalty, &w)
                {
                    w.assign(&candidate);
                    residual.assign(&other).unwrap();
                }
                anderson.clear();
            }
        }
        objective(&(&y - &x.dot(&w)), &mut penalty, &w) - best
    };
    let (plain, fast) = (run(false), run(true));
    assert!(fast < 0.01 * plain, "{fast:e} against {plain:e}");
}

#[test]
fn anderson_falls_back() {
    let mut anderson = Anderson::new(2, 2).unwrap();
    let mut out = array![7.0, 7.0];
    assert!(!anderson.extrapolate_into(&mut out).unwrap());
    assert_eq!(out, array![7.0, 7.0]);
    for _ in 0..3 {
        anderson.push(&array![1.0, 2.0]).unwrap();
    }
    // No differences: the newest iterate.
    assert!(!anderson.extrapolate_into(&mut out).unwrap());
    assert_eq!(out, array![1.0, 2.0]);
    anderson.push(&array![f64::NAN, 0.0]).unwrap();
    assert!(!anderson.extrapolate_into(&mut out).unwrap());
    // Parallel differences: a singular Gram matrix is regularised.
    anderson.clear();
    for k in 0..3 {
        anderson.push(&array![1.0 - 0.5_f64.powi(k), 0.0]).unwrap();
    }
    assert!(anderson.extrapolate_into(&mut out).unwrap());
    assert!((out[0] - 1.0).abs() < 1e-6 && out[1] == 0.0);
    // Iterates that have converged to 1e-170.
    anderson.clear();
    for k in 0..3 {
        anderson.push(&array![1e-170 * 0.5_f64.powi(k), 0.0]).unwrap();
    }
    anderson.extrapolate_into(&mut out).unwrap();
    assert!(out[0].abs() <= 1e-170);
    // One difference has weight 1: the newer of its two ends.
    let mut single = Anderson::new(1, 1).unwrap();
    single.push(&array![1.0]).unwrap();
    single.push(&array![3.0]).unwrap();
    let mut newest = array![0.0];
    assert!(single.extrapolate_into(&mut newest).unwrap());
    assert_eq!(newest, array![3.0]);
    assert!(Anderson::<f64>::new(3, 0).is_err() && Anderson::<f64>::new(3, 65).is_err());
    assert!(anderson.push(&array![1.0]).is_err() && anderson.extrapolate_into(&mut array![1.0]).is_err());
}

#[test]
fn arguments_are_checked() {
    let x = array![[1.0, 2.0], [3.0, 4.0]];
    let design = Dense::new(&x).unwrap();
    let norms = array![10.0, 20.0];
    let penalty = ElasticNet::new(1.0, 0.0).unwrap();
    let mut r = WorkingVector::zeros(2);
    let mut w = array![0.0, 0.0];
    assert!(sweep(&design, &array![1.0], &penalty, 0..2, &mut w, &mut r).is_err());
    assert!(sweep(&design, &norms, &penalty, 0..2, &mut array![0.0], &mut r).is_err());
    assert!(sweep(&design, &norms, &penalty, 0..2, &mut w, &mut WorkingVector::zeros(3)).is_err());
    assert!(matches!(sweep(&design, &norms, &penalty, [5], &mut w, &mut r), Err(Error::Index { found: 5, .. })));
    let wrong = ElasticNet::weighted(1.0, 0.0, &array![1.0]).unwrap();
    assert!(sweep(&design, &norms, &wrong, 0..2, &mut w, &mut r).is_err());
    let y = array![1.0, 2.0];
    let one = array![1.0];
    assert!(elastic_net_gap(&y, &one, &w, &norms, &norms, &penalty, Sign::Free).is_err());
    assert!(elastic_net_gap(&y, &y, &w, &one, &norms, &penalty, Sign::Free).is_err());
    assert!(elastic_net_gap(&y, &y, &w, &norms, &one, &penalty, Sign::Free).is_err());
    assert!(elastic_net_gap(&y, &y, &w, &norms, &norms, &wrong, Sign::Free).is_err());
    let gap = elastic_net_gap(&y, &y, &w, &x.t().dot(&y), &norms, &penalty, Sign::Free).unwrap();
    assert!(screen_into(&w, &norms, &norms, &penalty, Sign::Free, &gap, &mut [true]).is_err());
    assert!(
        screen_into(&w, &norms, &norms, &ElasticNet::new(0.0, 1.0).unwrap(), Sign::Free, &gap, &mut [true, true])
            .is_err()
    );
    struct NoConjugate;
    impl Proximal<f64> for NoConjugate {
        fn value(&mut self, _: &ArrayRef1<f64>) -> f64 {
            0.0
        }
        fn prox_into(&mut self, v: &ArrayRef1<f64>, _: f64, out: &mut ArrayRef1<f64>) -> core_optim::Result<()> {
            out.assign(v);
            Ok(())
        }
        fn check_dimension(&self, _: usize) -> core_optim::Result<()> {
            Ok(())
        }
    }
    let loss = EmpiricalLoss::new(Squared, &y).unwrap();
    let error = duality_gap(&loss, &mut NoConjugate, &w, &y, &mut y.clone(), &mut w.clone()).unwrap_err();
    assert_eq!(error.to_string(), "this penalty offers no dual scale, which a duality gap needs");
}
