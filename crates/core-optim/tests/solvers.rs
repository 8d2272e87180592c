//! L-BFGS and FISTA: minima, certificates, rates, reasons to stop, reuse.

use core_optim::design::Dense;
use core_optim::line_search::StrongWolfe;
use core_optim::loss::{EmpiricalLoss, LinearModel, Logistic};
use core_optim::prox::{BoxConstraint, L1, Simplex, Zero};
use core_optim::{
    Error, Fista, FistaWorkspace, Lbfgs, Momentum, Restart, SmoothObjective, SolverState, StepRule, Stopped,
    StoppingRule, TwiceDifferentiable, Unobserved, largest_curvature,
};
use core_tensor::Scalar;
use ndarray::{Array1, Array2, ArrayRef1, array};
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use std::ops::ControlFlow;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 50,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// ½ Σ cᵢ (xᵢ - mᵢ)².
struct Quadratic<T> {
    curvatures: Array1<T>,
    minimum: Array1<T>,
}

impl<T: Scalar> SmoothObjective<T> for Quadratic<T> {
    fn dimension(&self) -> usize {
        self.minimum.len()
    }
    fn value(&mut self, x: &ArrayRef1<T>) -> T {
        let half = <T as Scalar>::from_f64(0.5);
        x.iter().zip(&self.minimum).zip(&self.curvatures).map(|((&x, &m), &c)| half * c * (x - m) * (x - m)).sum()
    }
    fn value_and_gradient_into(&mut self, x: &ArrayRef1<T>, gradient: &mut ArrayRef1<T>) -> T {
        for (j, g) in gradient.iter_mut().enumerate() {
            *g = self.curvatures[j] * (x[j] - self.minimum[j]);
        }
        self.value(x)
    }
}

impl<T: Scalar> TwiceDifferentiable<T> for Quadratic<T> {
    fn hessian_vector_into(&mut self, _: &ArrayRef1<T>, v: &ArrayRef1<T>, out: &mut ArrayRef1<T>) {
        out.assign(&(&v.view() * &self.curvatures));
    }
}

fn quadratic(n: usize, condition: f64) -> Quadratic<f64> {
    let step = |i: usize| i as f64 / (n.max(2) - 1) as f64;
    Quadratic {
        curvatures: Array1::from_shape_fn(n, |i| condition.powf(-step(i))),
        minimum: Array1::from_shape_fn(n, |i| (1.3 * i as f64).cos()),
    }
}

/// A function given by a closure that returns the value and writes the gradient.
struct Given<F>(usize, F);
impl<F: FnMut(&ArrayRef1<f64>, &mut ArrayRef1<f64>) -> f64> SmoothObjective<f64> for Given<F> {
    fn dimension(&self) -> usize {
        self.0
    }
    fn value(&mut self, x: &ArrayRef1<f64>) -> f64 {
        self.1(x, &mut Array1::zeros(self.0))
    }
    fn value_and_gradient_into(&mut self, x: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        self.1(x, gradient)
    }
}

fn rosenbrock(n: usize) -> Given<impl FnMut(&ArrayRef1<f64>, &mut ArrayRef1<f64>) -> f64> {
    Given(n, move |x: &ArrayRef1<f64>, g: &mut ArrayRef1<f64>| {
        g.fill(0.0);
        let mut f = 0.0;
        for i in 0..n - 1 {
            let lift = x[i + 1] - x[i] * x[i];
            f += (1.0 - x[i]).powi(2) + 100.0 * lift * lift;
            g[i] += -2.0 * (1.0 - x[i]) - 400.0 * x[i] * lift;
            g[i + 1] += 200.0 * lift;
        }
        f
    })
}

#[test]
fn lbfgs_solves_rosenbrock_and_keeps_descending() {
    let start = Array1::from_shape_fn(100, |i| if i % 2 == 0 { -1.2 } else { 1.0 });
    for memory in [1, 3, 10, 30] {
        let solver = Lbfgs::new().memory(memory).max_iterations(5000).stopping(StoppingRule::none().gradient_abs(1e-9));
        let mut before = f64::INFINITY;
        let mut x = start.clone();
        let mut watch = |state: &SolverState<'_, f64>| {
            assert!(state.value.unwrap() <= before);
            before = state.value.unwrap();
            ControlFlow::Continue(())
        };
        let summary =
            solver.minimise_into(&mut rosenbrock(100), &mut x, &mut solver.workspace(100), &mut watch).unwrap();
        assert_eq!(summary.stopped, Stopped::Converged, "{summary:?}");
        let mut g = Array1::zeros(100);
        let value = rosenbrock(100).value_and_gradient_into(&x, &mut g);
        assert_eq!(value, summary.value);
        assert!((g.dot(&g).sqrt() - summary.gradient_norm).abs() <= 1e-12);
    }
}

