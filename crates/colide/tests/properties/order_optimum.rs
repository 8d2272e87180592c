//! The convex problem of a given order, and the order of minimal pivots.

use crate::problems::{config, covariance, largest, order, residuals, sem};
use colide::{NoiseModel, StageProblem, min_pivot_order, profile_score};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

const MODELS: [NoiseModel; 2] = [NoiseModel::EqualVariance, NoiseModel::NonEqualVariance];

/// S(W, σ̂(W)) + λ ‖W‖₁ from the definitions.
fn objective(c: &Array2<f64>, w: &Array2<f64>, model: NoiseModel, lambda: f64, floor: &Array1<f64>) -> f64 {
    let q = residuals(c, w).1.mapv(|q| q.max(0.0));
    profile_score(model, &q, floor).expect("d each") + lambda * w.iter().map(|w| w.abs()).sum::<f64>()
}

proptest! {
    #![proptest_config(config(64))]

    /// Property 10: stationary (1e-8: the column solver's tolerance is below it), no worse than feasible neighbours, and
    /// zero wherever the order forbids.
    #[test]
    fn the_order_optimum_is_optimal(
        (c, order, step) in (1..=7_usize).prop_flat_map(|d| (covariance(d), order(d), crate::problems::square(d, 1.0))),
        lambda in prop_oneof![Just(0.0), 1e-3..1.0_f64],
        floor in prop_oneof![Just(1e-6), Just(0.7)],
        sizes in prop::collection::vec(-6.0..0.5_f64, 100),
    ) {
        let d = c.nrows();
        let floor = Array1::from_elem(d, floor);
        let mut place = vec![0; d];
        order.iter().enumerate().for_each(|(at, &node)| place[node] = at);
        for model in MODELS {
            let problem = StageProblem::new(&c, model, lambda).unwrap().floor(&floor).unwrap();
            let found = problem.order_optimum(&order).unwrap();
            let w = &found.weights;
            prop_assert!(w.indexed_iter().all(|((i, j), &w)| w == 0.0 || place[i] < place[j]));
            prop_assert!(found.violation < 1e-8, "{}", found.violation);
            let best = objective(&c, w, model, lambda, &floor);
            prop_assert!((best - found.objective).abs() <= 1e-12 * best);
            // An independent look at the optimality conditions.
            let (r, q) = residuals(&c, w);
            let scales = colide::noise_scales(model, &q, &floor).unwrap();
            for ((i, j), &w) in w.indexed_iter().filter(|&((i, j), _)| place[i] < place[j]) {
                let gradient = -r[[i, j]] / scales[j];
                let violation = if w == 0.0 { gradient.abs() - lambda } else { (gradient + lambda * w.signum()).abs() };
                prop_assert!(violation < 1e-7, "{violation}");
            }
            // The problem is convex: no neighbour is better, up to rounding of the objective (1e-12 relative).
            for (k, &size) in sizes.iter().enumerate() {
                let mut other = w.clone();
                for ((i, j), w) in other.indexed_iter_mut().filter(|&((i, j), _)| place[i] < place[j]) {
                    // Another direction each time, always feasible.
                    *w += 10.0_f64.powf(size) * step[[(i + k) % d, (j + 3 * k) % d]];
                }
                prop_assert!(best <= objective(&c, &other, model, lambda, &floor) * (1.0 + 1e-12));
            }
        }
    }

    /// Property 16: the exact covariance of a model with noise variances of 1, its order and λ = 0 give the model back. Each
    /// column solves a system with the covariance of its predecessors, whose condition number here is below 1e6:
    /// 1e6 · ε · d < 1e-8.
    #[test]
    fn an_exact_model_is_recovered(d in 2..=8_usize, seed in any::<u64>()) {
        let sem = sem(d, true, seed);
        let c = sem.covariance();
        for model in MODELS {
            let found = StageProblem::new(&c, model, 0.0).unwrap().order_optimum(&sem.order).unwrap();
            prop_assert!(largest(&(&found.weights - &sem.weights)) < 1e-8, "{}", &found.weights - &sem.weights);
            prop_assert!(found.noise_scales.iter().all(|s| (s - 1.0).abs() < 1e-8));
        }
        let pivots = min_pivot_order(&c).unwrap();
        let place = |node: usize| pivots.order.iter().position(|&o| o == node).expect("every node once");
        prop_assert!(sem.weights.indexed_iter().all(|((i, j), &w)| w == 0.0 || place(i) < place(j)));
        prop_assert!(pivots.variances.iter().all(|v| (v - 1.0).abs() < 1e-8) && pivots.degenerate.is_empty());
    }

    /// Every pivot is the smallest conditional variance, 1 / (C_SS⁻¹)_last: brute force by elimination.
    #[test]
    fn pivots_are_conditional_variances(c in (1..=7_usize).prop_flat_map(covariance)) {
        let d = c.nrows();
        let pivots = min_pivot_order(&c).unwrap();
        let mut schur = c;
        for (&pivot, &variance) in pivots.order.iter().zip(&pivots.variances) {
            // Eigenvalues from 0.1 to 4 d: elimination loses at most two digits.
            prop_assert!((schur[[pivot, pivot]] - variance).abs() <= 1e-12 * 4.0 * d as f64);
            let taken = pivots.order.iter().position(|&o| o == pivot).expect("itself");
            for &later in &pivots.order[taken..] {
                prop_assert!(schur[[later, later]] >= variance - 1e-12 * 4.0 * d as f64);
            }
            let column = schur.column(pivot).to_owned();
            for i in 0..d {
                for j in 0..d {
                    schur[[i, j]] -= column[i] * column[j] / column[pivot];
                }
            }
        }
    }
}
