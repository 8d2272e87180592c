//! Value, conjugate, subgradient, norms.

use crate::problems::*;
use ndarray::Array1;
use proptest::prelude::*;
use wgsef::{Groups, Weights, Wgsef, Workspace};

proptest! {
    #![proptest_config(config(256))]

    /// 4 and 9: homogeneity, signs, bounds, the order in k.
    #[test]
    fn homogeneous_and_bounded(p in problem(), c in -4.0..4.0f64) {
        let mut omega = p.omega();
        let value = omega.value(&p.y).unwrap();
        prop_assert!(near(omega.value(&(c * &p.y)).unwrap(), c * c * value, 1e-12));
        let mut work = Workspace::default();
        let full = omega.value_with(&p.y, &mut work).unwrap();
        let a: Vec<f64> = work.norms().iter().zip(&p.weights).map(|(r, d)| d.sqrt() * r).collect();
        let (l1, squares) = (a.iter().sum::<f64>(), a.iter().map(|a| a * a).sum::<f64>());
        prop_assert!(value >= 0.5 * squares * (1.0 - 1e-13));
        if full.nonzero <= p.k {
            prop_assert!(near(value, 0.5 * squares, 1e-13));
        }
        let bound = squares.sqrt().max(l1 / (p.k as f64).sqrt());
        let norm = omega.norm(&p.y).unwrap();
        prop_assert!(bound <= norm * (1.0 + 1e-12) && norm <= 2.0_f64.sqrt() * bound * (1.0 + 1e-12));
        // The multipliers attain the minimum of the variational form, and sum to k.
        let u = work.multipliers();
        let variational: f64 = a.iter().zip(u).map(|(a, u)| if *a > 0.0 { a * a / u } else { 0.0 }).sum();
        prop_assert!(near(0.5 * variational, value, 1e-12));
        if full.nonzero > p.k {
            prop_assert!((u.iter().sum::<f64>() - p.k as f64).abs() <= 1e-12 * p.k as f64);
        }
        // Larger budgets cost less.
        omega.set_budget(p.k + 1).unwrap();
        prop_assert!(omega.value(&p.y).unwrap() <= value * (1.0 + 1e-13));
        // k = 1 is the squared group Lasso norm.
        omega.set_budget(1).unwrap();
        prop_assert!(near(omega.value(&p.y).unwrap(), 0.5 * l1 * l1, 1e-12));
    }

    /// 9: convexity along a segment.
    #[test]
    fn convex(p in problem(), s in 0.0..1.0f64) {
        let omega = p.omega();
        let (a, b) = (omega.value(&p.y).unwrap(), omega.value(&p.z).unwrap());
        let between = omega.value(&(&p.y * s + &p.z * (1.0 - s))).unwrap();
        prop_assert!(between <= s * a + (1.0 - s) * b + 1e-12 * (a + b));
    }

    /// 4: groups may be permuted, and blocks rotated.
    #[test]
    fn invariant(p in problem(), angle in 0.0..6.0f64) {
        let omega = p.omega();
        let mut blocks = Vec::new();
        let mut rest = p.y.to_vec();
        for &size in &p.sizes {
            let tail = rest.split_off(size);
            blocks.push(std::mem::replace(&mut rest, tail));
        }
        for block in &mut blocks {
            if block.len() >= 2 {
                let (a, b) = (block[0], block[1]);
                (block[0], block[1]) = (angle.cos() * a - angle.sin() * b, angle.sin() * a + angle.cos() * b);
            }
        }
        blocks.reverse();
        let sizes: Vec<usize> = p.sizes.iter().rev().copied().collect();
        let weights: Vec<f64> = p.weights.iter().rev().copied().collect();
        let other = Wgsef::new(Groups::contiguous(&sizes).unwrap(), p.k).unwrap();
        let other = other.weights(Weights::each(&weights).unwrap()).unwrap();
        let x = Array1::from(blocks.concat());
        prop_assert!(near(other.value(&x).unwrap(), omega.value(&p.y).unwrap(), 1e-12));
        prop_assert!(near(other.conjugate(&x).unwrap(), omega.conjugate(&p.y).unwrap(), 1e-12));
    }

    /// 11: the subgradient inequality, with random feasible blocks on the zero groups.
    #[test]
    fn subgradients(p in problem(), share in 0.0..1.0f64) {
        let omega = p.omega();
        let (mut s, value) = omega.subgradient(&p.y).unwrap();
        let mut begin = 0;
        for (&size, d) in p.sizes.iter().zip(&p.weights) {
            let block = begin..begin + size;
            if size > 0 && p.y.as_slice().unwrap()[block.clone()].iter().all(|v| *v == 0.0) {
                s[begin] = share * d.sqrt() * value.zero_radius;
            }
            begin += size;
        }
        let (a, b) = (value.omega, omega.value(&p.z).unwrap());
        prop_assert!(b >= a + dot(&s, &(&p.z - &p.y)) - 1e-11 * (1.0 + a + b));
        // Fenchel and Young: equality at a subgradient.
        let conjugate = omega.conjugate(&s).unwrap();
        prop_assert!(near(a + conjugate, dot(&s, &p.y), 1e-11));
        // 0 is as far from the subdifferential as the smallest subgradient is long: none here.
        let gradient = -0.7 * &s;
        let stationarity = omega.stationarity(&p.y, &gradient, 0.7, &mut Workspace::default()).unwrap();
        prop_assert!(stationarity.distance <= 1e-11 * (1.0 + a));
        prop_assert!(stationarity.largest <= stationarity.distance * (1.0 + 1e-12));
    }

    /// The gap is an upper bound and vanishes only at the minimum.
    #[test]
    fn norms_are_dual(p in problem()) {
        let omega = p.omega();
        let product = dot(&p.y, &p.z).abs();
        let (norm, dual) = (omega.norm(&p.y).unwrap(), omega.dual_norm(&p.z).unwrap());
        prop_assert!(product <= norm * dual * (1.0 + 1e-12) + 1e-15);
        let gap = omega.duality_gap(&p.y, &p.z, p.lambda, &mut Workspace::default()).unwrap();
        let scale = p.lambda * omega.value(&p.y).unwrap() + omega.conjugate(&p.z).unwrap() / p.lambda;
        prop_assert!(gap >= -1e-12 * scale);
    }
}
