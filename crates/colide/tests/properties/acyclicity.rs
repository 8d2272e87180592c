//! The log-determinant function h.

use crate::problems::{config, dag, inside, largest, order, permuted, square};
use colide::{Acyclicity, LogDet, log_det_acyclicity};
use core_tensor::gradient::{check_gradient, check_hessian_vector};
use ndarray::Array2;
use proptest::prelude::*;

fn h(w: &Array2<f64>, s: f64) -> f64 {
    log_det_acyclicity(w, s).expect("finite").expect("inside the domain")
}

/// h and its gradient.
fn gradient(w: &Array2<f64>, s: f64, form: Acyclicity) -> Option<(f64, Array2<f64>)> {
    let mut out = Array2::from_elem(w.raw_dim(), f64::NAN);
    let value = LogDet::with_form(w.nrows(), form).gradient_into(w, s, &mut out).expect("legal");
    value.map(|value| (value, out))
}

/// The term that stands for W, and `M = Σ_k Aᵏ / s^{k+1}`, a finite sum for a DAG.
fn resolvent_of_dag(a: &Array2<f64>, s: f64) -> Array2<f64> {
    let mut power = Array2::<f64>::eye(a.nrows()) / s;
    let mut sum = power.clone();
    for _ in 0..a.nrows() {
        power = power.dot(a) / s;
        sum += &power;
    }
    sum
}

/// Spectral radius of a non-negative matrix by Gelfand's formula: ‖A^(2^10)‖^(1 / 2^10), with rescaling, is within a
/// factor of d^(1/1024) · (Jordan factor) of it: less than 2 %.
fn spectral_radius(a: &Array2<f64>) -> f64 {
    let (mut power, mut logarithm, mut exponent) = (a.clone(), 0.0, 1.0);
    for _ in 0..10 {
        let norm = largest(&power);
        if norm == 0.0 {
            return 0.0;
        }
        power /= norm;
        logarithm += norm.ln() / exponent;
        power = power.dot(&power);
        exponent *= 2.0;
    }
    let norm = largest(&power);
    if norm == 0.0 { 0.0 } else { (logarithm + norm.ln() / exponent).exp() }
}

fn point() -> impl Strategy<Value = (Array2<f64>, f64)> {
    (1..=6_usize, 0.5..2.0_f64).prop_flat_map(|(d, s)| (inside(d, s, 0.7), Just(s)))
}

