//! Properties 7 to 10: the random-span preconditioner.

use crate::problems::{Problem, config, difference, norm, problem};
use core_tensor::random::{normal_array, permutation, rng};
use datasets::designs::{HardDesign, Plant, distance_to_span};
use ndarray::{Array1, Array2};
use proptest::prelude::*;
use sparse_linreg::{
    Choice, Criterion, ElasticNet, Greedy, Level, Precision, Preconditioner, RandomSpan, Reason, Rsp, diagnose,
};

fn set_of(d: usize, size: usize, seed: u64) -> Vec<usize> {
    let mut order = permutation(&mut rng(seed), d);
    order.truncate(size);
    order
}

proptest! {
    #![proptest_config(config(48))]

    /// 7. P is a projector that holds X_S and kills the residuals; ρ only falls.
    #[test]
    fn projector(p in problem(), size in 0_usize..6, seed: u64) {
        let d = p.x.ncols();
        let set = set_of(d, size.min(d), seed);
        let span = RandomSpan::from_set(&p.x, &set).unwrap();
        let projector = span.basis.dot(&span.basis.t());
        let square = projector.dot(&projector);
        prop_assert!((&square - &projector).iter().all(|v| v.abs() < 1e-12));
        for j in 0..d {
            let column = p.x.column(j);
            let (inside, outside) = span.split(&column).unwrap();
            prop_assert!((norm(&outside) - span.rho[j]).abs() <= 1e-10 * norm(&column));
            prop_assert!(span.rho[j] <= span.norms[j] * (1.0 + 1e-12));
            prop_assert!(difference(&projector.dot(&column), &inside) < 1e-10 * (1.0 + norm(&column)));
            let direction = span.directions().column(j).to_owned();
            prop_assert!(norm(&projector.dot(&direction)) < 1e-10 * p.n().sqrt());
            let length = if span.inside[j] { 0.0 } else { p.n().sqrt() };
            prop_assert!((norm(&direction) - length).abs() < 1e-10 * p.n());
        }
        set.iter().for_each(|&j| assert!(span.inside[j]));
        let fewer = RandomSpan::from_set(&p.x, &set[..set.len() / 2]).unwrap();
        prop_assert!(span.rho.iter().zip(&fewer.rho).all(|(more, less)| *more <= less * (1.0 + 1e-10) + 1e-10));
        // B explains what the span holds: xᵢ - X_S Bᵢ has length ρᵢ.
        let b = span.coefficients(&p.x).unwrap();
        for j in 0..d {
            let mut rest = p.x.column(j).to_owned();
            span.set.iter().zip(b.column(j)).for_each(|(&s, &b)| rest.scaled_add(-b, &p.x.column(s)));
            prop_assert!((norm(&rest) - span.rho[j]).abs() < 1e-9 * norm(&p.x.column(j)));
        }
    }

    /// 8. The projected Lasso is the Lasso with factors ρᵢ/√n, S unpenalised; without S it is that on unit columns.
    #[test]
    fn weighted_lasso(p in problem(), size in 0_usize..4, level in 0.05..0.9_f64, seed: u64) {
        let (n, d) = p.x.dim();
        let set = set_of(d, size.min(d).min(n / 2), seed);
        let config = Rsp::default().tolerance(1e-14);
        let zero = config.clone().level(Level::Given(1e9)).fit_with_set(&p.x, &p.y, &set).unwrap();
        let (_, outside) = zero.span.split(&p.y.mapv(|v| v - p.y.sum() / p.n())).unwrap();
        let top = zero.span.directions().t().dot(&outside).iter().fold(0.0_f64, |m, c: &f64| m.max(c.abs())) / p.n();
        prop_assume!(top > 1e-6);
        let fit = config.level(Level::Given(level * top)).fit_with_set(&p.x, &p.y, &set).unwrap();
        let weighted = ElasticNet::lasso().penalty_factors(fit.span.penalty_factors()).tolerance(1e-14);
        let other = weighted.fit(&p.x, &p.y, level * top).unwrap();
        // The fitted values of both; 1e-6 for spans of condition up to a few hundred.
        prop_assert!(difference(&fit.level.fitted, &other.predict(&p.x).unwrap()) < 1e-6);
        prop_assert!(difference(&fit.level.predict(&p.x).unwrap(), &fit.level.fitted) < 1e-8);
        prop_assert!(difference(&fit.level.predict_via_span(&p.x).unwrap(), &fit.level.fitted) < 1e-8);
    }

    /// 9. Nothing depends on how the columns of S are mixed, nor on multiples of them added to the others.
    #[test]
    fn invariance(seed: u64, level in 0.1..0.8_f64, size in 1_usize..4) {
        let p = Problem::new(20, 12, 1.0, seed);
        let set: Vec<usize> = (0..size).collect();
        let config = Rsp::default().intercept(false).tolerance(1e-14).level(Level::Given(level));
        let fit = config.fit_with_set(&p.x, &p.y, &set).unwrap();
        let mut generator = rng(seed ^ 1);
        let mut other = p.x.clone();
        for j in size..12 {
            let a: Array1<f64> = normal_array(&mut generator, size);
            (0..size).for_each(|s| other.column_mut(j).scaled_add(3.0 * a[s], &p.x.column(s)));
        }
        // I + a triangle: invertible, condition of a few dozen.
        for s in 0..size {
            for t in 0..s {
                other.column_mut(s).scaled_add(1.5, &p.x.column(t));
            }
        }
        let moved = config.fit_with_set(&other, &p.y, &set).unwrap();
        for j in size..12 {
            prop_assert!((moved.span.rho[j] - fit.span.rho[j]).abs() < 1e-8 * (1.0 + fit.span.rho[j]));
        }
        prop_assert!(difference(&moved.level.fitted, &fit.level.fitted) < 1e-7);
        prop_assert!(difference(&moved.level.z, &fit.level.z) < 1e-7);
    }

    /// 10. Theorem A, its deterministic half.
    #[test]
    fn theorem_a(p in problem(), size in 0_usize..5, seed: u64) {
        let (n, d) = p.x.dim();
        let k = 3.min(d).min(n - 1);
        let order = permutation(&mut rng(seed), d);
        let support = &order[..k];
        let set: Vec<usize> = permutation(&mut rng(seed + 1), d)[..size.min(d)].to_vec();
        let span = RandomSpan::from_set(&p.x, &set).unwrap();
        let holds = support.iter().all(|&t| {
            let rest: Vec<usize> = support.iter().copied().filter(|&j| j != t).collect();
            distance_to_span(&p.x, &rest, &[t]).unwrap()[0] >= span.rho[t]
        });
        prop_assume!(holds);
        for draw in 0..5 {
            let w: Array1<f64> = normal_array(&mut rng(seed + 2 + draw), k);
            let mut image = Array1::zeros(n);
            support.iter().zip(&w).for_each(|(&t, &w)| image.scaled_add(w, &p.x.column(t)));
            let sum: f64 = support.iter().zip(&w).map(|(&t, w)| w.abs() * span.rho[t]).sum();
            prop_assert!(sum <= k as f64 * norm(&image) * (1.0 + 1e-9) + 1e-9);
            for (&t, w) in support.iter().zip(&w) {
                prop_assert!(w.abs() * span.rho[t] <= norm(&image) * (1.0 + 1e-9) + 1e-9);
            }
        }
    }
}

