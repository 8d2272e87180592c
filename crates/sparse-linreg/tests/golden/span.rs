//! Cases of the random-span preconditioner.

use crate::fields::{index_lists, matrix, near, near_scalar, vector};
use golden::{Case, Check, Runner};
use ndarray::{Array1, Array2};
use sparse_linreg::{ElasticNet, Level, Preconditioner, RandomSpan, Reason, Rsp};

pub(crate) fn register(runner: Runner) -> Runner {
    runner.cases("random_span_given_set", given_set).cases("peeling_given_blocks", peeling)
}

fn given_set(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let (n, d) = x.dim();
    let set = case.indices("S");
    let span = RandomSpan::from_set(&x, &set).expect("a legal set");
    near(check, "projector", &span.basis.dot(&span.basis.t()), &matrix(case, "projector"), tol);
    near(check, "rho", &span.rho, &vector(case, "rho"), tol);
    if span.set == set {
        near(check, "B", &span.coefficients(&x).expect("the same design"), &matrix(case, "B"), tol);
    }
    let config = Rsp::default().intercept(false).tolerance(1e-14);
    let fits = case.list("fits");
    let lambdas: Array1<f64> = fits.iter().map(|fit| fit.number("lambda_")).collect();
    let path = config.fit_levels(&x, &y, &set, &lambdas).expect("a legal problem");
    let (_, outside) = span.split(&y).expect("n entries");
    let correlations = span.directions().t().dot(&outside);
    let lambda_max = correlations.iter().fold(0.0_f64, |m, c: &f64| m.max(c.abs())) / n as f64;
    near_scalar(check, "lambda_max", lambda_max, case.number("lambda_max"), tol);
    for (expected, level) in fits.iter().zip(&path.levels) {
        near(check, "z", &level.z, &vector(expected, "z"), tol);
        near(check, "coef", &level.coefficients, &vector(expected, "coef"), tol);
        near(check, "fitted", &level.fitted, &vector(expected, "fitted"), tol);
        near_scalar(check, "objective", level.objective, expected.number("objective_projected"), tol);
        near(check, "predicted", &level.predict_via_span(&x).expect("d columns"), &vector(expected, "fitted"), tol);
        // The same fit as a Lasso with penalty factors.
        let weighted = ElasticNet::lasso().intercept(false).penalty_factors(span.penalty_factors()).tolerance(1e-14);
        let other = weighted.fit(&x, &y, level.lambda).expect("a legal problem").predict(&x).expect("d columns");
        near(check, "weighted Lasso", &other, &vector(expected, "fitted"), tol);
        let one = config.clone().level(Level::Given(level.lambda)).fit_with_set(&x, &y, &set).expect("legal");
        near(check, "one level", &one.level.z, &level.z, tol);
    }
    // Theorem A on the planted support.
    let (support, coefficients) = (case.indices("true_support"), vector(case, "true_coef"));
    let distances = vector(case, "dist_T");
    let mut w = Array1::zeros(d);
    for (at, &t) in support.iter().enumerate() {
        w[t] = coefficients[at];
        let others: Vec<usize> = support.iter().copied().filter(|&j| j != t).collect();
        let distance = RandomSpan::from_set(&x, &others).expect("a legal set").rho[t];
        near_scalar(check, "dist_T", distance, distances[at], tol);
        let z = coefficients[at] * span.rho[t] / (n as f64).sqrt();
        near_scalar(check, "z_true", z, vector(case, "z_true")[at], tol);
    }
    let signal: Array1<f64> = x.dot(&w);
    near_scalar(check, "signal_rms", (signal.dot(&signal) / n as f64).sqrt(), case.number("signal_rms"), tol);
}

fn peeling(case: &Case, check: &mut Check) {
    let (x, tol) = (matrix(case, "X"), case.number("tol"));
    let rounds = case.list("rounds");
    let blocks: Vec<_> = rounds.iter().map(|round| index_lists(round.value("blocks"))).collect();
    // The rule of the fixtures knows no caps.
    let config = Preconditioner::peel(case.index("k")).max_rank(x.nrows()).max_blocks(usize::MAX);
    let config = config.delta(case.number("delta")).eta(case.number("eta"));
    let span = config.span_with_blocks(&x, &blocks).expect("legal blocks");
    check.same("rounds", span.rounds.len(), rounds.len());
    let mut before: Vec<usize> = Vec::new();
    for (found, expected) in span.rounds.iter().zip(&rounds) {
        let rho = RandomSpan::from_set(&x, &before).expect("a legal set").rho;
        near(check, "rho", &rho, &vector(expected, "rho"), tol);
        near(check, "fractions", &Array1::from(found.fractions.clone()), &vector(expected, "fractions"), tol);
        near_scalar(check, "mean_fraction", found.mean_fraction, expected.number("mean_fraction"), tol);
        let stop = expected.flag("stop");
        check.same("stop", found.chosen.is_none(), stop);
        if !stop {
            check.same("chosen", found.chosen, Some(expected.index("chosen")));
            check.same("basis_columns", found.added.clone(), expected.indices("basis_columns"));
            check.same("rank_after", found.rank, expected.index("rank_after"));
        }
        before.extend(&found.added);
    }
    if rounds.last().is_some_and(|round| round.flag("stop")) && span.reason != Reason::Cap {
        check.same("reason", span.reason, Reason::Conditioned);
    }
    let (mut found, mut expected) = (span.set.clone(), case.indices("final_set"));
    found.sort_unstable();
    expected.sort_unstable();
    check.same("final_set", found, expected);
    check.same("final_rank", span.rank(), case.index("final_rank"));
    near(check, "final_rho", &span.rho, &vector(case, "final_rho"), tol);
    let _: Array2<f64> = span.basis;
}
