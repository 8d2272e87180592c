//! Closed forms against brute force, tuners against grids.

use bilevel::problems::{Groups, SoftmaxRegression};
use bilevel::tune::{
    ElasticNet, LogisticRegression, Ridge, RidgeCriterion, tune_elastic_net, tune_elastic_net_folds, tune_kernel_ridge,
    tune_logistic, tune_logistic_folds, tune_ridge,
};
use bilevel::{AccuracyScale, Implicit, Maid};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, Axis, array};
use proptest::prelude::*;

fn data(n: usize, p: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut random = rng(seed);
    let x: Array2<f64> = normal_array(&mut random, (n, p));
    let truth = Array1::from_shape_fn(p, |j| if j % 3 == 0 { 1.0 } else { 0.1 });
    let noise: Array1<f64> = normal_array(&mut random, n);
    let y = x.dot(&truth) + &(noise * 0.5);
    (x, y)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn ridge_leaves_one_out_and_differentiates(n in 2_usize..9, p in 1_usize..9, seed in 0_u64..500, grouped in any::<bool>()) {
        let (x, y) = data(n, p, seed);
        let groups: Vec<usize> = (0..p).map(|j| if grouped { j } else { 0 }).collect();
        let d = if grouped { p } else { 1 };
        let theta: Array1<f64> = normal_array(&mut rng(seed + 1), d);
        let ridge = Ridge::new(x.clone(), y.clone(), &groups, RidgeCriterion::LeaveOneOut).unwrap();
        let (_, value, _) = ridge.evaluate(&theta).unwrap();
        // Each row left out in turn.
        let mut sum = 0.0;
        for i in 0..n {
            let rest: Vec<usize> = (0..n).filter(|&k| k != i).collect();
            let (other, target) = (x.select(Axis(0), &rest), y.select(Axis(0), &rest));
            let (w, ..) = Ridge::new(other, target, &groups, RidgeCriterion::LeaveOneOut).unwrap().evaluate(&theta).unwrap();
            sum += (y[i] - x.row(i).dot(&w)).powi(2);
        }
        let expected = 0.5 * sum / n as f64;
        prop_assert!((value - expected).abs() < 1e-9 * (1.0 + expected), "{value} {expected}");
        let validation = RidgeCriterion::Validation { x: x.clone(), y: y.mapv(|v| v + 0.3) };
        for criterion in [RidgeCriterion::LeaveOneOut, RidgeCriterion::GeneralisedCrossValidation, validation] {
            let ridge = Ridge::new(x.clone(), y.clone(), &groups, criterion).unwrap();
            let (_, _, gradient) = ridge.evaluate(&theta).unwrap();
            for k in 0..d {
                let mut moved = theta.clone();
                moved[k] += 1e-5;
                let above = ridge.evaluate(&moved).unwrap().1;
                moved[k] -= 2e-5;
                let below = ridge.evaluate(&moved).unwrap().1;
                let slope = (above - below) / 2e-5;
                prop_assert!((gradient[k] - slope).abs() < 1e-6 * (1.0 + slope.abs() + above.abs()), "{} {slope}", gradient[k]);
            }
        }
    }
}

#[test]
fn ridge_finds_the_best_of_a_grid_and_more_with_groups() {
    let (x, y) = data(40, 12, 3);
    for criterion in [RidgeCriterion::LeaveOneOut, RidgeCriterion::GeneralisedCrossValidation] {
        let single = Ridge::new(x.clone(), y.clone(), &[0; 12], criterion.clone()).unwrap();
        let fit = tune_ridge(&single, None, None).unwrap();
        for t in 0..200 {
            let value = single.evaluate(&array![-10.0 + 0.1 * f64::from(t)]).unwrap().1;
            assert!(fit.value <= value + 1e-9, "{} {value}", fit.value);
        }
        let groups: Vec<usize> = (0..12).map(|j| usize::from(j % 3 != 0)).collect();
        let double = Ridge::new(x.clone(), y.clone(), &groups, criterion).unwrap();
        let both = tune_ridge(&double, Some((-12.0, 12.0)), None).unwrap();
        assert!(both.value < fit.value, "{} {}", both.value, fit.value);
        // Weak features are penalised more.
        assert!(both.theta[1] > both.theta[0]);
    }
}

#[test]
fn kernel_ridge_with_a_linear_kernel_is_ridge() {
    let (x, y) = data(25, 6, 4);
    let kernel = x.dot(&x.t());
    for criterion in [RidgeCriterion::LeaveOneOut, RidgeCriterion::GeneralisedCrossValidation] {
        let fit = tune_kernel_ridge(&kernel, &y, &criterion, Some((-15.0, 15.0))).unwrap();
        let plain =
            tune_ridge(&Ridge::new(x.clone(), y.clone(), &[0; 6], criterion).unwrap(), Some((-15.0, 15.0)), None)
                .unwrap();
        assert!((fit.theta - plain.theta[0]).abs() < 1e-4 && (fit.value - plain.value).abs() < 1e-10);
        assert!((x.t().dot(&fit.dual) - &plain.coefficients).iter().all(|d| d.abs() < 1e-4));
    }
}

#[test]
fn the_elastic_net_beats_a_coarse_grid() {
    let ((x, y), other) = (data(50, 20, 5), data(30, 20, 6));
    let net = ElasticNet::new((x, y), other).unwrap();
    let fit = tune_elastic_net(&net, None, None).unwrap();
    let mut best = f64::INFINITY;
    for i in 0..12 {
        for j in 0..12 {
            let theta = array![-8.0 + 0.6 * f64::from(i), -8.0 + 0.6 * f64::from(j)];
            let beta = net.coefficients(&theta, None).unwrap();
            best = best.min(net.value_and_hypergradient(&theta, &beta).unwrap().0);
        }
    }
    assert!(fit.value <= best * 1.001, "{} {best}", fit.value);
    let lasso = tune_elastic_net(&net.lasso(), None, None).unwrap();
    assert!(lasso.theta.len() == 1 && lasso.value >= fit.value * 0.999);
}