#[test]
fn phase_one_adapts_to_the_design() {
    let span = |design: HardDesign, k: usize| {
        let x = design.generate(150, 300, 11).unwrap();
        Rsp::new(Preconditioner::peel(k)).span(&x).unwrap()
    };
    let harmless = span(HardDesign::Gauss, 4);
    assert_eq!((harmless.reason, harmless.rank()), (Reason::Conditioned, 0));
    assert_eq!(span(HardDesign::Pairs, 4).rank(), 0);
    for (design, dimensions) in
        [(HardDesign::Equi { gap: 1e-4 }, 1), (HardDesign::Factor, 3), (HardDesign::Hier { groups: 3 }, 3)]
    {
        let found = span(design, 4);
        assert_eq!(found.reason, Reason::Conditioned, "{design}");
        assert!(found.rank() >= dimensions && found.rank() <= 12, "{design}: {}", found.rank());
        let numbers = found.diagnostics();
        assert!(numbers.phi.unwrap() <= 0.25 / 4.0 && numbers.inside == found.rank());
        // What is left is the part that the columns do not share.
        assert!(numbers.relative_residuals.1 < 0.1, "{design}: {numbers:?}");
    }
    let x = HardDesign::Factor.generate(60, 100, 1).unwrap();
    assert!(!diagnose(&x, 4).unwrap().lasso_is_safe);
    assert!(diagnose(&HardDesign::Gauss.generate(60, 100, 1).unwrap(), 4).unwrap().lasso_is_safe);
    // Reproducible, seed by seed; blocks as they come are another choice.
    let config = Preconditioner::peel(4);
    assert_eq!(config.span(&x).unwrap().set, config.span(&x).unwrap().set);
    assert_ne!(config.span(&x).unwrap().set, config.clone().seed(1).span(&x).unwrap().set);
    assert_eq!(config.choice(Choice::First).span(&x).unwrap().rounds[0].chosen, Some(0));
}

