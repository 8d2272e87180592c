//! The root, where it is hard to find.

use core_tensor::random::{rng, uniform_array};
use ndarray::Array1;
use wgsef::{Groups, RootMethod, Wgsef, Workspace};

/// Multipliers of a prox by both methods, and by bisection on the definition.
#[track_caller]
fn check(y: &[f64], k: usize, lambda: f64) {
    let y = Array1::from(y.to_vec());
    let omega = Wgsef::new(Groups::singletons(&[y.len()]).unwrap(), k).unwrap();
    let run = |method| {
        let mut work = Workspace::default();
        let mut x = y.clone();
        let info = omega.clone().root_method(method).prox_in_place(&mut x, lambda, &mut work).unwrap();
        (work.multipliers().to_vec(), info)
    };
    let (newton, info) = run(RootMethod::Newton);
    let (sorted, other) = run(RootMethod::Sorted);
    for (j, (a, b)) in newton.iter().zip(&sorted).enumerate() {
        assert!((a - b).abs() <= 1e-12, "group {j} of {}: {a} and {b} (k = {k}, λ = {lambda:e})", y.len());
    }
    assert_eq!((info.kept, info.saturated), (other.kept, other.saturated));
    if info.nonzero > k {
        let sum: f64 = newton.iter().sum();
        assert!((sum - k as f64).abs() <= 1e-9 * k as f64, "Σu = {sum}, k = {k}, λ = {lambda:e}");
        assert!(info.kept >= k, "{} kept, k = {k}, λ = {lambda:e}", info.kept);
    }
}

fn levels() -> [f64; 10] {
    [1e-300, 1e-8, 1e-3, 0.5, 1.0, 50.0, 1e3, 1e6, 1e12, 1e17]
}

#[test]
fn ties() {
    for lambda in levels() {
        for m in [2, 3, 10, 1000] {
            for k in [1, 2, m - 1, m] {
                check(&vec![1.0; m], k.max(1), lambda);
            }
        }
        let mut two = vec![1.0; 50];
        two.extend([2.0; 50]);
        for k in [1, 49, 50, 51, 99] {
            check(&two, k, lambda);
        }
    }
}

#[test]
fn three_hundred_orders_of_magnitude() {
    let y: Vec<f64> = (0..301).map(|e| 10.0_f64.powi(e - 150)).collect();
    let tiny: Vec<f64> = (0..20).map(|e| f64::from_bits(1 + e)).collect();
    for lambda in levels() {
        for k in [1, 2, 100, 300] {
            // At λ = 10¹⁷ the offsets have no digits left to tell the two smallest of these apart.
            if lambda < 1e17 {
                check(&y, k, lambda);
            }
        }
        check(&tiny, 5, lambda);
        check(&tiny.iter().copied().chain([1e300, 1e-300, 1.0]).collect::<Vec<_>>(), 2, lambda);
    }
}

#[test]
fn one_huge_and_one_group_too_many() {
    for lambda in levels() {
        let mut y: Vec<f64> = uniform_array::<f64, _, _>(&mut rng(3), 500).to_vec();
        check(&y, 499, lambda);
        check(&y, 1, lambda);
        y[250] = 1e12;
        for k in [1, 2, 250, 499] {
            check(&y, k, lambda);
        }
    }
}

/// Large lists start from a sample: a sample that misleads must not matter.
#[test]
fn misleading_samples() {
    let m = 200_000;
    let stride = m / 4096;
    for lambda in [0.01, 1.0, 100.0] {
        // A few large groups where the sample does not look, all where it does, blocks of equal size, steps.
        let clustered = Array1::from_shape_fn(m, |i| if i < 1000 { 1e3 } else { 1e-3 + (i % 97) as f64 * 1e-6 });
        let periodic = Array1::from_shape_fn(m, |i| if i % stride == 0 { 1.0 } else { 1e-4 });
        let steps = Array1::from_shape_fn(m, |i| 2.0_f64.powi((i * 30 / m) as i32));
        let mostly_zero = Array1::from_shape_fn(m, |i| if i % 1000 == 1 { 1.0 + i as f64 } else { 0.0 });
        for y in [clustered, periodic, steps, mostly_zero] {
            for k in [1, 150, 5000, 199_000] {
                check(y.as_slice().unwrap(), k, lambda);
            }
        }
    }
}

#[test]
fn few_passes() {
    for (seed, k, lambda) in [(1, 1000, 1e-4), (2, 20_000, 1.0), (3, 90_000, 100.0)] {
        let y = uniform_array::<f64, _, _>(&mut rng(seed), 100_000).mapv(|v| (20.0 * (v - 0.5)).exp());
        let omega = Wgsef::new(Groups::singletons(&[y.len()]).unwrap(), k).unwrap();
        let mut work = Workspace::default();
        omega.prox_in_place(&mut y.clone(), lambda, &mut work).unwrap();
        assert!((1..=20).contains(&work.passes()), "{} passes", work.passes());
    }
}
