//! Properties 3, 12 and 13: F never grows; one block is one solve; coordinates one by one.

use crate::config;
use crate::problems::{draw, each};
use bcd::{
    ActiveRule, Bcd, Blocks, CubicConstant, Curvature, DiagonalBound, Inner, LineSearch, LinearLoss, Partition,
    Penalty, Rule, Update,
};
use core_optim::Stopped;
use core_optim::design::Dense;
use core_optim::prox::{BoxConstraint, ElasticNet, GroupL2, L1, NonNegative, Proximal, Separable};
use core_tensor::linalg::solve_spd;
use ndarray::{Array1, ArrayRef1};
use proptest::prelude::*;

const SMOOTH: [Update; 8] = [
    Update::Gradient,
    Update::Estimated { relax: 0.9 },
    Update::Matrix,
    Update::Newton(LineSearch::reference()),
    Update::Cubic(CubicConstant::Adaptive),
    Update::Exact,
    Update::ProxNewton { curvature: Curvature::AtPoint, inner: Inner::Auto },
    Update::TwoMetric(ActiveRule::Adaptive),
];

const RULES: [Rule; 6] =
    [Rule::Cyclic, Rule::Random, Rule::Lipschitz, Rule::GsModel, Rule::GsLength, Rule::GsSubgradient];

/// |x|³/3: a penalty of one's own, whose minimiser in u of u³/3 + (u - v)²/(2t) solves a quadratic equation.
struct Cube;

impl Proximal<f64> for Cube {
    fn value(&mut self, x: &ArrayRef1<f64>) -> f64 {
        x.iter().map(|x| x.abs().powi(3) / 3.0).sum()
    }

    fn prox_into(&mut self, v: &ArrayRef1<f64>, step: f64, out: &mut ArrayRef1<f64>) -> core_optim::Result<()> {
        out.iter_mut().zip(v).for_each(|(out, &v)| *out = self.coordinate_prox(0, v, step));
        Ok(())
    }

    fn check_dimension(&self, _n: usize) -> core_optim::Result<()> {
        Ok(())
    }
}

impl Separable<f64> for Cube {
    fn coordinate_value(&self, _j: usize, x: f64) -> f64 {
        x.abs().powi(3) / 3.0
    }

    fn coordinate_prox(&self, _j: usize, v: f64, step: f64) -> f64 {
        if step.is_infinite() {
            return 0.0;
        }
        v.signum() * 2.0 * v.abs() / (1.0 + (1.0 + 4.0 * step * v.abs()).sqrt())
    }

    fn subdifferential(&self, _j: usize, x: f64) -> (f64, f64) {
        (x * x.abs(), x * x.abs())
    }
}

fn penalties(p: usize) -> Vec<Penalty<f64>> {
    let groups: Vec<Vec<usize>> = (0..p).collect::<Vec<_>>().chunks(2).map(<[usize]>::to_vec).collect();
    vec![
        L1::new(0.4).unwrap().into(),
        ElasticNet::new(0.3, 0.2).unwrap().into(),
        NonNegative::new(0.1).unwrap().into(),
        BoxConstraint::uniform(-0.3, 0.2).unwrap().into(),
        GroupL2::new(p, 0.3, &groups).unwrap().into(),
        Penalty::Separable(Box::new(Cube)),
    ]
}

