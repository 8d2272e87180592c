//! Properties of the projection and of steps orthogonal to the weights.

use crate::config;
use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser, Sgd, SgdOptions};
use proptest::prelude::*;
use stablemax::Layout;
use stablemax::ortho::{Arithmetic, OrthoGrad, OrthoGradOptions, Outcome, ProjectAt, Rescale, Scope, project};

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn pair(n: usize) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    (2..=n)
        .prop_flat_map(|n| (proptest::collection::vec(-3.0..3.0_f64, n), proptest::collection::vec(-3.0..3.0_f64, n)))
}

fn projected(w: &[f64], g: &[f64], rescale: Rescale) -> Vec<f64> {
    let mut out = g.to_vec();
    project(w, &mut out, rescale, Arithmetic::Guarded).unwrap();
    out
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn projection((w, g) in pair(40), size in -200_i32..200) {
        let plain = projected(&w, &g, Rescale::None);
        prop_assert!(dot(&w, &plain).abs() <= 4.0 * f64::EPSILON * norm(&w) * norm(&g));
        prop_assert!(norm(&plain) <= norm(&g) * (1.0 + 1e-15));
        // Idempotent; blind to the length of w; linear in g, over hundreds of powers of two.
        let twice = projected(&w, &plain, Rescale::None);
        let longer: Vec<f64> = w.iter().map(|v| v * 2.0_f64.powi(size)).collect();
        let larger: Vec<f64> = g.iter().map(|v| v * 2.0_f64.powi(size)).collect();
        let (by_longer, of_larger) = (projected(&longer, &g, Rescale::None), projected(&w, &larger, Rescale::None));
        for i in 0..w.len() {
            let tolerance = 1e-14 * norm(&g);
            prop_assert!((plain[i] - twice[i]).abs() <= tolerance && (plain[i] - by_longer[i]).abs() <= tolerance);
            prop_assert!((plain[i] * 2.0_f64.powi(size) - of_larger[i]).abs() <= tolerance * 2.0_f64.powi(size));
        }
        // Descent: ⟨g⊥, g⟩ = |g⊥|².
        prop_assert!((dot(&plain, &g) - dot(&plain, &plain)).abs() <= 1e-13 * dot(&g, &g));
        if norm(&plain) > 1e-9 * norm(&g) {
            let kept = projected(&w, &g, Rescale::KeepNorm);
            prop_assert!((norm(&kept) - norm(&g)).abs() <= 1e-14 * norm(&g));
        }
    }

    #[test]
    fn parallel_gradients_vanish(w in proptest::collection::vec(0.1..3.0_f64, 2..200), factor in -1.0..1.0_f64) {
        prop_assume!(factor.abs() > 1e-3);
        let mut g: Vec<f64> = w.iter().map(|v| v * factor).collect();
        let report = project(&w, &mut g, Rescale::KeepNorm, Arithmetic::Guarded).unwrap();
        prop_assert_eq!(report.outcome, Outcome::Vanished);
        prop_assert!(g.iter().all(|&v| v == 0.0));
        let w32: Vec<f32> = w.iter().map(|&v| v as f32).collect();
        let mut g32: Vec<f32> = w32.iter().map(|v| v * factor as f32).collect();
        prop_assert_eq!(project(&w32, &mut g32, Rescale::KeepNorm, Arithmetic::Guarded).unwrap().outcome, Outcome::Vanished);
    }

    /// Property 10: Pythagoras for gradient steps, and for AdamW when its update is projected.
    #[test]
    fn steps_keep_pythagoras((w, g) in pair(30), adam in any::<bool>(), scope in 0_usize..3) {
        let n = w.len();
        let options = OrthoGradOptions {
            scope: [Scope::PerTensor, Scope::PerRow, Scope::WholeVector][scope],
            rescale: Rescale::None,
            at: ProjectAt::Update,
            arithmetic: Arithmetic::Guarded,
        };
        let inner: Box<dyn Optimiser<f64>> = if adam {
            Box::new(AdamW::new(n, AdamWOptions { learning_rate: 0.1, ..AdamWOptions::default() }).unwrap())
        } else {
            Box::new(Sgd::new(n, SgdOptions { learning_rate: 0.1, momentum: 0.9, ..SgdOptions::default() }).unwrap())
        };
        let mut optimiser = OrthoGrad::new(inner, &Layout::new(&[(1, n)]), options).unwrap();
        let mut now = w;
        for t in 1..=5_usize {
            let before = now.clone();
            let gradient: Vec<f64> = g.iter().enumerate().map(|(i, v)| v + ((i * t) % 5) as f64 - 2.0).collect();
            optimiser.step(&mut now, &gradient).unwrap();
            let step: Vec<f64> = now.iter().zip(&before).map(|(a, b)| a - b).collect();
            let expected = dot(&before, &before) + dot(&step, &step);
            prop_assert!((dot(&now, &now) - expected).abs() <= 1e-12 * expected);
        }
    }
}

