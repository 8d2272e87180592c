//! Bounds that must hold: of solutions, of values, of hypergradients.

use super::{norm, picture, quadratic};
use bilevel::problems::Variation;
use bilevel::solver::{AdaptiveGradient, Fista, Lbfgs, LowerSolver, Newton};
use bilevel::{AccuracyScale, BoundMode, Certificate, Implicit, LowerLevel, Oracle};
use core_tensor::random::{normal_array, rng};
use ndarray::Array1;

#[test]
fn every_solver_reaches_the_accuracy_and_its_certificate_holds() {
    let solvers: [Box<dyn LowerSolver>; 5] = [
        Box::new(Fista::new()),
        Box::new(Fista::new().without_momentum()),
        Box::new(AdaptiveGradient),
        Box::new(Lbfgs::default()),
        Box::new(Newton),
    ];
    for mut solver in solvers {
        for seed in 0..4 {
            let mut problem = quadratic(20, 6, seed);
            let theta: Array1<f64> = normal_array(&mut rng(seed), 6);
            let exact = problem.solution(&theta).unwrap();
            let mu = problem.strong_convexity(&theta);
            for accuracy in [1.0, 1e-3, 1e-6] {
                let mut x = Array1::zeros(6);
                let solve = solver.solve(&mut problem, &theta, &mut x, accuracy * mu, 100_000).unwrap();
                assert!(solve.residual <= accuracy * mu, "{solver:?} {solve:?}");
                // The solution to compare with has rounding errors of its own.
                assert!(norm(&(&x - &exact)) <= solve.residual / mu * (1.0 + 1e-9) + 1e-12, "{solver:?}");
                // Warm: nothing to do.
                let again = solver.solve(&mut problem, &theta, &mut x, accuracy * mu, 100_000).unwrap();
                assert_eq!(again.iterations, 0, "{solver:?}");
            }
        }
    }
}

#[test]
fn momentum_pays() {
    let mut problem = picture(12, 12, Variation::Anisotropic, 1);
    let (theta, start) = (Array1::from(vec![0.0, -3.0]), problem.start());
    let mut count = |solver: &mut dyn LowerSolver| {
        let mut x = start.clone();
        solver.solve(&mut problem, &theta, &mut x, 1e-6, 1_000_000).unwrap().iterations
    };
    let (with, without) = (count(&mut Fista::new()), count(&mut Fista::new().without_momentum()));
    assert!(with * 3 < without, "{with} {without}");
    assert!(count(&mut Lbfgs::default()) < with);
}

#[test]
fn values_lie_between_their_bounds() {
    for seed in 0..4 {
        let problem = quadratic(20, 6, seed);
        let theta: Array1<f64> = normal_array(&mut rng(seed + 9), 6);
        let (exact, gradient) = problem.value_and_gradient(&theta).unwrap();
        for certificate in [Certificate::Achieved, Certificate::Requested] {
            for accuracy in [1.0, 1e-1, 1e-2, 1e-4, 1e-6] {
                let oracle = Implicit::new(problem.clone()).unwrap().solver(Fista::new()).certificate(certificate);
                let mut oracle = oracle.bound_mode(BoundMode::Rigorous);
                let found = oracle.refine(&theta, accuracy).unwrap();
                assert!(found.solved && found.bounds.error <= accuracy * (1.0 + 1e-12));
                let slack = 1e-10 * exact.abs().max(1.0);
                assert!(found.bounds.lower <= exact + slack && exact <= found.bounds.upper + slack);
                // And the hypergradient's error below ω, at several residuals.
                for residual in [1.0, 1e-3, 1e-6] {
                    let mut z = Array1::zeros(6);
                    let report = oracle.hypergradient_into(&theta, residual, &mut z).unwrap();
                    let error = norm(&(&z - &gradient));
                    assert!(error <= report.error.unwrap() + 1e-9 * norm(&gradient), "{error} {report:?}");
                    // The corrected value is closer, once both errors are small.
                    if accuracy <= 1e-2 && residual <= 1e-3 {
                        let raw = (found.bounds.value - exact).abs();
                        assert!((report.corrected - exact).abs() <= 0.5 * raw + slack);
                    }
                }
            }
        }
    }
}

#[test]
fn rigorous_bounds_hold_on_total_variation() {
    let theta = Array1::from(vec![-1.0, -2.0]);
    for seed in 0..3 {
        let problem = picture(7, 6, Variation::Anisotropic, seed);
        let mut exact = Implicit::new(problem.clone()).unwrap().solver(Newton);
        let value = exact.refine(&theta, 1e-12).unwrap().bounds.value;
        let mut gradient = Array1::zeros(2);
        exact.hypergradient_into(&theta, 1e-12, &mut gradient).unwrap();
        for accuracy in [1.0, 1e-2, 1e-4] {
            let mut oracle =
                Implicit::new(problem.clone()).unwrap().solver(Fista::new()).bound_mode(BoundMode::Rigorous);
            let bounds = oracle.refine(&theta, accuracy).unwrap().bounds;
            assert!(bounds.lower <= value + 1e-12 && value <= bounds.upper + 1e-12);
            let mut z = Array1::zeros(2);
            let report = oracle.hypergradient_into(&theta, accuracy, &mut z).unwrap();
            assert!(norm(&(&z - &gradient)) <= report.error.unwrap());
        }
    }
}

