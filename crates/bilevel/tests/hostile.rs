//! Every public function with arguments nobody should pass: typed errors, never a panic.

use bilevel::problems::{
    FieldOfExperts, FieldOfExpertsParameters, Groups, Quadratic, SoftmaxRegression, TotalVariation, Variation,
};
use bilevel::self_tuning::{Hyperparameter, Range, Regularisation, SelfTuningNetwork, StructuredLinear};
use bilevel::solver::{AdaptiveGradient, Fista, Lbfgs, LowerSolver, Newton};
use bilevel::tune::{
    ElasticNet, LogisticRegression, Ridge, RidgeCriterion, tune_elastic_net, tune_kernel_ridge, tune_logistic,
    tune_ridge,
};
use bilevel::{
    Decay, Hoag, Implicit, LowerLevel, Maid, Oracle, Samples, Schedule, StochasticDescent, UpperLevel,
    check_derivatives, grid_search, random_search,
};
use core_tensor::random::rng;
use ndarray::{Array1, Array2, ArrayRef1, array};
use rand::{Rng, RngExt};

const NASTY: [f64; 12] =
    [0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 1e-308, 5e-324, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 710.0];

/// Mostly usable numbers.
fn number(random: &mut impl Rng) -> f64 {
    if random.random_range(0..12) == 0 {
        NASTY[random.random_range(0..NASTY.len())]
    } else {
        random.random_range(-2.0..2.0)
    }
}

fn matrix(random: &mut impl Rng) -> Array2<f64> {
    let shape = (random.random_range(0..5), random.random_range(0..5));
    Array2::from_shape_simple_fn(shape, || number(random))
}

fn vector(random: &mut impl Rng) -> Array1<f64> {
    let length = random.random_range(0..5);
    Array1::from_shape_simple_fn(length, || number(random))
}

fn labels(random: &mut impl Rng) -> Vec<usize> {
    (0..random.random_range(0..5)).map(|_| random.random_range(0..4)).collect()
}

/// Runs everything on a problem; errors are welcome.
fn drive<P: LowerLevel + UpperLevel + Clone>(problem: P, random: &mut impl Rng) {
    let theta = vector(random);
    let right = Array1::from_shape_simple_fn(problem.hyperparameters(), || number(random));
    let _ = check_derivatives(&mut problem.clone(), &vector(random), &theta);
    let Ok(oracle) = Implicit::new(problem.clone()) else { return };
    let oracle = match random.random_range(0..4) {
        0 => oracle.solver(Fista::new()),
        1 => oracle.solver(AdaptiveGradient),
        2 => oracle.solver(Newton),
        _ => oracle.solver(Lbfgs::default()),
    };
    let Ok(mut oracle) = oracle.limits(30, 30) else { return };
    for theta in [theta, right] {
        let maid = Maid::fast()
            .accuracies(number(random), number(random))
            .max_iterations(3)
            .max_cost(200)
            .box_constraints(-20.0, 20.0);
        let _ = maid.minimise(&mut oracle, &theta);
        let _ = Maid::new().max_iterations(2).max_cost(200).minimise(&mut oracle, &theta);
        let _ = Hoag::new().schedule(Schedule::Cubic, number(random)).max_iterations(2).minimise(&mut oracle, &theta);
        let points = theta.clone().insert_axis(ndarray::Axis(0));
        let _ = grid_search(&mut oracle, &points, number(random).abs());
        if let Ok(mut samples) = Implicit::new(problem.clone()).and_then(|one| Samples::new(vec![one])) {
            let descent = StochasticDescent::new(random.random_range(0..3), 2).step(Decay::Constant(number(random)));
            let _ = descent.minimise(&mut samples, &theta);
        }
    }
    let _ = oracle.warm_start(&vector(random));
    let _ = oracle.restore(&[vector(random), vector(random), vector(random)]);
    let _ = random_search(&mut oracle, (number(random), number(random)), 2, 0.1, 0);
}

#[test]
fn problems_and_descent() {
    let mut random = rng(1);
    for _ in 0..400 {
        let c = number(&mut random);
        let (a, b) = (
            (matrix(&mut random), vector(&mut random)),
            (matrix(&mut random), matrix(&mut random), vector(&mut random)),
        );
        if let Ok(problem) = Quadratic::new(a, b, c) {
            let _ = (problem.solution(&vector(&mut random)), problem.minimiser());
            drive(problem, &mut random);
        }
        // One that is legal but for its numbers.
        let square = |random: &mut _| Array2::from_shape_simple_fn((3, 2), || number(random));
        let column = |random: &mut _| Array1::from_shape_simple_fn(3, || number(random));
        let first = (square(&mut random), column(&mut random));
        let second = (square(&mut random), square(&mut random), column(&mut random));
        if let Ok(problem) = Quadratic::new(first, second, 0.5) {
            drive(problem, &mut random);
        }
        let image = matrix(&mut random);
        for variation in [Variation::Anisotropic, Variation::Isotropic] {
            if let Ok(problem) = TotalVariation::new(image.clone(), image.clone(), variation) {
                drive(problem, &mut random);
            }
        }
        let sizes = (random.random_range(0..3), random.random_range(0..4), random.random_range(0..4));
        if let Ok(problem) = FieldOfExperts::new(image.clone(), image, sizes.0, sizes.1, sizes.2) {
            drive(problem, &mut random);
        }
        let _ = FieldOfExpertsParameters::random(sizes.0, sizes.1, 0);
        let _ = FieldOfExpertsParameters::unpack(&vector(&mut random), sizes.0, sizes.1);
        let (train, validation) =
            ((matrix(&mut random), labels(&mut random)), (matrix(&mut random), labels(&mut random)));
        let groups = [Groups::Scalar, Groups::Class, Groups::Feature, Groups::Entry][random.random_range(0..4)];
        if let Ok(problem) = SoftmaxRegression::new(train, validation, random.random_range(0..5), groups) {
            let _ = problem.scores(&matrix(&mut random), &vector(&mut random));
            drive(problem, &mut random);
        }
    }
}

