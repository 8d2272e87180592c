//! The proximal-Newton solver of the central path.

use crate::problems::{config, covariance, rows};
use colide::{
    Colide, Diagonal, Finish, Fit, Floor, NewtonOptions, NoiseModel, Progress, Schedule, Solver, StageEnd,
    StageProblem, Start, covariance as covariance_of,
};
use ndarray::Array2;
use proptest::prelude::*;
use std::ops::ControlFlow;

const MODELS: [NoiseModel; 2] = [NoiseModel::EqualVariance, NoiseModel::NonEqualVariance];

/// Start, stage, objective of every accepted step, and the fit.
fn watched(config: &Colide, x: &Array2<f64>) -> (Vec<(usize, usize, f64)>, Fit) {
    let mut seen = Vec::new();
    let mut observer = |progress: &Progress<'_>| {
        seen.push((progress.start, progress.stage, progress.step.objective));
        ControlFlow::Continue(())
    };
    let fit = config.fit_observed(&covariance_of(x).unwrap(), &mut observer).unwrap();
    (seen, fit)
}

proptest! {
    #![proptest_config(config(32))]

    /// Property 8: every accepted step lowers the objective of its stage, and what a stage ends with is the objective of
    /// its last step.
    #[test]
    fn steps_go_down(d in 2..=8_usize, seed in any::<u64>(), equal in any::<bool>(), free in any::<bool>(), non_negative in any::<bool>()) {
        let x = rows(d, 60, equal, seed);
        let diagonal = if free { Diagonal::Free } else { Diagonal::Pinned };
        let mut config = Colide::new(MODELS[usize::from(!equal)]).starts([Start::Path(diagonal)]);
        if non_negative {
            config = config.non_negative();
        }
        let (seen, fit) = watched(&config, &x);
        // Where zero is optimal no step is taken.
        let found = fit.candidates[0].path_weights.iter().any(|&w| w != 0.0);
        prop_assert!(!seen.is_empty() || !found);
        for pair in seen.windows(2) {
            prop_assert!((pair[0].0, pair[0].1) != (pair[1].0, pair[1].1) || pair[1].2 < pair[0].2, "{pair:?}");
        }
        for (number, stage) in fit.candidates[0].stages.iter().enumerate() {
            let last = seen.iter().rfind(|step| step.1 == number);
            prop_assert!(last.is_none_or(|step| step.2 == stage.objective));
            prop_assert!(stage.h >= 0.0 || last.is_none());
        }
    }

    /// Property 8: run until no step lowers the objective (of order μ d) by more than its rounding, d μ ε, the gradient is at
    /// most √(2 · curvature · d μ · d ε μ) ≈ μ √(10 · 36 · 2e-16) < 1e-6 μ; 1e-4 μ leaves room for steeper curvatures.
    #[test]
    fn stages_end_stationary(c in (2..=6_usize).prop_flat_map(covariance), lambda in 0.01..0.3_f64) {
        let d = c.nrows();
        let options = NewtonOptions { tolerance: 0.0, column_tolerance: 1e-10, maximum_steps: 20_000 };
        for model in MODELS {
            let problem = StageProblem::new(&c, model, lambda).unwrap();
            let mut w = Array2::zeros((d, d));
            for (mu, s) in Schedule::paper().stages() {
                let found = problem.proximal_newton(mu, s, &w, options).unwrap();
                prop_assert!(found.end != StageEnd::LeftDomain && found.end != StageEnd::IterationLimit, "{:?}", found.end);
                w = found.weights;
                let point = problem.evaluate(&w, mu, s).unwrap().expect("inside");
                prop_assert!(point.violation < 1e-4 * mu, "{model:?} {} {mu} after {}", point.violation, found.iterations);
                prop_assert!(point.noise_scales.iter().zip(&found.noise_scales).all(|(a, b)| (a - b).abs() <= 1e-9 * a));
            }
        }
    }

    /// Property 15: at λ above max |C_ij| / σ̂_j(0) zero is optimal, as the score is convex and h is not negative; the
    /// solver stays there exactly. Just below it, it does not.
    #[test]
    fn a_large_lambda_gives_nothing(d in 2..=8_usize, seed in any::<u64>(), equal in any::<bool>()) {
        let c = covariance_of(&rows(d, 60, equal, seed)).unwrap();
        let model = MODELS[usize::from(!equal)];
        let base = Colide::new(model).threshold(0.0).starts([Start::Path(Diagonal::Pinned)]);
        let largest = base.lambda_grid(&c, 1, 0.5).unwrap()[0];
        let common = (c.matrix.diag().sum() / d as f64).sqrt();
        let mut expected = 0.0_f64;
        for ((_, j), v) in c.matrix.indexed_iter().filter(|((i, j), _)| i != j) {
            let scale = if equal { common } else { c.matrix[[j, j]].sqrt() };
            expected = expected.max(v.abs() / scale);
        }
        prop_assert!((largest - expected).abs() <= 1e-12 * expected);
        for finish in [Finish::Threshold, Finish::Polish] {
            let fit = base.clone().finish(finish).sparsity(1.0001 * largest).fit_covariance(&c).unwrap();
            prop_assert!(fit.candidates[0].path_weights.iter().all(|&w| w == 0.0));
            prop_assert!(fit.weights.iter().all(|&w| w == 0.0));
        }
        // One stage with a large μ follows the score: something enters.
        let one = Schedule::new(vec![1e3], vec![1.0]).unwrap();
        let fit = base.sparsity(0.99 * largest).schedule(one).finish(Finish::Threshold).fit_covariance(&c).unwrap();
        prop_assert!(fit.candidates[0].path_weights.iter().any(|&w| w != 0.0));
    }

    /// In the non-negative form no weight is ever below zero, at no step and in no result.
    #[test]
    fn non_negative_weights_stay_so(d in 2..=8_usize, seed in any::<u64>(), equal in any::<bool>()) {
        let x = rows(d, 60, equal, seed);
        for finish in [Finish::Threshold, Finish::Polish, Finish::Search] {
            let config = Colide::new(MODELS[usize::from(!equal)]).non_negative().finish(finish);
            let mut lowest = 0.0_f64;
            let mut observer = |progress: &Progress<'_>| {
                lowest = progress.step.weights.iter().copied().fold(lowest, f64::min);
                ControlFlow::Continue(())
            };
            let fit = config.fit_observed(&covariance_of(&x).unwrap(), &mut observer).unwrap();
            prop_assert_eq!(lowest, 0.0);
            prop_assert!(fit.weights.iter().all(|&w| w >= 0.0));
        }
    }

    /// The reference solver and the fast one minimise the same function: from the same point, the fast one ends no higher
    /// than 300 iterations of the reference (up to its own relative tolerance).
    #[test]
    fn the_reference_is_not_lower(c in (2..=5_usize).prop_flat_map(covariance), lambda in 0.01..0.3_f64) {
        let d = c.nrows();
        for model in MODELS {
            let problem = StageProblem::new(&c, model, lambda).unwrap();
            let start = Array2::zeros((d, d));
            let scales = problem.evaluate(&start, 1.0, 1.0).unwrap().expect("inside").noise_scales;
            let options = colide::AdamOptions { learning_rate: 1e-3, ..Default::default() };
            let adam = problem.reference_adam(1.0, 1.0, (&start, &scales), 300, &options).unwrap();
            let newton = problem.proximal_newton(1.0, 1.0, &adam.weights, NewtonOptions::default()).unwrap();
            let value = |w: &Array2<f64>| problem.evaluate(w, 1.0, 1.0).unwrap().expect("inside").objective;
            prop_assert!(value(&newton.weights) <= value(&adam.weights));
            prop_assert!(value(&adam.weights) <= value(&start));
        }
    }
}

/// Bits do not depend on the number of threads: d is above the size from which columns are spread over threads.
#[test]
fn pools_of_one_and_four_threads_agree() {
    let x = rows(52, 150, false, 11);
    for model in MODELS {
        for finish in [Finish::Threshold, Finish::Search] {
            let config = Colide::new(model)
                .finish(finish)
                .floor(Floor::Negligible)
                .schedule(Schedule::new(vec![1.0, 0.1], vec![1.0, 0.9]).unwrap())
                .solver(Solver::ProximalNewton(NewtonOptions { maximum_steps: 12, ..Default::default() }));
            let in_pool = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| config.fit(&x).unwrap())
            };
            let (one, four) = (in_pool(1), in_pool(4));
            assert!(one.weights.iter().any(|&w| w != 0.0));
            assert_eq!(one.weights.mapv(f64::to_bits), four.weights.mapv(f64::to_bits));
            assert_eq!(one, four);
        }
    }
}
