//! Score, noise scales and profile score.

use crate::problems::{config, covariance, order, permuted, residuals, square};
use colide::{
    NoiseModel, StageProblem, mean_squared_residuals_into, noise_scales, profile_score, residual_covariance_into,
};
use colide::{score, score_gradient_into};
use core_tensor::gradient::check_gradient;
use ndarray::{Array1, Array2};
use proptest::prelude::*;

const MODELS: [NoiseModel; 2] = [NoiseModel::EqualVariance, NoiseModel::NonEqualVariance];

/// The crate's R and q.
fn kernels(c: &Array2<f64>, w: &Array2<f64>) -> (Array2<f64>, Array1<f64>) {
    let d = c.nrows();
    // NaN in the output must not matter.
    let (mut r, mut q) = (Array2::from_elem((d, d), f64::NAN), Array1::from_elem(d, f64::NAN));
    residual_covariance_into(c, w, &mut r).expect("d × d");
    mean_squared_residuals_into(w, &r, &mut q).expect("d × d");
    (r, q)
}

fn gradient(r: &Array2<f64>, scales: &Array1<f64>) -> Array2<f64> {
    let mut out = Array2::from_elem(r.raw_dim(), f64::NAN);
    score_gradient_into(r, scales, &mut out).expect("d × d");
    out
}

/// W with a diagonal within ±0.4, so that I − W and with it every residual variance stays away from zero.
fn weights(d: usize) -> impl Strategy<Value = Array2<f64>> {
    square(d, 1.5).prop_map(|mut w| {
        w.diag_mut().mapv_inplace(|v| v * 0.25);
        w
    })
}

fn problem() -> impl Strategy<Value = (Array2<f64>, Array2<f64>)> {
    (1..=6_usize).prop_flat_map(|d| (covariance(d), weights(d)))
}