#[test]
fn tuners() {
    let mut random = rng(2);
    for _ in 0..2000 {
        let (x, y) = (matrix(&mut random), vector(&mut random));
        let groups = labels(&mut random);
        let criterion = match random.random_range(0..3) {
            0 => RidgeCriterion::LeaveOneOut,
            1 => RidgeCriterion::GeneralisedCrossValidation,
            _ => RidgeCriterion::Validation { x: matrix(&mut random), y: vector(&mut random) },
        };
        let bounds = (random.random_range(0..2) == 0).then(|| (number(&mut random), number(&mut random)));
        let _ = tune_kernel_ridge(&x, &y, &criterion, bounds);
        // Shapes that fit more often.
        let fitting = Array1::from_shape_simple_fn(x.nrows(), || number(&mut random));
        let all = vec![0; x.ncols()];
        for (y, groups) in [(&y, &groups), (&fitting, &all)] {
            if let Ok(ridge) = Ridge::new(x.clone(), y.clone(), groups, criterion.clone()) {
                let _ = ridge.evaluate(&vector(&mut random));
                let _ = tune_ridge(&ridge, bounds, None);
                let _ = tune_ridge(&ridge, bounds, Some(&vector(&mut random)));
            }
            if let Ok(net) = ElasticNet::new((x.clone(), y.clone()), (x.clone(), y.clone())) {
                let _ = net.coefficients(&vector(&mut random), Some(&vector(&mut random)));
                let _ = net.value_and_hypergradient(&array![0.0, 0.0], &vector(&mut random));
                let _ = tune_elastic_net(&net, bounds, None);
            }
            let signs = y.mapv(|v| if v > 0.0 { 1.0 } else { -1.0 });
            if let Ok(model) = LogisticRegression::new((x.clone(), signs.clone()), (x.clone(), signs)) {
                let _ = model.coefficients(number(&mut random), &vector(&mut random));
                let _ = tune_logistic(&model, bounds);
            }
        }
    }
}

#[test]
fn self_tuning() {
    let mut random = rng(3);
    for _ in 0..2000 {
        let range = match random.random_range(0..4) {
            0 => Range::Interval { low: number(&mut random), high: number(&mut random) },
            1 => Range::AtLeast(number(&mut random)),
            2 => Range::AtMost(number(&mut random)),
            _ => Range::Free,
        };
        let _ = range.value(number(&mut random));
        let made = Hyperparameter::new("h", range, number(&mut random));
        let hyperparameters = made.map(|h| vec![(h, Regularisation::InputDropout)]).unwrap_or_default();
        let sizes: Vec<usize> = (0..random.random_range(0..4)).map(|_| random.random_range(0..4)).collect();
        if let Ok(network) = SelfTuningNetwork::new(&sizes, hyperparameters, 0) {
            let _ = network.scores(&matrix(&mut random), &vector(&mut random));
        }
        let (inputs, outputs) = (random.random_range(0..4), random.random_range(0..4));
        if let Ok(layer) = StructuredLinear::new(inputs, outputs, random.random_range(0..3), 0) {
            let (x, h, upstream) = (matrix(&mut random), matrix(&mut random), matrix(&mut random));
            let _ =
                (layer.forward(&x, Some(&h)), layer.backward(&x, Some(&h), &upstream), layer.at(&vector(&mut random)));
        }
    }
}

/// A problem that lies about everything.
#[derive(Clone)]
struct Liar(f64);

impl LowerLevel for Liar {
    fn variables(&self) -> usize {
        2
    }
    fn hyperparameters(&self) -> usize {
        1
    }
    fn value_and_gradient_into(
        &mut self,
        x: &ArrayRef1<f64>,
        _: &ArrayRef1<f64>,
        gradient: &mut ArrayRef1<f64>,
    ) -> f64 {
        gradient.fill(self.0);
        x[0] * self.0
    }
    fn strong_convexity(&self, _: &ArrayRef1<f64>) -> f64 {
        if self.0 == -1.0 { self.0 } else { 1.0 }
    }
}

impl UpperLevel for Liar {
    fn loss_and_gradient_into(&mut self, _: &ArrayRef1<f64>, gradient: &mut ArrayRef1<f64>) -> f64 {
        gradient.fill(1.0);
        self.0
    }
    fn loss_smoothness(&self) -> f64 {
        self.0
    }
}

#[test]
fn problems_that_are_not_what_they_claim() {
    let mut random = rng(4);
    for value in NASTY {
        for solver in 0..4 {
            let oracle = Implicit::new(Liar(value)).and_then(|oracle| oracle.limits(20, 20)).unwrap();
            let mut oracle = match solver {
                0 => oracle.solver(Fista::new()),
                1 => oracle.solver(AdaptiveGradient),
                2 => oracle.solver(Newton),
                _ => oracle,
            };
            let _ = Maid::fast().max_iterations(3).minimise(&mut oracle, &array![0.5]);
            let _ = Maid::fast().max_iterations(3).accuracies(0.1, 0.1).minimise(&mut oracle, &array![0.5]);
        }
        drive(Liar(value), &mut random);
    }
    let mut solver: Box<dyn LowerSolver> = Fista::new().duplicate();
    let mut x = array![0.0, 0.0];
    assert!(
        solver.solve(&mut Liar(f64::NAN), &array![0.0], &mut x, 0.1, 10).is_ok_and(|s| s.residual.is_nan())
            || x.len() == 2
    );
}
