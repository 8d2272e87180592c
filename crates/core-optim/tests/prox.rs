//! Proximal operators: the inequality that defines them, brute force at ties, conjugates and scalings.

use core_optim::prox::{
    BoxConstraint, ElasticNet, GroupL2, L1, L1Ball, NonNegative, Proximal, Separable, Simplex, Zero, check_prox,
};
use core_optim::{Error, Result};
use core_tensor::Scalar;
use ndarray::{Array1, Array2, ArrayRef1, array};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 100,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

const N: usize = 7;

/// Every operator for N variables.
fn all<T: Scalar>() -> Vec<(&'static str, Box<dyn Proximal<T>>)> {
    let c = |v: f64| <T as Scalar>::from_f64(v);
    let weights = Array1::from_shape_fn(N, |j| c([0.0, 1.0, 2.0, 0.5][j % 4]));
    let (lower, upper) = (weights.mapv(|w| -w), weights.mapv(|w| w + w));
    let groups = [vec![0, 3], vec![1], vec![6, 2, 4]];
    vec![
        ("zero", Box::new(Zero)),
        ("l1", Box::new(L1::new(c(0.7)).unwrap())),
        ("l1 of level 0", Box::new(L1::new(c(0.0)).unwrap())),
        ("weighted l1", Box::new(L1::weighted(c(0.7), &weights).unwrap())),
        ("elastic net", Box::new(ElasticNet::new(c(0.7), c(0.3)).unwrap())),
        ("ridge", Box::new(ElasticNet::new(c(0.0), c(0.3)).unwrap())),
        ("weighted elastic net", Box::new(ElasticNet::weighted(c(0.7), c(0.3), &weights).unwrap())),
        ("non-negative", Box::new(NonNegative::new(c(0.0)).unwrap())),
        ("weighted non-negative", Box::new(NonNegative::weighted(c(0.7), &weights).unwrap())),
        ("uniform box", Box::new(BoxConstraint::uniform(c(-0.5), c(1.0)).unwrap())),
        ("half line", Box::new(BoxConstraint::uniform(c(-0.5), T::infinity()).unwrap())),
        ("box", Box::new(BoxConstraint::new(&lower, &upper).unwrap())),
        ("groups", Box::new(GroupL2::new(N, c(0.7), &groups).unwrap())),
        (
            "weighted groups",
            Box::new(GroupL2::new(N, c(0.7), &groups).unwrap().weights(&array![c(0.0), c(1.0), c(3.0)]).unwrap()),
        ),
        ("1-ball", Box::new(L1Ball::new(c(1.5)).unwrap())),
        ("simplex", Box::new(Simplex::new(c(1.5)).unwrap())),
        ("probability simplex", Box::new(Simplex::probability())),
    ]
}

fn prox<T: Scalar>(g: &mut (impl Proximal<T> + ?Sized), v: &ArrayRef1<T>, step: T) -> Array1<T> {
    let mut out = Array1::from_elem(v.len(), T::nan());
    g.prox_into(v, step, &mut out).unwrap();
    out
}

#[test]
fn the_defining_inequality_holds_in_both_precisions() {
    for step in [1e-3, 0.4, 1.0, 30.0] {
        for (name, mut g) in all::<f64>() {
            let report = check_prox(&mut *g, N, step, 60, 1).unwrap_or_else(|e| panic!("{name}, {step}: {e}"));
            assert!(report.comparisons > 300, "{name}: {report:?}");
        }
        for (name, mut g) in all::<f32>() {
            check_prox(&mut *g, N, step as f32, 60, 2).unwrap_or_else(|e| panic!("{name}, {step}: {e}"));
        }
    }
}

/// An operator that forgets the step.
struct Wrong;
impl Proximal<f64> for Wrong {
    fn value(&mut self, x: &ArrayRef1<f64>) -> f64 {
        x.iter().map(|v| v.abs()).sum()
    }
    fn prox_into(&mut self, v: &ArrayRef1<f64>, _: f64, out: &mut ArrayRef1<f64>) -> Result<()> {
        out.zip_mut_with(v, |o, &v| *o = core_optim::prox::soft_threshold(v, 1.0));
        Ok(())
    }
    fn check_dimension(&self, _: usize) -> Result<()> {
        Ok(())
    }
}