/// Runs and checks that no update raises F.
#[track_caller]
fn descends(name: &str, bcd: &Bcd, f: &dyn bcd::Objective<f64>, penalty: &Penalty<f64>, start: &Array1<f64>) -> f64 {
    let bcd = bcd.clone().tolerance(0.0).max_iterations(25).trace(true);
    let fit = bcd.fit_from(f, penalty, start).unwrap_or_else(|error| panic!("{name} {bcd:?} {penalty:?}: {error}"));
    for pair in fit.trace.windows(2) {
        let slack = 1e-12 * (1.0 + pair[0].objective.abs());
        assert!(pair[1].objective <= pair[0].objective + slack, "{name} {penalty:?} {bcd:?}: {pair:?}");
    }
    fit.objective
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn no_update_raises_a_smooth_objective(seed in 0..10_000_u64, n in 2..9_usize, p in 2..8_usize, size in 1..4_usize) {
        each(&draw(seed, n, p), 0.05, |name, f, x| {
            for update in SMOOTH {
                for rule in [Rule::Cyclic, Rule::Gs, Rule::Gsl, Rule::Gsd(DiagonalBound::Trace), Rule::Gsq, Rule::GsqNewton] {
                    let bcd = Bcd::new().blocks(Blocks::Fixed(Partition::Sort(size))).rule(rule).update(update);
                    descends(name, &bcd, f, &Penalty::None, x);
                }
                for rule in [Rule::Lipschitz, Rule::Gsd(DiagonalBound::Lipschitz), Rule::GsqGreedy, Rule::GsqCluster(5), Rule::BestOf] {
                    let bcd = Bcd::new().blocks(Blocks::Variable(size)).rule(rule).update(update);
                    descends(name, &bcd, f, &Penalty::None, x);
                }
            }
            let bcd = Bcd::new().blocks(Blocks::Fixed(Partition::Order(size))).rule(Rule::MaximumImprovement).update(Update::Exact);
            descends(name, &bcd, f, &Penalty::None, x);
        });
    }

    #[test]
    fn no_update_raises_a_composite_objective(seed in 0..10_000_u64, n in 2..9_usize, p in 2..8_usize, size in 1..4_usize) {
        each(&draw(seed, n, p), 0.05, |name, f, x| {
            for penalty in penalties(x.len()) {
                let mut updates = vec![
                    Update::Gradient,
                    Update::Estimated { relax: 0.9 },
                    Update::Exact,
                    Update::prox_newton(),
                    Update::ProxNewton { curvature: Curvature::Bound, inner: Inner::Descent },
                ];
                match penalty {
                    Penalty::L1(_) | Penalty::ElasticNet(_) => updates.push(Update::TwoMetricL1),
                    Penalty::NonNegative(_) | Penalty::Box(_) => {
                        updates.extend([Update::TwoMetric(ActiveRule::Adaptive), Update::TwoMetric(ActiveRule::Reference)]);
                    }
                    _ => {}
                }
                for update in updates {
                    for rule in RULES {
                        descends(name, &Bcd::new().blocks(Blocks::Variable(size)).rule(rule).update(update), f, &penalty, x);
                        let bcd = Bcd::new().blocks(Blocks::Fixed(Partition::Average(size))).rule(rule).update(update);
                        descends(name, &bcd, f, &penalty, x);
                    }
                }
            }
        });
    }

    #[test]
    fn every_composite_update_finds_the_optimum(seed in 0..10_000_u64, n in 3..9_usize, p in 2..6_usize) {
        let d = draw(seed, n, p);
        let design = Dense::new(&d.a).unwrap();
        let f = LinearLoss::logistic(&design, &d.signs).unwrap().with_ridge(0.2).unwrap();
        for penalty in penalties(p) {
            let best = Bcd::new().tolerance(1e-13).max_iterations(5000).fit(&f, &penalty).unwrap();
            for update in [Update::Gradient, Update::Exact, Update::ProxNewton { curvature: Curvature::Bound, inner: Inner::Descent }] {
                let bcd = Bcd::new().blocks(Blocks::Fixed(Partition::Order(2))).rule(Rule::Cyclic).update(update);
                let fit = bcd.tolerance(1e-12).max_iterations(50_000).fit(&f, &penalty).unwrap();
                prop_assert!((fit.objective - best.objective).abs() < 1e-9 * (1.0 + best.objective), "{update:?} {penalty:?}");
            }
        }
    }

    #[test]
    fn one_block_of_everything_is_one_solve(seed in 0..10_000_u64, n in 3..12_usize, p in 2..9_usize) {
        let d = draw(seed, n + p, p);
        let design = Dense::new(&d.a).unwrap();
        let f = LinearLoss::least_squares(&design, &d.y).unwrap();
        let h = d.a.t().dot(&d.a);
        let exact = solve_spd(&h, &d.a.t().dot(&d.y)).unwrap();
        let bcd = Bcd::new().blocks(Blocks::Variable(p)).update(Update::Matrix).max_iterations(1).tolerance(1e-6);
        let fit = bcd.fit(&f, &Penalty::None).unwrap();
        let scale = exact.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        prop_assert!(fit.x.iter().zip(&exact).all(|(a, b)| (a - b).abs() < 1e-8 * scale));
        for penalty in [L1::new(0.7).unwrap().into(), Penalty::from(NonNegative::new(0.2).unwrap())] {
            let bcd = Bcd::new().blocks(Blocks::Fixed(Partition::Whole)).rule(Rule::Cyclic).update(Update::prox_newton());
            let fit = bcd.max_iterations(1).tolerance(1e-9).fit(&f, &penalty).unwrap();
            prop_assert_eq!(fit.stopped, Stopped::Converged);
        }
    }

    #[test]
    fn blocks_of_one_are_coordinate_descent(seed in 0..10_000_u64, n in 3..12_usize, p in 2..9_usize) {
        let d = draw(seed, n, p);
        let design = Dense::new(&d.a).unwrap();
        let f = LinearLoss::least_squares(&design, &d.y).unwrap();
        let lambda = 0.5;
        let bcd = Bcd::new().blocks(Blocks::Fixed(Partition::Order(1))).rule(Rule::Cyclic).update(Update::Exact);
        let fit = bcd.tolerance(0.0).max_iterations(3 * p).fit(&f, &L1::new(lambda).unwrap().into()).unwrap();
        let mut x = Array1::<f64>::zeros(p);
        let mut r = d.y.clone();
        for _ in 0..3 {
            for j in 0..p {
                let column = d.a.column(j);
                let norm = column.dot(&column);
                let v = x[j] + column.dot(&r) / norm;
                let next = v.signum() * (v.abs() - lambda / norm).max(0.0);
                r.scaled_add(x[j] - next, &column);
                x[j] = next;
            }
        }
        prop_assert!(fit.x.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-10 * (1.0 + b.abs())));
    }
}
