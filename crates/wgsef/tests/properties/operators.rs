//! Proximal operators and projections.

use crate::problems::*;
use ndarray::Array1;
use proptest::prelude::*;
use wgsef::{RootMethod, Wgsef, Workspace};

/// c t - e cancels: errors grow with the offsets.
fn loss_of_digits(p: &Problem) -> f64 {
    1.0 + p.lambda * p.weights.iter().fold(0.0_f64, |m, d| m.max(*d))
}

/// ω(x) + ω*(v) - xᵀv relative to the sum: 0 exactly when v is a subgradient at x.
fn fenchel(omega: &Wgsef, x: &Array1<f64>, v: &Array1<f64>) -> f64 {
    let (value, conjugate) = (omega.value(x).unwrap(), omega.conjugate(v).unwrap());
    (value + conjugate - dot(x, v)).abs() / (value + conjugate).max(1e-300)
}

proptest! {
    #![proptest_config(config(256))]

    /// 1, 6, 7, 8: optimality, multipliers, counts, limits.
    #[test]
    fn prox_is_optimal(p in problem()) {
        let omega = p.omega();
        let mut work = Workspace::default();
        let mut x = p.y.clone();
        let info = omega.prox_in_place(&mut x, p.lambda, &mut work).unwrap();
        let v = (&p.y - &x) / p.lambda;
        // The difference y - x loses the digits that λ has shrunk away, and gains them in the quotient.
        prop_assert!(fenchel(&omega, &x, &v) <= 1e-11 + 1e-15 * (1.0 + p.lambda.recip()).powi(2));
        prop_assert!(near(info.omega, omega.value(&x).unwrap(), 1e-11 * loss_of_digits(&p)));
        let u = work.multipliers();
        prop_assert!(u.iter().all(|u| (0.0..=1.0).contains(u)));
        if info.nonzero > p.k {
            let slack = (u.iter().sum::<f64>() - p.k as f64).abs();
            prop_assert!(slack <= 1e-12 * loss_of_digits(&p) * p.k as f64);
            prop_assert!(info.kept >= p.k);
        } else {
            let mut begin = 0;
            for (&size, d) in p.sizes.iter().zip(&p.weights) {
                for i in begin..begin + size {
                    prop_assert!(near(x[i], p.y[i] / (1.0 + p.lambda * d), 1e-15));
                }
                begin += size;
            }
        }
        prop_assert_eq!(info.kept, omega.groups().kept(&x).unwrap().iter().filter(|kept| **kept).count());
        let untouched = omega.prox(&p.y, 0.0).unwrap().0;
        prop_assert_eq!(untouched, p.y);
    }

    /// The other reading: ridge for saturated groups, group soft-thresholding at λ √d/t for the others.
    #[test]
    fn a_ridge_and_a_threshold(p in problem()) {
        let omega = p.omega();
        let mut work = Workspace::default();
        let mut x = p.y.clone();
        let info = omega.prox_in_place(&mut x, p.lambda, &mut work).unwrap();
        if let Some(t) = info.t {
            let mut begin = 0;
            for (j, (&size, d)) in p.sizes.iter().zip(&p.weights).enumerate() {
                let factor = if work.multipliers()[j] == 1.0 {
                    1.0 / (1.0 + p.lambda * d)
                } else {
                    (1.0 - p.lambda * d.sqrt() / (t * work.norms()[j])).max(0.0)
                };
                for i in begin..begin + size {
                    prop_assert!(p.y[i] == 0.0 || near(x[i], p.y[i] * factor, 1e-12 * loss_of_digits(&p)));
                }
                begin += size;
            }
        }
    }

    /// 2, 5: Moreau's decomposition, homogeneity.
    #[test]
    fn decomposition(p in problem(), c in 0.01..100.0f64) {
        let omega = p.omega();
        let x = omega.prox(&p.y, p.lambda).unwrap().0;
        let dual = omega.conjugate_prox(&p.y, p.lambda.recip()).unwrap();
        // prox of λ ω plus λ prox of ω*/λ at y/λ; the latter is conjugate_prox by homogeneity.
        prop_assert!(all_near(&(&x + &dual), &p.y, 1e-12));
        let scaled = omega.prox(&(c * &p.y), p.lambda).unwrap().0;
        prop_assert!(all_near(&(scaled / c), &x, 1e-12 * loss_of_digits(&p)));
    }

    /// 3: firm non-expansiveness.
    #[test]
    fn firmly_non_expansive(p in problem()) {
        let omega = p.omega();
        let (a, b) = (omega.prox(&p.y, p.lambda).unwrap().0, omega.prox(&p.z, p.lambda).unwrap().0);
        let difference = &a - &b;
        let product = dot(&difference, &(&p.y - &p.z));
        prop_assert!(dot(&difference, &difference) <= product + 1e-12 * (1.0 + product.abs()));
    }

    /// 6: λ to infinity is hard selection; 8: the count falls with λ.
    #[test]
    fn large_levels_select(p in problem()) {
        let plain = p.plain();
        let mut before = usize::MAX;
        for lambda in [0.01, 0.1, 1.0, 10.0, 100.0, 1e4, 1e8, 1e12, 1e15] {
            let (_, info) = plain.prox(&p.y, lambda).unwrap();
            prop_assert!(info.kept <= before, "{} groups at {lambda}, {before} before", info.kept);
            prop_assert!(info.kept >= info.nonzero.min(p.k));
            before = info.kept;
        }
        let omega = p.omega();
        let score = |j: usize, norms: &[f64]| norms[j] * norms[j] / p.weights[j];
        let mut work = Workspace::default();
        let mut x = p.y.clone();
        let info = omega.prox_in_place(&mut x, 1e13, &mut work).unwrap();
        let mut order: Vec<usize> = (0..p.sizes.len()).collect();
        order.sort_by(|&a, &b| score(b, work.norms()).total_cmp(&score(a, work.norms())));
        if info.nonzero > p.k && score(order[p.k - 1], work.norms()) > 1.001 * score(order[p.k], work.norms()) {
            prop_assert_eq!(info.kept, p.k);
            prop_assert!(order[..p.k].iter().all(|&j| work.multipliers()[j] == 1.0));
        }
    }

    /// 12: the gradient of the Moreau envelope is that of its value.
    #[test]
    fn moreau_gradient(p in problem(), level in 0.1..10.0f64) {
        let omega = p.omega();
        let (value, gradient) = omega.moreau(&p.y, level).unwrap();
        let x = omega.prox(&p.y, level).unwrap().0;
        let step = &p.y - &x;
        prop_assert!(near(value, omega.value(&x).unwrap() + dot(&step, &step) / (2.0 * level), 1e-11 * (1.0 + level)));
        let h = 1e-5;
        for i in 0..p.y.len() {
            let shifted = |by: f64| {
                let mut y = p.y.clone();
                y[i] += by;
                omega.moreau(&y, level).unwrap().0
            };
            let difference = (shifted(h) - shifted(-h)) / (2.0 * h);
            // The gradient is Lipschitz with constant 1/λ but kinked: central differences are off by h/λ at most.
            prop_assert!((difference - gradient[i]).abs() <= 1e-6 + 2.0 * h / level, "{difference} {}", gradient[i]);
        }
    }

    /// 13: metric operators.
    #[test]
    fn metrics(p in problem(), gamma in 0.1..10.0f64, spread in 0.0..1.5f64) {
        let omega = p.omega();
        let mut work = Workspace::default();
        let plain = omega.prox(&p.y, p.lambda / gamma).unwrap().0;
        let mut x = p.y.clone();
        omega.group_metric_prox_in_place(&mut x, &vec![gamma; p.sizes.len()], p.lambda, &mut work).unwrap();
        prop_assert!(all_near(&x, &plain, 1e-12 * loss_of_digits(&p)));
        let metric = Array1::from_elem(p.y.len(), gamma);
        let mut x = p.y.clone();
        omega.metric_prox_in_place(&mut x, &metric, p.lambda, &mut work).unwrap();
        prop_assert!(all_near(&x, &plain, 1e-11 * loss_of_digits(&p)));
        let mut x = p.y.clone();
        omega.mean_metric_prox_in_place(&mut x, &metric, p.lambda, &mut work).unwrap();
        prop_assert!(all_near(&x, &plain, 1e-12 * loss_of_digits(&p)));
        // A metric that differs within groups: optimality by Fenchel and Young.
        let metric = Array1::from_shape_fn(p.y.len(), |i| gamma * (spread * ((i * 7 % 5) as f64 - 2.0)).exp());
        let mut x = p.y.clone();
        omega.metric_prox_in_place(&mut x, &metric, p.lambda, &mut work).unwrap();
        let v = &metric * &(&p.y - &x) / p.lambda;
        let most = metric.iter().fold(0.0_f64, |m, v| m.max(*v));
        prop_assert!(fenchel(&omega, &x, &v) <= 1e-9 + 1e-15 * (1.0 + most / p.lambda).powi(2));
    }

    /// The norm's own operators, by their optimality conditions.
    #[test]
    fn norm_operators(p in problem(), radius in 0.05..5.0f64) {
        let omega = p.omega();
        let x = omega.norm_prox(&p.y, p.lambda).unwrap();
        let v = &p.y - &x;
        // v lies in λ times the dual ball, and vᵀx = λ N(x).
        prop_assert!(omega.dual_norm(&v).unwrap() <= p.lambda * (1.0 + 1e-11) + 1e-13);
        prop_assert!(near(dot(&v, &x), p.lambda * omega.norm(&x).unwrap(), 1e-10));
        let (x, _) = omega.ball_projection(&p.y, radius).unwrap();
        prop_assert!(omega.norm(&x).unwrap() <= radius * (1.0 + 1e-11));
        if omega.norm(&p.y).unwrap() <= radius {
            prop_assert_eq!(&x, &p.y);
        }
        // ⟨y - x, z - x⟩ ≤ 0 for every z in the ball; the largest is radius N*(y - x) - ⟨y - x, x⟩.
        let v = &p.y - &x;
        let product = radius * omega.dual_norm(&v).unwrap() - dot(&v, &x);
        prop_assert!(product <= 1e-9 * (1.0 + dot(&p.y, &p.y)));
        prop_assert_eq!(omega.ball_projection(&p.y, 0.0).unwrap().0, Array1::<f64>::zeros(p.y.len()));
    }

    /// 15: hard selection against all subsets.
    #[test]
    fn hard_selection_is_best(p in problem(), level in prop_oneof![Just(0.0), 0.01..10.0f64]) {
        let omega = p.omega();
        let x = omega.hard_prox(&p.y, level).unwrap();
        let m = p.sizes.len();
        let owner: Vec<usize> = omega.groups().owners(0).map(Option::unwrap).collect();
        let objective = |x: &Array1<f64>| -> f64 {
            x.iter().zip(&p.y).zip(&owner).map(|((x, y), &j)| 0.5 * (x - y) * (x - y) + 0.5 * level * p.weights[j] * x * x).sum()
        };
        prop_assert!(omega.groups().kept(&x).unwrap().iter().filter(|kept| **kept).count() <= p.k);
        let found = objective(&x);
        for subset in 0..1_u32 << m {
            if subset.count_ones() as usize <= p.k {
                let other = Array1::from_shape_fn(p.y.len(), |i| {
                    if subset >> owner[i] & 1 == 1 { p.y[i] / (1.0 + level * p.weights[owner[i]]) } else { 0.0 }
                });
                prop_assert!(found <= objective(&other) + 1e-12);
            }
        }
    }

    /// Single precision agrees with double, and the two ways to the root with each other.
    #[test]
    fn precisions_and_methods(p in problem()) {
        let omega = p.omega();
        let (x, _) = omega.prox(&p.y, p.lambda).unwrap();
        let (single, _) = omega.prox(&p.y.mapv(|v| v as f32), p.lambda).unwrap();
        prop_assert!(all_near(&single.mapv(f64::from), &x, 1e-5 * loss_of_digits(&p)));
        let (sorted, _) = omega.root_method(RootMethod::Sorted).prox(&p.y, p.lambda).unwrap();
        prop_assert!(all_near(&sorted, &x, 1e-12 * loss_of_digits(&p)));
    }
}