#[test]
fn logistic_regression_finds_the_best_of_a_grid() {
    let ((x, y), (other, target)) = (data(60, 8, 7), data(40, 8, 8));
    let sign = |y: &Array1<f64>| y.mapv(|v| if v > 0.3 { 1.0 } else { -1.0 });
    let model = LogisticRegression::new((x, sign(&y)), (other.clone(), sign(&target))).unwrap();
    let fit = tune_logistic(&model, None).unwrap();
    let mut w = Array1::zeros(8);
    for t in 0..160 {
        let theta = 4.0 - 0.1 * f64::from(t);
        w = model.coefficients(theta, &w).unwrap();
        assert!(fit.value <= model.value_and_slope(theta, &w).unwrap().0 + 1e-9);
    }
    let right = fit.scores(&other).unwrap().iter().zip(&sign(&target)).filter(|(a, b)| **a * **b > 0.0).count();
    assert!(right >= 30, "{right}");
}

/// At the optimum of an unpenalised intercept the mean predicted probability is the share of the label.
#[test]
fn the_intercept_is_not_penalised() {
    let ((x, y), other) = (data(60, 4, 7), data(40, 4, 8));
    let sign = |y: &Array1<f64>| y.mapv(|v| if v > 1.0 { 1.0 } else { -1.0 });
    let signs = sign(&y);
    let model = LogisticRegression::new((x.clone(), signs.clone()), (other.0, sign(&other.1))).unwrap();
    let fit = tune_logistic(&model.with_intercept().unwrap(), None).unwrap();
    let scores = fit.scores(&x).unwrap();
    let mean = scores.mapv(|m| 1.0 / (1.0 + (-m).exp())).sum() / 60.0;
    let share = signs.iter().filter(|s| **s > 0.0).count() as f64 / 60.0;
    assert!((mean - share).abs() < 1e-9 && fit.coefficients.len() == 5, "{mean} {share}");
    let one = LogisticRegression::new((x.clone(), Array1::ones(60)), (x, Array1::ones(60))).unwrap();
    assert_eq!(
        one.with_intercept().unwrap_err().to_string(),
        "`labels` is 1; it must be of both signs, for an intercept"
    );
}

#[test]
fn folds_are_tuned_together() {
    let (x, y) = data(60, 8, 11);
    let signs = y.mapv(|v| if v > 0.3 { 1.0 } else { -1.0 });
    let folds = LogisticRegression::folds(&x, &signs, 5, 1).unwrap();
    let fit = tune_logistic_folds(&folds, None).unwrap();
    let mean = |theta: f64| {
        folds
            .iter()
            .map(|fold| fold.value_and_slope(theta, &fold.coefficients(theta, &Array1::zeros(8)).unwrap()).unwrap().0)
            .sum::<f64>()
            / 5.0
    };
    assert!(
        (fit.value - mean(fit.theta[0])).abs() < 1e-9
            && (fit.values.iter().sum::<f64>() / 5.0 - fit.value).abs() < 1e-9
    );
    assert!((0..80).all(|t| fit.value <= mean(4.0 - 0.2 * f64::from(t)) + 1e-9));
    let nets = ElasticNet::folds(&x, &y, 4, 1).unwrap();
    let fit = tune_elastic_net_folds(&nets, None, None).unwrap();
    assert!((fit.values.iter().sum::<f64>() / 4.0 - fit.value).abs() < 1e-12);
    let mean = |theta: &Array1<f64>| {
        nets.iter()
            .map(|net| net.value_and_hypergradient(theta, &net.coefficients(theta, None).unwrap()).unwrap().0)
            .sum::<f64>()
            / 4.0
    };
    for i in 0..36 {
        let theta = array![-6.0 + f64::from(i / 6), -6.0 + f64::from(i % 6)];
        assert!(fit.value <= mean(&theta) * 1.001);
    }
    // No bit depends on the threads.
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            (tune_logistic_folds(&folds, None).unwrap(), tune_elastic_net_folds(&nets, None, None).unwrap())
        })
    };
    assert_eq!(run(1), run(4));
    assert!(tune_logistic_folds(&[], None).is_err() && ElasticNet::folds(&x, &y, 61, 0).is_err());
}

#[test]
fn more_penalties_fit_the_validation_rows_better() {
    let (x, _) = data(60, 5, 9);
    let (other, _) = data(40, 5, 10);
    let labels = |x: &Array2<f64>| -> Vec<usize> {
        x.outer_iter().map(|row| usize::from(row[0] > 0.5) + usize::from(row[0] > -0.5)).collect()
    };
    let tune = |groups: Groups, d: usize| {
        let problem =
            SoftmaxRegression::new((x.clone(), labels(&x)), (other.clone(), labels(&other)), 3, groups).unwrap();
        let mut oracle = Implicit::new(problem).unwrap().accuracy_scale(AccuracyScale::Lipschitz);
        Maid::fast()
            .box_constraints(-15.0, 10.0)
            .max_iterations(200)
            .minimise(&mut oracle, &Array1::from_elem(d, -3.0))
            .unwrap()
            .value
    };
    let (scalar, entry) = (tune(Groups::Scalar, 1), tune(Groups::Entry, 15));
    assert!(entry < scalar, "{entry} {scalar}");
}
