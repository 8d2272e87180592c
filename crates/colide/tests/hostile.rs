//! Bad input: every error, no panic; extreme input: the right result.

use colide::{
    Acyclicity, AdamOptions, Begin, Bootstrap, CausalModel, Colide, Covariance, CovarianceAccumulator, Dag, Diagonal,
    Environment, Error, Finish, Fit, Floor, Graph, Knowledge, LogDet, NewtonOptions, NodeSet, NoiseModel, Progress,
    Resampling, Result, Schedule, Sign, Solver, StageEnd, StageProblem, Start, Units, Warning,
};
use core_tensor::Error as Argument;
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use std::ops::ControlFlow;

const MODELS: [NoiseModel; 2] = [NoiseModel::EqualVariance, NoiseModel::NonEqualVariance];
const FINISHES: [Finish; 3] = [Finish::Threshold, Finish::Polish, Finish::Search];
const NOT_FINITE: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

#[track_caller]
fn refused<T>(result: Result<T>, message: &str) {
    match result {
        Ok(_) => panic!("accepted; expected: {message}"),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

/// Data that can be learnt from (20 × 3).
fn data() -> Array2<f64> {
    let x = Array2::from_shape_fn((20, 3), |(i, j)| ((i * (3 * j + 7)) as f64 * 0.37).sin() * (j + 1) as f64);
    let mut x = x;
    for mut row in x.rows_mut() {
        row[2] += 1.5 * row[0];
    }
    x
}

fn few_steps() -> AdamOptions {
    AdamOptions { learning_rate: 3e-3, warm_iterations: 50, final_iterations: 50, checkpoint: 10, ..Default::default() }
}

/// Every kind of fit: noise model, finish, start, solver.
fn configurations() -> Vec<Colide> {
    let mut all = Vec::new();
    for model in MODELS {
        for finish in FINISHES {
            for start in [Start::Path(Diagonal::Free), Start::Path(Diagonal::Pinned), Start::Order] {
                all.push(Colide::new(model).finish(finish).starts([start]));
            }
        }
        all.push(Colide::new(model).solver(Solver::ReferenceAdam(few_steps())));
        all.push(Colide::new(model).non_negative());
        all.push(Colide::new(model).units(Units::MinSd).floor(Floor::Paper));
    }
    all
}

fn check(fit: &Fit) {
    assert!(Dag::from_weights("weights", &fit.weights).is_ok());
    assert!(fit.noise_scales.iter().all(|s| s.is_finite() && *s >= 0.0), "{}", fit.noise_scales);
    let _ = (fit.edges(), fit.cpdag(), fit.causal_model(), fit.varsortability(), fit.r2_sortability(), fit.bic());
}

// ---- The rows of the specification, one by one ----------------------------------------------------------------------

#[test]
fn entries_that_are_not_finite_are_named() {
    for bad in NOT_FINITE {
        let mut x = data();
        x[[4, 1]] = bad;
        let text = |name: &str, at: &str| format!("`{name}` holds {bad} at {at}; every entry must be finite");
        refused(colide::covariance(&x), &text("x", "[4, 1]"));
        for config in configurations() {
            refused(config.fit(&x), &text("x", "[4, 1]"));
        }
        let environment = Environment { x: x.view(), targets: vec![] };
        refused(Colide::heteroscedastic().fit_environments(&[environment]), &text("x", "[4, 1]"));
        refused(Bootstrap::new(2).run(&Colide::heteroscedastic(), &x), &text("x", "[4, 1]"));
        let mut c = Array2::eye(3);
        c[[2, 0]] = bad;
        refused(colide::check_covariance("covariance", &c), &text("covariance", "[2, 0]"));
        refused(Covariance::from_matrix(&c, 10.0), &text("covariance", "[2, 0]"));
        refused(colide::min_pivot_order(&c), &text("covariance", "[2, 0]"));
        refused(StageProblem::new(&c, NoiseModel::EqualVariance, 0.1).map(|_| ()), &text("covariance", "[2, 0]"));
        refused(Colide::heteroscedastic().initial_weights(c.clone()).fit(&data()), &text("initial_weights", "[2, 0]"));
        refused(colide::threshold(&c, 0.3), &text("w", "[2, 0]"));
        refused(colide::prune(&c), &text("w", "[2, 0]"));
        refused(colide::min_dag_threshold(&c), &text("w", "[2, 0]"));
        refused(colide::drop_only_cycle_edges(&c), &text("w", "[2, 0]"));
        refused(colide::greedy_acyclic_subset(&c), &text("w", "[2, 0]"));
        refused(colide::log_det_acyclicity(&c, 1.0), &text("w", "[2, 0]"));
        refused(Graph::from_weights("w", &c), &text("w", "[2, 0]"));
        refused(colide::d_separated(&c, &[0], &[1], &[]), &text("dag", "[2, 0]"));
        let mut accumulator = CovarianceAccumulator::new(3);
        refused(accumulator.push_rows(&x), &text("x", "[4, 1]"));
        refused(accumulator.push_row(&x.row(4)), &text("x", "[0, 1]"));
        assert_eq!(accumulator.rows(), 0, "nothing is added");
        let model = CausalModel::new(&Array2::zeros((2, 2)), &array![0.0, 1.0], &array![1.0, 1.0]).unwrap();
        refused(model.noise(&array![1.0, bad]), &text("row", "[1]"));
        refused(model.intervene(&[(0, bad)]), &format!("`settings` is {bad}; it must be finite"));
        refused(CausalModel::new(&Array2::zeros((2, 2)), &array![bad, 1.0], &array![1.0, 1.0]), &text("mean", "[0]"));
    }
}

#[test]
fn sizes_down_to_nothing() {
    // No rows; one row.
    let empty = "`x` is empty; at least one row is needed";
    let one = "`x` has 1 rows; at least 2 are needed, because one sample has no variance";
    for config in configurations() {
        refused(config.fit(&Array2::zeros((0, 3))), empty);
        refused(config.fit(&array![[1.0, 2.0, 3.0]]), one);
        // d = 0 is legal and empty.
        let fit = config.fit(&Array2::zeros((5, 0))).unwrap();
        check(&fit);
        assert!(fit.weights.is_empty() && fit.order.is_empty() && fit.edges().is_empty());
        // d = 1: no edge, and the deviation as scale.
        let fit = config.fit(&array![[1.0], [3.0], [2.0], [2.0]]).unwrap();
        check(&fit);
        assert_eq!(fit.weights, array![[0.0]]);
        assert!((fit.noise_scales[0] - 0.5_f64.sqrt()).abs() < 1e-15);
    }
    refused(CovarianceAccumulator::new(3).covariance(), empty);
    refused(
        Colide::heteroscedastic().fit_environments(&[]),
        "`environments` is empty; at least one environment is needed",
    );
    let no_rows = Array2::zeros((0, 3));
    let environment = Environment { x: no_rows.view(), targets: vec![] };
    assert!(Colide::heteroscedastic().fit_environments(&[environment]).is_err());
    // Everything else without variables.
    let nothing = Array2::<f64>::zeros((0, 0));
    assert_eq!(colide::log_det_acyclicity(&nothing, 1.0).unwrap(), Some(0.0));
    assert_eq!(colide::min_dag_threshold(&nothing).unwrap(), 0.0);
    assert_eq!(colide::sid(&nothing, &nothing).unwrap(), 0);
    assert_eq!(colide::compare(&nothing, &nothing).unwrap().shd, 0);
    assert_eq!(colide::varsortability(&nothing, &nothing).unwrap(), None);
    assert!(colide::refit(&nothing, &nothing, 10.0).unwrap().weights.is_empty());
    assert!(colide::min_pivot_order(&nothing).unwrap().order.is_empty());
    assert!(Knowledge::new().compile(0).unwrap().edges.is_empty());
    let problem = StageProblem::new(&nothing, NoiseModel::EqualVariance, 0.1).unwrap();
    assert_eq!(problem.order_optimum(&[]).unwrap().objective, 0.0);
    assert!(problem.proximal_newton(1.0, 1.0, &nothing, NewtonOptions::default()).is_ok());
    assert!(CausalModel::new(&nothing, &array![], &array![]).unwrap().total_effects().is_empty());
    refused(colide::noise_error(&array![], &array![]), "`truth` is empty; at least one entry is needed");
    let _ = Bootstrap::new(2).run(&Colide::heteroscedastic(), &Array2::zeros((5, 0))).unwrap();
    assert!(
        Colide::heteroscedastic().lambda_grid(&colide::covariance(&Array2::zeros((5, 0))).unwrap(), 3, 0.1).is_ok()
    );
}

#[test]
fn constant_columns_have_no_edges() {
    let mut x = data();
    x.column_mut(1).fill(0.1);
    for config in configurations() {
        let fit = config.fit(&x).unwrap();
        check(&fit);
        assert!(fit.weights.row(1).iter().chain(fit.weights.column(1)).all(|&w| w == 0.0));
        assert!(fit.warnings.contains(&Warning::ConstantColumn { column: 1 }), "{:?}", fit.warnings);
    }
    // The scale is the floor.
    let floor = Colide::heteroscedastic().floor(Floor::Absolute(array![0.1, 0.2, 0.3])).fit(&x).unwrap();
    assert_eq!(floor.noise_scales[1], 0.2);
    // Also when the edge is required.
    let known = Colide::heteroscedastic().knowledge(Knowledge::new().require(0, 1).require(1, 2)).fit(&x).unwrap();
    check(&known);
    assert_eq!(known.weights[[0, 1]], 0.0);
    x.fill(7.5);
    refused(colide::covariance(&x), "every column of `x` is constant: there is nothing to explain");
    refused(
        Covariance::from_matrix(&Array2::zeros((2, 2)), 10.0),
        "every column of `covariance` is constant: there is nothing to explain",
    );
}

#[test]
fn singular_covariances_are_legal() {
    let x = data();
    // Duplicated, negated, summed columns; then fewer rows than columns.
    let mut wide = Array2::zeros((20, 7));
    for j in 0..3 {
        wide.column_mut(j).assign(&x.column(j));
    }
    wide.column_mut(3).assign(&x.column(0));
    wide.column_mut(4).assign(&(-&x.column(1)));
    wide.column_mut(5).assign(&(&x.column(0) + &x.column(1)));
    wide.column_mut(6).assign(&(&x.column(2) * 1e6));
    let few = wide.slice(ndarray::s![..4, ..]).to_owned();
    for x in [&wide, &few] {
        for config in configurations() {
            for lambda in [0.05, 0.0] {
                check(&config.clone().sparsity(lambda).fit(x).unwrap());
            }
        }
        let _ = Bootstrap::new(3).run(&Colide::heteroscedastic(), x).unwrap();
    }
    let fit = Colide::heteroscedastic().fit(&few).unwrap();
    assert!(fit.warnings.iter().any(|w| matches!(w, Warning::FewSamples { variables: 7, .. })));
    let pivots = colide::min_pivot_order(&colide::covariance(&wide).unwrap().matrix).unwrap();
    assert_eq!(pivots.degenerate.len(), 4);
    let everything = Array2::from_shape_fn((7, 7), |(i, j)| f64::from(u8::from(i < j)));
    let refit = colide::refit(&colide::covariance(&wide).unwrap().matrix, &everything, 20.0).unwrap();
    assert!(!refit.ridged.is_empty() && refit.weights.iter().all(|w| w.is_finite()));
}

#[test]
fn covariances_that_are_none() {
    let shape = "`covariance` has shape [2, 3], but [2, 2] is needed because the matrix must be square";
    let asymmetric =
        "`covariance` is not symmetric: entries (0, 1) and (1, 0) differ by 2.5e-1, more than rounding explains";
    let negative = "`covariance` is not a covariance: diagonal entry 1 is -1e0, and it must not be negative";
    let cases = [
        (Array2::zeros((2, 3)), shape),
        (array![[1.0, 0.5], [0.75, 1.0]], asymmetric),
        (array![[1.0, 0.0], [0.0, -1.0]], negative),
    ];
    for (c, message) in cases {
        let square = Array2::zeros((2, 2));
        refused(colide::check_covariance("covariance", &c), message);
        refused(Covariance::from_matrix(&c, 10.0), message);
        refused(StageProblem::new(&c, NoiseModel::EqualVariance, 0.1).map(|_| ()), message);
        refused(colide::refit(&c, &square, 10.0), message);
        refused(colide::varsortability(&square, &c), message);
        refused(colide::r2_sortability(&square, &c), message);
        let mut broken = colide::covariance(&array![[1.0, 2.0], [3.0, 0.0], [0.0, 0.5]]).unwrap();
        broken.matrix = c;
        refused(Colide::heteroscedastic().fit_covariance(&broken), message);
        refused(Colide::heteroscedastic().fit_path(&broken, &[0.1]), message);
        refused(Colide::heteroscedastic().lambda_grid(&broken, 2, 0.1), message);
    }
    // Indefinite with a positive diagonal: not looked at, but survived.
    let indefinite =
        Covariance::from_matrix(&array![[1.0, 3.0, 0.0], [3.0, 1.0, -2.0], [0.0, -2.0, 1.0]], 50.0).unwrap();
    for config in configurations() {
        check(&config.fit_covariance(&indefinite).unwrap());
    }
    for samples in [0.0, 1.0, -3.0, f64::NAN, f64::INFINITY] {
        let message = format!("`samples` is {samples}; it must be finite and at least 2");
        refused(Covariance::from_matrix(&Array2::eye(2), samples), &message);
    }
    // The public fields can be broken by hand.
    let mut broken = colide::covariance(&data()).unwrap();
    broken.mean = Array1::zeros(2);
    refused(
        Colide::heteroscedastic().fit_covariance(&broken),
        "`mean` has shape [2], but [3] is needed because there is one mean for each variable",
    );
    broken = colide::covariance(&data()).unwrap();
    broken.samples = f64::NAN;
    refused(Colide::heteroscedastic().fit_covariance(&broken), "`samples` is NaN; it must be finite and >= 1");
}

#[test]
fn parameters_out_of_range_are_named() {
    let x = data();
    let fit = |config: Colide| config.fit(&x);
    let base = Colide::heteroscedastic;
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        refused(fit(base().sparsity(bad)), &format!("`sparsity` is {bad}; it must be finite and >= 0"));
        refused(fit(base().threshold(bad)), &format!("`threshold` is {bad}; it must be finite and >= 0"));
        let newton = |options| base().solver(Solver::ProximalNewton(options));
        refused(
            fit(newton(NewtonOptions { tolerance: bad, ..Default::default() })),
            &format!("`tolerance` is {bad}; it must be finite and >= 0"),
        );
        refused(
            fit(newton(NewtonOptions { column_tolerance: bad, ..Default::default() })),
            &format!("`column_tolerance` is {bad}; it must be finite and >= 0"),
        );
        let adam = |options| base().solver(Solver::ReferenceAdam(options));
        refused(
            fit(adam(AdamOptions { learning_rate: bad, ..Default::default() })),
            &format!("`learning_rate` is {bad}; it must be finite and > 0"),
        );
        for (beta1, beta2, name) in [(bad, 0.9, "beta1"), (0.9, bad, "beta2")] {
            let message = format!("`{name}` is {bad}; it must be >= 0 and < 1");
            refused(fit(adam(AdamOptions { beta1, beta2, ..Default::default() })), &message);
        }
        refused(fit(base().floor(Floor::Relative(bad))), &format!("`floor` is {bad}; it must be between 0 and 1"));
        refused(
            fit(base().floor(Floor::Absolute(array![1.0, bad, 1.0]))),
            &format!("`floor` is {bad}; it must be finite and >= 0"),
        );
        refused(
            fit(base().known_scales(array![1.0, bad, 1.0])),
            &format!("`known_scales` is {bad}; it must be finite and > 0"),
        );
        refused(Schedule::new(vec![1.0, bad], vec![1.0]), &format!("`mu` is {bad}; it must be finite and > 0"));
        refused(Schedule::new(vec![1.0], vec![bad]), &format!("`s` is {bad}; it must be finite and > 0"));
        refused(colide::threshold(&x.t().dot(&x), bad), &format!("`threshold` is {bad}; it must be finite and >= 0"));
        refused(
            colide::log_det_acyclicity(&Array2::zeros((2, 2)), bad),
            &format!("`s` is {bad}; it must be finite and > 0"),
        );
        let c = colide::covariance(&x).unwrap();
        refused(base().fit_path(&c, &[0.1, bad]), &format!("`lambdas` is {bad}; it must be finite and >= 0"));
        refused(base().lambda_grid(&c, 3, bad), &format!("`ratio` is {bad}; it must be > 0 and < 1"));
        refused(
            Bootstrap::new(3).confidence(bad).run(&base(), &x),
            &format!("`confidence` is {bad}; it must be > 0 and < 1"),
        );
        let resampling = Resampling::Subsample(bad);
        refused(
            Bootstrap::new(3).resampling(resampling).run(&base(), &x),
            &format!("`fraction` is {bad}; it must be > 0 and < 1"),
        );
        let mut accumulator = CovarianceAccumulator::new(1);
        refused(
            accumulator.push_weighted_row(&array![1.0], bad),
            &format!("`weights` is {bad}; it must be finite and >= 0"),
        );
        refused(accumulator.forget(bad), &format!("`factor` is {bad}; it must be greater than 0 and at most 1"));
        refused(
            colide::refit(&c.matrix, &Array2::zeros((3, 3)), bad),
            &format!("`samples` is {bad}; it must be finite and > 0"),
        );
        refused(
            StageProblem::new(&c.matrix, NoiseModel::EqualVariance, bad).map(|_| ()),
            &format!("`sparsity` is {bad}; it must be finite and >= 0"),
        );
        let problem = || StageProblem::new(&c.matrix, NoiseModel::EqualVariance, 0.1).unwrap();
        let zero = Array2::zeros((3, 3));
        refused(
            problem().floor(&array![1.0, bad, 1.0]).map(|_| ()),
            &format!("`floor` is {bad}; it must be finite and > 0"),
        );
        refused(problem().evaluate(&zero, bad, 1.0), &format!("`mu` is {bad}; it must be finite and > 0"));
        refused(problem().evaluate(&zero, 1.0, bad), &format!("`s` is {bad}; it must be finite and > 0"));
        refused(
            problem().reference_adam(1.0, 1.0, (&zero, &array![1.0, 1.0, bad]), 5, &few_steps()),
            &format!("`scales` is {bad}; it must be finite and > 0"),
        );
        refused(
            colide::noise_error(&array![1.0], &array![bad]),
            &format!("`truth` is {bad}; it must be finite and > 0"),
        );
        refused(
            CausalModel::new(&zero, &array![0.0, 0.0, 0.0], &array![1.0, bad, 1.0]),
            &format!("`sigma` is {bad}; it must be finite and >= 0"),
        );
    }
    refused(
        fit(base().penalty_weights(Array2::from_elem((3, 3), -1.0))),
        "`penalty_weights` is -1; it must be >= 0 (infinite forbids the edge)",
    );
    refused(
        fit(base().penalty_weights(Array2::from_elem((3, 3), f64::NAN))),
        "`penalty_weights` is NaN; it must be >= 0 (infinite forbids the edge)",
    );
    refused(
        fit(Colide::homoscedastic().floor(Floor::Absolute(array![1.0, 2.0, 1.0]))),
        "`floor` is 2; it must be the same for all variables when variances are equal",
    );
    refused(fit(base().starts([])), "`starts` is empty; at least one start is needed");
    refused(base().fit_path(&colide::covariance(&x).unwrap(), &[]), "`lambdas` is empty; at least one value is needed");
    refused(base().lambda_grid(&colide::covariance(&x).unwrap(), 0, 0.1), "`count` is 0; it must be >= 1");
    refused(Bootstrap::new(0).run(&base(), &x), "`replicates` is 0; it must be >= 1");
    refused(
        fit(base().solver(Solver::ProximalNewton(NewtonOptions { maximum_steps: 0, ..Default::default() }))),
        "`maximum_steps` is 0; it must be >= 1",
    );
    for (options, name) in [
        (AdamOptions { checkpoint: 0, ..Default::default() }, "checkpoint"),
        (AdamOptions { warm_iterations: 0, ..Default::default() }, "warm_iterations"),
        (AdamOptions { final_iterations: 0, ..Default::default() }, "final_iterations"),
    ] {
        refused(fit(base().solver(Solver::ReferenceAdam(options))), &format!("`{name}` is 0; it must be >= 1"));
    }
    refused(Schedule::logarithmic(0), "`stages` is 0; it must be >= 1");
    refused(Schedule::new(vec![], vec![]), "`mu` is empty; at least one stage is needed");
    refused(Schedule::new(vec![1.0], vec![]), "`s` is empty; at least one stage is needed");
    // The largest counts are legal where nothing is that large.
    let huge = NewtonOptions { maximum_steps: usize::MAX, ..Default::default() };
    check(&fit(base().solver(Solver::ProximalNewton(huge))).unwrap());
    let lazy = AdamOptions { checkpoint: usize::MAX, warm_iterations: 20, final_iterations: 20, ..Default::default() };
    check(&fit(base().solver(Solver::ReferenceAdam(lazy))).unwrap());
    // Extreme legal numbers.
    for lambda in [0.0, f64::MIN_POSITIVE, 1e300, f64::MAX] {
        for config in configurations() {
            check(&config.sparsity(lambda).fit(&x).unwrap());
        }
    }
    for (mu, s) in [(1e-300, 1.0), (1e300, 1.0), (1.0, 1e-300), (1.0, 1e300), (1e300, 1e300)] {
        for config in configurations() {
            check(&config.schedule(Schedule::new(vec![mu], vec![s]).unwrap()).fit(&x).unwrap());
        }
    }
    for scale in [1e-300, 1e-8, 1e8, 1e300] {
        for config in configurations() {
            check(&config.known_scales(Array1::from_elem(3, scale)).fit(&x).unwrap());
        }
        for model in MODELS {
            check(&Colide::new(model).floor(Floor::Absolute(Array1::from_elem(3, scale))).fit(&x).unwrap());
        }
    }
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let x = data();
    let (two, three) = (Array2::<f64>::zeros((2, 2)), Array2::<f64>::zeros((3, 3)));
    let oblong = Array2::<f64>::zeros((2, 3));
    let base = Colide::heteroscedastic;
    refused(
        base().initial_weights(two.clone()).fit(&x),
        "`initial_weights` has shape [2, 2], but [3, 3] is needed because the data have that many columns",
    );
    refused(
        base().penalty_weights(two.clone()).fit(&x),
        "`penalty_weights` has shape [2, 2], but [3, 3] is needed because there is one for each edge",
    );
    refused(
        base().known_scales(array![1.0]).fit(&x),
        "`known_scales` has shape [1], but [3] is needed because there is one for each variable",
    );
    refused(
        base().floor(Floor::Absolute(array![1.0])).fit(&x),
        "`floor` has shape [1], but [3] is needed because there is one for each variable",
    );
    let square = "`w` has shape [2, 3], but [2, 2] is needed because the matrix must be square";
    refused(colide::threshold(&oblong, 0.3), square);
    refused(colide::prune(&oblong), square);
    refused(colide::min_dag_threshold(&oblong), square);
    refused(colide::drop_only_cycle_edges(&oblong), square);
    refused(colide::greedy_acyclic_subset(&oblong), square);
    refused(colide::log_det_acyclicity(&oblong, 1.0), square);
    refused(CausalModel::new(&oblong, &array![0.0], &array![0.0]), square);
    refused(Dag::from_weights("w", &oblong), square);
    refused(Dag::from_adjacency("w", &oblong), square);
    let shape =
        |result: Result<()>| assert!(matches!(result, Err(Error::Argument(Argument::Shape { .. }))), "{result:?}");
    shape(colide::cpdag(&oblong).map(drop));
    shape(colide::min_pivot_order(&oblong).map(drop));
    shape(colide::d_separated(&oblong, &[], &[], &[]).map(drop));
    shape(colide::is_valid_adjustment(&oblong, 0, 1, &[]).map(drop));
    shape(colide::optimal_adjustment_set(&oblong, 0, 1).map(drop));
    for pair in [(&two, &three), (&oblong, &oblong), (&oblong, &two)] {
        shape(colide::compare(pair.0, pair.1).map(drop));
        shape(colide::sid(pair.0, pair.1).map(drop));
        shape(colide::ancestor_aid(pair.0, pair.1).map(drop));
        shape(colide::oset_aid(pair.0, pair.1).map(drop));
        shape(colide::shd_cpdag(pair.0, pair.1).map(drop));
        shape(colide::refit(&pair.0.clone(), &pair.1.clone(), 9.0).map(drop));
        shape(colide::varsortability(pair.0, pair.1).map(drop));
        shape(colide::r2_sortability(pair.0, pair.1).map(drop));
    }
    shape(colide::noise_error(&array![1.0], &array![1.0, 2.0]).map(drop));
    shape(colide::noise_scales(MODELS[0], &array![1.0], &array![1.0, 2.0]).map(drop));
    shape(colide::profile_score(MODELS[0], &array![1.0], &array![1.0, 2.0]).map(drop));
    shape(colide::score(&array![1.0], &array![1.0, 2.0]).map(drop));
    let mut out = Array2::zeros((2, 3));
    shape(colide::residual_covariance_into(&two, &two, &mut out));
    shape(colide::residual_covariance_into(&oblong, &two, &mut out));
    shape(colide::residual_covariance_into(&three, &two, &mut Array2::zeros((3, 3))));
    shape(colide::mean_squared_residuals_into(&two, &three, &mut Array1::zeros(2)));
    shape(colide::mean_squared_residuals_into(&two, &two, &mut Array1::zeros(3)));
    shape(colide::mean_squared_residuals_into(&oblong, &oblong, &mut Array1::zeros(2)));
    shape(colide::score_gradient_into(&two, &array![1.0], &mut Array2::zeros((2, 2))));
    shape(colide::score_gradient_into(&two, &array![1.0, 1.0], &mut out));
    shape(colide::score_gradient_into(&oblong, &array![1.0, 1.0], &mut out));
    let mut log_det = LogDet::new(2);
    shape(log_det.value(&three, 1.0).map(drop));
    shape(log_det.gradient_into(&two, 1.0, &mut out).map(drop));
    shape(log_det.gradient_into(&three, 1.0, &mut Array2::zeros((3, 3))).map(drop));
    shape(log_det.hessian_vector_into(&two, &three, 1.0, &mut Array2::zeros((2, 2))).map(drop));
    shape(log_det.hessian_vector_into(&two, &two, 1.0, &mut out).map(drop));
    shape(log_det.hessian_vector_into(&three, &three, 1.0, &mut Array2::zeros((3, 3))).map(drop));
    let problem = || StageProblem::new(&Array2::eye(2), MODELS[0], 0.1).unwrap();
    shape(problem().floor(&array![1.0]).map(drop));
    shape(problem().evaluate(&three, 1.0, 1.0).map(drop));
    shape(problem().proximal_newton(1.0, 1.0, &oblong, NewtonOptions::default()).map(drop));
    shape(problem().reference_adam(1.0, 1.0, (&two, &array![1.0]), 5, &few_steps()).map(drop));
    refused(problem().order_optimum(&[0, 2]), "`order` names node 2, but there are only 2 nodes (counted from 0)");
    refused(problem().order_optimum(&[0, 0]), "`order` is 0; it must be each variable once");
    refused(problem().order_optimum(&[0]), "`order.len()` is 1; it must be the number of variables");
    let mut accumulator = CovarianceAccumulator::new(2);
    shape(accumulator.push_row(&array![1.0]));
    shape(accumulator.push_rows(&three));
    shape(accumulator.push_weighted_rows(&two, &array![1.0]));
    shape(accumulator.merge(&CovarianceAccumulator::new(3)));
    let model = CausalModel::new(&two, &array![0.0, 0.0], &array![1.0, 1.0]).unwrap();
    shape(CausalModel::new(&two, &array![0.0], &array![1.0, 1.0]).map(drop));
    shape(CausalModel::new(&two, &array![0.0, 0.0], &array![1.0]).map(drop));
    shape(model.noise(&array![1.0]).map(drop));
    shape(model.root_cause_scores(&array![1.0]).map(drop));
    shape(model.counterfactual(&array![1.0], &[]).map(drop));
    let full = base().fit(&x).unwrap();
    shape(Bootstrap::new(2).run_around(&base(), &array![[1.0], [2.0]], full, &mut core_optim::Unobserved).map(drop));
    let (a, b) = (data(), Array2::<f64>::zeros((4, 2)));
    let environments = [Environment { x: a.view(), targets: vec![] }, Environment { x: b.view(), targets: vec![] }];
    assert!(base().fit_environments(&environments).is_err());
}

#[test]
fn starting_weights_far_outside_the_domain() {
    let x = data();
    let start = |size: f64| array![[0.0, size, 0.0], [size, 0.0, 0.0], [0.0, 0.0, 0.0]];
    for model in MODELS {
        for solver in [Solver::default(), Solver::ReferenceAdam(few_steps())] {
            // ρ(W∘W) = 4: s rises from 1 until it is above.
            let config = Colide::new(model).solver(solver).starts([Start::Path(Diagonal::Pinned)]);
            let fit = config.clone().initial_weights(start(2.0)).fit(&x).unwrap();
            check(&fit);
            let raised = fit.warnings.iter().find_map(|w| match w {
                Warning::DomainRaised { stage: 0, s } => Some(*s),
                _ => None,
            });
            assert!(raised.is_some_and(|s| s > 4.0 && s < 4.2), "{:?}", fit.warnings);
            // 1 + 100 · 0.1 = 11 is not above 16, nor above the square of anything larger.
            for size in [4.0, 1e8, 1e160, f64::MAX] {
                let error = config.clone().initial_weights(start(size)).fit(&x).unwrap_err();
                assert!(matches!(error, Error::OutOfDomain { s } if (s - 11.0).abs() < 1e-9), "{error}");
                assert!(
                    error
                        .to_string()
                        .starts_with("the starting weights leave the domain of the log-determinant even at s = 1")
                );
            }
            // A DAG is inside whatever its weights.
            let dag = array![[0.0, 1e3, 0.0], [0.0, 0.0, 1e3], [0.0, 0.0, 0.0]];
            check(&config.initial_weights(dag).fit(&x).unwrap());
        }
    }
    let outside = StageProblem::new(&Array2::eye(3), MODELS[0], 0.1).unwrap();
    assert_eq!(outside.evaluate(&start(2.0), 1.0, 1.0).unwrap(), None);
    let found = outside.proximal_newton(1.0, 1.0, &start(2.0), NewtonOptions::default()).unwrap();
    assert_eq!(found.end, StageEnd::LeftDomain);
    refused(
        LogDet::with_form(2, Acyclicity::NonNegative).value(&array![[0.0, -1.0], [0.0, 0.0]], 1.0),
        "`w` is -1; it must be >= 0 in this form of acyclicity",
    );
}

#[test]
fn contradictory_knowledge_is_explained() {
    let says = |knowledge: Knowledge, reason: &str| {
        let message = format!("the prior knowledge contradicts itself: {reason}");
        refused(knowledge.compile(4), &message);
        let x = Array2::from_shape_fn((20, 4), |(i, j)| ((i * (j + 3)) as f64).sin());
        refused(Colide::heteroscedastic().knowledge(knowledge).fit(&x), &message);
    };
    let new = Knowledge::new;
    says(new().require(0, 1).forbid(0, 1), "the edge 0 -> 1 is required, but it is forbidden");
    says(new().require(2, 2), "the edge 2 -> 2 is required, but no variable causes itself");
    says(new().require(0, 1).root(1), "the edge 0 -> 1 is required, but 1 is a root");
    says(new().require(0, 1).leaf(0), "the edge 0 -> 1 is required, but 0 is a leaf");
    says(new().require(0, 1).exogenous(1), "the edge 0 -> 1 is required, but 1 is exogenous");
    says(
        new().require(0, 1).tiers(vec![vec![1], vec![2], vec![0]]),
        "the edge 0 -> 1 is required, but 0 stands in a later tier than 1",
    );
    says(new().tiers(vec![vec![0, 1], vec![1]]), "variable 1 stands in tier 0 and in tier 1");
    says(
        new().sign(0, 1, Sign::NonNegative).sign(0, 1, Sign::NonPositive),
        "the edge 0 -> 1 is asked to be both NonNegative and NonPositive",
    );
    // The cycle is named, whichever node it is started at.
    let error = new().require(0, 1).require(1, 2).require(2, 0).require(3, 0).compile(4).unwrap_err().to_string();
    let prefix = "the prior knowledge contradicts itself: the required edges close the cycle ";
    let cycle = error.strip_prefix(prefix).expect(&error);
    assert!(["0 -> 1 -> 2 -> 0", "1 -> 2 -> 0 -> 1", "2 -> 0 -> 1 -> 2"].contains(&cycle), "{cycle}");
    for (knowledge, name) in [
        (new().require(0, 4), "required"),
        (new().forbid(4, 0), "forbidden"),
        (new().root(4), "roots"),
        (new().leaf(4), "leaves"),
        (new().exogenous(4), "exogenous"),
        (new().tiers(vec![vec![4]]), "tiers"),
        (new().sign(4, 0, Sign::NonNegative), "signs"),
    ] {
        refused(knowledge.compile(4), &format!("`{name}` names node 4, but there are only 4 nodes (counted from 0)"));
    }
    assert!(new().require(usize::MAX, usize::MAX).compile(4).is_err());
    let x = data();
    refused(
        Colide::heteroscedastic().non_negative().knowledge(new().sign(0, 1, Sign::NonPositive)).fit(&x),
        "the prior knowledge contradicts itself: all weights are non-negative, but 0 -> 1 is asked to be non-positive",
    );
    // Everything forbidden, everything exogenous: legal, and empty.
    let nothing = (0..3).fold(new(), |k, i| (0..3).fold(k, |k, j| k.forbid(i, j)));
    let given = (0..3).fold(new(), Knowledge::exogenous);
    for knowledge in [nothing, given] {
        for config in configurations() {
            let fit = config.knowledge(knowledge.clone()).fit(&x).unwrap();
            check(&fit);
            assert!(fit.weights.iter().all(|&w| w == 0.0));
        }
    }
}

#[test]
fn graphs_that_are_none() {
    let cycle = array![[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]];
    let fine = array![[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]];
    let odd = array![[0.0, 2.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]];
    let cyclic = |result: Result<()>| match result {
        Err(error @ Error::Cyclic { .. }) => {
            let text = error.to_string();
            let (_, path) = text.split_once(" has a cycle: ").expect(&text);
            assert!(["0 -> 1 -> 2 -> 0", "1 -> 2 -> 0 -> 1", "2 -> 0 -> 1 -> 2"].contains(&path), "{path}");
        }
        other => panic!("{other:?}"),
    };
    cyclic(colide::cpdag(&cycle).map(drop));
    cyclic(colide::d_separated(&cycle, &[0], &[1], &[]).map(drop));
    cyclic(colide::is_valid_adjustment(&cycle, 0, 1, &[]).map(drop));
    cyclic(colide::optimal_adjustment_set(&cycle, 0, 1).map(drop));
    cyclic(colide::refit(&Array2::eye(3), &cycle, 10.0).map(drop));
    cyclic(colide::varsortability(&cycle, &Array2::eye(3)).map(drop));
    cyclic(colide::r2_sortability(&cycle, &Array2::eye(3)).map(drop));
    cyclic(CausalModel::new(&cycle, &Array1::zeros(3), &Array1::ones(3)).map(drop));
    cyclic(Dag::from_weights("w", &cycle).map(drop));
    for (truth, estimate) in [(&cycle, &fine), (&fine, &cycle)] {
        cyclic(colide::compare(truth, estimate).map(drop));
        cyclic(colide::shd_cpdag(truth, estimate).map(drop));
        cyclic(colide::sid(truth, estimate).map(drop));
        cyclic(colide::ancestor_aid(truth, estimate).map(drop));
        cyclic(colide::oset_aid(truth, estimate).map(drop));
    }
    refused(colide::cpdag(&odd), "`dag` holds 2 at (0, 1); legal are 0 and 1");
    refused(colide::sid(&odd, &fine), "`truth` holds 2 at (0, 1); legal are 0 and 1");
    refused(colide::sid(&fine, &odd), "`estimate` holds 2 at (0, 1); legal are 0 and 1");
    refused(colide::compare(&fine, &odd), "`estimate` holds 2 at (0, 1); legal are 0, 1 and -1");
    for bad in NOT_FINITE {
        let mut odd = fine.clone();
        odd[[2, 1]] = bad;
        refused(colide::compare(&odd, &fine), &format!("`truth` holds {bad} at (2, 1); legal are 0 and 1"));
        refused(colide::compare(&fine, &odd), &format!("`estimate` holds {bad} at (2, 1); legal are 0, 1 and -1"));
    }
    let once = "-1 once per undirected edge, off the diagonal, with 0 in the other direction";
    for at in [[0, 0], [1, 0]] {
        let mut estimate = fine.clone();
        estimate[at] = -1.0;
        let message = format!("`estimate` holds -1 at ({}, {}); legal are {once}", at[0], at[1]);
        refused(colide::compare(&fine, &estimate), &message);
    }
    for (cause, effect, z, name) in [(3, 0, 1, "cause"), (0, usize::MAX, 1, "effect"), (0, 1, 3, "z")] {
        let error = colide::is_valid_adjustment(&fine, cause, effect, &[z]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{name}` names node ")), "{error}");
    }
    refused(
        colide::d_separated(&fine, &[0], &[9], &[]),
        "`y` names node 9, but there are only 3 nodes (counted from 0)",
    );
    let model = CausalModel::new(&fine, &Array1::zeros(3), &Array1::ones(3)).unwrap();
    refused(model.intervene(&[(3, 1.0)]), "`settings` names node 3, but there are only 3 nodes (counted from 0)");
    // Queries without errors answer for nodes that are not there.
    let graph = Graph::from_weights("w", &fine).unwrap();
    assert!(graph.parents(9).is_empty() && graph.children(usize::MAX).is_empty());
    assert!(graph.descendants(9).is_empty() && graph.ancestors(9).is_empty());
    assert!(!NodeSet::from_nodes(3, [1, 5, usize::MAX]).contains(usize::MAX));
}

#[test]
fn environments_that_say_nothing() {
    let x = data();
    let environment = |targets: Vec<usize>| Environment { x: x.view(), targets };
    let base = Colide::heteroscedastic();
    refused(
        base.fit_environments(&[environment(vec![3])]),
        "`targets` names node 3, but there are only 3 nodes (counted from 0)",
    );
    refused(
        base.fit_environments(&[environment(vec![1])]),
        "variable 1 is a target in all but 0 rows; at least 2 rows must leave it alone to learn its causes",
    );
    check(&base.fit_environments(&[environment(vec![0]), environment(vec![1, 1]), environment(vec![2])]).unwrap());
    let constant = Array2::from_elem((5, 3), 2.0);
    let still = Environment { x: constant.view(), targets: vec![] };
    assert!(base.fit_environments(std::slice::from_ref(&still)).is_err());
    let _ = base.fit_environments(&[still, environment(vec![0])]);
}

// ---- Scales ---------------------------------------------------------------------------------------------------------

/// Data times 2^k with λ is, exactly, the data with λ / 2^k and 2^k μ, which the fit solves when squares would overflow.
#[test]
fn huge_and_tiny_data_are_the_rescaled_problem() {
    let x = data();
    for power in [498, 470, -470, -498] {
        let unit = 2.0_f64.powi(power);
        for model in MODELS {
            for finish in FINISHES {
                // λ is chosen so that neither problem is empty.
                let lambda = 0.05 * unit;
                let config = Colide::new(model).finish(finish);
                let scaled = config.clone().sparsity(lambda).fit(&(&x * unit)).unwrap();
                let stages: Vec<(f64, f64)> = Schedule::paper().stages().map(|(mu, s)| (mu * unit, s)).collect();
                let (mu, s) = stages.into_iter().unzip();
                let plain = config.sparsity(lambda / unit).schedule(Schedule::new(mu, s).unwrap()).fit(&x).unwrap();
                check(&scaled);
                // Powers of two are exact; only the stopping rule sees another (equal) objective.
                let difference = &scaled.weights - &plain.weights;
                assert!(difference.iter().all(|v| v.abs() < 1e-8), "{model:?} {finish:?} {power}: {difference}");
                assert!(scaled.weights.iter().any(|&w| w != 0.0));
                for (a, b) in scaled.noise_scales.iter().zip(&plain.noise_scales) {
                    assert!((a / unit - b).abs() <= 1e-8 * b);
                }
            }
            let units = Colide::new(model).units(Units::MinSd);
            let difference = &units.fit(&(&x * unit)).unwrap().weights - &units.fit(&x).unwrap().weights;
            assert!(difference.iter().all(|v| v.abs() < 1e-8));
        }
    }
    for size in [1e150, 1e-150] {
        for config in configurations() {
            check(&config.fit(&(&x * size)).unwrap());
        }
        let _ = Bootstrap::new(3).run(&Colide::heteroscedastic(), &(&x * size)).unwrap();
    }
    // Where a variance is no number: a typed error.
    for size in [1e200, 1e300, 1e-200, 1e-310] {
        let result = colide::covariance(&(&x * size));
        assert!(matches!(result, Err(Error::ScaleOutOfRange { argument: "x", .. })), "{result:?}");
        for config in configurations() {
            assert!(matches!(config.fit(&(&x * size)), Err(Error::ScaleOutOfRange { .. })));
        }
    }
    // Columns of very different scales.
    let mut mixed = x;
    mixed.column_mut(0).mapv_inplace(|v| v * 1e100);
    mixed.column_mut(1).mapv_inplace(|v| v * 1e-100);
    for config in configurations() {
        check(&config.fit(&mixed).unwrap());
    }
}

/// Weights of rows count by their ratios: the size of all of them does not matter, however large or small.
#[test]
fn weights_of_any_size_are_ratios() {
    let x = data();
    let covariance = |unit: f64| {
        let weights = Array1::from_shape_fn(x.nrows(), |i| unit * (1 + i % 3) as f64);
        let mut accumulator = CovarianceAccumulator::new(3);
        accumulator.push_weighted_rows(&x, &weights).unwrap();
        accumulator.covariance()
    };
    let plain = covariance(1.0).unwrap();
    for unit in [1e-150, 1e-100, 1e100, 1e150] {
        let other = covariance(unit).unwrap();
        assert!((other.samples - plain.samples).abs() < 1e-12 * plain.samples, "{unit}: {}", other.samples);
        assert!((&other.matrix - &plain.matrix).iter().all(|v| v.abs() < 1e-12));
    }
    // Beyond, an answer or a typed error; never a covariance that is none.
    for unit in [1e-320, 1e-300, 1e-200, 1e200, 1e300] {
        if let Ok(other) = covariance(unit) {
            assert!(colide::check_covariance("covariance", &other.matrix).is_ok());
            assert!(other.samples > 0.0 && other.samples.is_finite(), "{unit}: {}", other.samples);
        }
    }
    // Forgetting everything.
    let mut accumulator = CovarianceAccumulator::new(3);
    accumulator.push_rows(&x).unwrap();
    for _ in 0..4 {
        accumulator.forget(1e-100).unwrap();
        if let Ok(other) = accumulator.covariance() {
            assert!(other.samples > 0.0 && other.samples.is_finite(), "{}", other.samples);
        }
    }
}

/// A column whose variance is far below the ridge of the others: the search once added and removed the same edge for ever.
#[test]
fn the_search_ends_where_rounding_decides() {
    let x = array![[0.0, 0.0], [1e-10, 1e150]];
    for config in configurations() {
        for lambda in [0.0, 0.05] {
            match config.clone().sparsity(lambda).fit(&x) {
                Ok(fit) => check(&fit),
                // The reference's steps of constant length cannot stay inside the domain on such data.
                Err(error) => assert!(matches!(error, Error::OutOfDomain { .. }), "{error}"),
            }
        }
    }
}

// ---- Observers ------------------------------------------------------------------------------------------------------

#[test]
fn observers_that_stop_at_once_get_a_result() {
    let x = data();
    let covariance = colide::covariance(&x).unwrap();
    for model in MODELS {
        for finish in FINISHES {
            for solver in [Solver::default(), Solver::ReferenceAdam(few_steps())] {
                for stop_after in [1, 3] {
                    let mut looks = 0;
                    let mut observer = |_: &Progress<'_>| {
                        looks += 1;
                        if looks < stop_after { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                    };
                    let config = Colide::new(model).finish(finish).solver(solver);
                    let fit = config.fit_observed(&covariance, &mut observer).unwrap();
                    assert_eq!(looks, stop_after, "nothing more is asked after the stop");
                    assert!(fit.was_stopped());
                    check(&fit);
                }
            }
        }
    }
    assert!(!Colide::heteroscedastic().fit(&x).unwrap().was_stopped());
}

// ---- Sweeps ---------------------------------------------------------------------------------------------------------

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// Any number at all, or one of those that break things more often.
fn nasty() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => proptest::num::f64::ANY,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::MAX, f64::MIN, 5e-324, -5e-324, f64::MIN_POSITIVE]),
        4 => tame(),
    ]
}

/// Finite numbers of many sizes, with ties.
fn tame() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => prop::sample::select(vec![0.0, -0.0, 1.0, -1.0, 0.5, 2.0]),
        3 => -3.0..3.0_f64,
        1 => prop::sample::select(vec![1e150, -1e150, 1e-150, 1e100, 1e-100, 1e10, 1e-10, 1e16]),
    ]
}

fn array_of(rows: usize, columns: usize, wild: bool) -> impl Strategy<Value = Array2<f64>> {
    let entry = if wild { nasty().boxed() } else { tame().boxed() };
    prop::collection::vec(entry, rows * columns)
        .prop_map(move |v| Array2::from_shape_vec((rows, columns), v).expect("size"))
}

/// Two arrays of small shapes that often agree, a vector and numbers.
fn arguments() -> impl Strategy<Value = (Array2<f64>, Array2<f64>, Vec<f64>, Vec<usize>)> {
    (0..5_usize, 0..5_usize, any::<bool>(), any::<bool>()).prop_flat_map(|(n, d, square, wild)| {
        let rows = if square { d } else { n };
        let numbers = prop::collection::vec(if wild { nasty().boxed() } else { tame().boxed() }, 5);
        (array_of(rows, d, wild), array_of(d, d, wild), numbers, prop::collection::vec(0..6_usize, 4))
    })
}

fn symmetric(a: &Array2<f64>) -> Array2<f64> {
    let d = a.nrows().min(a.ncols());
    Array2::from_shape_fn((d, d), |(i, j)| if i == j { a[[i, i]].abs() } else { a[[i.min(j), i.max(j)]] })
}

proptest! {
    #![proptest_config(config(256))]

    /// Every public function answers, whatever it is given.
    #[test]
    fn functions_answer_anything((a, b, numbers, nodes) in arguments()) {
        let vector = Array1::from_iter(numbers.iter().copied().take(b.nrows()));
        let (first, second) = (numbers[0], numbers[1]);
        let mut out = Array2::zeros(b.raw_dim());
        let mut q = Array1::zeros(b.nrows());
        for w in [&a, &b, &symmetric(&a)] {
            let _ = colide::covariance(w);
            let _ = colide::check_covariance("c", w);
            let _ = Covariance::from_matrix(w, first);
            let _ = colide::min_pivot_order(w);
            let _ = colide::support(w);
            let _ = Graph::from_weights("w", w).map(|g| (g.cycle(), g.topological_order(), colide::strongly_connected_components(&g)));
            let _ = Dag::from_weights("w", w);
            let _ = Dag::from_adjacency("w", w);
            let _ = colide::cpdag(w);
            let _ = colide::log_det_acyclicity(w, first);
            for form in [Acyclicity::Squared, Acyclicity::NonNegative] {
                let mut log_det = LogDet::with_form(b.nrows(), form);
                let _ = log_det.value(w, first);
                let _ = log_det.gradient_into(w, 1.0, &mut out);
                let _ = log_det.hessian_vector_into(w, &b, 1.0, &mut out);
            }
            for thresholded in [colide::threshold(w, first), colide::threshold_and_prune(w, first), colide::prune(w),
                colide::drop_only_cycle_edges(w), colide::greedy_acyclic_subset(w)].into_iter().skip(1).flatten() {
                prop_assert!(Dag::from_weights("w", &thresholded).is_ok());
            }
            let _ = colide::min_dag_threshold(w);
            let _ = colide::d_separated(w, &nodes[..1], &nodes[1..2], &nodes[2..]);
            let _ = colide::is_valid_adjustment(w, nodes[0], nodes[1], &nodes[2..]);
            let _ = colide::optimal_adjustment_set(w, nodes[0], nodes[1]);
            let _ = colide::refit(&symmetric(&b), w, first);
            let _ = colide::varsortability(w, &symmetric(&b));
            let _ = colide::r2_sortability(w, &symmetric(&b));
            for (x, y) in [(w, &b), (&b, w)] {
                let _ = colide::compare(x, y);
                let _ = colide::shd_cpdag(x, y);
                let _ = (colide::sid(x, y), colide::ancestor_aid(x, y), colide::oset_aid(x, y));
                let _ = colide::residual_covariance_into(x, y, &mut out);
                let _ = colide::mean_squared_residuals_into(x, y, &mut q);
            }
            let _ = colide::score_gradient_into(w, &vector, &mut out);
            if let Ok(model) = CausalModel::new(w, &vector, &vector.mapv(f64::abs)) {
                let _ = (model.total_effects(), model.covariance());
                let _ = model.intervene(&[(nodes[0], first), (nodes[1], second)]);
                let _ = model.counterfactual(&vector, &[(nodes[0], first)]);
                let _ = (model.noise(&vector), model.root_cause_scores(&vector));
            }
        }
        for model in MODELS {
            let _ = colide::noise_scales(model, &vector, &vector);
            let _ = colide::profile_score(model, &vector, &vector);
        }
        let _ = (colide::score(&vector, &vector), colide::noise_error(&vector, &vector));
        let _ = Schedule::new(numbers.clone(), numbers[2..].to_vec());
        let mut accumulator = CovarianceAccumulator::new(b.ncols());
        for x in [&a, &b] {
            let _ = accumulator.push_rows(x);
            let _ = accumulator.push_weighted_rows(x, &Array1::from_iter(numbers.iter().copied().take(x.nrows())));
            let _ = accumulator.forget(first);
            let other = accumulator.clone();
            let _ = accumulator.merge(&other);
            if let Ok(found) = accumulator.moments() {
                prop_assert!(found.matrix.iter().chain(&found.mean).all(|v| v.is_finite()));
            }
            let _ = accumulator.covariance();
        }
        for model in MODELS {
            let Ok(problem) = StageProblem::new(&symmetric(&a), model, first) else { continue };
            let _ = problem.evaluate(&b, second, numbers[2]);
            let _ = problem.evaluate(&b, 1.0, 1.0);
            let few = NewtonOptions { maximum_steps: 20, ..Default::default() };
            let _ = problem.proximal_newton(1.0, 1.0, &b, few);
            let _ = problem.proximal_newton(second, numbers[2], &b, few);
            let _ = problem.reference_adam(1.0, 1.0, (&b, &vector), 20, &few_steps());
            let _ = problem.order_optimum(&nodes[..b.nrows().min(4)]);
            let _ = problem.order_optimum(&(0..symmetric(&a).nrows()).collect::<Vec<_>>());
            if let Ok(floored) = problem.floor(&vector) {
                let _ = floored.proximal_newton(1.0, 1.0, &b, few);
            }
        }
    }

    /// Every fit answers, whatever the data and the settings.
    #[test]
    fn fits_answer_anything((a, b, numbers, nodes) in arguments(), pick in any::<prop::sample::Index>(), set in 0..12_u8) {
        let all = configurations();
        let mut config = all[pick.index(all.len())].clone();
        let vector = Array1::from_iter(numbers.iter().copied().take(a.ncols()));
        let (cause, effect) = (nodes[0], nodes[1]);
        config = match set {
            0 => config.sparsity(numbers[0]),
            1 => config.threshold(numbers[0]),
            2 => config.initial_weights(b.clone()),
            3 => config.penalty_weights(b.mapv(f64::abs)),
            4 => config.known_scales(vector.mapv(f64::abs)),
            5 => config.floor(Floor::Absolute(vector)),
            6 => config.floor(Floor::Relative(numbers[0])),
            7 => config.knowledge(Knowledge::new().require(cause, effect).forbid(nodes[2], nodes[3])),
            8 => config.knowledge(Knowledge::new().exogenous(cause).sign(effect, nodes[2], Sign::NonPositive)),
            9 => config.units(Units::MinSd),
            10 => config.starts([Start::Order, Start::SlowPath(Diagonal::Free)]),
            _ => config,
        };
        if let Ok(fit) = config.fit(&a) {
            prop_assert!(Dag::from_weights("weights", &fit.weights).is_ok());
            let _ = (fit.edges(), fit.cpdag(), fit.causal_model(), fit.varsortability(), fit.r2_sortability());
            let _ = Bootstrap::new(2).begin(Begin::Cold).run(&config, &a);
            let _ = Bootstrap::new(2).resampling(Resampling::Subsample(0.5)).run(&config, &a);
        }
        // As a covariance, indefinite more often than not.
        if let Ok(covariance) = Covariance::from_matrix(&symmetric(&a), 10.0) {
            if let Ok(fit) = config.fit_covariance(&covariance) {
                prop_assert!(Dag::from_weights("weights", &fit.weights).is_ok());
            }
            let _ = config.fit_path(&covariance, &numbers[..2]);
            let _ = config.fit_path(&covariance, &[0.1, 1.0]);
            let _ = config.lambda_grid(&covariance, 3, 0.1);
        }
        let environments = [
            Environment { x: a.view(), targets: vec![] },
            Environment { x: b.view(), targets: nodes[..1].to_vec() },
        ];
        let _ = config.fit_environments(&environments);
        let _ = config.fit_environments(&environments[1..]);
    }
}
