//! Cases of the convex problems: Lasso, elastic net, paths, gaps, scales, folds, sparse columns, square-root Lasso, proxes.

use crate::fields::{flags, matrix, near, near_scalar, optional_flag, optional_vector, vector};
use core_optim::design::CscMatrix;
use core_optim::prox::{ElasticNet as Prox, Separable, soft_threshold};
use golden::{Case, Check, Runner};
use ndarray::Array1;
use sparse_linreg::{ElasticNet, Folds, SquareRootLasso, column_moments, mcp_prox, scad_prox};

/// Exact enough for fixtures to 1e-8 and beyond.
const TIGHT: f64 = 1e-15;

pub(crate) fn register(runner: Runner) -> Runner {
    runner
        .cases("lasso", lasso)
        .cases("elastic_net", elastic_net)
        .cases("lasso_path", lasso_path)
        .cases("duality_gap", duality_gap)
        .cases("standardise", standardise)
        .cases("cross_validation", cross_validation)
        .cases("sparse_csc", sparse_csc)
        .cases("prox", prox)
        .cases("sqrt_lasso", sqrt_lasso)
}

fn lasso(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let intercept = optional_flag(case, "intercept_fit").unwrap_or(true);
    let config = ElasticNet::lasso().intercept(intercept).tolerance(TIGHT);
    let lambda = case.number("lambda_");
    let fit = config.fit(&x, &y, lambda).expect("a legal problem");
    near(check, "coef", &fit.coefficients, &vector(case, "coef"), tol);
    near_scalar(check, "intercept", fit.intercept, case.number("intercept"), tol);
    near_scalar(check, "objective", fit.objective, case.number("objective"), tol);
    let field = if intercept { "lambda_max_intercept" } else { "lambda_max_no_intercept" };
    let lambda_max = config.lambda_max(&x, &y).expect("a legal problem");
    near_scalar(check, field, lambda_max, case.number(field), tol);
    near_scalar(check, "lambda_over_max", lambda / lambda_max, case.number("lambda_over_max"), tol);
    if case.number("lambda_over_max") >= 1.0 {
        check.holds(fit.coefficients.iter().all(|&w| w == 0.0), || "coefficients at λ_max are not zero".to_owned());
    }
}

fn elastic_net(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let mut config = ElasticNet::new(case.number("alpha")).tolerance(TIGHT);
    if let Some(p) = optional_vector(case, "penalty_factors") {
        config = config.penalty_factors(p);
    }
    if let Some(s) = optional_vector(case, "sample_weights") {
        config = config.sample_weights(s);
    }
    config = config.positive(optional_flag(case, "positive").unwrap_or(false));
    if let Some(intercept) = optional_flag(case, "intercept_fit") {
        config = config.intercept(intercept);
    }
    let fit = config.fit(&x, &y, case.number("lambda_")).expect("a legal problem");
    near(check, "coef", &fit.coefficients, &vector(case, "coef"), tol);
    near_scalar(check, "intercept", fit.intercept, case.number("intercept"), tol);
    near_scalar(check, "objective", fit.objective, case.number("objective"), tol);
}

fn lasso_path(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let lambdas = vector(case, "lambdas");
    let config = ElasticNet::lasso().tolerance(TIGHT);
    let path = config.fit_levels(&x, &y, &lambdas).expect("a legal problem");
    near(check, "coefs", &path.coefficients(), &matrix(case, "coefs"), tol);
    let of = |f: &dyn Fn(&sparse_linreg::LinearFit) -> f64| path.fits.iter().map(f).collect::<Array1<f64>>();
    near(check, "intercepts", &of(&|fit| fit.intercept), &vector(case, "intercepts"), tol);
    near(check, "objectives", &of(&|fit| fit.objective), &vector(case, "objectives"), tol);
    near(check, "nnz", &of(&|fit| fit.support().len() as f64), &vector(case, "nnz"), 0.0);
    let own = config.levels(lambdas.len()).ratio(lambdas[lambdas.len() - 1] / lambdas[0]).fit_path(&x, &y);
    near(check, "grid", &own.expect("a legal problem").lambdas(), &lambdas, tol);
}

fn duality_gap(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let mut config = ElasticNet::new(case.number("alpha")).intercept(false).tolerance(TIGHT);
    if let Some(p) = optional_vector(case, "penalty_factors") {
        config = config.penalty_factors(p);
    }
    config = config.positive(optional_flag(case, "positive").unwrap_or(false));
    let lambda = case.number("lambda_");
    let found = config.certificate(&x, &y, &vector(case, "w"), lambda).expect("a legal point");
    near_scalar(check, "primal", found.primal, case.number("primal"), tol);
    near_scalar(check, "dual", found.dual, case.number("dual"), tol);
    near_scalar(check, "gap", found.gap, case.number("gap"), tol);
    // A square root: near the optimum it has half the digits of the gap.
    near_scalar(check, "radius", found.radius, case.number("radius"), tol.sqrt().min(1e-6));
    near(check, "theta", &found.theta, &vector(case, "theta"), tol);
    near(check, "abs_corr", &found.correlations, &vector(case, "abs_corr"), tol);
    check.same("safe_zero", found.safe_zero, flags(case, "safe_zero"));
    let fit = config.fit(&x, &y, lambda).expect("a legal problem");
    near_scalar(check, "optimal_objective", fit.objective, case.number("optimal_objective"), tol);
    check.same("optimal_support", fit.support(), case.indices("optimal_support"));
}

