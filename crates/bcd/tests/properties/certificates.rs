//! Properties 7, 10 and 11: prox, fixed points, weak duality; identification.

use crate::config;
use crate::problems::{draw, each, state};
use bcd::{
    ActiveRule, Bcd, Block, Curvature, Inner, LinearLoss, Penalty, Problem, Update, block_descent_bound, certificate,
    lambda_max, non_degeneracy, proximal_gradient_bound,
};
use core_optim::Stopped;
use core_optim::design::Dense;
use core_optim::prox::{BoxConstraint, ElasticNet, GroupL2, L1, NonNegative};
use core_tensor::linalg::SymmetricEigen;
use ndarray::Array1;
use proptest::prelude::*;

fn penalties(p: usize) -> Vec<Penalty<f64>> {
    let groups: Vec<Vec<usize>> = (0..p).collect::<Vec<_>>().chunks(3).map(<[usize]>::to_vec).collect();
    vec![
        L1::new(0.5).unwrap().into(),
        ElasticNet::new(0.4, 0.3).unwrap().into(),
        NonNegative::new(0.2).unwrap().into(),
        BoxConstraint::uniform(-0.2, 0.3).unwrap().into(),
        GroupL2::new(p, 0.4, &groups).unwrap().into(),
        Penalty::None,
    ]
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn optima_are_certified_and_stay(seed in 0..10_000_u64, n in 3..10_usize, p in 2..7_usize) {
        each(&draw(seed, n, p), 0.3, |name, f, x| {
            for penalty in penalties(x.len()) {
                let problem = Problem::new(f, &penalty).unwrap();
                let fit = Bcd::new().tolerance(1e-14).max_iterations(20_000).fit(f, &penalty).unwrap();
                // Weak duality at an arbitrary point: its bound lies below the best value known.
                let mut start = x.clone();
                if let Penalty::Box(_) = penalty { start.mapv_inplace(|v| v.clamp(-0.2, 0.3)); }
                if let Penalty::NonNegative(_) = penalty { start.mapv_inplace(|v| v.max(0.0)); }
                let found = certificate(&problem, &mut state(f, &start)).unwrap();
                if let Some(dual) = found.dual {
                    assert!(dual <= fit.objective + 1e-9 * (1.0 + fit.objective.abs()), "{name} {penalty:?}: {dual} {}", fit.objective);
                }
                let mut at = state(f, &fit.x);
                let end = certificate(&problem, &mut at).unwrap();
                assert!(end.kkt < 1e-6, "{name} {penalty:?}: {} {:?}", end.kkt, fit.stopped);
                if let Some(gap) = end.gap {
                    assert!(gap.abs() < 1e-9 * (1.0 + fit.objective.abs()), "{name} {penalty:?}: {gap}");
                }
                let mut updates = vec![Update::Gradient, Update::Exact, Update::ProxNewton { curvature: Curvature::Bound, inner: Inner::Descent }];
                match penalty {
                    Penalty::L1(_) | Penalty::ElasticNet(_) => updates.push(Update::TwoMetricL1),
                    Penalty::NonNegative(_) | Penalty::Box(_) => updates.push(Update::TwoMetric(ActiveRule::Adaptive)),
                    _ => {}
                }
                let all: Vec<usize> = (0..x.len()).collect();
                for update in updates {
                    let mut moved = at.clone();
                    let mut step = update.build(&problem).unwrap();
                    step.step(&problem, &mut moved, Block { indices: &all, number: None }).unwrap();
                    let distance = moved.x.iter().zip(&fit.x).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
                    assert!(distance < 1e-5, "{name} {penalty:?} {update:?}: {distance}");
                }
            }
        });
    }

    #[test]
    fn steps_satisfy_the_prox_inequality(seed in 0..10_000_u64, n in 3..10_usize, p in 2..7_usize) {
        // One full gradient step is a prox: (x - ∇/L - u) L must be a subgradient at u.
        let d = draw(seed, n, p);
        let design = Dense::new(&d.a).unwrap();
        let f = LinearLoss::logistic(&design, &d.signs).unwrap();
        let x: Array1<f64> = d.x.iter().take(p).copied().collect();
        let all: Vec<usize> = (0..p).collect();
        let mut h = ndarray::Array2::zeros((p, p));
        let at = state(&f, &x);
        bcd::Objective::hessian_into(&f, &mut at.clone(), &all, Curvature::Bound, &mut h).unwrap();
        let mut eigen = SymmetricEigen::new(p);
        eigen.factorise(&h).unwrap();
        let l = eigen.values().unwrap()[p - 1];
        let lambda = 0.6;
        let penalty: Penalty<f64> = L1::new(lambda).unwrap().into();
        let problem = Problem::new(&f, &penalty).unwrap();
        let mut moved = at.clone();
        Update::Gradient.build(&problem).unwrap().step(&problem, &mut moved, Block { indices: &all, number: None }).unwrap();
        for i in 0..p {
            let slope = (x[i] - at.gradient[i] / l - moved.x[i]) * l;
            let expected = if moved.x[i] == 0.0 { slope.clamp(-lambda, lambda) } else { lambda * moved.x[i].signum() };
            prop_assert!((slope - expected).abs() < 1e-11 * (1.0 + l));
        }
    }

    #[test]
    fn identification_comes_before_its_bound(seed in 0..10_000_u64, p in 2..7_usize) {
        let d = draw(seed, 4 * p, p);
        let design = Dense::new(&d.a).unwrap();
        let f = LinearLoss::least_squares(&design, &d.y).unwrap();
        let penalty: Penalty<f64> = L1::new(1.5).unwrap().into();
        let problem = Problem::new(&f, &penalty).unwrap();
        let best = Bcd::new().tolerance(1e-15).fit(&f, &penalty).unwrap();
        let mut eigen = SymmetricEigen::new(p);
        eigen.factorise(&d.a.t().dot(&d.a)).unwrap();
        let (mu, l) = (eigen.values().unwrap()[0], eigen.values().unwrap()[p - 1]);
        if let Some(delta) = non_degeneracy(&problem, &best.x).unwrap().filter(|&delta| delta > 1e-3) {
            let distance = best.x.dot(&best.x).sqrt();
            let bound = proximal_gradient_bound(delta, l, mu, distance).unwrap();
            let bcd = Bcd::new().blocks(bcd::Blocks::Fixed(bcd::Partition::Whole)).rule(bcd::Rule::Cyclic).update(Update::Gradient);
            let fit = bcd.tolerance(0.0).max_iterations(bound + 200).fit(&f, &penalty).unwrap();
            prop_assert!(fit.identified_at <= bound, "{} {bound}", fit.identified_at);
            let start = 0.5 * d.y.dot(&d.y) - best.objective;
            prop_assert!(block_descent_bound(delta, l, mu, mu / l, start.max(0.0), 1).unwrap() >= 1);
        }
    }

    #[test]
    fn zero_is_optimal_from_lambda_max_on(seed in 0..10_000_u64, n in 2..10_usize, p in 2..7_usize) {
        let d = draw(seed, n, p);
        let design = Dense::new(&d.a).unwrap();
        let f = LinearLoss::logistic(&design, &d.signs).unwrap();
        let unit: Penalty<f64> = L1::new(1.0).unwrap().into();
        let largest = lambda_max(&Problem::new(&f, &unit).unwrap()).unwrap().unwrap();
        let fit = Bcd::new().fit(&f, &L1::new(largest * (1.0 + 1e-12)).unwrap().into()).unwrap();
        prop_assert!(fit.iterations == 0 && fit.stopped == Stopped::Converged && fit.support.is_empty());
        let fit = Bcd::new().tolerance(1e-12).fit(&f, &L1::new(largest * 0.95).unwrap().into()).unwrap();
        prop_assert!(!fit.support.is_empty());
    }
}
