//! Properties of losses, gradients and Hessians.

use crate::{batch, config};
use ndarray::{Array2, Axis, array};
use proptest::prelude::*;
use stablemax::{CrossEntropy, FloatType, Link, Loss, Reduction, Targets, hessian};

const EXACT: [Loss; 5] = [
    Loss::StableMax,
    Loss::SoftmaxRestMass,
    Loss::HeavyTail { q: 2.5 },
    Loss::HeavyTail { q: 1.0 },
    Loss::Taylor { order: 2 },
];

fn away_from_zero(z: &Array2<f64>) -> Array2<f64> {
    z.mapv(|v| if v.abs() < 1e-3 { v + 0.01 } else { v })
}

/// All options at once.
fn full(loss: Loss, classes: usize) -> CrossEntropy {
    let weights: Vec<f64> = (0..classes).map(|k| 0.5 + k as f64 / 3.0).collect();
    CrossEntropy::new(loss).temperature(1.7).label_smoothing(0.1).logit_penalty(0.03).class_weights(&weights)
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn gradients_are_differences((z, labels) in batch(3, 6, 8.0), with_options in any::<bool>()) {
        let z = away_from_zero(&z);
        for loss in EXACT {
            let loss = if with_options { full(loss, z.ncols()) } else { CrossEntropy::new(loss) };
            let (_, gradient) = loss.evaluate(&z, &labels).unwrap();
            for (index, &found) in gradient.indexed_iter() {
                let (mut up, mut down) = (z.clone(), z.clone());
                up[index] += 1e-5;
                down[index] -= 1e-5;
                let value = |z: &Array2<f64>| loss.value(z, &labels).unwrap().loss;
                let difference = (value(&up) - value(&down)) / 2e-5;
                // h² of the third derivative and the rounding of losses up to 100 divided by h.
                prop_assert!((found - difference).abs() <= 1e-8 + 1e-6 * found.abs(), "{loss:?}: {found} {difference}");
            }
        }
    }

    #[test]
    fn hessians_are_differences((z, labels) in batch(2, 5, 6.0), with_options in any::<bool>(), salt in 0_usize..50) {
        let z = away_from_zero(&z);
        let v = Array2::from_shape_fn(z.raw_dim(), |(i, k)| ((i * 13 + k * 29 + salt * 5) % 23) as f64 / 11.0 - 1.0);
        for loss in EXACT {
            let loss = if with_options { full(loss, z.ncols()) } else { CrossEntropy::new(loss) };
            let found = loss.hessian_vector(&z, &labels, &v).unwrap();
            let h = 1e-5;
            let at = |t: f64| loss.evaluate(&(&z + &(&v * t)), &labels).unwrap().1;
            let difference = (at(h) - at(-h)) / (2.0 * h);
            for (a, b) in found.iter().zip(&difference) {
                prop_assert!((a - b).abs() <= 1e-8 + 1e-6 * a.abs(), "{loss:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn one_row_of_stablemax((z, labels) in batch(1, 8, 100.0)) {
        let (_, gradient) = CrossEntropy::new(Loss::StableMax).evaluate(&z, &labels).unwrap();
        let y = labels[0];
        let p = Link::StableMax.probabilities(&z).unwrap();
        let miss: f64 = p.iter().enumerate().filter(|(k, _)| *k != y).map(|(_, p)| p).sum();
        let signed = |(k, &g): (usize, &f64)| (k == y && g <= 0.0) || (k != y && g >= 0.0);
        prop_assert!(gradient.iter().enumerate().all(signed));
        prop_assert!(gradient.iter().all(|g| g.abs() <= 1.0));
        let sum: f64 = gradient.iter().map(|g| g.abs()).sum();
        prop_assert!(sum <= 2.0 * miss * (1.0 + 1e-14));
        // The Hessian is symmetric, and its Rayleigh quotients stay within the proved bound.
        let h = hessian(Loss::StableMax, &z.index_axis(Axis(0), 0), y).unwrap();
        for ((i, j), &value) in h.indexed_iter() {
            prop_assert!((value - h[[j, i]]).abs() <= 1e-15);
        }
        for trial in 0..8_usize {
            let v = ndarray::Array1::from_shape_fn(h.nrows(), |k| ((k * 11 + trial * 5) % 7) as f64 - 3.0);
            prop_assert!(v.dot(&h.dot(&v)).abs() <= 1.5 * v.dot(&v) + 1e-12);
        }
    }

    #[test]
    fn classes_can_be_renamed((z, labels) in batch(3, 7, 20.0), shift in 0_usize..7) {
        let c = z.ncols();
        let order: Vec<usize> = (0..c).map(|k| (k + shift) % c).collect();
        let moved = z.select(Axis(1), &order);
        let renamed: Vec<usize> = labels.iter().map(|&y| order.iter().position(|&k| k == y).unwrap()).collect();
        for loss in EXACT {
            let loss = CrossEntropy::new(loss);
            let (a, gradient) = loss.evaluate(&z, &labels).unwrap();
            let (b, moved) = loss.evaluate(&moved, &renamed).unwrap();
            prop_assert!((a.loss - b.loss).abs() <= 1e-14 * a.loss);
            for (a, b) in gradient.select(Axis(1), &order).iter().zip(&moved) {
                prop_assert!((a - b).abs() <= 1e-15);
            }
        }
    }

    #[test]
    fn both_forms_of_softmax_agree((z, labels) in batch(3, 7, 5.0)) {
        let (exact, gradient) = CrossEntropy::new(Loss::SoftmaxRestMass).evaluate(&z, &labels).unwrap();
        let textbook = CrossEntropy::new(Loss::SoftmaxTextbook(FloatType::F64)).evaluate(&z, &labels).unwrap();
        prop_assert!((exact.loss - textbook.0.loss).abs() <= 1e-14 * (1.0 + exact.loss));
        for (a, b) in gradient.iter().zip(&textbook.1) {
            prop_assert!((a - b).abs() <= 1e-14);
        }
        // Native f32 arithmetic against the same emulated on f64 arrays: sums in another order.
        let native = CrossEntropy::new(Loss::SoftmaxTextbook(FloatType::F32)).evaluate(&z.mapv(|v| v as f32), &labels).unwrap();
        let emulated = CrossEntropy::new(Loss::SoftmaxTextbook(FloatType::F32)).evaluate(&z, &labels).unwrap();
        prop_assert!((native.0.loss - emulated.0.loss).abs() <= 2e-6 * (1.0 + emulated.0.loss));
        for (a, b) in native.1.iter().zip(&emulated.1) {
            prop_assert!((f64::from(*a) - b).abs() <= 1e-6);
        }
    }

    #[test]
    fn rest_mass_never_dies(gap in 0.0..700.0_f64, c in 2_usize..20) {
        let mut z = Array2::zeros((1, c));
        z[[0, 0]] = gap;
        let (report, gradient) = CrossEntropy::new(Loss::SoftmaxRestMass).evaluate(&z, &[0]).unwrap();
        // Exactly: log1p((C - 1) exp(-gap)).
        let odds = (c as f64 - 1.0) * (-gap).exp();
        prop_assert!((report.loss - odds.ln_1p()).abs() <= 1e-15 * odds.ln_1p() * 4.0);
        prop_assert!(gradient[[0, 0]] < 0.0 && gradient.iter().skip(1).all(|&g| g > 0.0));
        if gap < 85.0 {
            let (report, gradient) = CrossEntropy::new(Loss::SoftmaxRestMass).evaluate(&z.mapv(|v| v as f32), &[0]).unwrap();
            prop_assert!(report.loss > 0.0 && gradient[[0, 0]] < 0.0);
        }
    }

    #[test]
    fn scaling_up_lowers_stablemax(z_y in 0.01..50.0_f64, others in proptest::collection::vec(-50.0..0.0_f64, 1..6), factor in 1.01..5.0_f64) {
        let mut row = vec![z_y];
        row.extend(others);
        let z = Array2::from_shape_vec((1, row.len()), row).unwrap();
        let loss = CrossEntropy::new(Loss::StableMax);
        let value = |z: &Array2<f64>| loss.value(z, &[0]).unwrap().loss;
        prop_assert!(value(&(&z * factor)) < value(&z));
    }

    #[test]
    fn shifting_moves_stablemax_but_not_softmax((z, labels) in batch(2, 5, 3.0), shift in 0.5..3.0_f64) {
        prop_assume!(z.ncols() > 1 && z.outer_iter().any(|r| r.iter().any(|v| (v - r[0]).abs() > 0.1)));
        let moved = &z + shift;
        let value = |loss, z: &Array2<f64>| CrossEntropy::new(loss).losses(z, &labels).unwrap();
        let softmax = (value(Loss::SoftmaxRestMass, &z) - value(Loss::SoftmaxRestMass, &moved)).mapv(f64::abs).sum();
        prop_assert!(softmax <= 1e-13);
        let stable = Link::StableMax.probabilities(&z).unwrap() - Link::StableMax.probabilities(&moved).unwrap();
        prop_assert!(stable.mapv(f64::abs).sum() > 1e-6);
    }

    #[test]
    fn reductions_and_weights((z, labels) in batch(6, 5, 4.0), ignored in 0_usize..5) {
        for loss in EXACT {
            let class_weights: Vec<f64> = (0..z.ncols()).map(|k| 1.0 + k as f64).collect();
            let weights: Vec<f64> = (0..labels.len()).map(|i| 0.5 + i as f64).collect();
            let loss = CrossEntropy::new(loss).class_weights(&class_weights).ignore(ignored);
            let targets = Targets::weighted(&labels, &weights);
            let sum = loss.clone().reduction(Reduction::Sum);
            let (report, gradient) = sum.evaluate(&z, targets).unwrap();
            let each = loss.losses(&z, targets).unwrap();
            prop_assert!((each.sum() - report.loss).abs() <= 1e-13 * (1.0 + report.loss));
            let weight: f64 = labels.iter().zip(&weights).filter(|(y, _)| **y != ignored).map(|(&y, w)| class_weights[y] * w).sum();
            prop_assert!((report.weight - weight).abs() <= 1e-12);
            for (i, &y) in labels.iter().enumerate() {
                if y == ignored {
                    prop_assert!(each[i] == 0.0 && gradient.row(i).iter().all(|&g| g == 0.0));
                }
            }
            if weight > 0.0 {
                let (mean, scaled) = loss.evaluate(&z, targets).unwrap();
                prop_assert!((mean.loss * weight - report.loss).abs() <= 1e-12 * (1.0 + report.loss));
                prop_assert!((scaled * weight - gradient).iter().all(|d| d.abs() <= 1e-13 * weight));
            }
        }
    }

    /// Smoothing 0 by the general code, smoothing by its definition as a mixture of losses.
    #[test]
    fn smoothing_is_a_mixture((z, labels) in batch(2, 5, 4.0), epsilon in 0.0..1.0_f64) {
        for loss in EXACT {
            let found = CrossEntropy::new(loss).label_smoothing(epsilon).losses(&z, &labels).unwrap();
            let c = z.ncols();
            for (i, &y) in labels.iter().enumerate() {
                let of = |k: usize| CrossEntropy::new(loss).losses(&z, &vec![k; labels.len()]).unwrap()[i];
                let expected = (1.0 - epsilon) * of(y) + epsilon / c as f64 * (0..c).map(of).sum::<f64>();
                prop_assert!((found[i] - expected).abs() <= 1e-13 * (1.0 + expected));
            }
        }
    }
}

/// Fast kernels and general code compute the same: the heavy tail of exponent 1 only runs in the general one.
#[test]
fn the_fast_kernel_agrees_with_the_general_one() {
    for c in [1_usize, 2, 15, 16, 17, 40, 113] {
        let z =
            Array2::from_shape_fn((9, c), |(i, k)| (((i * 131 + k * 37) % 101) as f64 / 7.0 - 7.0) * (1.0 + i as f64));
        let labels: Vec<usize> = (0..9).map(|i| (i * 5) % c).collect();
        let fast = CrossEntropy::new(Loss::StableMax).evaluate(&z, &labels).unwrap();
        let general = CrossEntropy::new(Loss::HeavyTail { q: 1.0 }).evaluate(&z, &labels).unwrap();
        assert!((fast.0.loss - general.0.loss).abs() <= 1e-14 * (1.0 + general.0.loss));
        for (a, b) in fast.1.iter().zip(&general.1) {
            assert!((a - b).abs() <= 1e-14 * b.abs() + 1e-300);
        }
    }
}

#[test]
fn masks_and_single_classes() {
    let mask = f64::NEG_INFINITY;
    for loss in EXACT {
        let loss = CrossEntropy::new(loss);
        let (masked, gradient) = loss.evaluate(&array![[1.0, mask, -2.0, mask]], &[0]).unwrap();
        let (open, expected) = loss.evaluate(&array![[1.0, -2.0]], &[0]).unwrap();
        assert!((masked.loss - open.loss).abs() < 1e-15);
        assert_eq!((gradient[[0, 1]], gradient[[0, 3]]), (0.0, 0.0));
        assert!(
            (gradient[[0, 0]] - expected[[0, 0]]).abs() < 1e-15 && (gradient[[0, 2]] - expected[[0, 1]]).abs() < 1e-15
        );
        let (alone, gradient) = loss.evaluate(&array![[-3.0], [4.0]], &[0, 0]).unwrap();
        assert_eq!((alone.loss, gradient), (0.0, Array2::zeros((2, 1))));
        let (alone, gradient) = loss.evaluate(&array![[mask, 4.0, mask]], &[1]).unwrap();
        assert_eq!((alone.loss, gradient), (0.0, Array2::zeros((1, 3))));
    }
}

/// The odds overflow where sums do not: -log p is 2 + log 10³⁰⁸ or so.
#[test]
fn odds_may_overflow() {
    let (report, gradient) =
        CrossEntropy::new(Loss::StableMax).evaluate(&array![[-1e308_f64, 1.0, 0.0]], &[0]).unwrap();
    assert!((report.loss - (3.0_f64.ln() + 308.0 * 10.0_f64.ln())).abs() < 1e-12);
    assert!(gradient[[0, 0]] < 0.0 && gradient.iter().all(|g| g.is_finite()));
}

/// The largest finite numbers give finite losses and gradients in both types and every exact loss.
#[test]
fn extremes_stay_finite() {
    for loss in EXACT {
        let loss = CrossEntropy::new(loss);
        for y in 0..3 {
            let (report, gradient) = loss.evaluate(&array![[f64::MAX, f64::MIN, 0.0]], &[y]).unwrap();
            assert!(
                report.loss.is_finite() && report.loss >= 0.0 && gradient.iter().all(|g| g.is_finite()),
                "{loss:?} {y}"
            );
            let (report, gradient) = loss.evaluate(&array![[f32::MAX, f32::MIN, 0.0]], &[y]).unwrap();
            assert!(report.loss.is_finite() && gradient.iter().all(|g| g.is_finite()), "{loss:?} {y}");
        }
    }
}