proptest! {
    #![proptest_config(config(64))]

    /// Property 1 for h. The nearest border of the domain is at least (1 − √0.7) √s > 0.11 away and derivatives are at
    /// most d / distance^k: the extrapolation's error h⁴ f⁽⁵⁾ stays below (7e-4)⁴ · 4! · 6 / 0.11⁵ / 4 ≈ 6e-7 at worst,
    /// and 1e-6 (1 + |g|) is what is asked.
    #[test]
    fn derivatives_of_h((w, s) in point(), seed in square(6, 1.0)) {
        let d = w.nrows();
        let (value, claimed) = gradient(&w, s, Acyclicity::Squared).expect("inside");
        prop_assert!((value - h(&w, s)).abs() <= 1e-12 * (1.0 + value));
        let report = check_gradient(|w| h(w, s), &claimed, &w).unwrap();
        prop_assert!(report.agrees(1e-6), "{report:?}");

        let direction = seed.slice(ndarray::s![..d, ..d]).to_owned();
        let mut product = Array2::from_elem((d, d), f64::NAN);
        LogDet::new(d).hessian_vector_into(&w, &direction, s, &mut product).unwrap().expect("inside");
        let field = |w: &Array2<f64>, out: &mut Array2<f64>| {
            out.assign(&gradient(w, s, Acyclicity::Squared).expect("inside").1);
        };
        let report = check_hessian_vector(field, &product, &w, &direction).unwrap();
        prop_assert!(report.agrees(1e-5), "{report:?}");
    }

    /// The same for the non-negative form, at positive weights; its derivatives are those of log det(s I − W), whose
    /// border is 0.3 s > 0.15 away.
    #[test]
    fn derivatives_of_the_non_negative_form((w, s) in point(), seed in square(6, 1.0)) {
        let d = w.nrows();
        // Row sums of W∘W are at most 0.7 s: W∘W itself has the right row sums. Away from zero by 0.01.
        let w = w.mapv(|w| 0.9 * w * w + 0.01 * s / d as f64);
        let direction = seed.slice(ndarray::s![..d, ..d]).to_owned();
        let value = |w: &Array2<f64>| gradient(w, s, Acyclicity::NonNegative).expect("inside").0;
        let (at, claimed) = gradient(&w, s, Acyclicity::NonNegative).expect("inside");
        prop_assert!(at > 0.0 && claimed.iter().all(|&g| g >= 0.0));
        // The step must not leave W ≥ 0: 1e-4 instead of the default, with rounding of 1e-16 · 6 / 1e-4.
        let difference = core_tensor::gradient::Difference::Central { step: 1e-5 };
        let positive = w.mapv(|w| w.max(1e-4));
        let (_, claimed_there) = gradient(&positive, s, Acyclicity::NonNegative).expect("inside");
        let report = core_tensor::gradient::check_gradient_by(difference, value, &claimed_there, &positive).unwrap();
        prop_assert!(report.agrees(1e-6), "{report:?}");
        // The Hessian along V is −(M V M)ᵀ's sign-free form (M V M)ᵀ: against a difference of gradients.
        let mut product = Array2::from_elem((d, d), f64::NAN);
        let mut log_det = LogDet::with_form(d, Acyclicity::NonNegative);
        log_det.hessian_vector_into(&positive, &direction, s, &mut product).unwrap().expect("inside");
        let step = 1e-5;
        let at = |t: f64| gradient(&(&positive + &(&direction * t)), s, Acyclicity::NonNegative).expect("inside").1;
        let measured = (at(step) - at(-step)) / (2.0 * step);
        let scale = 1.0 + largest(&product);
        prop_assert!(largest(&(&measured - &product)) <= 1e-6 * scale);
    }

    /// Property 4: a DAG has h = 0 and ∇h = 0 for every s; its M-matrix has no fill-in on cycles, so every product that
    /// could round is zero. What is left is d · ε · |ln s| in h.
    #[test]
    fn dags_have_no_h(w in (1..=6_usize).prop_flat_map(|d| dag(d, 1e3)), s in 1e-3..2.0_f64) {
        let (value, slope) = gradient(&w, s, Acyclicity::Squared).expect("a DAG is in every domain");
        prop_assert!((0.0..1e-12).contains(&value), "{value}");
        prop_assert!(slope.iter().all(|&g| g == 0.0), "{slope}");
        let positive = w.mapv(f64::abs);
        let (value, slope) = gradient(&positive, s, Acyclicity::NonNegative).expect("a DAG is in every domain");
        prop_assert!((0.0..1e-12).contains(&value), "{value}");
        // Mᵀ is zero exactly where an edge keeps the graph acyclic; on the edges themselves it must vanish.
        prop_assert!(positive.iter().zip(&slope).all(|(&w, &g)| w == 0.0 || g == 0.0));
    }

    /// A back edge j -> i of weight b on a DAG changes the determinant by the factor 1 − b² M_ij: with b² M_ij = 1/2,
    /// h = ln 2; from b² M_ij = 1 on the point is outside. The pivot 1/2 comes from one subtraction: 1e-9 is generous.
    #[test]
    fn one_back_edge_costs_what_the_determinant_lemma_says(
        w in (2..=6_usize).prop_flat_map(|d| dag(d, 10.0)),
        s in 0.1..2.0_f64,
        pick in any::<prop::sample::Index>(),
        squared in any::<bool>(),
    ) {
        let edges: Vec<(usize, usize)> = w.indexed_iter().filter(|&(_, &w)| w != 0.0).map(|(e, _)| e).collect();
        prop_assume!(!edges.is_empty());
        let (i, j) = edges[pick.index(edges.len())];
        let (form, mut w) = if squared { (Acyclicity::Squared, w) } else { (Acyclicity::NonNegative, w.mapv(f64::abs)) };
        let term = if squared { &w * &w } else { w.clone() };
        let m = resolvent_of_dag(&term, s)[[i, j]];
        let back = |share: f64| if squared { (share / m).sqrt() } else { share / m };
        w[[j, i]] = back(0.5);
        let (value, slope) = gradient(&w, s, form).expect("inside");
        prop_assert!((value - 2.0_f64.ln()).abs() <= 1e-9, "{value}");
        prop_assert!(slope[[j, i]] > 0.0);
        w[[j, i]] = back(1.01);
        prop_assert!(gradient(&w, s, form).is_none());
    }

    /// Inside exactly when ρ(W∘W) < s; the estimate of ρ is good to 2 %, so that points between are left out.
    #[test]
    fn the_domain_is_that_of_the_spectral_radius(w in (1..=6_usize).prop_flat_map(|d| square(d, 1.5)), s in 0.1..4.0_f64) {
        let radius = spectral_radius(&(&w * &w));
        let found = log_det_acyclicity(&w, s).unwrap();
        if radius < 0.97 * s {
            prop_assert!(found.is_some_and(|h| h >= 0.0), "{radius} {s}");
        } else if radius > 1.03 * s {
            prop_assert!(found.is_none(), "{radius} {s}");
        }
    }

    /// Property 5: signs, labels and the direction of all edges do not matter. Pivots are at least 0.3 s, so that log det
    /// moves by at most d · d ε / 0.3: 1e-12.
    #[test]
    fn h_is_invariant((w, s) in point(), flips in square(6, 1.0), place in order(6)) {
        let expected = h(&w, s);
        let d = w.nrows();
        let place: Vec<usize> = place.into_iter().filter(|&p| p < d).collect();
        let mut flipped = w.clone();
        flipped.indexed_iter_mut().for_each(|((i, j), w)| *w *= flips[[i, j]].signum());
        for other in [flipped, permuted(&w, &place), w.t().to_owned()] {
            prop_assert!((h(&other, s) - expected).abs() <= 1e-12, "{expected}");
        }
        // h = Σ_k tr((W∘W)^k) / (k s^k); the row sums are at most 0.7 s: 200 terms leave d · 0.7^200 / 60.
        let square = &w * &w / s;
        let mut power = square.clone();
        let mut series = 0.0;
        for k in 1..=200 {
            series += power.diag().sum() / f64::from(k);
            power = power.dot(&square);
        }
        prop_assert!((series - expected).abs() <= 1e-11, "{series} {expected}");
    }

    /// Property 6: h(E⁻¹ W E) = h(W) for a positive diagonal E: the matrix within the determinant is transformed by a
    /// similarity. Entries grow by up to 4^4, but pivots do not depend on E: 1e-9.
    #[test]
    fn h_is_invariant_under_diagonal_similarity((w, s) in point(), e in prop::collection::vec(0.25..4.0_f64, 6)) {
        let scaled = Array2::from_shape_fn(w.raw_dim(), |(i, j)| w[[i, j]] * e[j] / e[i]);
        prop_assert!((h(&scaled, s) - h(&w, s)).abs() <= 1e-9);
    }
}