#[test]
fn lbfgs_reaches_the_end_of_precision_and_says_so() {
    // Tolerance zero: it must stop by itself, near the limit √ε-free gradient accuracy.
    let mut f = quadratic(20, 1e6);
    let found = Lbfgs::new()
        .stopping(StoppingRule::none())
        .max_iterations(100_000)
        .minimise(&mut f, &Array1::zeros(20))
        .unwrap();
    assert!(matches!(found.summary.stopped, Stopped::Converged | Stopped::NoProgress | Stopped::LineSearchFailed));
    assert!(found.summary.gradient_norm < 1e-12, "{:?}", found.summary);
    // A constant added to the objective hides the decrease of the value, not the slopes.
    let mut inner = quadratic(20, 100.0);
    let mut shifted =
        Given(20, move |x: &ArrayRef1<f64>, g: &mut ArrayRef1<f64>| 1e6 + inner.value_and_gradient_into(x, g));
    let found = Lbfgs::new()
        .stopping(StoppingRule::none().gradient_abs(1e-9))
        .minimise(&mut shifted, &Array1::zeros(20))
        .unwrap();
    assert_eq!(found.summary.stopped, Stopped::Converged, "{:?}", found.summary);
}

#[test]
fn lbfgs_names_its_reasons() {
    let mut f = quadratic(5, 1.0);
    let start = Array1::zeros(5);
    let solver = Lbfgs::new();
    let stopped = |solver: Lbfgs, f: &mut Quadratic<f64>| solver.minimise(f, &Array1::zeros(5)).unwrap().summary;
    assert_eq!(stopped(solver.max_iterations(0), &mut f).stopped, Stopped::IterationLimit);
    assert_eq!(
        stopped(solver.stopping(StoppingRule::none().objective(0.9)), &mut quadratic(5, 50.0)).stopped,
        Stopped::Settled
    );
    let mut x = start;
    let mut once = |_: &SolverState<'_, f64>| ControlFlow::Break(());
    let summary = solver.minimise_into(&mut quadratic(5, 50.0), &mut x, &mut solver.workspace(5), &mut once).unwrap();
    assert_eq!((summary.stopped, summary.iterations), (Stopped::Observer, 1));
    // Starting at the minimum.
    let minimum = f.minimum.clone();
    let summary = solver.minimise(&mut f, &minimum).unwrap().summary;
    assert_eq!((summary.stopped, summary.iterations, summary.evaluations), (Stopped::Converged, 0, 1));
    // Linear: falls for ever.
    let mut linear = Given(2, |x: &ArrayRef1<f64>, g: &mut ArrayRef1<f64>| {
        g.fill(-1.0);
        -x.sum()
    });
    let found = solver.minimise(&mut linear, &array![0.0, 0.0]).unwrap();
    assert_eq!(found.summary.stopped, Stopped::Unbounded);
    // The gradient lies: no step goes down.
    let mut liar = Given(1, |x: &ArrayRef1<f64>, g: &mut ArrayRef1<f64>| {
        g[0] = 1.0;
        1.0 + x[0].abs()
    });
    let found = solver.minimise(&mut liar, &array![0.0]).unwrap();
    assert!(matches!(found.summary.stopped, Stopped::NoProgress | Stopped::LineSearchFailed));
    assert_eq!(found.x, array![0.0]);
    // No variables.
    let mut empty = Given(0, |_: &ArrayRef1<f64>, _: &mut ArrayRef1<f64>| 3.0);
    assert_eq!(solver.minimise(&mut empty, &array![]).unwrap().summary.stopped, Stopped::Converged);
}

#[test]
fn a_domain_boundary_is_respected() {
    // -log x - log(1 - x) + 5x: NaN outside (0, 1).
    let barrier = || {
        Given(1, |x: &ArrayRef1<f64>, g: &mut ArrayRef1<f64>| {
            g[0] = -1.0 / x[0] + 1.0 / (1.0 - x[0]) + 5.0;
            -x[0].ln() - (1.0 - x[0]).ln() + 5.0 * x[0]
        })
    };
    let expected = (7.0 - 29.0_f64.sqrt()) / 10.0;
    let found = Lbfgs::new()
        .stopping(StoppingRule::none().gradient_abs(1e-10))
        .minimise(&mut barrier(), &array![0.999])
        .unwrap();
    assert!((found.x[0] - expected).abs() < 1e-10, "{found:?}");
    let found = Fista::new()
        .stopping(StoppingRule::none().gradient_abs(1e-10))
        .minimise(&mut barrier(), &mut Zero, &array![0.9])
        .unwrap();
    assert!((found.x[0] - expected).abs() < 1e-9, "{found:?}");
}