#[test]
fn the_checker_finds_a_wrong_operator() {
    assert!(check_prox(&mut Wrong, 4, 1.0, 50, 0).is_ok());
    assert!(matches!(check_prox(&mut Wrong, 4, 0.9, 50, 0), Err(Error::NotProximal { .. })));
    assert!(matches!(check_prox(&mut Wrong, 4, 1.1, 50, 0), Err(Error::NotProximal { .. })));
    assert_eq!(Wrong.conjugate(&array![0.0]), None);
    assert_eq!(Wrong.dual_scale(&array![0.0]), None);
}

#[test]
fn strided_equals_contiguous_and_nan_stays() {
    let v = array![0.3, -2.0, 0.7, 0.7, -0.7, 5.0, 0.0];
    for (name, mut g) in all::<f64>() {
        let expected = prox(&mut *g, &v, 0.9);
        let mut wide = Array2::zeros((N, 2));
        wide.column_mut(0).assign(&v);
        let mut out = Array2::from_elem((N, 3), f64::NAN);
        g.prox_into(&wide.column(0), 0.9, &mut out.column_mut(1)).unwrap();
        assert_eq!(out.column(1), expected, "{name}");
        for j in 0..N {
            let mut bad = v.clone();
            bad[j] = f64::NAN;
            assert!(prox(&mut *g, &bad, 0.9)[j].is_nan(), "{name} at {j}");
        }
    }
}

/// Projection to the simplex by sorting: the textbook algorithm.
fn simplex_by_sorting(v: &[f64], total: f64) -> Vec<f64> {
    let mut sorted = v.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let mut sum = 0.0;
    let mut theta = f64::NAN;
    for (i, &u) in sorted.iter().enumerate() {
        sum += u;
        let candidate = (sum - total) / (i + 1) as f64;
        if u > candidate {
            theta = candidate;
        }
    }
    v.iter().map(|v| (v - theta).max(0.0)).collect()
}