#[test]
fn fixed_blocks_are_those_of_the_theorem() {
    let x = HardDesign::Walk.generate(100, 400, 1).unwrap();
    let span = Preconditioner::fixed(4, 0.25).span(&x).unwrap();
    assert_eq!(span.reason, Reason::Fixed);
    // 15 blocks of 3, hardly any column twice.
    assert!((40..=45).contains(&span.rank()), "{}", span.rank());
    assert_eq!(Preconditioner::fixed(4, 0.25).max_rank(10).span(&x).unwrap().rank(), 10);
    let all = Preconditioner::fixed(5, 0.01).span(&HardDesign::Gauss.generate(30, 8, 1).unwrap()).unwrap();
    assert_eq!((all.rank(), all.inside.iter().all(|&i| i)), (8, true));
}

#[test]
fn a_known_signal_is_found_where_the_lasso_fails() {
    // The bound of Theorem B for σ = 1, λ theoretical, and the measured error far below the zero predictor's 9.
    let x = HardDesign::Equi { gap: 1e-5 }.generate(200, 400, 3).unwrap();
    let planted = Plant::new(4).rms(3.0).draw(&x, 5).unwrap();
    let y = planted.response(1.0, 7);
    let config = Rsp::new(Preconditioner::peel(4)).intercept(false).level(Level::Noise { sigma: 1.0, q: 0.05 });
    let fit = config.fit(&x, &y).unwrap();
    let m = fit.span.rank() as f64;
    let log = (1.0_f64 / 0.05).ln();
    let bound = (m + 2.0 * (m * log).sqrt() + 2.0 * log) / 200.0 + 4.0 * fit.level.lambda * 4.0 * 3.0;
    let error = planted.prediction_error(&fit.level.fitted);
    assert!(error <= bound && error < 1.5, "{error} {bound}");
    let lasso = ElasticNet::lasso().intercept(false).fit_path(&x, &y).unwrap();
    let best = lasso.fits.iter().map(|f| planted.prediction_error(&f.predict(&x).unwrap())).fold(9.0, f64::min);
    assert!(best > 6.0, "{best}");
    // The square-root level knows the noise without being told, up to the shrinkage of the signal, which it counts as noise.
    let own = Rsp::new(Preconditioner::peel(4)).intercept(false).fit(&x, &y).unwrap();
    assert!((0.7..1.7).contains(&own.level.sigma.unwrap()), "{:?}", own.level.sigma);
    for greedy in [Greedy::Omp, Greedy::Htp, Greedy::Splicing] {
        let fit = config.fit_greedy(&x, &y, 4, greedy).unwrap();
        assert!(planted.prediction_error(&fit.level.fitted) < 1.0, "{greedy:?}");
        assert!(fit.level.z.iter().filter(|z| **z != 0.0).count() <= 4);
    }
}

#[test]
fn residuals_reach_the_end_of_the_precision() {
    for gap in [1e-2, 1e-6, 1e-10, 1e-12] {
        let x = HardDesign::Equi { gap }.generate(60, 20, 9).unwrap();
        let span = RandomSpan::from_set(&x, &[0]).unwrap();
        for j in 1..20 {
            let relative = span.rho[j] / span.norms[j];
            assert!(relative > 0.3 * gap && relative < 3.0 * gap, "{gap}: {relative}");
        }
    }
    // Integers: the columns are exact, and so is what is left of them outside one other column.
    let shared = Array1::from_shape_fn(12, |i| 1.0e15 + (i % 3) as f64);
    let mut x = Array2::zeros((12, 3));
    for j in 0..3 {
        let column = Array1::from_shape_fn(12, |i| shared[i] + if i == j + 3 { 1.0 } else { 0.0 });
        x.column_mut(j).assign(&column);
    }
    // xⱼ = s + eⱼ: the residual of x₁ outside x₀ is e₁ - e₀ up to 1e-15.
    let precise = RandomSpan::from_set_with(&x, &[0], Precision::DoubleDouble).unwrap();
    for j in 1..3 {
        // ‖e₁ - e₀ - (component along x₀)‖ = √2 to 1e-15.
        assert!((precise.rho[j] - 2.0_f64.sqrt()).abs() < 1e-9, "{}", precise.rho[j]);
    }
    let plain = RandomSpan::from_set(&x, &[0]).unwrap();
    assert!((plain.rho[1] - 2.0_f64.sqrt()).abs() > 1e-6 || plain.inside[1], "the edge of plain f64");
}

