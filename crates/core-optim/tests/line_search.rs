//! The searches keep what they promise on smooth, rough and treacherous functions.

use core_optim::line_search::{Armijo, LineSearchEnd, StrongWolfe};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

/// The functions of Moré and Thuente (1994), section 5, as (φ, φ').
fn more_thuente(which: usize, t: f64) -> (f64, f64) {
    let yanai = |b1: f64, b2: f64| {
        let gamma = |b: f64| (1.0 + b * b).sqrt() - b;
        let (g1, g2) = (gamma(b1), gamma(b2));
        let (r1, r2) = (((1.0 - t).powi(2) + b2 * b2).sqrt(), (t * t + b1 * b1).sqrt());
        (g1 * r1 + g2 * r2, -g1 * (1.0 - t) / r1 + g2 * t / r2)
    };
    match which {
        0 => (-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2)),
        1 => {
            let u = t + 0.004;
            (u.powi(5) - 2.0 * u.powi(4), 5.0 * u.powi(4) - 8.0 * u.powi(3))
        }
        2 => {
            let (beta, l) = (0.01, 39.0);
            let (base, base_slope) = if t <= 1.0 - beta {
                (1.0 - t, -1.0)
            } else if t >= 1.0 + beta {
                (t - 1.0, 1.0)
            } else {
                ((t - 1.0).powi(2) / (2.0 * beta) + beta / 2.0, (t - 1.0) / beta)
            };
            let angle = l * std::f64::consts::PI / 2.0 * t;
            let wave = 2.0 * (1.0 - beta) / (l * std::f64::consts::PI);
            (base + wave * angle.sin(), base_slope + (1.0 - beta) * angle.cos())
        }
        3 => yanai(0.001, 0.001),
        4 => yanai(0.01, 0.001),
        _ => yanai(0.001, 0.01),
    }
}

#[track_caller]
fn check_wolfe(search: &StrongWolfe, first: f64, phi: impl Fn(f64) -> (f64, f64)) {
    let (value, slope) = phi(0.0);
    let mut last = f64::NAN;
    let found = search
        .search(value, slope, first, |t| {
            last = t;
            phi(t)
        })
        .unwrap();
    assert!(found.is_satisfied(), "{found:?} from {first}");
    assert_eq!(found.step, last, "the last evaluation is at the step");
    let (v, s) = phi(found.step);
    assert_eq!((found.value, found.slope), (v, Some(s)));
    assert!(s.abs() <= search.curvature * slope.abs(), "{found:?}");
    let c1 = search.sufficient_decrease;
    match found.end {
        LineSearchEnd::Satisfied => assert!(v <= value + c1 * found.step * slope, "{found:?}"),
        _ => {
            assert!((v - value).abs() <= 4.0 * f64::EPSILON * value.abs());
            assert!(s <= (2.0 * c1 - 1.0) * slope);
        }
    }
}

#[test]
fn the_functions_of_more_and_thuente() {
    for (which, c1, c2) in
        [(0, 1e-3, 0.1), (1, 0.1, 0.1001), (2, 0.1, 0.1001), (3, 1e-3, 1.1e-3), (4, 1e-3, 1.1e-3), (5, 1e-3, 1.1e-3)]
    {
        for first in [1e-3, 1e-1, 1e1, 1e3] {
            let search = StrongWolfe { sufficient_decrease: c1, curvature: c2, ..StrongWolfe::default() };
            check_wolfe(&search, first, |t| more_thuente(which, t));
        }
    }
}

#[test]
fn a_domain_that_ends_is_survived() {
    // -log(1 - t) + ...: infinite at 1, NaN beyond.
    for first in [0.5, 1.0, 1.5, 1e6, 1e15] {
        for search in [StrongWolfe::default(), StrongWolfe { curvature: 0.01, ..StrongWolfe::default() }] {
            check_wolfe(&search, first, |t: f64| (-(1.0 - t).ln() - 3.0 * t, 1.0 / (1.0 - t) - 3.0));
            // Overflows to infinity, then NaN.
            check_wolfe(&search, first, |t: f64| ((t * t).exp() - 5.0 * t, 2.0 * t * (t * t).exp() - 5.0));
        }
        let armijo = Armijo::default().search(0.0, -2.0, first, |t: f64| -(1.0 - t).ln() - 3.0 * t).unwrap();
        assert_eq!(armijo.end, LineSearchEnd::Satisfied);
        assert!(armijo.value <= -2e-4 * armijo.step && armijo.step > 0.0);
    }
}