/// The iteration as specified, written down once more.
fn fista_by_hand(f: &mut Quadratic<f64>, mu: f64, l: f64, iterations: usize) -> Array1<f64> {
    let n = f.dimension();
    let (mut x, mut before, mut t) = (Array1::zeros(n), Array1::zeros(n), 0.0_f64);
    let q = mu / l;
    for _ in 0..iterations {
        let bend = 1.0 - q * t * t;
        let next = (bend + (bend * bend + 4.0 * t * t).sqrt()) / 2.0;
        let beta = if q == 1.0 { 0.0 } else { (t - 1.0) / next * (1.0 - next * q) / (1.0 - q) };
        let y = &x + &((&x - &before) * beta);
        let mut g = Array1::zeros(n);
        f.value_and_gradient_into(&y, &mut g);
        before = x;
        x = &y - &(g / l);
        t = next;
    }
    x
}

#[test]
fn fista_follows_the_recipe_and_its_rate() {
    for condition in [1.0, 10.0, 1000.0] {
        let mut f = quadratic(30, condition);
        let mu = 1.0 / condition;
        let error = |x: &Array1<f64>, f: &Quadratic<f64>| (x - &f.minimum).mapv(|v| v * v).sum().sqrt();
        let first = error(&Array1::zeros(30), &f);
        for k in [1, 2, 5, 40, 200] {
            for (momentum, mu) in [(Momentum::StronglyConvex(mu), mu), (Momentum::Convex, 0.0)] {
                let solver = Fista::new()
                    .step_rule(StepRule::Fixed(1.0))
                    .momentum(momentum)
                    .restart(Restart::None)
                    .stopping(StoppingRule::none())
                    .max_iterations(k);
                let found = solver.minimise(&mut f, &mut Zero, &Array1::zeros(30)).unwrap();
                if found.summary.stopped == Stopped::IterationLimit {
                    let expected = fista_by_hand(&mut f, mu, 1.0, k);
                    for (a, b) in found.x.iter().zip(&expected) {
                        assert!((a - b).abs() <= 1e-12);
                    }
                }
                if mu > 0.0 {
                    // ‖x_k - x*‖ ≤ √(2L/μ) (1 - √(μ/L))^{k/2} ‖x₀ - x*‖.
                    let bound = (2.0 * condition).sqrt() * (1.0 - mu.sqrt()).powf(k as f64 / 2.0) * first;
                    assert!(error(&found.x, &f) <= bound + 1e-14, "{condition} {k}");
                }
            }
        }
    }
}

#[test]
fn restarts_help_on_strongly_convex_problems() {
    let rule = StoppingRule::none().gradient_abs(1e-9);
    let iterations = |restart| {
        let solver =
            Fista::new().step_rule(StepRule::Fixed(1.0)).restart(restart).stopping(rule).max_iterations(100_000);
        let found = solver.minimise(&mut quadratic(50, 1e4), &mut Zero, &Array1::zeros(50)).unwrap().summary;
        assert_eq!(found.stopped, Stopped::Converged);
        found.iterations
    };
    let (none, function, gradient) =
        (iterations(Restart::None), iterations(Restart::Function), iterations(Restart::Gradient));
    assert!(function * 3 < none && gradient * 3 < none, "{none} {function} {gradient}");
}