#[test]
fn weights_count_rows() {
    let p = Problem::new(15, 8, 1.0, 4);
    let mut weights = Array1::ones(15);
    weights[3] = 2.0;
    weights[7] = 0.0;
    let rows: Vec<usize> = (0..15).filter(|&i| i != 7).chain([3]).collect();
    let x = Array2::from_shape_fn((15, 8), |(i, j)| p.x[[rows[i], j]]);
    let y = Array1::from_shape_fn(15, |i| p.y[rows[i]]);
    let config = Rsp::default().tolerance(1e-13).level(Level::Given(0.1));
    let weighted = config.clone().sample_weights(weights).fit_with_set(&p.x, &p.y, &[1, 5]).unwrap();
    let twice = config.fit_with_set(&x, &y, &[1, 5]).unwrap();
    assert!(difference(&weighted.level.coefficients, &twice.level.coefficients) < 1e-7);
    assert!((weighted.level.intercept - twice.level.intercept).abs() < 1e-7);
    assert!(weighted.level.fitted[7].is_nan() && weighted.level.predict_via_span(&p.x).unwrap()[7].is_finite());
}

#[test]
fn many_responses_share_one_span() {
    let x = HardDesign::Factor.generate(80, 60, 2).unwrap();
    let y = normal_array::<f64, _, _>(&mut rng(5), (80, 4));
    let config = Rsp::new(Preconditioner::peel(3));
    let all = config.fit_many(&x, &y).unwrap();
    for (j, level) in all.levels.iter().enumerate() {
        let single = config.fit(&x, &y.column(j)).unwrap();
        assert_eq!(&single.level, level);
        assert_eq!(single.span.set, all.span.set);
    }
}

#[test]
fn polishing_finds_the_support_and_says_whether_to_trust_it() {
    let x = HardDesign::Gauss.generate(120, 60, 4).unwrap();
    let planted = Plant::new(3).rms(3.0).draw(&x, 5).unwrap();
    let y = planted.response(0.5, 6);
    let config = Rsp::new(Preconditioner::peel(3)).levels(40);
    let path = config.fit_path(&x, &y).unwrap();
    let criterion = Criterion::Ebic { gamma: 1.0 };
    let polished = config.polish(&x, &y, &path, 3, criterion).unwrap();
    assert_eq!(polished.model.support, planted.support);
    assert!(polished.accepted && polished.model_criterion < polished.path_criterion);
    let support: Vec<usize> = (0..60).filter(|&j| polished.model.coefficients[j] != 0.0).collect();
    assert_eq!(support, planted.support);
    assert!(planted.prediction_error(&polished.model.predict(&x).unwrap()) < 0.1);
    // One column cannot replace three: not accepted.
    assert!(!config.polish(&x, &y, &path, 1, criterion).unwrap().accepted);
    assert!(config.polish(&x.t(), &y, &path, 1, criterion).is_err());
}

#[test]
fn a_sparse_design_gives_the_fit_of_the_dense_one() {
    let x = Problem::new(30, 12, 1.0, 3).x.mapv(|v| if v > 0.8 { v } else { 0.0 });
    let y = Problem::new(30, 12, 1.0, 3).y;
    let sparse = core_optim::design::CscMatrix::from_dense(&x).unwrap();
    let config = Rsp::new(Preconditioner::fixed(3, 0.5));
    let (a, b) = (config.fit(&x, &y).unwrap(), config.fit(&sparse, &y).unwrap());
    assert_eq!((a.span.set, a.level.z), (b.span.set, b.level.z.clone()));
    assert!(difference(&b.level.predict(&sparse).unwrap(), &b.level.predict(&x).unwrap()) < 1e-12);
}
