//! Refits, total effects, interventions, counterfactuals.

use crate::brute_force::{directed_paths, with_descendants};
use crate::problems::{config, covariance, dag, largest};
use colide::{CausalModel, refit};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

/// (I − W)⁻¹ of a DAG: Σ Wᵏ, a finite sum.
fn inverse(w: &Array2<f64>) -> Array2<f64> {
    let mut power = Array2::<f64>::eye(w.nrows());
    let mut sum = power.clone();
    for _ in 0..w.nrows() {
        power = power.dot(w);
        sum += &power;
    }
    sum
}

fn model() -> impl Strategy<Value = (Array2<f64>, Array1<f64>, Array1<f64>)> {
    (1..=6_usize).prop_flat_map(|d| {
        let mean = prop::collection::vec(-3.0..3.0_f64, d).prop_map(Array1::from);
        let sigma = prop::collection::vec(0.1..3.0_f64, d).prop_map(Array1::from);
        (dag(d, 2.0), mean, sigma)
    })
}

proptest! {
    #![proptest_config(config(64))]

    /// Property 12: least-squares residuals are orthogonal to the parents, Σ_k C_pk (e_j − w)_k = 0, up to the refined
    /// solve's rounding (eigenvalues of C from 0.1 to 4 d: 1e-11 is 1e3 times it); and no other weights do better.
    #[test]
    fn refits_are_least_squares(
        (c, graph, step) in (1..=7_usize).prop_flat_map(|d| (covariance(d), dag(d, 1.0), dag(d, 1.0))),
        size in -4.0..1.0_f64,
        samples in 10.0..1000.0_f64,
    ) {
        let d = c.nrows();
        let found = refit(&c, &graph, samples).unwrap();
        prop_assert!(found.weights.iter().zip(&graph).all(|(&w, &g)| w == 0.0 || g != 0.0));
        let r = crate::problems::residuals(&c, &found.weights).0;
        let variance = |w: &Array2<f64>, j: usize| {
            let e = Array1::from_shape_fn(d, |i| f64::from(u8::from(i == j)) - w[[i, j]]);
            e.dot(&c.dot(&e))
        };
        let mut other = found.weights.clone();
        for ((w, &g), &s) in other.iter_mut().zip(&graph).zip(step.t()) {
            *w += if g != 0.0 { 10.0_f64.powf(size) * (s + 0.3) } else { 0.0 };
        }
        let (mut nv, mut total) = (0.0, 0.0);
        for j in 0..d {
            for i in (0..d).filter(|&i| graph[[i, j]] != 0.0) {
                prop_assert!(r[[i, j]].abs() <= 1e-11, "{}", r[[i, j]]);
            }
            let own = found.noise_variance[j];
            prop_assert!((own - variance(&found.weights, j)).abs() <= 1e-11);
            prop_assert!(own <= variance(&other, j) + 1e-11);
            nv += (std::f64::consts::TAU * own).ln() + 1.0;
            total += own;
        }
        // The likelihoods of their definition; 1e-10 relative to the sum's largest term, samples · d · log.
        let edges = graph.iter().filter(|&&g| g != 0.0).count() as f64;
        let ev = d as f64 * ((std::f64::consts::TAU * total / d as f64).ln() + 1.0);
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-10 * samples * d as f64;
        prop_assert!(close(found.log_likelihood_nv, -0.5 * samples * nv));
        prop_assert!(close(found.log_likelihood_ev, -0.5 * samples * ev));
        prop_assert!(close(found.bic_nv, samples * nv + samples.ln() * (edges + d as f64)));
        prop_assert!(close(found.bic_ev, samples * ev + samples.ln() * (edges + 1.0)));
        prop_assert!(found.p_values.iter().all(|p| (0.0..=1.0).contains(p)));
        for ((i, j), &g) in graph.indexed_iter() {
            if g != 0.0 && found.standard_errors[[i, j]].is_finite() {
                let t = found.weights[[i, j]] / found.standard_errors[[i, j]];
                prop_assert!((found.t_statistics[[i, j]] - t).abs() <= 1e-12 * t.abs());
            }
        }
    }

    /// Property 13: total effects sum the products of weights over all directed paths, (I − W)⁻¹ − I. At most 2⁵ paths of
    /// products up to 2⁵: 1e-12 · 1024.
    #[test]
    fn total_effects_sum_over_paths((w, mean, sigma) in model()) {
        let d = w.nrows();
        let model = CausalModel::new(&w, &mean, &sigma).unwrap();
        let effects = model.total_effects();
        let by_inverse = inverse(&w) - Array2::<f64>::eye(d);
        prop_assert!(largest(&(&effects - &by_inverse)) <= 1e-9);
        for i in 0..d {
            for j in (0..d).filter(|&j| j != i) {
                let paths = directed_paths(&w, i, j);
                let sum: f64 = paths.iter().map(|p| p.windows(2).map(|e| w[[e[0], e[1]]]).product::<f64>()).sum();
                prop_assert!((effects[[i, j]] - sum).abs() <= 1e-9);
                prop_assert!(!paths.is_empty() || effects[[i, j]] == 0.0);
            }
            prop_assert_eq!(effects[[i, i]], 0.0);
        }
        // The covariance of the model: (I − W)⁻ᵀ diag(σ²) (I − W)⁻¹, entries below 1e7.
        let b = inverse(&w);
        let expected = b.t().dot(&Array2::from_diag(&(&sigma * &sigma))).dot(&b);
        let c = model.covariance();
        prop_assert!(largest(&(&c - &expected)) <= 1e-12 * (1.0 + largest(&expected)) * 10.0);
        prop_assert_eq!(&c, &c.t());
    }

    /// do(x_i = v): the model with the equations of the targets replaced by constants; only descendants move.
    #[test]
    fn interventions_cut_the_equations(
        (w, mean, sigma) in model(),
        target in any::<prop::sample::Index>(),
        second in any::<prop::sample::Index>(),
        values in (-5.0..5.0_f64, -5.0..5.0_f64),
        noise in prop::collection::vec(-2.0..2.0_f64, 6),
    ) {
        let d = w.nrows();
        let model = CausalModel::new(&w, &mean, &sigma).unwrap();
        let (i, k) = (target.index(d), second.index(d));
        let settings = if i == k { vec![(i, values.0)] } else { vec![(i, values.0), (k, values.1)] };
        let found = model.intervene(&settings).unwrap();

        let (mut cut, mut rest) = (w.clone(), sigma.clone());
        // x = c + Wᵀ x + z with c = (I − W)ᵀ mean; the targets' equations become constants.
        let mut constant = &mean - &mean.dot(&w);
        for &(node, value) in &settings {
            cut.column_mut(node).fill(0.0);
            rest[node] = 0.0;
            constant[node] = value;
        }
        let b = inverse(&cut);
        let expected = constant.dot(&b);
        let spread = b.t().dot(&Array2::from_diag(&(&rest * &rest))).dot(&b);
        let size = 1.0 + largest(&b) * 10.0;
        prop_assert!(found.mean.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-12 * size * size));
        prop_assert!(largest(&(&found.covariance - &spread)) <= 1e-11 * (1.0 + largest(&spread)));
        let moved: Vec<usize> = settings.iter().flat_map(|&(node, _)| with_descendants(&w, node)).collect();
        for j in (0..d).filter(|j| !moved.contains(j)) {
            prop_assert_eq!(found.mean[j], mean[j]);
        }

        // Counterfactual: the row's own noise in the cut model; exactly the row itself upstream.
        let row = Array1::from_shape_fn(d, |j| mean[j] + noise[j]);
        let other = model.counterfactual(&row, &settings).unwrap();
        let z = &row - &row.dot(&w);
        let mut own = z;
        settings.iter().for_each(|&(node, value)| own[node] = value);
        let expected = own.dot(&b);
        prop_assert!(other.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-12 * size * size));
        for j in (0..d).filter(|j| !moved.contains(j)) {
            prop_assert_eq!(other[j], row[j]);
        }
        // Setting what is already so changes nothing.
        let same = model.counterfactual(&row, &[(i, row[i])]).unwrap();
        prop_assert_eq!(&same, &row);

        // Noise and root-cause scores: z = (x − mean)(I − W), in units of σ.
        let scores = model.root_cause_scores(&row).unwrap();
        let z = model.noise(&row).unwrap();
        let back = z.dot(&inverse(&w)) + &mean;
        prop_assert!(back.iter().zip(&row).all(|(a, b)| (a - b).abs() <= 1e-12 * size * size));
        prop_assert!(scores.iter().zip(&z).zip(&sigma).all(|((s, z), sigma)| (s * sigma - z).abs() <= 1e-12 * (1.0 + z.abs())));
    }
}
