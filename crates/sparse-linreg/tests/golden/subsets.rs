//! Cases of best subsets and splicing.

use crate::fields::{matrix, near, near_scalar, vector};
use golden::{Case, Check, Runner};
use ndarray::Array1;
use sparse_linreg::{BestSubset, Certificate, Criterion, Search};

pub(crate) fn register(runner: Runner) -> Runner {
    runner.cases("best_subset", best_subset).cases("splicing", splicing)
}

const CRITERIA: [(&str, Criterion); 5] = [
    ("aic", Criterion::Aic),
    ("bic", Criterion::Bic),
    ("aicc", Criterion::Aicc),
    ("ebic1", Criterion::Ebic { gamma: 1.0 }),
    ("gic", Criterion::Gic),
];

fn best_subset(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let best = case.list("best");
    let sizes: Vec<usize> = best.iter().map(|case| case.index("size")).collect();
    let path = BestSubset::new().sizes(sizes.clone()).search(Search::Exhaustive).fit(&x, &y).expect("a legal problem");
    for (expected, model) in best.iter().zip(&path.models) {
        let place = format!("size {}", expected.index("size"));
        check.same(&format!("{place} certificate"), model.certificate, Certificate::Optimal);
        check.same(&format!("{place} support"), model.support.clone(), expected.indices("support"));
        let coefficients: Array1<f64> = model.support.iter().map(|&j| model.coefficients[j]).collect();
        near(check, &format!("{place} coef"), &coefficients, &vector(expected, "coef"), tol);
        near_scalar(check, &format!("{place} rss"), model.rss, expected.number("rss"), tol);
        for (name, criterion) in CRITERIA {
            let value = criterion.value(model.rss, path.rows, model.support.len() as f64, path.columns);
            near_scalar(check, &format!("{place} {name}"), value, expected.number(name), tol);
        }
    }
    let argmin = case.object("argmin");
    for (name, criterion) in CRITERIA {
        let chosen = path.best(criterion).expect("a model").support.len();
        check.same(&format!("argmin {name}"), chosen, argmin.index(name));
    }
    // The certified optimum is what splicing from several starts is held against: never better, here mostly equal.
    let spliced = BestSubset::new().sizes(sizes).fit(&x, &y).expect("a legal problem");
    for (spliced, optimal) in spliced.models.iter().zip(&path.models) {
        check.holds(spliced.rss >= optimal.rss * (1.0 - 1e-12), || "splicing beats the optimum".to_owned());
    }
}

fn splicing(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let search = BestSubset::new().search(Search::Splicing).exchange(case.index("exchange_max"));
    let expected = case.list("steps");
    let start = expected[0].indices("active");
    check.same("k", start.len(), case.index("k"));
    let steps = search.trace(&x, &y, &start, Some(case.number("tau"))).expect("a legal problem");
    let (n, p, k) = (x.nrows() as f64, x.ncols() as f64, start.len() as f64);
    near_scalar(check, "tau", 0.01 * k * p.ln() * n.ln().ln() / n, case.number("tau"), tol);
    check.same("steps", steps.len(), expected.len());
    for (step, expected) in steps.iter().zip(&expected) {
        let order = expected.indices("active");
        let mut sorted = order.clone();
        sorted.sort_unstable();
        check.same("active", step.active.clone(), sorted);
        let of = |j: &usize, list: &[usize], values: &[f64]| {
            list.iter().position(|at| at == j).map_or(f64::NAN, |at| values[at])
        };
        let backward: Array1<f64> = order.iter().map(|j| of(j, &step.active, &step.backward_sacrifice)).collect();
        near(check, "backward", &backward, &vector(expected, "backward_sacrifice"), tol);
        let inactive = expected.indices("inactive");
        let forward: Array1<f64> = inactive.iter().map(|j| of(j, &step.inactive, &step.forward_sacrifice)).collect();
        near(check, "forward", &forward, &vector(expected, "forward_sacrifice"), tol);
        near_scalar(check, "loss", step.loss, expected.number("loss"), tol);
        check.same("exchange", step.exchange.is_some(), expected.has("exchanged"));
        if let Some(exchange) = &step.exchange {
            check.same("exchanged", exchange.count, expected.index("exchanged"));
            let mut new = expected.indices("new_active");
            new.sort_unstable();
            check.same("new active", exchange.active.clone(), new);
            near_scalar(check, "new loss", exchange.loss, expected.number("new_loss"), tol);
        }
    }
    if let Some(last) = steps.last() {
        let mut support = case.indices("final_support");
        support.sort_unstable();
        check.same("final support", last.active.clone(), support);
        near_scalar(check, "final loss", last.loss, case.number("final_loss"), tol);
    }
}