/// Values with ties and zeros, or any.
fn entry() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(1.0),
        Just(-1.0),
        Just(0.5),
        Just(-0.5),
        Just(2.0),
        -3.0..3.0_f64,
        -1e6..1e6_f64
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn projections_equal_sorting(v in proptest::collection::vec(entry(), 1..40), total in prop_oneof![Just(1.0), Just(0.5), 1e-3..1e3_f64]) {
        let x = Array1::from(v.clone());
        let scale = v.iter().fold(total, |m, v| m.max(v.abs()));
        // Sums of n numbers of this size.
        let tolerance = 4.0 * v.len() as f64 * f64::EPSILON * scale;
        let found = prox(&mut Simplex::new(total).unwrap(), &x, 1.0);
        for (a, b) in found.iter().zip(simplex_by_sorting(&v, total)) {
            prop_assert!((a - b).abs() <= tolerance, "{} {}", a, b);
        }
        prop_assert!((found.sum() - total).abs() <= tolerance * v.len() as f64);

        let ball = prox(&mut L1Ball::new(total).unwrap(), &x, 1.0);
        if v.iter().map(|v| v.abs()).sum::<f64>() <= total * (1.0 - 1e-12) {
            prop_assert_eq!(&ball, &x);
        } else {
            let sizes: Vec<f64> = v.iter().map(|v| v.abs()).collect();
            for ((a, b), v) in ball.iter().zip(simplex_by_sorting(&sizes, total)).zip(&v) {
                prop_assert!((a - b.copysign(*v)).abs() <= tolerance);
            }
        }
        // Strided output takes the other path to the threshold.
        let mut out = Array2::from_elem((v.len(), 2), f64::NAN);
        Simplex::new(total).unwrap().prox_into(&x, 1.0, &mut out.column_mut(0)).unwrap();
        for (a, b) in out.column(0).iter().zip(&found) {
            prop_assert!((a - b).abs() <= tolerance);
        }
    }

    #[test]
    fn separable_ones_beat_a_grid(v in entry(), step in prop_oneof![Just(1.0), Just(0.5), 1e-2..10.0_f64], level in prop_oneof![Just(0.0), Just(1.0), 0.0..3.0_f64]) {
        let bounds = BoxConstraint::uniform(-1.0, 0.5).unwrap();
        let l1 = L1::new(level).unwrap();
        let net = ElasticNet::new(level, 0.5).unwrap();
        let positive = NonNegative::new(level).unwrap();
        let penalties: [&dyn Separable<f64>; 5] = [&l1, &net, &positive, &bounds, &Zero];
        for g in penalties {
            let p = g.coordinate_prox(0, v, step);
            let objective = |u: f64| g.coordinate_value(0, u) + (u - v) * (u - v) / (2.0 * step);
            let best = objective(p);
            prop_assert!(best.is_finite());
            let slack = 1e-13 * (1.0 + v * v) / step;
            for i in -60..=60 {
                let u = f64::from(i) * 0.05;
                prop_assert!(best <= objective(u) + slack, "{} against {}", p, u);
                prop_assert!(best <= objective(v + u) + slack);
            }
            // Optimality in words: (v - p)/step lies in the subdifferential at p.
            prop_assert!(g.violation(0, p, (p - v) / step) <= 1e-14 * (1.0 + v.abs()) / step);
            // The limit of long steps minimises g alone.
            let limit = g.coordinate_prox(0, v, f64::INFINITY);
            prop_assert!(g.violation(0, limit, 0.0) <= 0.0, "{}", limit);
        }
    }

    /// Moreau: v = prox_{t g}(v) + t prox_{g*/t}(v/t), and Fenchel's equality g(p) + g*(q) = pᵀq at q = (v - p)/t.
    #[test]
    fn conjugates_meet_the_fenchel_equality(v in proptest::collection::vec(entry(), N), step in 0.05..5.0_f64) {
        let v = Array1::from(v);
        for (name, mut g) in all::<f64>() {
            let p = prox(&mut *g, &v, step);
            let mut q = (&v - &p) / step;
            // q lies in the domain up to rounding: move it inside.
            let s = g.dual_scale(&q).unwrap();
            let exact_domain = name == "box" || name.contains("box") || name.contains("line") || name == "zero";
            if !exact_domain {
                let size = 1.0 + v.iter().fold(0.0_f64, |m, v| m.max(v.abs())) / step;
                if s > 0.0 && size * f64::EPSILON < 1e-3 && s > 0.9 {
                    q *= s;
                    let (gp, gq) = (g.value(&p), g.conjugate(&q).unwrap());
                    let inner = p.dot(&q);
                    let tolerance = 1e-9 * (1.0 + gp.abs() + gq.abs() + inner.abs() + p.iter().zip(&q).map(|(a, b)| (a * b).abs()).sum::<f64>());
                    prop_assert!((gp + gq - inner).abs() <= tolerance.max((1.0 - s) * gp.abs() * 2.0), "{}: {} + {} = {}", name, gp, gq, inner);
                }
            }
            // The inequality, for any pair.
            let gv = g.value(&v);
            let gq = g.conjugate(&q).unwrap();
            let terms: f64 = v.iter().zip(&q).map(|(a, b)| (a * b).abs()).sum();
            prop_assert!(gv + gq >= v.dot(&q) - 1e-12 * (1.0 + terms), "{}", name);
        }
    }

    #[test]
    fn dual_scales_are_feasible_and_tight(y in proptest::collection::vec(entry(), N)) {
        let y = Array1::from(y);
        for (name, mut g) in all::<f64>() {
            let s = g.dual_scale(&y).unwrap();
            prop_assert!((0.0..=1.0).contains(&s), "{}", name);
            prop_assert!(g.conjugate(&(&y * s)).unwrap() < f64::INFINITY, "{}: {}", name, s);
            if s < 1.0 && s > 0.0 {
                prop_assert!(g.conjugate(&(&y * (s * (1.0 + 1e-12)))).unwrap() == f64::INFINITY, "{}: {}", name, s);
            }
        }
    }

    #[test]
    fn operators_do_not_expand(a in proptest::collection::vec(entry(), N), b in proptest::collection::vec(entry(), N), step in 0.05..5.0_f64) {
        let (a, b) = (Array1::from(a), Array1::from(b));
        for (name, mut g) in all::<f64>() {
            let (p, q) = (prox(&mut *g, &a, step), prox(&mut *g, &b, step));
            let (moved, apart) = ((&p - &q).mapv(|v| v * v).sum(), (&a - &b).mapv(|v| v * v).sum());
            let size = a.iter().chain(&b).fold(1.0_f64, |m, v| m.max(v.abs()));
            prop_assert!(moved.sqrt() <= apart.sqrt() + 1e-13 * size, "{}", name);
        }
    }
}