fn standardise(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let weights = optional_vector(case, "sample_weights");
    let moments = column_moments(&x, weights.as_deref()).expect("finite data");
    near(check, "mean", &moments.mean, &vector(case, "mean"), tol);
    near(check, "scale", &moments.scale, &vector(case, "scale"), tol);
    check.same("constant", moments.constant, flags(case, "constant"));
    let y_column = y.view().insert_axis(ndarray::Axis(1)).to_owned();
    let y_mean = column_moments(&y_column, weights.as_deref()).expect("finite data").mean[0];
    near_scalar(check, "y_mean", y_mean, case.number("y_mean"), tol);
    let expected = case.object("lasso_standardised");
    let config = ElasticNet::lasso().standardise(true).tolerance(TIGHT);
    let fit = config.fit(&x, &y, expected.number("lambda_")).expect("a legal problem");
    near(check, "lasso coef", &fit.coefficients, &vector(&expected, "coef"), tol);
    near_scalar(check, "lasso intercept", fit.intercept, expected.number("intercept"), tol);
}

fn cross_validation(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let folds = Folds::assigned(&case.indices("folds")).expect("legal folds");
    let config = ElasticNet::lasso().tolerance(TIGHT);
    let found = config.cross_validate_levels(&x, &y, &vector(case, "lambdas"), &folds).expect("a legal problem").curve;
    near(check, "mse", &found.errors, &matrix(case, "mse"), tol);
    near(check, "mean", &found.mean, &vector(case, "mean"), tol);
    near(check, "se", &found.standard_error, &vector(case, "se"), tol);
    check.same("index_min", found.best, case.index("index_min"));
    check.same("index_1se", found.one_se, case.index("index_1se"));
}

fn sparse_csc(case: &Case, check: &mut Check) {
    let tol = case.number("tol");
    let shape = case.indices("shape");
    let values = vector(case, "values").to_vec();
    let x = CscMatrix::new(shape[0], case.indices("indptr"), case.indices("indices"), values).expect("a sparse matrix");
    let y = vector(case, "y");
    let config = ElasticNet::lasso().tolerance(TIGHT);
    let lambda_max = config.lambda_max(&x, &y).expect("a legal problem");
    near_scalar(check, "lambda_max", lambda_max, case.number("lambda_max"), tol);
    let fit = config.fit(&x, &y, case.number("lambda_")).expect("a legal problem");
    near(check, "coef", &fit.coefficients, &vector(case, "coef"), tol);
    near_scalar(check, "intercept", fit.intercept, case.number("intercept"), tol);
    near_scalar(check, "objective", fit.objective, case.number("objective"), tol);
}

fn prox(case: &Case, check: &mut Check) {
    let (v, tol) = (vector(case, "v"), case.number("tol"));
    let lambda = case.optional("lambda_").and_then(|v| v.as_f64()).unwrap_or(1.0);
    near(check, "soft", &v.mapv(|v| soft_threshold(v, lambda)), &vector(case, "soft"), tol);
    let half = Prox::new(0.5 * lambda, 0.5 * lambda).expect("levels");
    near(check, "enet_half", &v.mapv(|v| half.coordinate_prox(0, v, 1.0)), &vector(case, "enet_half"), tol);
    near(check, "mcp", &v.mapv(|v| mcp_prox(v, lambda, 3.0)), &vector(case, "mcp"), tol);
    near(check, "scad", &v.mapv(|v| scad_prox(v, lambda, 3.7)), &vector(case, "scad"), tol);
}

fn sqrt_lasso(case: &Case, check: &mut Check) {
    let (x, y, tol) = (matrix(case, "X"), vector(case, "y"), case.number("tol"));
    let lasso = ElasticNet::lasso().intercept(optional_flag(case, "intercept_fit").unwrap_or(false));
    let found = SquareRootLasso::new(lasso).lambda(case.number("lambda_")).fit(&x, &y).expect("a legal problem");
    near(check, "coef", &found.fit.coefficients, &vector(case, "coef"), tol);
    near_scalar(check, "sigma", found.sigma, case.number("sigma"), tol);
    near_scalar(check, "objective", found.objective, case.number("objective"), tol);
}