#[test]
fn hopeless_cases_end_by_name() {
    // Falls for ever.
    let found = StrongWolfe::default().search(0.0, -1.0, 1.0, |t: f64| (-t, -1.0)).unwrap();
    assert_eq!((found.end, found.step), (LineSearchEnd::StepLimit, 1e20));
    // Rises everywhere although the slope says otherwise.
    let found = StrongWolfe::default().search(1.0, -1.0, 1.0, |t: f64| (2.0 + t, 1.0)).unwrap();
    assert_eq!((found.step, found.value), (0.0, 1.0));
    assert!(!found.is_satisfied());
    let found = Armijo { max_evaluations: 5000, ..Armijo::default() }.search(1.0, -1.0, 1.0, |t: f64| 2.0 + t).unwrap();
    assert_eq!((found.end, found.step), (LineSearchEnd::IntervalTooSmall, 0.0));
    // Never a number.
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let found = StrongWolfe::default().search(1.0, -1.0, 1.0, |_: f64| (value, value)).unwrap();
        assert_eq!((found.end, found.step), (LineSearchEnd::EvaluationLimit, 0.0));
        assert_eq!(Armijo::default().search(1.0, -1.0, 1.0, |_: f64| value).unwrap().step, 0.0);
    }
    // A kink: no point with a small slope.
    let found = StrongWolfe::default()
        .search(1.0, -1.0, 0.3, |t: f64| ((1.0 - t).abs(), if t < 1.0 { -1.0 } else { 1.0 }))
        .unwrap();
    assert!(!found.is_satisfied() && (found.step - 1.0).abs() < 1e-12);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn strong_wolfe_on_random_quartics(
        a in 1e-3..1e3_f64, b in -10.0..10.0_f64, c in -10.0..10.0_f64, slope in 1e-3..1e3_f64,
        shift in -1e3..1e3_f64, first in -6.0..6.0_f64, c2 in 0.05..0.95_f64,
    ) {
        let phi = |t: f64| (
            shift - slope * t + c * t * t + b * t.powi(3) + a * t.powi(4),
            -slope + 2.0 * c * t + 3.0 * b * t * t + 4.0 * a * t.powi(3),
        );
        let search = StrongWolfe { curvature: c2, max_evaluations: 100, ..StrongWolfe::default() };
        check_wolfe(&search, 10.0_f64.powf(first), phi);
    }

    #[test]
    fn strong_wolfe_on_wavy_bowls(
        depth in 0.0..3.0_f64, frequency in 0.1..30.0_f64, minimum in 0.1..100.0_f64, first in -4.0..4.0_f64,
    ) {
        // A bowl with many local minima; falling at 0 because sin starts with slope 0 there.
        let phi = |t: f64| (
            (t - minimum).powi(2) - depth * (1.0 - (frequency * t).cos()),
            2.0 * (t - minimum) - depth * frequency * (frequency * t).sin(),
        );
        let search = StrongWolfe { curvature: 0.1, max_evaluations: 100, ..StrongWolfe::default() };
        check_wolfe(&search, 10.0_f64.powf(first), phi);
    }

    #[test]
    fn armijo_decreases_enough(a in 1e-3..1e6_f64, b in -10.0..10.0_f64, slope in 1e-3..1e3_f64, first in -3.0..6.0_f64) {
        let phi = |t: f64| 1.0 - slope * t + b * t.powi(3) + a * t.powi(4);
        let found = Armijo::default().search(1.0, -slope, 10.0_f64.powf(first), phi).unwrap();
        prop_assert_eq!(found.end, LineSearchEnd::Satisfied);
        prop_assert!(found.value <= 1.0 - 1e-4 * found.step * slope);
        prop_assert!(found.value == phi(found.step) && found.slope.is_none());
    }
}