proptest! {
    #![proptest_config(config())]

    /// A separable quadratic with a separable penalty has a closed form.
    #[test]
    fn fista_finds_closed_forms(curvatures in proptest::collection::vec(0.1..10.0_f64, 1..12), level in 0.0..2.0_f64, seed in 0.1..3.0_f64) {
        let n = curvatures.len();
        let minimum = Array1::from_shape_fn(n, |i| (seed * i as f64).sin() * 2.0);
        let mut f = Quadratic { curvatures: Array1::from(curvatures), minimum };
        let lasso = Array1::from_shape_fn(n, |i| core_optim::prox::soft_threshold(f.minimum[i], level / f.curvatures[i]));
        let boxed = f.minimum.mapv(|m| m.clamp(-0.5, 1.0));
        for rule in [StepRule::Fixed(10.0), StepRule::Backtracking(1e-3)] {
            for restart in [Restart::Gradient, Restart::Function, Restart::None] {
                let solver = Fista::new().step_rule(rule).restart(restart).stopping(StoppingRule::none().gradient_abs(1e-10)).max_iterations(100_000);
                let found = solver.minimise(&mut f, &mut L1::new(level).unwrap(), &Array1::zeros(n)).unwrap();
                prop_assert_eq!(found.summary.stopped, Stopped::Converged);
                // ‖x - x*‖ ≤ residual · (1/μ + 1/L) ≤ 1e-10 · 10.1 for the mapping at the last point.
                for (a, b) in found.x.iter().zip(&lasso) { prop_assert!((a - b).abs() <= 2e-9, "{} {}", a, b); }
                let value = f.value(&found.x) + level * found.x.mapv(f64::abs).sum();
                prop_assert!((value - found.summary.value).abs() <= 1e-13 * (1.0 + value));
                let found = solver.minimise(&mut f, &mut BoxConstraint::uniform(-0.5, 1.0).unwrap(), &Array1::zeros(n)).unwrap();
                for (a, b) in found.x.iter().zip(&boxed) { prop_assert!((a - b).abs() <= 2e-9); }
            }
        }
        // The curvature estimate approaches the largest from below.
        let largest = f.curvatures.iter().fold(0.0_f64, |m, &c| m.max(c));
        let estimate = largest_curvature(&mut f, &Array1::zeros(n), 50).unwrap();
        prop_assert!(estimate <= largest * (1.0 + 1e-13) && estimate >= 0.8 * largest);
    }

    #[test]
    fn both_solvers_agree_on_logistic_regression(x in proptest::collection::vec(-2.0..2.0_f64, 40), ridge in 0.05..1.0_f64) {
        let x = Array2::from_shape_vec((10, 4), x).unwrap();
        let y = Array1::from_shape_fn(10, |i| if (i * 7) % 3 == 0 { 1.0 } else { -1.0 });
        let loss = EmpiricalLoss::new(Logistic, &y).unwrap();
        let design = Dense::new(&x).unwrap();
        let mut model = LinearModel::new(&design, &loss).unwrap().ridge(ridge).unwrap();
        let rule = StoppingRule::none().gradient_abs(1e-10);
        let a = Lbfgs::new().stopping(rule).minimise(&mut model, &Array1::zeros(4)).unwrap();
        let b = Fista::new().momentum(Momentum::StronglyConvex(ridge)).stopping(rule).minimise(&mut model, &mut Zero, &Array1::zeros(4)).unwrap();
        prop_assert_eq!((a.summary.stopped, b.summary.stopped), (Stopped::Converged, Stopped::Converged));
        // Strong convexity: each is within 1e-10/ridge of the minimum.
        for (a, b) in a.x.iter().zip(&b.x) { prop_assert!((a - b).abs() <= 2e-10 / ridge); }
        let (xs, ys) = (x.mapv(|v| v as f32), y.mapv(|v| v as f32));
        let (loss, design) = (EmpiricalLoss::new(Logistic, &ys).unwrap(), Dense::new(&xs).unwrap());
        let mut model = LinearModel::new(&design, &loss).unwrap().ridge(ridge as f32).unwrap();
        let c = Lbfgs::new().stopping(StoppingRule::none().gradient_abs(1e-4)).minimise(&mut model, &Array1::zeros(4)).unwrap();
        for (a, c) in a.x.iter().zip(&c.x) { prop_assert!((a - f64::from(*c)).abs() <= 3e-4 / ridge); }
    }
}

#[test]
fn a_workspace_full_of_old_numbers_changes_nothing() {
    let solver = Lbfgs::new().memory(4);
    let mut work = solver.workspace(6);
    let mut x = Array1::zeros(6);
    // The first run leaves NaN in the trial vectors, the second must not see it.
    let mut nasty = Given(6, |x: &ArrayRef1<f64>, g: &mut ArrayRef1<f64>| {
        g.assign(&x.mapv(|v| v - 1.0));
        if x.iter().all(|&v| v == 0.0) {
            3.0
        } else {
            g.fill(f64::NAN);
            f64::NAN
        }
    });
    solver.minimise_into(&mut nasty, &mut x, &mut work, &mut Unobserved).unwrap();
    let mut a = Array1::zeros(6);
    let used = solver.minimise_into(&mut quadratic(6, 50.0), &mut a, &mut work, &mut Unobserved).unwrap();
    let fresh = solver.minimise(&mut quadratic(6, 50.0), &Array1::zeros(6)).unwrap();
    assert_eq!((a, used), (fresh.x, fresh.summary));

    let solver = Fista::new();
    let mut work = FistaWorkspace::new(6);
    let _ = solver.minimise_into(&mut nasty, &mut Zero, &mut x, &mut work, &mut Unobserved);
    let mut wide = Array2::zeros((6, 2));
    let used = solver
        .minimise_into(&mut quadratic(6, 50.0), &mut Zero, &mut wide.column_mut(0), &mut work, &mut Unobserved)
        .unwrap();
    let fresh = solver.minimise(&mut quadratic(6, 50.0), &mut Zero, &Array1::zeros(6)).unwrap();
    assert_eq!((wide.column(0).to_owned(), used), (fresh.x, fresh.summary));
}