#[test]
fn groups_shrink_together() {
    let mut g = GroupL2::new(4, 1.0, &[vec![0, 2], vec![1]]).unwrap().weights(&array![1.0, 2.0]).unwrap();
    // ‖(3, 4)‖ = 5 loses 1: factor 0.8. |2| loses 2: exactly 0 at the tie. The last one is free.
    let shrunk = prox(&mut g, &array![3.0, 2.0, 4.0, 7.0], 1.0);
    assert!((shrunk[0] - 2.4_f64).abs() < 1e-15 && (shrunk[2] - 3.2_f64).abs() < 1e-15);
    assert_eq!((shrunk[1], shrunk[3]), (0.0, 7.0));
    assert!((g.value(&array![3.0, -2.0, 4.0, 7.0]) - 9.0).abs() < 1e-14);
    assert_eq!((g.groups(), g.group(1), g.group(2), g.group_level(1)), (2, &[1][..], &[][..], 2.0));
    // Scaled norms: no overflow.
    assert!((prox(&mut g, &array![3e200, 0.0, 4e200, 0.0], 1.0)[0] / 3e200 - 1.0).abs() < 1e-15);
}

#[test]
fn huge_and_tiny_projections() {
    for scale in [1e-300_f64, 1e-100, 1e100, 1e300] {
        let found = prox(&mut Simplex::new(scale).unwrap(), &array![3.0 * scale, 2.5 * scale, -scale], 1.0);
        for (a, b) in found.iter().zip([0.75, 0.25, 0.0]) {
            assert!((a / scale - b).abs() < 1e-15);
        }
    }
    // A geometric sequence: Michelot's worst case.
    let v = Array1::from_shape_fn(200, |i| 0.5_f64.powi(i as i32));
    let found = prox(&mut Simplex::new(1e-3).unwrap(), &v, 1.0);
    assert_eq!(found[0], 1e-3);
    assert!(found.iter().skip(1).all(|&v| v == 0.0));
}

#[cfg(feature = "linalg")]
mod nuclear {
    use super::*;
    use core_optim::prox::NuclearNorm;

    #[test]
    fn the_defining_inequality_holds() {
        for (m, n) in [(1, 1), (3, 4), (5, 2)] {
            check_prox(&mut NuclearNorm::new(0.8_f64, m, n).unwrap(), m * n, 0.6, 40, 3).unwrap();
            check_prox(&mut NuclearNorm::new(0.8_f32, m, n).unwrap(), m * n, 0.6, 40, 3).unwrap();
        }
    }

    #[test]
    fn a_diagonal_matrix_is_soft_thresholded() {
        let mut g = NuclearNorm::new(1.0_f64, 2, 3).unwrap();
        let v = array![3.0_f64, 0.0, 0.0, 0.0, -0.5, 0.0];
        assert!((g.value(&v) - 3.5).abs() < 1e-14);
        let p = prox(&mut g, &v, 1.0);
        assert!((p[0] - 2.0).abs() < 1e-14 && p.iter().skip(1).all(|v| v.abs() < 1e-14));
        assert_eq!(g.conjugate(&array![0.9, 0.0, 0.0, 0.0, 0.9, 0.0]), Some(0.0));
        assert_eq!(g.conjugate(&array![1.1, 0.0, 0.0, 0.0, 0.9, 0.0]), Some(f64::INFINITY));
        assert!((g.dual_scale(&v).unwrap() - 1.0 / 3.0).abs() < 1e-14);
    }

    #[test]
    fn bad_input_is_named() {
        let mut g = NuclearNorm::new(1.0, 2, 2).unwrap();
        let mut out = array![0.0, 0.0, 0.0, 0.0];
        let error = g.prox_into(&array![1.0, f64::NAN, 0.0, 0.0], 1.0, &mut out).unwrap_err();
        assert_eq!(error.to_string(), "`a` holds NaN at [0, 1]; every entry must be finite");
        assert!(g.value(&array![1.0, f64::NAN, 0.0, 0.0]).is_nan());
        assert!(g.value(&array![1.0]).is_nan());
        assert!(g.prox_into(&array![1.0], 1.0, &mut array![0.0]).is_err());
        assert!(NuclearNorm::new(-1.0, 2, 2).is_err());
        assert!(NuclearNorm::new(1.0, 0, 3).unwrap().prox_into(&array![], 1.0, &mut array![]).is_ok());
    }
}
