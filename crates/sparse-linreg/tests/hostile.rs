//! Bad input: every error, no panic; extreme input: the right result.

#![forbid(unsafe_code)]

use core_optim::design::CscMatrix;
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use sparse_linreg::{
    AdaptiveLasso, BestSubset, Criterion, ElasticNet, Entrant, Folds, Greedy, Initial, Level, NonConvex, Omp,
    Preconditioner, Race, RandomSpan, Reason, RelaxedLasso, Result, Rsp, Search, SquareRootEnd, SquareRootLasso,
    StabilitySelection, Thresholding, adaptive_factors, column_moments, diagnose, r_squared,
};

const NOT_FINITE: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

#[track_caller]
fn refused<T>(result: Result<T>, message: &str) {
    match result {
        Ok(_) => panic!("accepted; expected: {message}"),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

/// Data that can be learnt from (20 × 6).
fn data() -> (Array2<f64>, Array1<f64>) {
    let x = Array2::from_shape_fn((20, 6), |(i, j)| ((i * (3 * j + 7)) as f64 * 0.37).sin() * (j + 1) as f64);
    let y = Array1::from_shape_fn(20, |i| 2.0 * x[[i, 0]] - x[[i, 4]] + 0.1 * (i as f64).cos());
    (x, y)
}

/// Every method on one data set: the error of the first that has one.
fn every_method(x: &Array2<f64>, y: &Array1<f64>) -> Vec<Result<()>> {
    let folds = || Folds::shuffled(x.nrows().max(4), 2, 1);
    let k = 2.min(x.ncols()).min(x.nrows());
    vec![
        ElasticNet::lasso().fit(x, y, 0.1).map(drop),
        ElasticNet::new(0.5).standardise(true).fit(x, y, 0.1).map(drop),
        ElasticNet::ridge().fit(x, y, 0.1).map(drop),
        ElasticNet::lasso().positive(true).fit(x, y, 0.0).map(drop),
        ElasticNet::lasso().fit(x, y, 0.0).map(drop),
        ElasticNet::lasso().levels(5).fit_path(x, y).map(drop),
        ElasticNet::lasso().lambda_max(x, y).map(drop),
        ElasticNet::lasso().certificate(x, y, &Array1::zeros(x.ncols()), 0.1).map(drop),
        SquareRootLasso::default().fit(x, y).map(drop),
        AdaptiveLasso::new(ElasticNet::lasso().levels(5), Initial::Ridge(0.1)).fit_path(x, y).map(drop),
        RelaxedLasso::new(ElasticNet::lasso().levels(5), 0.5).fit_path(x, y).map(drop),
        NonConvex::mcp(3.0).levels(5).sweeps(50).fit_path(x, y).map(drop),
        NonConvex::scad(3.7).levels(5).sweeps(50).fit_path(x, y).map(drop),
        Omp::new(k).fit(x, y).map(drop),
        Thresholding::niht(k).max_iterations(20).fit(x, y).map(drop),
        Thresholding::htp(k).max_iterations(20).fit(x, y).map(drop),
        Thresholding::cosamp(k).max_iterations(20).fit(x, y).map(drop),
        Thresholding::subspace_pursuit(k).max_iterations(20).fit(x, y).map(drop),
        BestSubset::new().size(k).fit(x, y).map(drop),
        BestSubset::new().size(k).search(Search::Exhaustive).max_nodes(1000).fit(x, y).map(drop),
        BestSubset::new().size(k).ridge(0.1).fit(x, y).map(drop),
        Rsp::default().fit(x, y).map(drop),
        Rsp::new(Preconditioner::fixed(3, 0.5)).fit(x, y).map(drop),
        Rsp::default().levels(5).fit_path(x, y).map(drop),
        Rsp::default().fit_greedy(x, y, k, Greedy::Omp).map(drop),
        Rsp::default().fit_greedy(x, y, k, Greedy::Htp).map(drop),
        Rsp::default().fit_greedy(x, y, k, Greedy::Splicing).map(drop),
        folds().and_then(|folds| ElasticNet::lasso().levels(5).cross_validate(x, y, &folds)).map(drop),
        folds().and_then(|folds| Race::lasso_and_rsp(&[2]).run(x, y, &folds)).map(drop),
        StabilitySelection::new(ElasticNet::lasso().levels(5)).samples(3).run(x, y).map(drop),
    ]
}

#[test]
fn entries_that_are_not_finite_are_named() {
    for bad in NOT_FINITE {
        let (mut x, y) = data();
        x[[4, 1]] = bad;
        for result in every_method(&x, &y) {
            refused(result, &format!("`x` holds {bad} at [4, 1]; every entry must be finite"));
        }
        refused(diagnose(&x, 3), &format!("`x` holds {bad} at [4, 1]; every entry must be finite"));
        refused(RandomSpan::from_set(&x, &[0]), &format!("`x` holds {bad} at [4, 1]; every entry must be finite"));
        let (x, mut y) = data();
        y[3] = bad;
        for result in every_method(&x, &y) {
            refused(result, &format!("`y` holds {bad} at [3]; every entry must be finite"));
        }
        let (x, y) = data();
        let mut s = Array1::ones(20);
        s[7] = bad;
        let net = ElasticNet::lasso().sample_weights(s);
        refused(net.fit(&x, &y, 0.1), &format!("`sample_weights` holds {bad} at [7]; every entry must be finite"));
        let net = ElasticNet::lasso().penalty_factors(Array1::from_elem(6, bad));
        refused(net.fit(&x, &y, 0.1), &format!("`penalty_factors` holds {bad} at [0]; every entry must be finite"));
        refused(ElasticNet::lasso().fit(&x, &y, bad), &format!("`lambda` is {bad}; it must be finite and >= 0"));
        refused(
            adaptive_factors(&array![bad], 1.0, 0.1),
            &format!("`w` holds {bad} at [0]; every entry must be finite"),
        );
    }
}

#[test]
fn sizes_down_to_nothing() {
    let (x, y) = data();
    for result in every_method(&Array2::zeros((0, 3)), &Array1::zeros(0)) {
        refused(result, "`x` is empty; at least one row is needed");
    }
    for result in every_method(&Array2::zeros((4, 0)), &Array1::zeros(4)) {
        refused(result, "`x` is empty; at least one column is needed");
    }
    let short = Array1::zeros(19);
    for result in every_method(&x, &short) {
        refused(result, "`y` has shape [19], but [20] is needed because `x` has that many rows");
    }
    // One row: with an intercept everything is 0 and b = y.
    let one = array![[3.0, -1.0]];
    let fit = ElasticNet::lasso().fit(&one, &array![5.0], 0.1).unwrap();
    assert_eq!((fit.coefficients, fit.intercept, fit.gap), (array![0.0, 0.0], 5.0, 0.0));
    let fit = Rsp::default().fit(&one, &array![5.0]).unwrap();
    assert_eq!((fit.level.intercept, fit.span.reason), (5.0, Reason::Exhausted));
    assert_eq!(BestSubset::new().size(0).fit(&x, &y).unwrap().models[0].support, Vec::<usize>::new());
    assert!(Omp::new(0).fit(&x, &y).unwrap().steps.is_empty());
    assert_eq!(Thresholding::htp(0).fit(&x, &y).unwrap().coefficients, Array1::<f64>::zeros(6));
}

#[test]
fn settings_outside_their_ranges_are_named() {
    let (x, y) = data();
    let net = ElasticNet::lasso;
    refused(net().fit(&x, &y, -1.0), "`lambda` is -1; it must be finite and >= 0");
    refused(ElasticNet::new(1.5).fit(&x, &y, 0.1), "`alpha` is 1.5; it must be in [0, 1]");
    refused(ElasticNet::new(f64::NAN).fit(&x, &y, 0.1), "`alpha` is NaN; it must be in [0, 1]");
    refused(net().tolerance(-1.0).fit(&x, &y, 0.1), "`tolerance` is -1; it must be finite and >= 0");
    refused(net().rounds(0).fit(&x, &y, 0.1), "`rounds` is 0; it must be >= 1");
    refused(net().levels(0).fit_path(&x, &y), "`levels` is 0; it must be >= 1");
    refused(net().ratio(0.0).fit_path(&x, &y), "`ratio` is 0; it must be above 0 and at most 1");
    refused(net().explained(2.0).fit_path(&x, &y), "`explained` is 2; it must be in [0, 1]");
    refused(net().fit_levels(&x, &y, &array![]), "`lambdas` is empty; at least one level is needed");
    refused(
        net().sample_weights(array![1.0]).fit(&x, &y, 0.1),
        "`sample_weights` has shape [1], but [20] is needed because `x` has that many rows",
    );
    let negative = Array1::from_elem(20, -1.0);
    refused(net().sample_weights(negative).fit(&x, &y, 0.1), "`sample_weights` is -1; it must be finite and >= 0");
    refused(
        net().sample_weights(Array1::zeros(20)).fit(&x, &y, 0.1),
        "`the sum of `sample_weights`` is 0; it must be finite and > 0",
    );
    let negative = Array1::from_elem(6, -1.0);
    refused(net().penalty_factors(negative).fit(&x, &y, 0.1), "`penalty_factors` is -1; it must be finite and >= 0");
    let (ones, zeros) = (Array1::<f64>::ones(6), Array1::<f64>::zeros(6));
    refused(net().bounds(ones.clone(), ones.clone()).fit(&x, &y, 0.1), "`lower` is 1; it must be <= 0");
    refused(net().bounds(zeros, -&ones).fit(&x, &y, 0.1), "`upper` is -1; it must be >= 0");
    refused(NonConvex::mcp(1.0).fit_path(&x, &y), "`gamma` is 1; it must be finite and > 1");
    refused(NonConvex::scad(2.0).fit_path(&x, &y), "`a` is 2; it must be finite and > 2");
    refused(NonConvex::scad(f64::NAN).fit_path(&x, &y), "`a` is NaN; it must be finite and > 2");
    refused(RelaxedLasso::new(net(), 1.5).fit_path(&x, &y), "`phi` is 1.5; it must be in [0, 1]");
    refused(SquareRootLasso::default().lambda(-1.0).fit(&x, &y), "`lambda` is -1; it must be finite and >= 0");
    let deep = "`sparsity` is 7, but at most 6 columns can be chosen: the data have 20 rows and 6 columns";
    refused(Omp::new(7).fit(&x, &y), deep);
    refused(Thresholding::cosamp(7).fit(&x, &y), deep);
    refused(
        BestSubset::new().size(7).fit(&x, &y),
        "`sizes` is 7, but at most 6 columns can be chosen: the data have 20 rows and 6 columns",
    );
    refused(
        Omp::new(2).always_in([9]).fit(&x, &y),
        "`always_in` holds 9, but there are only 6 columns (counted from 0)",
    );
    refused(BestSubset::new().always_in([1, 1]).fit(&x, &y), "`always_in` holds 1 twice");
    refused(
        BestSubset::new().search(Search::Exhaustive).fit(&Array2::ones((40, 31)), &Array1::ones(40)),
        "`x` has 31 columns, more than the 30 that exhaustive search handles",
    );
    refused(Rsp::new(Preconditioner::peel(0)).fit(&x, &y), "`sparsity` is 0; it must be >= 1");
    refused(Rsp::new(Preconditioner::fixed(3, 1.0)).fit(&x, &y), "`delta` is 1; it must be above 0 and below 1");
    refused(Rsp::new(Preconditioner::peel(3).eta(0.0)).fit(&x, &y), "`eta` is 0; it must be above 0 and below 1");
    refused(Rsp::new(Preconditioner::peel(3).probes(0)).fit(&x, &y), "`probes` is 0; it must be >= 1");
    refused(
        Rsp::new(Preconditioner::peel(3).tolerance(1.0)).fit(&x, &y),
        "`tolerance` is 1; it must be at least 0 and below 1",
    );
    refused(
        Rsp::default().level(Level::Noise { sigma: 0.0, q: 0.05 }).fit(&x, &y),
        "`sigma` is 0; it must be finite and > 0",
    );
    refused(Rsp::default().level(Level::SquareRoot { q: 0.0 }).fit(&x, &y), "`q` is 0; it must be above 0 and below 1");
    refused(RandomSpan::from_set(&x, &[0, 0]), "`set` holds 0 twice");
    refused(RandomSpan::from_set(&x, &[6]), "`set` holds 6, but there are only 6 columns (counted from 0)");
    refused(Preconditioner::peel(3).span_with_blocks(&x, &[vec![]]), "`rounds` is empty; at least one block is needed");
    refused(Folds::shuffled(10, 1, 0), "`folds` is 1; it must be at least 2 and at most the number of rows");
    refused(Folds::shuffled(3, 4, 0), "`folds` is 4; it must be at least 2 and at most the number of rows");
    refused(Folds::assigned(&[0, 0, 0]), "`folds` is 1; it must be at least 2 and at most the number of rows");
    refused(Folds::assigned(&[0, 2, 0]), "fold 1 has no rows; every fold needs rows to test on and rows to train on");
    refused(
        Folds::assigned(&[usize::MAX, 0]),
        "`folds` is 18446744073709552000; it must be at least 2 and at most the number of rows",
    );
    refused(Folds::time_ordered(2, 2), "`folds` is 2; it must be at least 2 and below the number of rows");
    let folds = Folds::shuffled(19, 3, 0).unwrap();
    refused(net().cross_validate(&x, &y, &folds), "`folds.rows` is 19; it must be the number of rows of `x`");
    let mut weights = Array1::zeros(20);
    weights[0] = 1.0;
    let folds = Folds::shuffled(20, 4, 0).unwrap();
    assert!(
        net().sample_weights(weights).cross_validate(&x, &y, &folds).is_err(),
        "three folds have no weight to test on"
    );
    refused(
        StabilitySelection::new(net()).threshold(0.5).run(&x, &y),
        "`threshold` is 0.5; it must be above 0.5, at most 1",
    );
    refused(Race::new([]).run(&x, &y, &folds), "a race: there is no entrant");
    let strict = net().strict(true).rounds(1).tolerance(0.0).fit(&x, &y, 1e-6);
    assert!(strict.is_err() || strict.is_ok_and(|fit| fit.converged));
    assert!(CscMatrix::<f64>::new(3, vec![0, 2], vec![1, 1], vec![1.0, 2.0]).is_err());
    refused(
        net().fit(&x, &y, 0.1).unwrap().predict(&Array2::zeros((2, 5))),
        "`x` has shape [2, 5], but [2, 6] is needed because the model has that many coefficients",
    );
    let rsp = Rsp::default().fit(&x, &y).unwrap().level;
    assert!(rsp.predict_via_span(&Array2::zeros((2, 5))).is_err() && rsp.predict(&Array2::zeros((2, 7))).is_err());
    assert!(r_squared(&y, &array![1.0]).is_err());
}

#[test]
fn degenerate_data_have_an_answer() {
    let (x, y) = data();
    let zero = Array2::<f64>::zeros((20, 6));
    for result in every_method(&zero, &y).into_iter().chain(every_method(&x, &Array1::from_elem(20, 3.0))) {
        result.unwrap();
    }
    // A constant response, a constant column, twice the same column.
    let fit = ElasticNet::lasso().fit(&x, &Array1::from_elem(20, 3.0), 0.01).unwrap();
    assert!(fit.coefficients.iter().all(|&w| w == 0.0) && (fit.intercept - 3.0).abs() < 1e-15);
    let mut odd = x.clone();
    odd.column_mut(2).fill(7.0);
    let copy = odd.column(0).to_owned();
    odd.column_mut(3).assign(&copy);
    odd.column_mut(5).fill(0.0);
    for result in every_method(&odd, &y) {
        result.unwrap();
    }
    for config in [ElasticNet::lasso(), ElasticNet::ridge(), ElasticNet::new(0.3).standardise(true)] {
        let fit = config.fit(&odd, &y, 0.01).unwrap();
        assert_eq!((fit.coefficients[2], fit.coefficients[5]), (0.0, 0.0));
        assert!(fit.converged && fit.score(&odd, &y).unwrap() > 0.9);
    }
    assert_eq!(column_moments(&odd, None).unwrap().constant, [false, false, true, false, false, true]);
    // Least squares of smallest norm: the equal columns share the weight.
    let fit = ElasticNet::lasso().fit(&odd, &y, 0.0).unwrap();
    assert!((fit.coefficients[0] - fit.coefficients[3]).abs() < 1e-12);
    // The span of everything: the fit is the projection of y.
    let wide = Array2::from_shape_fn((5, 9), |(i, j)| ((i * i + 3 * j * (i + 2)) as f64 * 0.9).sin());
    let y = array![1.0, -1.0, 2.0, 0.5, 0.0];
    let all: Vec<usize> = (0..9).collect();
    let fit = Rsp::default().fit_with_set(&wide, &y, &all).unwrap();
    assert!(fit.span.inside.iter().all(|&inside| inside) && fit.level.rss < 1e-24);
    let fixed = Preconditioner::fixed(9, 0.1).span(&wide).unwrap();
    assert_eq!(fixed.rank(), 5);
    // k = 1: the theorem needs no span. d < k - 1: the block is all columns.
    assert_eq!(Preconditioner::fixed(1, 0.1).span(&x).unwrap().rank(), 0);
    assert_eq!(Preconditioner::peel(1).span(&x).unwrap().reason, Reason::Conditioned);
    assert!(Preconditioner::peel(100).span(&x).is_ok() && Preconditioner::fixed(100, 0.5).span(&x).is_ok());
    // Interpolation leaves no noise to estimate.
    let exact = &x.column(0).to_owned() * 2.0;
    let fit = SquareRootLasso::default().lambda(1e-9).fit(&x, &exact).unwrap();
    assert!(fit.sigma < 1e-6, "{} {}", fit.sigma, fit.end);
    let constant = SquareRootLasso::default().fit(&x, &Array1::from_elem(20, 1.0)).unwrap();
    assert_eq!((constant.end, constant.sigma), (SquareRootEnd::Interpolated, 0.0));
}

#[test]
fn scales_do_not_matter() {
    let (x, y) = data();
    let config = ElasticNet::lasso().tolerance(1e-10);
    let fit = config.fit(&x, &y, 0.1).unwrap();
    for scale in [1e-100, 1e-8, 1e8, 1e100] {
        let scaled = config.fit(&x, &(&y * scale), 0.1 * scale).unwrap();
        assert!(scaled.converged, "{scale}");
        for (a, b) in scaled.coefficients.iter().zip(&fit.coefficients) {
            assert!((a / scale - b).abs() < 1e-4, "{scale}");
        }
        let mut wild = x.clone();
        wild.column_mut(1).mapv_inplace(|v| v * scale);
        let span = Preconditioner::fixed(3, 0.6).seed(4).span(&wild).unwrap();
        let reference = Preconditioner::fixed(3, 0.6).seed(4).span(&x).unwrap();
        assert_eq!(span.set, reference.set);
        let ratio = |span: &RandomSpan| span.rho[1] / span.norms[1];
        assert!((ratio(&span) - ratio(&reference)).abs() < 1e-12, "{scale}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// Any numbers at all: an error or a result, never a panic.
    #[test]
    fn any_numbers(entries in prop::collection::vec(prop_oneof![
            9 => -10.0..10.0_f64, 3 => Just(0.0), 1 => prop::num::f64::NORMAL, 1 => prop::num::f64::ANY], 42),
        shape in prop::sample::select(vec![(7, 5), (3, 13), (6, 6), (1, 20), (20, 1)])) {
        let (n, d) = shape;
        let x = Array2::from_shape_vec((n, d), entries[..n * d].to_vec()).unwrap();
        let y = Array1::from(entries[42 - n..].to_vec());
        for result in every_method(&x, &y) {
            let _ = result;
        }
        let _ = (diagnose(&x, 3), column_moments(&x, Some(&y)), RandomSpan::from_set(&x, &[0]));
        let _ = ElasticNet::lasso().bounds(-y.mapv(f64::abs), y.mapv(f64::abs)).fit(&x, &y, 0.1);
        if let Ok(sparse) = CscMatrix::from_dense(&x) {
            let _ = ElasticNet::lasso().sample_weights(y.mapv(f64::abs)).fit(&sparse, &y, 0.1);
            let _ = Rsp::default().fit(&sparse, &y);
        }
    }

    /// Any settings at all.
    #[test]
    fn any_settings(a in prop::num::f64::ANY, b in prop::num::f64::ANY, k in 0_usize..40) {
        let (x, y) = data();
        let _ = ElasticNet::new(a).tolerance(b).fit(&x, &y, 0.1);
        let _ = ElasticNet::new(0.5).ratio(a).explained(b).largest_support(k).levels(k % 7).fit_path(&x, &y);
        let _ = ElasticNet::lasso().fit(&x, &y, a);
        let _ = NonConvex::mcp(a).tolerance(1e-3).ratio(b).levels(3).sweeps(k).fit_path(&x, &y);
        let _ = Rsp::new(Preconditioner::peel(k).delta(a).eta(b).max_blocks(k).max_rank(k)).fit(&x, &y);
        let _ = Rsp::new(Preconditioner::fixed(k, a)).level(Level::Given(b)).fit(&x, &y);
        let _ = BestSubset::new().sizes([k, 1]).exchange(k).rounds(k).ridge(a).fit(&x, &y);
        let _ = (Omp::new(k).tolerance(a).fit(&x, &y), Thresholding::niht(k).tolerance(b).max_iterations(k).fit(&x, &y));
        let _ = StabilitySelection::new(ElasticNet::lasso().levels(3)).samples(k % 5).threshold(a).run(&x, &y);
        let _ = (Folds::shuffled(k, 3, 1), Folds::time_ordered(k, 3), Folds::grouped(&vec![k; k], 2, 1));
        let _ = Criterion::Ebic { gamma: a }.value(b, k, a, k);
        let _ = AdaptiveLasso::new(ElasticNet::lasso().levels(3), Initial::Lasso(a)).gamma(b).fit_path(&x, &y);
        let _ = Race::new([Entrant::Linear(ElasticNet::new(a))]).run(&x, &y, &Folds::shuffled(20, 2, 1).unwrap());
    }
}
