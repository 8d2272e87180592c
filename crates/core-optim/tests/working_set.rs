//! Working sets: optimality conditions checked from nothing, certificates, equivariance, and agreement between the layouts,
//! losses and precisions.

use core_optim::design::{CscMatrix, Dense, DesignMatrix, Standardised};
use core_optim::loss::{EmpiricalLoss, LinearModel, Logistic};
use core_optim::prox::L1;
use core_optim::working_set::{Finish, Intercept, Options, SparseFit, SparsePenalty, WorkingSet, Workspace};
use core_optim::{Fista, Lbfgs, Stopped, StoppingRule, Unobserved};
use core_tensor::Scalar;
use ndarray::{Array1, Array2, Axis, ShapeBuilder, array};
use std::ops::ControlFlow;

/// Uniform in (-1, 1), from a seed.
fn stream(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(12345);
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 / (1_u64 << 53) as f64) * 2.0 - 1.0
    }
}

struct Data {
    x: Array2<f64>,
    y: Array1<f64>,
    labels: Array1<f64>,
    weights: Array1<f64>,
}

/// Correlated columns of different scales, a sparse truth, noise.
fn data(n: usize, d: usize, seed: u64) -> Data {
    let mut next = stream(seed);
    let mut x = Array2::zeros((n, d).f());
    for i in 0..n {
        let mut before = 0.0;
        for j in 0..d {
            before = 0.6 * before + next();
            x[[i, j]] = before * (1.0 + 0.2 * (j % 5) as f64) + 0.1 * (j % 3) as f64;
        }
    }
    let w = Array1::from_shape_fn(d, |j| if j % 7 == 0 { next() + 0.5 } else { 0.0 });
    let y = x.dot(&w) + Array1::from_shape_fn(n, |_| 0.5 * next() + 0.3);
    let labels = y.mapv(|v| if v + next() > 0.2 { 1.0 } else { -1.0 });
    let weights = Array1::from_shape_fn(n, |i| if i % 11 == 3 { 0.0 } else { 1.0 + next() * 0.9 });
    Data { x, y, labels, weights }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Squared,
    Logistic,
}

fn solve<X: DesignMatrix<f64>>(
    solver: &WorkingSet<f64>,
    kind: Kind,
    x: &X,
    data: &Data,
    penalty: &SparsePenalty<f64>,
    options: &Options<'_, f64>,
) -> SparseFit<f64> {
    match kind {
        Kind::Squared => solver.squared(x, &data.y, penalty, options).unwrap(),
        Kind::Logistic => solver.logistic(x, &data.labels, penalty, options).unwrap(),
    }
}

fn largest(kind: Kind, x: &Array2<f64>, data: &Data, penalty: &SparsePenalty<f64>, options: &Options<'_, f64>) -> f64 {
    let (solver, x) = (WorkingSet::new(), Dense::new(x).unwrap());
    match kind {
        Kind::Squared => solver.squared_largest_level(&x, &data.y, penalty, options).unwrap(),
        Kind::Logistic => solver.logistic_largest_level(&x, &data.labels, penalty, options).unwrap(),
    }
}

/// Objective, -gradient in w, -gradient in b, in the plainest way.
fn look(kind: Kind, data: &Data, weights: Option<&Array1<f64>>, w: &Array1<f64>, b: f64) -> (f64, Array1<f64>, f64) {
    let z = data.x.dot(w) + b;
    let (mut value, mut u) = (0.0, Array1::zeros(z.len()));
    for i in 0..z.len() {
        let s = weights.map_or(1.0, |s| s[i]);
        match kind {
            Kind::Squared => {
                let r = data.y[i] - z[i];
                value += 0.5 * s * r * r;
                u[i] = s * r;
            }
            Kind::Logistic => {
                let t = data.labels[i] * z[i];
                value += s * if t > 0.0 { (-t).exp().ln_1p() } else { t.exp().ln_1p() - t };
                u[i] = s * data.labels[i] / (1.0 + t.exp());
            }
        }
    }
    (value, data.x.t().dot(&u), u.sum())
}