#[test]
fn other_scales_and_estimates_are_usable() {
    let theta: Array1<f64> = normal_array(&mut rng(3), 6);
    for scale in [AccuracyScale::Lipschitz, AccuracyScale::Newton] {
        let problem = quadratic(20, 6, 1);
        let exact = problem.solution(&theta).unwrap();
        let mut oracle = Implicit::new(problem).unwrap().accuracy_scale(scale).bound_mode(BoundMode::Estimated);
        let found = oracle.refine(&theta, 1e-6).unwrap();
        assert!(found.solved);
        // For a quadratic Newton's estimate is exact up to the linear solve.
        if scale == AccuracyScale::Newton {
            assert!(norm(&(oracle.solution() - &exact)) <= 1.2 * found.bounds.error + 1e-12);
        }
        let mut z = Array1::zeros(6);
        assert!(oracle.hypergradient_into(&theta, 1e-8, &mut z).unwrap().error.is_some());
    }
    // A rigorous bound needs constants.
    let softmax = bilevel::problems::SoftmaxRegression::new(
        (ndarray::array![[1.0], [-1.0]], vec![0, 1]),
        (ndarray::array![[1.0]], vec![0]),
        2,
        bilevel::problems::Groups::Scalar,
    );
    let mut oracle = Implicit::new(softmax.unwrap()).unwrap().bound_mode(BoundMode::Rigorous);
    let theta = Array1::zeros(1);
    oracle.refine(&theta, 1e-3).unwrap();
    let error = oracle.hypergradient_into(&theta, 1e-3, &mut Array1::zeros(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "BoundMode::Rigorous needs the constants of the lower level, which the problem does not provide"
    );
}

/// A quadratic that gives its Hessian.
#[derive(Clone)]
struct Dense(bilevel::problems::Quadratic);

impl LowerLevel for Dense {
    fn variables(&self) -> usize {
        self.0.variables()
    }
    fn hyperparameters(&self) -> usize {
        self.0.hyperparameters()
    }
    fn value_and_gradient_into(
        &mut self,
        x: &ndarray::ArrayRef1<f64>,
        theta: &ndarray::ArrayRef1<f64>,
        gradient: &mut ndarray::ArrayRef1<f64>,
    ) -> f64 {
        self.0.value_and_gradient_into(x, theta, gradient)
    }
    fn has_dense_hessian(&self) -> bool {
        true
    }
    fn hessian_into(
        &mut self,
        x: &ndarray::ArrayRef1<f64>,
        theta: &ndarray::ArrayRef1<f64>,
        out: &mut ndarray::ArrayRef2<f64>,
    ) {
        for (j, mut column) in out.columns_mut().into_iter().enumerate() {
            let unit = Array1::from_shape_fn(x.len(), |i| if i == j { 1.0 } else { 0.0 });
            let mut product = Array1::zeros(x.len());
            self.0.hessian_vector_into(x, theta, &unit, &mut product);
            column.assign(&product);
        }
    }
    fn strong_convexity(&self, theta: &ndarray::ArrayRef1<f64>) -> f64 {
        self.0.strong_convexity(theta)
    }
}

impl bilevel::UpperLevel for Dense {
    fn loss_and_gradient_into(&mut self, x: &ndarray::ArrayRef1<f64>, gradient: &mut ndarray::ArrayRef1<f64>) -> f64 {
        self.0.loss_and_gradient_into(x, gradient)
    }
    fn loss_smoothness(&self) -> f64 {
        self.0.loss_smoothness()
    }
}

/// Direct solves, and derivatives that are left to differences, give the exact hypergradient.
#[test]
fn dense_hessians_are_factorised() {
    let problem = quadratic(20, 6, 5);
    let theta: Array1<f64> = normal_array(&mut rng(5), 6);
    let gradient = problem.value_and_gradient(&theta).unwrap().1;
    let mut oracle = Implicit::new(Dense(problem)).unwrap().solver(Newton);
    oracle.refine(&theta, 1e-10).unwrap();
    let mut z = Array1::zeros(6);
    // However loose a residual is asked for.
    assert!(oracle.hypergradient_into(&theta, 1e3, &mut z).unwrap().solved);
    assert!(norm(&(&z - &gradient)) < 1e-6 * norm(&gradient));
    assert!(oracle.cost().factorisations >= 2 && oracle.cost().products == 0);
}
