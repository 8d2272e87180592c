//! Cases that need no solver: covariances, graphs, metrics, causal queries, refits.

use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array2, Axis};

/// Adds the kinds of this file.
pub(crate) fn register(runner: Runner) -> Runner {
    runner
        .cases("covariance", covariance)
        .cases("to_dag", to_dag)
        .cases("metrics", metrics)
        .cases("effects", effects)
        .cases("refit", refit)
        .cases("sachs", sachs)
}

fn covariance(case: &Case, check: &mut Check) {
    let x = case.matrix("x");
    let (n, d) = x.dim();
    let tolerance = Tolerance::both(1e-12);
    let mut accumulator = colide::CovarianceAccumulator::new(d);
    accumulator.push_rows(&x).expect("finite rows");
    let found = accumulator.moments().expect("at least one row");
    check.close("cov", &found.matrix, &case.matrix("cov"), tolerance);
    check.close("mean", &found.mean, &case.vector("mean"), tolerance);
    check.close("col_sd", &found.deviations(), &case.vector("col_sd"), tolerance);
    let overall = (found.matrix.diag().sum() / d as f64).sqrt();
    check.scalar("sigma0_ev_data", overall, case.number("sigma0_ev_data"), tolerance);
    check.same("samples", found.samples, n as f64);
    let mut by_row = colide::CovarianceAccumulator::new(d);
    for row in x.axis_iter(Axis(0)) {
        by_row.push_row(&row).expect("finite rows");
    }
    check.close("cov by row", &by_row.moments().expect("rows").matrix, &case.matrix("cov"), tolerance);
    match colide::covariance(&x) {
        Ok(same) => check.same("one call", same, found),
        Err(error) => check.same("one row", (n, error.to_string().contains("at least 2")), (1, true)),
    }
}

fn to_dag(case: &Case, check: &mut Check) {
    let w = case.matrix("w");
    let exact = Tolerance::new(0.0, 0.0);
    let dag = colide::threshold_and_prune(&w, case.number("threshold")).expect("finite weights");
    check.close("dag", &dag, &case.matrix("dag"), exact);
    let level = colide::min_dag_threshold(&w).expect("finite weights");
    check.scalar("min_dag_threshold", level, case.number("min_dag_threshold"), exact);
    let kept = colide::threshold(&w, level).expect("finite weights");
    check.same("nnz_at_min_threshold", edges(&kept), case.index("nnz_at_min_threshold"));
    let is_dag = colide::Dag::from_weights("w", &w).is_ok();
    check.same("is_dag_input", is_dag, case.flag("is_dag_input"));
}

fn metrics(case: &Case, check: &mut Check) {
    let (truth, estimate) = (case.matrix("truth"), case.matrix("estimate"));
    let tolerance = Tolerance::both(1e-14);
    let found = colide::compare(&truth, &estimate).expect("two DAGs");
    check.same("shd", found.shd, case.index("shd"));
    check.same("pred_size", found.predicted, case.index("pred_size"));
    check.scalar("fdr", found.fdr, case.number("fdr"), tolerance);
    check.scalar("tpr", found.tpr, case.number("tpr"), tolerance);
    check.scalar("fpr", found.fpr, case.number("fpr"), tolerance);
    check.same("cpdag_truth", colide::cpdag(&truth).expect("a DAG").adjacency, case.matrix("cpdag_truth"));
    check.same("cpdag_estimate", colide::cpdag(&estimate).expect("a DAG").adjacency, case.matrix("cpdag_estimate"));
    check.same("shd_cpdag", colide::shd_cpdag(&truth, &estimate), Ok(case.index("shd_cpdag")));
    check.same("sid", colide::sid(&truth, &estimate), Ok(case.index("sid")));
    check.same("parent_aid", colide::sid(&truth, &estimate), Ok(case.index("parent_aid")));
    check.same("ancestor_aid", colide::ancestor_aid(&truth, &estimate), Ok(case.index("ancestor_aid")));
    check.same("oset_aid", colide::oset_aid(&truth, &estimate), Ok(case.index("oset_aid")));
}

fn effects(case: &Case, check: &mut Check) {
    let (w, mean, sigma) = (case.matrix("w"), case.vector("mean"), case.vector("noise_sd"));
    let tolerance = Tolerance::both(1e-12);
    let model = colide::CausalModel::new(&w, &mean, &sigma).expect("a DAG");
    check.close("total_effects", &model.total_effects(), &case.matrix("total_effects"), tolerance);
    check.close("implied_cov", &model.covariance(), &case.matrix("implied_cov"), tolerance);
    let after = model.intervene(&[(case.index("do_node"), case.number("do_value"))]).expect("a node");
    check.close("do_mean", &after.mean, &case.vector("do_mean"), tolerance);
    check.close("do_cov", &after.covariance, &case.matrix("do_cov"), tolerance);
}

fn refit(case: &Case, check: &mut Check) {
    let tolerance = Tolerance::both(1e-9);
    let fit = colide::refit(&case.matrix("cov"), &case.matrix("support"), case.number("n")).expect("a DAG");
    check.close("w_ols", &fit.weights, &case.matrix("w_ols"), tolerance);
    check.close("noise_var", &fit.noise_variance, &case.vector("noise_var"), tolerance);
    check.close("std_err", &fit.standard_errors, &case.matrix("std_err"), tolerance);
    check.scalar("loglik_nv", fit.log_likelihood_nv, case.number("loglik_nv"), tolerance);
    check.scalar("loglik_ev", fit.log_likelihood_ev, case.number("loglik_ev"), tolerance);
    check.scalar("bic_nv", fit.bic_nv, case.number("bic_nv"), tolerance);
    check.scalar("bic_ev", fit.bic_ev, case.number("bic_ev"), tolerance);
    check.same("ridged", fit.ridged, Vec::new());
}

/// The half of a case of kind `sortability_order` that is about sortability.
pub(crate) fn sortability(case: &Case, check: &mut Check) {
    let (w, cov) = (case.matrix("w_true"), case.matrix("cov"));
    let tolerance = Tolerance::both(1e-12);
    let number = |share: colide::Result<Option<f64>>| share.expect("a DAG").unwrap_or(f64::NAN);
    check.scalar("varsortability", number(colide::varsortability(&w, &cov)), case.number("varsortability"), tolerance);
    check.scalar("r2_sortability", number(colide::r2_sortability(&w, &cov)), case.number("r2_sortability"), tolerance);
}

/// Post-processing and scoring of the reference's weights on real data.
fn sachs(case: &Case, check: &mut Check) {
    let truth = datasets::sachs().adjacency();
    let w = case.matrix("w");
    for row in case.list("by_threshold") {
        let dag = colide::threshold_and_prune(&w, row.number("threshold")).expect("finite weights");
        let estimate = colide::support(&dag);
        let found = colide::compare(&truth, &estimate).expect("two DAGs");
        check.same("edges", found.predicted, row.index("edges"));
        check.same("shd", found.shd, row.index("shd"));
        check.same("sid", colide::sid(&truth, &estimate), Ok(row.index("sid")));
        check.same("shd_cpdag", colide::shd_cpdag(&truth, &estimate), Ok(row.index("shd_cpdag")));
        let two_digits = Tolerance::new(0.0, 0.005_000_1);
        check.scalar("fdr", found.fdr, row.number("fdr"), two_digits);
        check.scalar("tpr", found.tpr, row.number("tpr"), two_digits);
    }
}

fn edges(w: &Array2<f64>) -> usize {
    w.iter().filter(|&&w| w != 0.0).count()
}