/// Adam's preconditioning brings a component along the weights back when only the gradient is projected.
#[test]
fn projecting_the_gradient_alone_is_not_enough_for_adam() {
    let n = 20;
    let radial = |at: ProjectAt| {
        let options = OrthoGradOptions { at, rescale: Rescale::None, ..OrthoGradOptions::default() };
        let inner = AdamW::<f64>::new(n, AdamWOptions { learning_rate: 0.1, ..AdamWOptions::default() }).unwrap();
        let mut optimiser = OrthoGrad::new(inner, &Layout::new(&[(4, 5)]), options).unwrap();
        let w: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin() + 0.2).collect();
        let g: Vec<f64> = (0..n).map(|i| (i as f64 * 1.3).cos().powi(3)).collect();
        let mut update = vec![f64::NAN; n];
        optimiser.update_into(&w, &g, &mut update).unwrap();
        (dot(&w, &update) / (norm(&w) * norm(&update))).abs()
    };
    assert!(radial(ProjectAt::Gradient) > 1e-3);
    assert!(radial(ProjectAt::Update) < 1e-15 && radial(ProjectAt::Both) < 1e-15);
}

#[test]
fn scopes_guards_and_reports() {
    let step = |scope, arithmetic| {
        let options = OrthoGradOptions { scope, arithmetic, rescale: Rescale::None, ..OrthoGradOptions::default() };
        let inner = Sgd::<f64>::new(7, SgdOptions { learning_rate: 1.0, ..SgdOptions::default() }).unwrap();
        let mut optimiser = OrthoGrad::new(inner, &Layout::new(&[(2, 2), (1, 1), (1, 2)]), options).unwrap();
        let mut w = [1.0, 0.0, 0.0, 2.0, 5.0, 0.0, 0.0];
        optimiser.step(&mut w, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]).unwrap();
        (w, optimiser.last())
    };
    let (w, last) = step(Scope::PerRow, Arithmetic::Guarded);
    assert_eq!(w, [1.0, -1.0, -1.0, 2.0, 4.0, -1.0, -1.0]);
    assert_eq!((last.projected, last.single, last.zero_weights, last.vanished), (2, 1, 1, 0));
    let (w, last) = step(Scope::PerTensor, Arithmetic::Guarded);
    assert!((dot(&w[..4], &[1.0, 0.0, 0.0, 2.0]) - 5.0).abs() < 1e-15);
    assert_eq!((last.projected, last.single, last.zero_weights), (1, 1, 1));
    let (_, last) = step(Scope::WholeVector, Arithmetic::Guarded);
    assert_eq!((last.projected, last.single), (1, 0));
    // The reference projects single elements away.
    let (w, _) = step(Scope::PerTensor, Arithmetic::Reference);
    assert!((w[4] - 5.0).abs() < 1e-15);
}
