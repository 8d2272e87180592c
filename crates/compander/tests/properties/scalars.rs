//! One weight.

use super::{config, for_each_family};
use compander::{Arctan, Compander, CompandingFunction, Power};
use proptest::prelude::*;

/// Latent values of all sizes, zero and repeats among them.
fn latent() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        -5.0..5.0,
        (-300.0..300.0_f64).prop_map(|e| 10.0_f64.powf(e)),
        (-8.0..8.0_f64).prop_map(|e| -(10.0_f64.powf(e)))
    ]
}

fn shape() -> impl Strategy<Value = (f64, f64)> {
    ((-3.0..3.0_f64), (-3.0..3.0_f64)).prop_map(|(a, b)| (10.0_f64.powf(a), 10.0_f64.powf(b)))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn bounded_odd_and_increasing(v in latent(), other in latent(), (a, b) in shape()) {
        for_each_family!(function, {
            let compander = Compander::new(function, a, b).unwrap();
            let w = compander.value(v);
            // Rounding of a ψ can reach the bound, never pass it by more than itself.
            prop_assert!(w.abs() <= compander.bound() * (1.0 + f64::EPSILON));
            prop_assert_eq!(compander.value(-v).to_bits(), (-w).to_bits());
            let (low, high) = if v <= other { (v, other) } else { (other, v) };
            // Values within a few units of the last place of each other may trade places.
            prop_assert!(compander.value(low) <= compander.value(high) + 8.0 * f64::EPSILON * compander.value(high).abs());
        });
        if (v / b).abs() < 1e7 {
            prop_assert!(Compander::arctan(a, b).unwrap().value(v).abs() < Compander::arctan(a, b).unwrap().bound());
        }
    }

    #[test]
    fn derivatives_are_those_of_the_value(u in -6.0..6.0_f64, (a, b) in shape()) {
        // Away from zero, where softsign has a corner; central differences of fourth order.
        prop_assume!(u.abs() > 1e-2);
        for_each_family!(function, {
            let compander = Compander::new(function, a, b).unwrap();
            let v = u * b;
            let h = 1e-3 * v.abs();
            let central = |f: &dyn Fn(f64) -> f64, x: f64, h: f64| {
                (8.0 * (f(x + h) - f(x - h)) - (f(x + 2.0 * h) - f(x - 2.0 * h))) / (12.0 * h)
            };
            let close = |found: f64, expected: f64, scale: f64| (found - expected).abs() <= 1e-7 * expected.abs() + 1e-9 * scale;
            let slope = compander.derivative(v);
            prop_assert!(close(central(&|v| compander.value(v), v, h), slope, a / b));
            prop_assert!(close(central(&|v| compander.derivative(v), v, h), compander.second_derivative(v), a / b / b));
            let by_range = |a: f64| Compander::new(function, a, b).unwrap().value(v);
            prop_assert!(close(central(&by_range, a, 1e-3 * a), compander.range_derivative(v), 1.0));
            let by_width = |b: f64| Compander::new(function, a, b).unwrap().value(v);
            prop_assert!(close(central(&by_width, b, 1e-3 * b), compander.width_derivative(v), a / b));
        });
    }

    #[test]
    fn scaling_latent_and_width_together_changes_nothing(v in -20.0..20.0_f64, s in 0.01..100.0_f64, (a, b) in shape()) {
        for_each_family!(function, {
            let (one, two) = (Compander::new(function, a, b).unwrap(), Compander::new(function, a, s * b).unwrap());
            // u = sv/(sb) carries three roundings, which the function passes on with a factor of at most one (up to
            // |u| for tanh and erf, through the exponential).
            let u = (v / b).abs().max(1.0);
            prop_assert!((one.value(v) - two.value(s * v)).abs() <= 4.0 * f64::EPSILON * u * one.value(v).abs());
            let doubled = Compander::new(function, 2.0 * a, b).unwrap();
            prop_assert_eq!(doubled.value(v), 2.0 * one.value(v));
        });
    }

    #[test]
    fn inverse_both_ways(u in -6.0..6.0_f64, fraction in -0.999..0.999_f64, (a, b) in shape()) {
        for_each_family!(function, {
            let compander = Compander::new(function, a, b).unwrap();
            let v = u * b;
            let w = compander.value(v);
            if w.abs() < compander.bound() {
                let condition = compander.inverse_condition(v);
                // A rounding of w by ε moves v by ε times the condition number; beyond 1/ε nothing is left.
                prop_assume!(condition < 1e12);
                prop_assert!((compander.inverse(w).unwrap() - v).abs() <= 8.0 * f64::EPSILON * condition * v.abs());
            }
            if compander.bound().is_finite() {
                let w = fraction * compander.bound();
                let back = compander.value(compander.inverse(w).unwrap());
                prop_assert!((back - w).abs() <= 8.0 * f64::EPSILON * w.abs(), "{} {}", back, w);
            }
        });
    }

    #[test]
    fn single_precision_agrees(v in -10.0..10.0_f32, a in 0.1..10.0_f32, b in 0.1..10.0_f32) {
        for_each_family!(function, {
            let single = Compander::new(function, a, b).unwrap();
            let double = Compander::new(function, f64::from(a), f64::from(b)).unwrap();
            let w = double.value(f64::from(v));
            let u = f64::from(v / b).abs().max(1.0);
            prop_assert!((f64::from(single.value(v)) - w).abs() <= 6.0 * u * f64::from(f32::EPSILON) * w.abs());
            let slope = double.derivative(f64::from(v));
            // Exponentials turn the rounding of u into u² times as much.
            let tolerance = 20.0 * u * u * f64::from(f32::EPSILON);
            prop_assert!((f64::from(single.derivative(v)) - slope).abs() <= tolerance * slope + 1e-37);
        });
    }

    #[test]
    fn powers_freeze_small_weights(v in 0.01..3.0_f64, exponent in 1.0..4.0_f64) {
        let compander = Compander::new(Power::new(exponent).unwrap(), 1.0, 1.0).unwrap();
        prop_assert!((compander.value(v) - v.powf(exponent)).abs() <= 1e-14 * v.powf(exponent));
        prop_assert!((compander.derivative(v) - exponent * v.powf(exponent - 1.0)).abs() <= 1e-13 * exponent);
        prop_assert!((compander.inverse(compander.value(v)).unwrap() - v).abs() <= 1e-13 * v);
    }
}

#[test]
fn infinities_and_zeros() {
    for_each_family!(function, {
        let compander = Compander::new(function, 0.5, 0.25).unwrap();
        assert_eq!(compander.value(f64::INFINITY), compander.bound());
        assert_eq!(compander.value(f64::NEG_INFINITY), -compander.bound());
        assert!(compander.value(f64::NAN).is_nan() && compander.derivative(f64::NAN).is_nan());
        assert_eq!(compander.value(0.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(compander.value(-0.0).to_bits(), (-0.0_f64).to_bits());
        if compander.bound().is_finite() {
            assert_eq!(compander.derivative(f64::INFINITY), 0.0);
            assert_eq!(compander.width_derivative(f64::INFINITY), 0.0);
        }
        assert_eq!(compander.derivative(0.0), compander.gain());
    });
    // A wide compander of slope one is the identity.
    let wide = Compander::with_bound(Arctan, 1e6, 1.0).unwrap();
    for v in [-1.0, -0.3, 1e-9, 0.8_f64] {
        assert!((wide.value(v) - v).abs() <= 1e-12 * v.abs());
    }
    let function = Power::new(2.0).unwrap();
    assert_eq!(CompandingFunction::<f64>::value(&function, -3.0), -9.0);
}