/// Checks the optimality conditions of `fit` from nothing, to `accuracy` in units of λ₁ (or of the largest correlation).
#[track_caller]
fn check(
    kind: Kind,
    data: &Data,
    penalty: &SparsePenalty<f64>,
    weights: Option<&Array1<f64>>,
    intercept: Intercept,
    fit: &SparseFit<f64>,
    accuracy: f64,
) {
    let (w, b) = (&fit.coefficients, fit.intercept);
    let (value, c, sum) = look(kind, data, weights, w, b);
    let start = look(kind, data, weights, &Array1::zeros(w.len()), 0.0).1;
    let size = start.iter().fold(penalty.l1(), |m, c| m.max(c.abs()));
    for j in 0..w.len() {
        let (p, (lower, upper)) = (penalty.factor(j), penalty.interval(j));
        assert!(lower <= w[j] && w[j] <= upper, "bounds of {j}");
        let smooth = c[j] - penalty.l2() * p * w[j];
        let t = penalty.l1() * p;
        let slack = accuracy * size;
        if w[j] == 0.0 {
            assert!(lower == 0.0 || smooth >= -t - slack, "{kind:?} {j}: {smooth} {t}");
            assert!(upper == 0.0 || smooth <= t + slack, "{kind:?} {j}: {smooth} {t}");
        } else {
            let rest = smooth - t * w[j].signum();
            assert!(rest >= -slack || w[j] == lower, "{kind:?} {j}: {rest} at {}", w[j]);
            assert!(rest <= slack || w[j] == upper, "{kind:?} {j}: {rest} at {}", w[j]);
        }
    }
    match intercept {
        Intercept::Free => assert!(sum.abs() <= accuracy * size, "{kind:?} intercept {sum}"),
        Intercept::Absent => assert_eq!(b, 0.0),
    }
    let primal = value + penalty.value(w);
    assert!((fit.primal - primal).abs() <= 1e-10 * (1.0 + primal), "{kind:?}: {} {primal}", fit.primal);
    assert!(fit.gap >= 0.0 && fit.dual <= fit.primal + 1e-12 * primal);
}

fn penalties(d: usize) -> Vec<(&'static str, SparsePenalty<f64>)> {
    let some =
        |at: usize| Array1::from_shape_fn(d, move |j| if j % 6 == at { 0.0 } else { 0.5 + (j % 4) as f64 * 0.4 });
    let lower = Array1::from_shape_fn(d, |j| [f64::NEG_INFINITY, 0.0, -0.05, -1e9][j % 4]);
    let upper = Array1::from_shape_fn(d, |j| [0.05, f64::INFINITY, 0.0, 1e9][j % 4]);
    let base = || SparsePenalty::lasso(1.0).unwrap();
    vec![
        ("lasso", base()),
        ("elastic net", SparsePenalty::new(1.0, 3.0).unwrap()),
        ("factors", base().factors(&some(99)).unwrap()),
        ("non-negative", base().non_negative()),
        ("bounds", base().bounds(&lower, &upper).unwrap()),
        (
            "bounds and factors",
            SparsePenalty::new(1.0, 0.5).unwrap().factors(&some(99)).unwrap().bounds(&lower, &upper).unwrap(),
        ),
        ("unpenalised", base().factors(&some(2).mapv(|p| if p == 0.0 { 0.0 } else { 1.0 })).unwrap()),
    ]
}