#[test]
fn bad_arguments_are_refused() {
    let start = Array1::zeros(3);
    let mut f = quadratic(3, 10.0);
    let nan = array![0.0, f64::NAN, 0.0];
    assert!(Lbfgs::new().memory(0).minimise(&mut f, &start).is_err());
    assert!(Lbfgs::new().minimise(&mut f, &array![0.0]).is_err());
    assert!(Lbfgs::new().minimise(&mut f, &nan).is_err());
    assert!(Lbfgs::new().stopping(StoppingRule::none().step(-1.0)).minimise(&mut f, &start).is_err());
    for search in [
        StrongWolfe { sufficient_decrease: 0.95, ..StrongWolfe::default() },
        StrongWolfe { curvature: f64::NAN, ..StrongWolfe::default() },
        StrongWolfe { max_step: 0.0, ..StrongWolfe::default() },
        StrongWolfe { max_evaluations: 0, ..StrongWolfe::default() },
    ] {
        assert!(Lbfgs::new().line_search(search).minimise(&mut f, &start).is_err());
    }
    let mut x = start.clone();
    assert!(Lbfgs::new().minimise_into(&mut f, &mut x, &mut Lbfgs::new().workspace(4), &mut Unobserved).is_err());
    assert!(
        Lbfgs::new().minimise_into(&mut f, &mut x, &mut Lbfgs::new().memory(3).workspace(3), &mut Unobserved).is_err()
    );

    for l in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Fista::new().step_rule(StepRule::Fixed(l)).minimise(&mut f, &mut Zero, &start).is_err());
        assert!(Fista::new().step_rule(StepRule::Backtracking(l)).minimise(&mut f, &mut Zero, &start).is_err());
        assert!(Fista::new().momentum(Momentum::StronglyConvex(l)).minimise(&mut f, &mut Zero, &start).is_err());
    }
    assert!(Fista::new().minimise(&mut f, &mut Zero, &nan).is_err());
    assert!(Fista::new().minimise(&mut f, &mut Zero, &array![0.0]).is_err());
    assert!(
        Fista::new().minimise_into(&mut f, &mut Zero, &mut x, &mut FistaWorkspace::new(2), &mut Unobserved).is_err()
    );
    assert!(Fista::new().minimise(&mut f, &mut L1::weighted(1.0, &array![1.0]).unwrap(), &start).is_err());
    let mut empty = Given(0, |_: &ArrayRef1<f64>, _: &mut ArrayRef1<f64>| 3.0);
    assert!(Fista::new().minimise(&mut empty, &mut Simplex::probability(), &array![]).is_err());
    assert!(largest_curvature(&mut f, &start, 0).is_err() && largest_curvature(&mut f, &nan, 3).is_err());
    for bad in [f64::NAN, f64::INFINITY] {
        let mut f = Given(1, move |_: &ArrayRef1<f64>, g: &mut ArrayRef1<f64>| {
            g[0] = 1.0;
            bad
        });
        assert!(matches!(Lbfgs::new().minimise(&mut f, &array![0.0]), Err(Error::StartNotFinite { .. })));
        assert!(matches!(Fista::new().minimise(&mut f, &mut Zero, &array![0.0]), Err(Error::StartNotFinite { .. })));
        let mut f = Given(1, move |_: &ArrayRef1<f64>, g: &mut ArrayRef1<f64>| {
            g[0] = bad;
            1.0
        });
        assert!(matches!(Lbfgs::new().minimise(&mut f, &array![0.0]), Err(Error::StartNotFinite { .. })));
        assert!(matches!(Fista::new().minimise(&mut f, &mut Zero, &array![0.0]), Err(Error::StartNotFinite { .. })));
    }
    // A step that is far too long diverges: by name, with a finite point.
    let found = Fista::new()
        .step_rule(StepRule::Fixed(1e-3))
        .restart(Restart::None)
        .minimise(&mut f, &mut Zero, &start)
        .unwrap();
    assert_eq!(found.summary.stopped, Stopped::NumericalBreakdown);
    assert!(found.x.iter().all(|v| v.is_finite()));
}
