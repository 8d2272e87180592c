//! The tuners.

use bilevel::tune::{ElasticNet, LogisticRegression, Ridge, RidgeCriterion, tune_logistic, tune_ridge};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, array};

pub(crate) fn add(runner: Runner) -> Runner {
    runner.cases("ridge", ridge).cases("elastic_net", elastic_net).cases("logistic_tune", logistic)
}

fn ridge(case: &Case, check: &mut Check) {
    let (x, y, theta) = (case.matrix("X"), case.vector("y"), case.vector("theta"));
    let groups: Vec<usize> = if case.flag("per_feature") { (0..x.ncols()).collect() } else { vec![0; x.ncols()] };
    let validation = RidgeCriterion::Validation { x: case.matrix("X_val"), y: case.vector("y_val") };
    let with = |criterion| Ridge::new(x.clone(), y.clone(), &groups, criterion).expect("a model");
    let (w, value, gradient) = with(validation.clone()).evaluate(&theta).expect("a value");
    let tolerance = Tolerance::both(1e-10);
    check.close("w", &w, &case.vector("w"), tolerance);
    check.scalar("val", value, case.number("val"), tolerance);
    check.close("hypergradient", &gradient, &case.vector("hypergradient"), tolerance);
    for (criterion, name) in [(RidgeCriterion::LeaveOneOut, "loo"), (RidgeCriterion::GeneralisedCrossValidation, "gcv")]
    {
        let (_, value, gradient) = with(criterion).evaluate(&theta).expect("a value");
        check.scalar(name, value, case.number(name), tolerance);
        // The case's are central differences.
        check.close(name, &gradient, &case.vector(&format!("{name}_gradient_fd")), Tolerance::both(1e-6));
    }
    if case.has("theta_opt_in_box") {
        let bounds = case.vector("box");
        let tuned = |criterion| tune_ridge(&with(criterion), Some((bounds[0], bounds[1])), None).expect("a fit");
        let fit = tuned(validation);
        check.scalar("theta_opt", fit.theta[0], case.number("theta_opt_in_box"), Tolerance::both(1e-5));
        check.scalar("val_opt", fit.value, case.number("val_opt"), Tolerance::both(1e-9));
        let fit = tuned(RidgeCriterion::LeaveOneOut);
        check.scalar("loo_theta_opt", fit.theta[0], case.number("loo_theta_opt"), Tolerance::both(1e-5));
        check.scalar("loo_opt", fit.value, case.number("loo_opt"), Tolerance::both(1e-9));
    }
}

fn elastic_net(case: &Case, check: &mut Check) {
    let net = ElasticNet::new((case.matrix("X"), case.vector("y")), (case.matrix("X_val"), case.vector("y_val")))
        .expect("a model");
    let theta = case.vector("theta");
    let beta = net.coefficients(&theta, None).expect("coefficients");
    check.close("beta", &beta, &case.vector("beta"), Tolerance::both(1e-7));
    let support: Vec<usize> = (0..beta.len()).filter(|&j| beta[j] != 0.0).collect();
    check.same("support", support, case.indices("support"));
    let (value, gradient) = net.value_and_hypergradient(&theta, &beta).expect("a value");
    check.scalar("val", value, case.number("val"), Tolerance::both(1e-8));
    check.close("hypergradient", &gradient, &case.vector("hypergradient"), Tolerance::both(1e-7));
}

fn logistic(case: &Case, check: &mut Check) {
    let model =
        LogisticRegression::new((case.matrix("X"), case.vector("s")), (case.matrix("X_val"), case.vector("s_val")))
            .expect("a model");
    let theta = case.number("theta");
    let w = model.coefficients(theta, &Array1::zeros(case.vector("w").len())).expect("coefficients");
    check.close("w", &w, &case.vector("w"), Tolerance::both(1e-9));
    let (value, slope) = model.value_and_slope(theta, &w).expect("a value");
    check.scalar("val", value, case.number("val"), Tolerance::both(1e-10));
    check.close("hypergradient", &array![slope], &array![case.number("hypergradient")], Tolerance::both(1e-9));
    let bounds = case.vector("box");
    let fit = tune_logistic(&model, Some((bounds[0], bounds[1]))).expect("a fit");
    check.scalar("theta_opt", fit.theta, case.number("theta_opt"), Tolerance::both(1e-5));
    check.scalar("val_opt", fit.value, case.number("val_opt"), Tolerance::both(1e-9));
}