#[test]
fn the_optimality_conditions_hold_everywhere() {
    for (n, d) in [(40, 12), (30, 60), (120, 50)] {
        let data = data(n, d, (n + d) as u64);
        let csc = CscMatrix::from_dense(&data.x).unwrap();
        let dense = Dense::new(&data.x).unwrap();
        for (name, base) in penalties(d) {
            // More unpenalised columns than rows would separate the labels.
            for kind in [Kind::Squared, Kind::Logistic] {
                if name == "unpenalised" && (d > n || kind == Kind::Logistic && n < 100) {
                    continue;
                }
                for (weighted, intercept) in [(false, Intercept::Absent), (true, Intercept::Free)] {
                    let weights = weighted.then_some(&data.weights);
                    let mut options = Options::default().intercept(intercept);
                    if let Some(weights) = weights {
                        options = options.weights(weights);
                    }
                    let top = largest(kind, &data.x, &data, &base, &options);
                    for ratio in [0.5, 0.02] {
                        let penalty = base.with_l1(top * ratio).unwrap();
                        for finish in [Finish::Exact, Finish::Descent] {
                            let tight = if finish == Finish::Exact { 1e-12 } else { 1e-8 };
                            let solver = WorkingSet::new().tolerance(tight).finish(finish);
                            let fit = solve(&solver, kind, &dense, &data, &penalty, &options);
                            let what =
                                format!("{n} × {d}, {name}, {kind:?}, {intercept:?}, {ratio}, {finish:?}: {fit:?}");
                            assert!(fit.converged() || fit.stopped == Stopped::Settled, "{what}");
                            assert!(fit.gap <= tight * fit.scale || fit.stopped == Stopped::Settled, "{what}");
                            if finish == Finish::Exact {
                                // The gap bounds half the squared distance of the fits: √(2 · 1e-12) of the scale.
                                check(kind, &data, &penalty, weights, intercept, &fit, 3e-6);
                                let other = solve(&solver, kind, &csc, &data, &penalty, &options);
                                assert!((fit.primal - other.primal).abs() <= 1e-11 * fit.scale, "{what}");
                                for (a, b) in fit.coefficients.iter().zip(&other.coefficients) {
                                    assert!((a - b).abs() < 1e-5, "{what} {a} {b}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn tight_solutions_satisfy_the_conditions_to_ten_digits() {
    let data = data(80, 120, 9);
    let dense = Dense::new(&data.x).unwrap();
    for kind in [Kind::Squared, Kind::Logistic] {
        for intercept in [Intercept::Absent, Intercept::Free] {
            let options = Options::default().intercept(intercept);
            let base = SparsePenalty::lasso(1.0).unwrap();
            let penalty = base.with_l1(0.05 * largest(kind, &data.x, &data, &base, &options)).unwrap();
            let fit = solve(&WorkingSet::new().tolerance(0.0), kind, &dense, &data, &penalty, &options);
            assert!(fit.stopped.is_success(), "{:?}", fit.stopped);
            check(kind, &data, &penalty, None, intercept, &fit, 1e-10);
            assert!(fit.violation <= 1e-10 * penalty.l1());
        }
    }
}

#[test]
fn the_certificate_encloses_the_optimum_at_any_tolerance() {
    let data = data(60, 90, 4);
    let dense = Dense::new(&data.x).unwrap();
    for (name, base) in penalties(90) {
        if name == "unpenalised" {
            continue;
        }
        for kind in [Kind::Squared, Kind::Logistic] {
            let options = Options::default().intercept(Intercept::Free).weights(&data.weights);
            let penalty = base.with_l1(0.1 * largest(kind, &data.x, &data, &base, &options)).unwrap();
            let exact = solve(&WorkingSet::new().tolerance(1e-13), kind, &dense, &data, &penalty, &options);
            for tolerance in [1.0, 0.3, 1e-1, 1e-2, 1e-4] {
                for finish in [Finish::Exact, Finish::Descent] {
                    let solver = WorkingSet::new().tolerance(tolerance).finish(finish);
                    let fit = solve(&solver, kind, &dense, &data, &penalty, &options);
                    let slack = 1e-11 * exact.scale;
                    assert!(fit.converged() && fit.gap <= tolerance * fit.scale);
                    assert!(fit.primal >= exact.primal - slack, "{name} {kind:?} {tolerance}");
                    assert!(
                        fit.dual <= exact.primal + slack,
                        "{name} {kind:?} {tolerance}: {} {}",
                        fit.dual,
                        exact.primal
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_enters_above_the_largest_level_and_something_just_below() {
    for kind in [Kind::Squared, Kind::Logistic] {
        let data = data(50, 40, 2);
        for (name, base) in penalties(40) {
            let options = Options::default().intercept(Intercept::Free);
            let top = largest(kind, &data.x, &data, &base, &options);
            let dense = Dense::new(&data.x).unwrap();
            let at = |ratio: f64| {
                solve(&WorkingSet::new(), kind, &dense, &data, &base.with_l1(top * ratio).unwrap(), &options)
            };
            let penalised = |fit: &SparseFit<f64>| {
                fit.coefficients.iter().enumerate().filter(|&(j, &w)| w != 0.0 && base.factor(j) > 0.0).count()
            };
            // An unpenalised part leaves its own rounding in the level.
            for ratio in [1.0 + 1e-9, 1.5, 100.0] {
                let fit = at(ratio);
                assert_eq!(penalised(&fit), 0, "{name} {kind:?}");
                assert!(fit.gap <= 1e-12 * fit.scale, "{name} {kind:?} {fit:?}");
            }
            let fit = solve(
                &WorkingSet::new().tolerance(1e-12),
                kind,
                &dense,
                &data,
                &base.with_l1(top * 0.999).unwrap(),
                &options,
            );
            assert!(penalised(&fit) > 0, "{name} {kind:?}");
        }
    }
}

fn lasso(data: &Data, kind: Kind, l1: f64, l2: f64) -> Array1<f64> {
    let options = Options::default().intercept(Intercept::Free);
    let penalty = SparsePenalty::new(l1, l2).unwrap();
    solve(&WorkingSet::new().tolerance(1e-14), kind, &Dense::new(&data.x).unwrap(), data, &penalty, &options)
        .coefficients
}

#[track_caller]
fn close(a: &Array1<f64>, b: &Array1<f64>, tolerance: f64) {
    assert_eq!(a.len(), b.len());
    let size = a.iter().fold(1e-300_f64, |m, v| m.max(v.abs()));
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= tolerance * size, "{a} {b}");
    }
}

#[test]
fn symmetries_of_the_problem_are_symmetries_of_the_solution() {
    for kind in [Kind::Squared, Kind::Logistic] {
        let data = data(60, 25, 8);
        let w = lasso(&data, kind, 2.0, 0.1);
        let order: Vec<usize> = (0..25).map(|j| (7 * j + 3) % 25).collect();
        let permuted = Data { x: data.x.select(Axis(1), &order), ..data_copy(&data) };
        close(&w.select(Axis(0), &order), &lasso(&permuted, kind, 2.0, 0.1), 1e-8);
        // A row twice is a row of weight 2.
        let rows: Vec<usize> = (0..60).chain(0..10).collect();
        let doubled = Data {
            x: data.x.select(Axis(0), &rows),
            y: data.y.select(Axis(0), &rows),
            labels: data.labels.select(Axis(0), &rows),
            weights: Array1::ones(70),
        };
        let weights = Array1::from_shape_fn(60, |i| if i < 10 { 2.0 } else { 1.0 });
        let options = Options::default().intercept(Intercept::Free).weights(&weights);
        let penalty = SparsePenalty::new(2.0, 0.1).unwrap();
        let solver = WorkingSet::new().tolerance(1e-14);
        let weighted = solve(&solver, kind, &Dense::new(&data.x).unwrap(), &data, &penalty, &options);
        close(&weighted.coefficients, &lasso(&doubled, kind, 2.0, 0.1), 1e-8);
        // Factor c on column j is the column divided by c.
        let factors = Array1::from_shape_fn(25, |j| 1.0 + j as f64 * 0.1);
        let penalty = SparsePenalty::lasso(2.0).unwrap().factors(&factors).unwrap();
        let options = Options::default().intercept(Intercept::Free);
        let scaled = Data { x: &data.x / &factors, ..data_copy(&data) };
        let fit = solve(&solver, kind, &Dense::new(&data.x).unwrap(), &data, &penalty, &options);
        close(&(&fit.coefficients * &factors), &lasso(&scaled, kind, 2.0, 0.0), 1e-8);
    }
    let data = data(60, 25, 8);
    let w = lasso(&data, Kind::Squared, 2.0, 0.0);
    for c in [1e-6, 1e6] {
        let scaled = Data { y: data.y.mapv(|y| c * y), ..data_copy(&data) };
        close(&w.mapv(|w| c * w), &lasso(&scaled, Kind::Squared, 2.0 * c, 0.0), 1e-8);
    }
    let shifted = Data { y: data.y.mapv(|y| y + 100.0), ..data_copy(&data) };
    close(&w, &lasso(&shifted, Kind::Squared, 2.0, 0.0), 1e-8);
}

fn data_copy(data: &Data) -> Data {
    Data { x: data.x.clone(), y: data.y.clone(), labels: data.labels.clone(), weights: data.weights.clone() }
}

#[test]
fn the_elastic_net_is_the_lasso_on_more_rows() {
    let data = data(30, 20, 5);
    let (l1, l2) = (1.5_f64, 0.7_f64);
    let factors = Array1::from_shape_fn(20, |j| 0.5 + 0.1 * j as f64);
    let mut rows = Array2::zeros((50, 20));
    rows.slice_axis_mut(Axis(0), (0..30).into()).assign(&data.x);
    for j in 0..20 {
        rows[[30 + j, j]] = (l2 * factors[j]).sqrt();
    }
    let mut y = Array1::zeros(50);
    y.slice_axis_mut(Axis(0), (0..30).into()).assign(&data.y);
    let solver = WorkingSet::new().tolerance(1e-14);
    let net = SparsePenalty::new(l1, l2).unwrap().factors(&factors).unwrap();
    let lasso = SparsePenalty::lasso(l1).unwrap().factors(&factors).unwrap();
    let options = Options::default();
    let a = solver.squared(&Dense::new(&data.x).unwrap(), &data.y, &net, &options).unwrap();
    let b = solver.squared(&Dense::new(&rows).unwrap(), &y, &lasso, &options).unwrap();
    close(&a.coefficients, &b.coefficients, 1e-9);
    assert!((a.primal - b.primal).abs() < 1e-10 * a.primal);
}

#[test]
fn every_layout_gives_the_same_model() {
    let mut data = data(40, 30, 3);
    data.x.mapv_inplace(|v| if v.abs() < 0.8 { 0.0 } else { v });
    let row_major = Array2::from_shape_fn((40, 30), |at| data.x[at]);
    let wide = Array2::from_shape_fn((80, 30), |(i, j)| if i % 2 == 0 { data.x[[i / 2, j]] } else { f64::MAX });
    let strided = wide.slice_axis(Axis(0), ndarray::Slice::new(0, None, 2));
    let csc = CscMatrix::from_dense(&data.x).unwrap();
    let dense = Dense::new(&data.x).unwrap();
    let options = Options::default().weights(&data.weights).intercept(Intercept::Free);
    let penalty = SparsePenalty::new(0.8, 0.1).unwrap();
    let solver = WorkingSet::new().tolerance(1e-14);
    for kind in [Kind::Squared, Kind::Logistic] {
        let first = solve(&solver, kind, &dense, &data, &penalty, &options);
        for x in [&row_major.view(), &strided] {
            let fit = solve(&solver, kind, &Dense::new(x).unwrap(), &data, &penalty, &options);
            // The columns are copied: the same bits.
            assert_eq!(fit.coefficients, first.coefficients);
        }
        let fit = solve(&solver, kind, &csc, &data, &penalty, &options);
        close(&first.coefficients, &fit.coefficients, 1e-8);
        assert!((first.intercept - fit.intercept).abs() < 1e-8);
        // Standardised views: the dense one, the sparse one, and the columns made by hand.
        for centred in [true, false] {
            let factors = Array1::from_shape_fn(30, |j| 0.5 + 0.1 * j as f64);
            let means = Array1::from_shape_fn(30, |j| if centred { 0.3 * j as f64 - 1.0 } else { 0.0 });
            let a = Standardised::new(&dense, &means, &factors).unwrap();
            let b = Standardised::new(&csc, &means, &factors).unwrap();
            let made = Array2::from_shape_fn((40, 30), |(i, j)| factors[j] * (data.x[[i, j]] - means[j]));
            for intercept in [Intercept::Absent, Intercept::Free] {
                let options = options.intercept(intercept);
                let by_hand = solve(&solver, kind, &Dense::new(&made).unwrap(), &data, &penalty, &options);
                let from_dense = solve(&solver, kind, &a, &data, &penalty, &options);
                let from_sparse = solve(&solver, kind, &b, &data, &penalty, &options);
                for fit in [from_dense, from_sparse] {
                    close(&by_hand.coefficients, &fit.coefficients, 1e-7);
                    assert!(
                        (by_hand.intercept - fit.intercept).abs() < 1e-6,
                        "{} {}",
                        by_hand.intercept,
                        fit.intercept
                    );
                    assert!((by_hand.primal - fit.primal).abs() < 1e-9 * by_hand.primal);
                }
            }
        }
    }
}

#[test]
fn other_solvers_find_the_same_logistic_model() {
    let data = data(70, 15, 6);
    let dense = Dense::new(&data.x).unwrap();
    let loss = EmpiricalLoss::new(Logistic, &data.labels).unwrap().weights(&data.weights).unwrap();
    let options = Options::default().weights(&data.weights);
    let solver = WorkingSet::new().tolerance(1e-14);
    // Smooth: ridge by L-BFGS.
    let mut model = LinearModel::new(&dense, &loss).unwrap().ridge(0.3).unwrap();
    let rule = StoppingRule::none().gradient_abs(1e-10);
    let smooth = Lbfgs::new().stopping(rule).minimise(&mut model, &Array1::zeros(15)).unwrap();
    let ours = solver.logistic(&dense, &data.labels, &SparsePenalty::new(0.0, 0.3).unwrap(), &options).unwrap();
    close(&smooth.x, &ours.coefficients, 1e-7);
    // Sparse: the 1-norm by FISTA.
    let mut model = LinearModel::new(&dense, &loss).unwrap();
    let mut penalty = L1::new(1.2).unwrap();
    let rule = StoppingRule::none().gradient_abs(1e-9);
    let sparse = Fista::new()
        .max_iterations(200_000)
        .stopping(rule)
        .minimise(&mut model, &mut penalty, &Array1::zeros(15))
        .unwrap();
    let ours = solver.logistic(&dense, &data.labels, &SparsePenalty::lasso(1.2).unwrap(), &options).unwrap();
    close(&sparse.x, &ours.coefficients, 1e-6);
    assert!(ours.coefficients.iter().any(|&w| w == 0.0));
}

#[test]
fn paths_are_their_single_fits_and_monotone() {
    let data = data(50, 80, 7);
    let dense = Dense::new(&data.x).unwrap();
    let options = Options::default().intercept(Intercept::Free);
    let solver = WorkingSet::new().tolerance(1e-12);
    let penalty = SparsePenalty::lasso(1.0).unwrap();
    for kind in [Kind::Squared, Kind::Logistic] {
        let top = largest(kind, &data.x, &data, &penalty, &options);
        let levels = Array1::from_shape_fn(20, |t| top * 0.8_f64.powi(t as i32));
        let mut fits = Vec::new();
        let mut each = |fit: SparseFit<f64>| {
            fits.push(fit);
            if fits.len() < 18 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut workspace = Workspace::new();
        match kind {
            Kind::Squared => {
                solver.squared_path(&dense, &data.y, &penalty, &levels, &options, &mut workspace, &mut each).unwrap();
            }
            Kind::Logistic => {
                solver
                    .logistic_path(&dense, &data.labels, &penalty, &levels, &options, &mut workspace, &mut each)
                    .unwrap();
            }
        }
        assert_eq!(fits.len(), 18);
        let mut before = -1.0;
        for (fit, &level) in fits.iter().zip(&levels) {
            assert!(fit.converged() && fit.l1 == level, "{kind:?} {fit:?}");
            check(kind, &data, &penalty.with_l1(level).unwrap(), None, Intercept::Free, fit, 3e-6);
            let single = solve(&solver, kind, &dense, &data, &penalty.with_l1(level).unwrap(), &options);
            assert!((single.primal - fit.primal).abs() <= 2e-12 * fit.scale);
            let size: f64 = fit.coefficients.iter().map(|w| w.abs()).sum();
            assert!(size >= before - 1e-6 * (1.0 + size));
            before = size;
        }
    }
}

#[test]
fn without_penalty_it_is_least_squares() {
    let data = data(40, 6, 11);
    let options = Options::default().intercept(Intercept::Free);
    let fit = WorkingSet::new()
        .tolerance(1e-12)
        .squared(&Dense::new(&data.x).unwrap(), &data.y, &SparsePenalty::lasso(0.0).unwrap(), &options)
        .unwrap();
    assert!(fit.converged(), "{fit:?}");
    check(Kind::Squared, &data, &SparsePenalty::lasso(0.0).unwrap(), None, Intercept::Free, &fit, 1e-9);
    // Ridge, more columns than rows.
    let wide = self::data(12, 30, 11);
    let ridge = SparsePenalty::new(0.0, 2.0).unwrap();
    let fit =
        WorkingSet::new().tolerance(1e-13).squared(&Dense::new(&wide.x).unwrap(), &wide.y, &ridge, &options).unwrap();
    assert!(fit.converged(), "{fit:?}");
    check(Kind::Squared, &wide, &ridge, None, Intercept::Free, &fit, 1e-6);
    // So many unpenalised coefficients that a factor would be too large.
    let many = self::data(8, 3200, 11);
    let strong = SparsePenalty::new(0.0, 1e4).unwrap();
    let fit = WorkingSet::new().squared(&Dense::new(&many.x).unwrap(), &many.y, &strong, &options).unwrap();
    assert!(fit.converged(), "{:?} {} {:?}", fit.stopped, fit.gap, fit.effort);
    // Non-negative least squares.
    let penalty = SparsePenalty::lasso(0.0).unwrap().non_negative();
    let fit =
        WorkingSet::new().tolerance(1e-12).squared(&Dense::new(&data.x).unwrap(), &data.y, &penalty, &options).unwrap();
    assert!(fit.converged() && fit.coefficients.iter().any(|&w| w == 0.0), "{fit:?}");
    check(Kind::Squared, &data, &penalty, None, Intercept::Free, &fit, 1e-9);
    // More columns than rows and no penalty at all: interpolation.
    let fit = WorkingSet::new()
        .squared(&Dense::new(&wide.x).unwrap(), &wide.y, &SparsePenalty::lasso(0.0).unwrap(), &options)
        .unwrap();
    check(Kind::Squared, &wide, &SparsePenalty::lasso(0.0).unwrap(), None, Intercept::Free, &fit, 1e-6);
    assert!(fit.primal < 1e-6 * fit.scale, "{fit:?}");
}

#[test]
fn degenerate_data_is_no_problem() {
    let solver = WorkingSet::<f64>::new().tolerance(1e-10);
    let penalty = SparsePenalty::lasso(0.1).unwrap();
    let mut data = data(20, 10, 1);
    // Zero, constant, duplicate, opposite, tiny and huge columns.
    for i in 0..20 {
        data.x[[i, 0]] = 0.0;
        data.x[[i, 1]] = 3.0;
        data.x[[i, 3]] = data.x[[i, 2]];
        data.x[[i, 5]] = -data.x[[i, 4]];
        data.x[[i, 6]] *= 1e-8;
        data.x[[i, 7]] *= 1e8;
    }
    for kind in [Kind::Squared, Kind::Logistic] {
        for intercept in [Intercept::Absent, Intercept::Free] {
            let options = Options::default().intercept(intercept);
            let dense = solve(&solver, kind, &Dense::new(&data.x).unwrap(), &data, &penalty, &options);
            let sparse = solve(&solver, kind, &CscMatrix::from_dense(&data.x).unwrap(), &data, &penalty, &options);
            // Correlations with the huge column are rounded to 1e-8 of the others.
            assert!(dense.stopped.is_success() && sparse.stopped.is_success(), "{kind:?} {dense:?} {sparse:?}");
            assert!((dense.primal - sparse.primal).abs() <= 1e-8 * dense.scale);
            assert_eq!(dense.coefficients[0], 0.0);
            assert!(intercept == Intercept::Absent || dense.coefficients[1] == 0.0);
        }
    }
    // y = 0; one row; one column.
    let x = Dense::new(&data.x).unwrap();
    for intercept in [Intercept::Absent, Intercept::Free] {
        let options = Options::default().intercept(intercept);
        let fit = solver.squared(&x, &Array1::zeros(20), &penalty, &options).unwrap();
        assert!(fit.converged() && fit.gap == 0.0 && fit.coefficients.iter().all(|&w| w == 0.0));
        let row = array![[1.0, 2.0, 0.0]];
        let fit = solver.squared(&Dense::new(&row).unwrap(), &array![5.0], &penalty, &options).unwrap();
        assert!(fit.converged());
        if intercept == Intercept::Free {
            assert_eq!((fit.intercept, fit.coefficients), (5.0, Array1::zeros(3)));
        }
        // One class only: with an intercept the infimum 0 is not attained, and the fit says how near it is.
        let fit = solver.logistic(&x, &Array1::ones(20), &penalty, &options).unwrap();
        assert!(fit.primal.is_finite() && fit.coefficients.iter().all(|w| w.is_finite()), "{fit:?}");
    }
}

#[test]
fn single_precision_agrees_with_double() {
    let data = data(60, 40, 12);
    let narrow = |x: &Array1<f64>| x.mapv(|v| v as f32);
    let x = data.x.mapv(|v| v as f32);
    let options = Options::default().intercept(Intercept::Free);
    let solver = WorkingSet::<f32>::new().tolerance(1e-5);
    let fit = solver
        .squared(&Dense::new(&x).unwrap(), &narrow(&data.y), &SparsePenalty::lasso(2.0).unwrap(), &options)
        .unwrap();
    assert!(fit.converged(), "{fit:?}");
    // √(2 · 1e-5) of the scale, through a well-conditioned support.
    close(&lasso(&data, Kind::Squared, 2.0, 0.0), &fit.coefficients.mapv(Scalar::to_f64), 2e-2);
    let fit = solver
        .logistic(&Dense::new(&x).unwrap(), &narrow(&data.labels), &SparsePenalty::lasso(2.0).unwrap(), &options)
        .unwrap();
    assert!(fit.converged(), "{fit:?}");
    close(&lasso(&data, Kind::Logistic, 2.0, 0.0), &fit.coefficients.mapv(Scalar::to_f64), 2e-2);
}

#[test]
fn memory_observers_limits_and_threads_do_not_change_results() {
    let (one, two) = (data(300, 500, 1), data(20, 35, 2));
    let options = Options::default();
    let penalty = SparsePenalty::lasso(0.5).unwrap();
    let solver = WorkingSet::new();
    let mut workspace = Workspace::new();
    for kind in [Kind::Squared, Kind::Logistic] {
        for data in [&one, &two, &one] {
            let x = Dense::new(&data.x).unwrap();
            let fresh = solve(&solver, kind, &x, data, &penalty, &options);
            let reused = match kind {
                Kind::Squared => solver.squared_with(&x, &data.y, &penalty, &options, &mut workspace, &mut Unobserved),
                Kind::Logistic => {
                    solver.logistic_with(&x, &data.labels, &penalty, &options, &mut workspace, &mut Unobserved)
                }
            };
            assert_eq!(fresh, reused.unwrap());
        }
        let x = Dense::new(&one.x).unwrap();
        let in_pool = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| solve(&solver, kind, &x, &one, &penalty, &options))
        };
        assert_eq!(in_pool(1), in_pool(4));
        // A warm start at the solution has nothing to do.
        let fit = solve(&solver.clone().tolerance(1e-9), kind, &x, &one, &penalty, &options);
        let again = solve(&solver, kind, &x, &one, &penalty, &options.start(&fit.coefficients));
        assert!(again.converged() && again.effort.outer_iterations == 1, "{:?}", again.effort);
        let few = solve(&solver.clone().outer_limit(1), kind, &x, &one, &penalty, &options);
        assert_eq!(few.stopped, Stopped::IterationLimit);
        assert!(few.gap >= 0.0 && few.dual <= fit.primal * (1.0 + 1e-9));
    }
    let mut seen = 0;
    let mut observer = |state: &core_optim::working_set::WorkingSetState<'_, f64>| {
        seen += 1;
        assert!(state.gap >= 0.0 && state.coefficients.len() == 500);
        if seen < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let x = Dense::new(&one.x).unwrap();
    let mut levels = Vec::new();
    let mut impatient = |state: &core_optim::working_set::WorkingSetState<'_, f64>| {
        levels.push(state.l1);
        if levels.len() < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let fit = solver.squared_with(&x, &one.y, &penalty, &options, &mut workspace, &mut impatient).unwrap();
    // Stopped on the way down from the largest level; the certificate is that of the level asked for.
    assert!(fit.stopped == Stopped::Observer && levels.len() == 2 && levels[0] > 0.5 && fit.l1 == 0.5);
    let exact = solver.squared(&x, &one.y, &penalty, &options).unwrap();
    assert!(fit.primal >= exact.dual && fit.dual <= exact.primal);
    for limit in [1, 5] {
        let fit = solver.clone().inner_limit(limit).squared(&x, &one.y, &penalty, &options).unwrap();
        assert!(fit.stopped == Stopped::IterationLimit && fit.dual <= exact.primal && fit.primal >= exact.dual);
    }
    let fit = solver.logistic_with(&x, &one.labels, &penalty, &options, &mut workspace, &mut observer).unwrap();
    assert_eq!((fit.stopped, seen), (Stopped::Observer, 3));
}

#[test]
fn bad_input_is_named() {
    let x = array![[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]];
    let x = Dense::new(&x).unwrap();
    let y = array![1.0, -1.0, 1.0];
    let penalty = SparsePenalty::lasso(1.0).unwrap();
    let solver = WorkingSet::<f64>::new();
    let options = Options::default();
    let text = |result: core_optim::Result<SparseFit<f64>>| result.unwrap_err().to_string();
    assert_eq!(
        text(solver.squared(&x, &array![1.0, 2.0], &penalty, &options)),
        "`y` has shape [2], but [3] is needed because the matrix has that many rows"
    );
    assert_eq!(
        text(solver.squared(&x, &array![1.0, f64::NAN, 0.0], &penalty, &options)),
        "`y` holds NaN at [1]; every entry must be finite"
    );
    assert_eq!(
        text(solver.logistic(&x, &array![1.0, 0.5, 0.0], &penalty, &options)),
        "`y` holds 0.5 at 1; a logistic loss needs -1 or 1"
    );
    assert_eq!(
        text(solver.clone().tolerance(f64::NAN).squared(&x, &y, &penalty, &options)),
        "`tolerance` is NaN; it must be finite and >= 0"
    );
    assert_eq!(
        text(solver.clone().outer_limit(0).squared(&x, &y, &penalty, &options)),
        "`outer_limit` is 0; it must be >= 1"
    );
    let weights = |s: [f64; 3]| solver.squared(&x, &y, &penalty, &options.weights(&array![s[0], s[1], s[2]]));
    assert_eq!(text(weights([0.0, 0.0, 0.0])), "`weights` is 0; it must be > 0 for at least one sample");
    assert_eq!(text(weights([1.0, -1.0, 0.0])), "`weights` is -1; it must be finite and >= 0");
    assert!(weights([1.0, f64::INFINITY, 0.0]).is_err());
    assert!(solver.squared(&x, &y, &penalty, &options.start(&array![1.0])).is_err());
    assert!(solver.squared(&x, &y, &penalty, &options.start(&array![1.0, f64::NAN])).is_err());
    assert!(solver.logistic(&x, &y, &penalty, &options.start_intercept(f64::NAN)).is_err());
    let wrong = SparsePenalty::lasso(1.0).unwrap().factors(&array![1.0]).unwrap();
    assert!(solver.squared(&x, &y, &wrong, &options).is_err());
    for level in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(SparsePenalty::lasso(level).is_err() && SparsePenalty::new(0.0, level).is_err());
        let mut each = |_: SparseFit<f64>| ControlFlow::Continue(());
        let levels = array![1.0, level];
        let mut memory = Workspace::new();
        assert!(solver.squared_path(&x, &y, &penalty, &levels, &options, &mut memory, &mut each).is_err());
    }
    assert_eq!(
        penalty.clone().bounds(&array![0.5, 0.0], &array![1.0, 1.0]).unwrap_err().to_string(),
        "`lower` is 0.5; it must be <= 0: the bounds of a sparse model contain 0"
    );
    assert!(penalty.bounds(&array![0.0, 0.0], &array![-1.0, f64::NAN]).is_err());
    let huge = array![[1e200, 0.0], [0.0, 1.0], [0.0, 0.0]];
    let error = text(solver.squared(&Dense::new(&huge).unwrap(), &y, &SparsePenalty::lasso(1.0).unwrap(), &options));
    assert_eq!(error, "`x` is inf; it must be of columns whose squared norms the numbers can hold");
    assert!(solver.squared(&x, &array![1e200, 0.0, 0.0], &SparsePenalty::lasso(1.0).unwrap(), &options).is_err());
    let empty = CscMatrix::<f64>::from_triplets(3, 0, &[]).unwrap();
    assert_eq!(
        text(solver.squared(&empty, &y, &SparsePenalty::lasso(1.0).unwrap(), &options)),
        "`x` is empty; at least one column is needed"
    );
}

/// Small problems with duplicate, binary, rounded and badly scaled columns.
fn awkward(seed: u64) -> Data {
    let mut next = stream(seed + 1000);
    let (n, d) = (2 + ((next() + 1.0) * 20.0) as usize, 1 + ((next() + 1.0) * 25.0) as usize);
    let mut data = data(n, d, seed);
    match seed % 5 {
        1 => {
            for j in (1..d).filter(|j| j % 3 != 0) {
                let before = data.x.column(j - 1).to_owned();
                data.x.column_mut(j).assign(&before);
            }
        }
        2 => data.x.mapv_inplace(f64::round),
        3 => data.x.mapv_inplace(|v| if v > 0.5 { 1.0 } else { 0.0 }),
        4 => {
            for mut column in data.x.columns_mut() {
                let factor = 10.0_f64.powi((next() * 5.0) as i32);
                column.mapv_inplace(|v| factor * v);
            }
        }
        _ => {}
    }
    if data.weights.iter().all(|&s| s == 0.0) {
        data.weights.fill(1.0);
    }
    data
}

#[test]
fn awkward_problems_are_solved_exactly() {
    let solver = WorkingSet::new().tolerance(1e-10);
    for seed in 0..40 {
        let data = awkward(seed);
        let csc = CscMatrix::from_dense(&data.x).unwrap();
        let dense = Dense::new(&data.x).unwrap();
        for (name, base) in penalties(data.x.ncols()) {
            for kind in [Kind::Squared, Kind::Logistic] {
                if name == "unpenalised" && kind == Kind::Logistic {
                    continue;
                }
                let options = Options::default().intercept(Intercept::Free).weights(&data.weights);
                let top = largest(kind, &data.x, &data, &base, &options);
                for ratio in [0.7, 0.1, 0.003] {
                    let penalty = base.with_l1(top * ratio).unwrap();
                    let a = solve(&solver, kind, &dense, &data, &penalty, &options);
                    let b = solve(&solver, kind, &csc, &data, &penalty, &options);
                    let what = format!("{seed}: {:?}, {name}, {kind:?}, {ratio}: {a:?} {b:?}", data.x.dim());
                    assert!(a.stopped.is_success() && b.stopped.is_success(), "{what}");
                    // Each lies at most its gap above the optimum.
                    assert!((a.primal - b.primal).abs() <= 1e-9 * a.scale, "{what}");
                }
            }
        }
    }
}
