//! Cases of pursuit and thresholding.

use crate::fields::{index_lists, matrix, near, near_scalar, vector};
use golden::{Case, Check, Runner};
use ndarray::Array1;
use sparse_linreg::{Omp, Thresholding, ThresholdingFit, ThresholdingStep};

pub(crate) fn register(runner: Runner) -> Runner {
    runner.cases("omp", omp).cases("greedy_thresholding", thresholding)
}

fn omp(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let expected = case.list("path");
    let path = Omp::new(expected.len()).intercept(false).fit(&x, &y).expect("a legal problem");
    check.same("steps", path.steps.len(), expected.len());
    for (step, expected) in path.steps.iter().zip(&expected) {
        check.same("support", step.support.clone(), expected.indices("support"));
        near(check, "coef", &Array1::from(step.coefficients.clone()), &vector(expected, "coef"), tol);
        near_scalar(check, "rss", step.rss, expected.number("rss"), tol);
    }
}

fn thresholding(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let k = case.index("k");
    let run = |method: Thresholding| {
        let plain = method.intercept(false).normalise(false).refit(false).step(ThresholdingStep::Plain);
        plain.fit(&x, &y).expect("a legal problem")
    };
    let compare = |check: &mut Check, name: &str, found: &ThresholdingFit| {
        let expected = case.object(name);
        near(check, &format!("{name} w"), &found.coefficients, &vector(&expected, "w"), tol);
        check.same(&format!("{name} supports"), found.supports.clone(), index_lists(expected.value("supports")));
    };
    let niht = case.object("niht");
    let found = run(Thresholding::niht(k).max_iterations(niht.index("steps")).tolerance(0.0));
    compare(check, "niht", &found);
    near(check, "niht mu", &Array1::from(found.steps), &vector(&niht, "mu"), tol);
    compare(check, "htp", &run(Thresholding::htp(k)));
    compare(check, "cosamp", &run(Thresholding::cosamp(k)));
    let found = run(Thresholding::subspace_pursuit(k));
    compare(check, "subspace_pursuit", &found);
    if case.has("true_support") {
        check.same("true support", found.support, case.indices("true_support"));
    }
}