proptest! {
    #![proptest_config(config(64))]

    /// R and q against the definition. Each entry sums d products of size at most 10: d² · 10 · ε < 1e-12.
    #[test]
    fn residuals_follow_their_definition((c, w) in problem()) {
        let (expected, found) = (residuals(&c, &w), kernels(&c, &w));
        for (a, b) in expected.0.iter().zip(&found.0).chain(expected.1.iter().zip(&found.1)) {
            prop_assert!((a - b).abs() <= 1e-12 * (1.0 + a.abs()), "{a} {b}");
        }
        // Strided and transposed views give the same.
        let (reversed_c, reversed_w) = (c.slice(ndarray::s![..;-1, ..;-1]), w.slice(ndarray::s![..;-1, ..;-1]));
        let backwards = kernels(&reversed_c.to_owned(), &reversed_w.to_owned());
        let mut strided = Array2::zeros(c.raw_dim());
        residual_covariance_into(&reversed_c, &reversed_w, &mut strided).expect("d × d");
        for (a, b) in backwards.0.iter().zip(&strided) {
            prop_assert!((a - b).abs() <= 1e-12 * (1.0 + a.abs()));
        }
    }

    /// Property 1. Extrapolated differences with step 7e-4 leave an error of h⁴ f⁽⁵⁾ + ε f / h; the functions vary on a
    /// length of 0.1 or more (σ̂ ≥ 0.19, entries of C ≤ 25), so h⁴ f⁽⁵⁾ < 1e-7, and rounding is below 1e-11.
    #[test]
    fn gradients_are_derivatives((c, w) in problem(), scale in 0.2..5.0_f64) {
        let d = c.nrows();
        let (r, q) = kernels(&c, &w);
        for model in MODELS {
            let fixed = match model {
                NoiseModel::EqualVariance => Array1::from_elem(d, scale),
                NoiseModel::NonEqualVariance => Array1::from_shape_fn(d, |j| scale * (1.0 + 0.3 * j as f64)),
            };
            let of_score = check_gradient(|w| score(&kernels(&c, w).1, &fixed).unwrap(), &gradient(&r, &fixed), &w).unwrap();
            prop_assert!(of_score.agrees(1e-6), "{model:?} {of_score:?}");
            // The profile below, and far above, the floor: the gradient is that at the closed-form scales.
            for floor in [1e-3, 100.0] {
                let floor = Array1::from_elem(d, floor);
                let scales = noise_scales(model, &q, &floor).unwrap();
                let profile = |w: &Array2<f64>| profile_score(model, &kernels(&c, w).1, &floor).unwrap();
                let report = check_gradient(profile, &gradient(&r, &scales), &w).unwrap();
                prop_assert!(report.agrees(1e-6), "{model:?} {report:?}");
            }
        }
    }

    /// Property 2: the closed form minimises the score over σ ≥ σ0, and the profile is the score there. The score sums d
    /// terms of one sign: 1e-12 relative is 4500 ε.
    #[test]
    fn scales_minimise_the_score(
        (c, w) in problem(),
        floor in prop_oneof![Just(1e-3), 0.1..10.0_f64],
        factors in prop::collection::vec(0.2..5.0_f64, 6),
    ) {
        let d = c.nrows();
        let q = kernels(&c, &w).1;
        let floor = Array1::from_elem(d, floor);
        for model in MODELS {
            let scales = noise_scales(model, &q, &floor).unwrap();
            let best = score(&q, &scales).unwrap();
            prop_assert!(scales.iter().zip(&floor).all(|(s, f)| s >= f));
            let profile = profile_score(model, &q, &floor).unwrap();
            prop_assert!((profile - best).abs() <= 1e-12 * best);
            let other = Array1::from_shape_fn(d, |j| {
                let factor = if model == NoiseModel::EqualVariance { factors[0] } else { factors[j] };
                (scales[j] * factor).max(floor[j])
            });
            prop_assert!(best <= score(&q, &other).unwrap() * (1.0 + 1e-12));
            // Above the floor the profile is Σ √q_j, or d √(Σ q / d).
            let tiny = Array1::from_elem(d, 1e-9);
            let expected = match model {
                NoiseModel::EqualVariance => d as f64 * (q.sum() / d as f64).sqrt(),
                NoiseModel::NonEqualVariance => q.mapv(f64::sqrt).sum(),
            };
            let found = profile_score(model, &q, &tiny).unwrap();
            prop_assert!((found - expected).abs() <= 1e-12 * expected);
        }
    }

    /// Property 3: S is jointly convex in (W, σ): a sum of perspectives q / σ of convex quadratics. 1e-9 relative leaves
    /// room for rounding in q, of size ε · 10 d² / σ.
    #[test]
    fn score_is_jointly_convex(
        (c, (w1, w2)) in (1..=6_usize).prop_flat_map(|d| (covariance(d), (square(d, 2.0), square(d, 2.0)))),
        s1 in prop::collection::vec(0.05..5.0_f64, 6),
        s2 in prop::collection::vec(0.05..5.0_f64, 6),
        common in any::<bool>(),
    ) {
        let d = c.nrows();
        let scales = |s: &[f64]| Array1::from_shape_fn(d, |j| if common { s[0] } else { s[j] });
        let (s1, s2) = (scales(&s1), scales(&s2));
        let value = |w: &Array2<f64>, s: &Array1<f64>| score(&kernels(&c, w).1, s).unwrap();
        let (a, b) = (value(&w1, &s1), value(&w2, &s2));
        let middle = value(&((&w1 + &w2) / 2.0), &((&s1 + &s2) / 2.0));
        prop_assert!(middle <= 0.5 * (a + b) + 1e-9 * (a + b), "{middle} {a} {b}");
    }

    /// Property 5, second half: relabelling the variables permutes q and keeps the score. Only the order of sums
    /// changes: 1e-12 relative.
    #[test]
    fn score_does_not_know_labels((c, w, place) in (1..=6_usize).prop_flat_map(|d| (covariance(d), weights(d), order(d)))) {
        let floor = Array1::from_elem(c.nrows(), 1e-6);
        let (q, relabelled) = (kernels(&c, &w).1, kernels(&permuted(&c, &place), &permuted(&w, &place)).1);
        for model in MODELS {
            let (a, b) = (profile_score(model, &q, &floor).unwrap(), profile_score(model, &relabelled, &floor).unwrap());
            prop_assert!((a - b).abs() <= 1e-12 * a);
        }
        for (i, &to) in place.iter().enumerate() {
            prop_assert!((q[i] - relabelled[to]).abs() <= 1e-12 * (1.0 + q[i]));
        }
    }

    /// Property 7: (c² C, λ, μ, c σ0) is the problem (C, λ / c, c μ, σ0), at every W. All quantities agree up to
    /// rounding; 1e-9 relative to the sum of the absolute terms is far above it.
    #[test]
    fn units_trade_against_lambda_and_mu(
        (c, w) in (1..=6_usize).prop_flat_map(|d| (covariance(d), crate::problems::inside(d, 1.0, 0.7))),
        unit in prop_oneof![1e-3..1e3_f64, Just(8.0)],
        lambda in 0.0..1.0_f64,
        mu in 1e-3..1.0_f64,
        floor in prop_oneof![Just(1e-6), Just(2.0)],
    ) {
        let floor = Array1::from_elem(c.nrows(), floor);
        for model in MODELS {
            let scaled = StageProblem::new(&(&c * (unit * unit)), model, lambda).unwrap();
            let scaled = scaled.floor(&(&floor * unit)).unwrap().evaluate(&w, mu, 1.0).unwrap().expect("inside");
            let plain = StageProblem::new(&c, model, lambda / unit).unwrap();
            let plain = plain.floor(&floor).unwrap().evaluate(&w, unit * mu, 1.0).unwrap().expect("inside");
            prop_assert!((scaled.objective - plain.objective).abs() <= 1e-9 * plain.objective.abs().max(1e-3));
            prop_assert!((scaled.violation - plain.violation).abs() <= 1e-9 * plain.violation.abs().max(1e-3));
            // And the objective is what it is made of.
            let l1 = lambda * w.iter().map(|w| w.abs()).sum::<f64>();
            let made = mu * (scaled.score + l1) + scaled.h;
            prop_assert!((scaled.objective - made).abs() <= 1e-12 * made);
            let h = colide::log_det_acyclicity(&w, 1.0).unwrap().expect("inside");
            prop_assert!((scaled.h - h).abs() <= 1e-12 * (1.0 + h));
        }
    }
}
