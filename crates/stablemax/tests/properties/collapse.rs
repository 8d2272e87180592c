//! Properties of the collapse reports.

use crate::{batch, config};
use ndarray::{Array2, array};
use proptest::prelude::*;
use stablemax::collapse::{Forecast, absorption, report, rows};
use stablemax::{CrossEntropy, FloatType, Loss};

proptest! {
    #![proptest_config(config(128))]

    /// Property 7 of the method: the textbook loss is zero exactly where the criterion says so.
    #[test]
    fn zero_loss_is_collapse_on_the_label((z, labels) in batch(4, 6, 40.0)) {
        let z32 = z.mapv(|v| v as f32);
        let losses = CrossEntropy::new(Loss::SoftmaxTextbook(FloatType::F32)).losses(&z32, &labels).unwrap();
        for (i, row) in rows(&z32, &labels, FloatType::F32).unwrap().iter().enumerate() {
            let half = FloatType::F32.half_epsilon();
            // Between one and two half units the order of the sum decides.
            if (0.98 * half..2.0 * half).contains(&row.rest_mass) {
                continue;
            }
            prop_assert_eq!(losses[i] == 0.0, row.collapsed && row.argmax == labels[i]);
            prop_assert_eq!(row.zero_loss, losses[i] == 0.0);
            prop_assert_eq!(row.collapsed, row.margin <= 0.0);
        }
    }

    #[test]
    fn coarser_types_collapse_first((z, labels) in batch(5, 6, 60.0)) {
        let fractions = FloatType::ALL.map(|float| report(&z, &labels, float).unwrap());
        for pair in fractions.windows(2) {
            // Rounded logits move a row by at most the spacing of the coarser type.
            prop_assert!(pair[0].collapsed + 1e-12 >= pair[1].collapsed || pair[0].overflowed > 0.0
                || rows(&z, &labels, pair[1].float).unwrap().iter().any(|r| r.margin.abs() < 4.0));
        }
        for f in &fractions {
            prop_assert!(f.collapsed_correct <= f.collapsed && f.collapsed_correct <= f.accuracy);
            prop_assert!(f.margin.windows(2).all(|m| m[0] <= m[1]));
            prop_assert_eq!(f.margin[2] <= 0.0, f.rows > 0 && f.collapsed >= 0.5);
        }
    }
}

#[test]
fn overflow_is_reported_apart() {
    let z = array![[70_000.0, 0.0], [3.0, 1.0]];
    let found = report(&z, &[0, 0], FloatType::F16).unwrap();
    assert_eq!((found.overflowed, found.collapsed, found.accuracy), (0.5, 0.0, 1.0));
    assert!(rows(&z, &[0, 0], FloatType::F16).unwrap()[0].rest_mass.is_nan());
    let found = report(&z, &[0, 0], FloatType::Bf16).unwrap();
    assert_eq!((found.overflowed, found.collapsed, found.collapsed_correct), (0.0, 0.5, 0.5));
    // Wrong and collapsed: counted as the reference counts, not among the right ones.
    let found = report(&array![[0.0, 60.0]], &[0], FloatType::F64).unwrap();
    assert_eq!((found.collapsed, found.collapsed_correct, found.zero_loss), (1.0, 0.0, 0.0));
}

#[test]
fn forecasts() {
    let mut forecast = Forecast::new(3).unwrap();
    assert_eq!(forecast.step_of_half_collapse(), None);
    forecast.observe(0.0, 30.0).unwrap();
    assert_eq!(forecast.step_of_half_collapse(), None);
    forecast.observe(10.0, 31.0).unwrap();
    assert_eq!(forecast.step_of_half_collapse(), None, "a margin that grows never ends");
    for (step, margin) in [(20.0, 20.0), (30.0, 15.0), (40.0, 10.0)] {
        forecast.observe(step, margin).unwrap();
    }
    assert_eq!(forecast.step_of_half_collapse(), Some(60.0), "the window forgets what is old");
    forecast.observe(50.0, -1.0).unwrap();
    forecast.observe(60.0, f64::NEG_INFINITY).unwrap();
    assert_eq!(forecast.step_of_half_collapse(), Some(50.0));
    assert!(
        forecast.observe(60.0, 1.0).is_err() && forecast.observe(f64::NAN, 1.0).is_err() && Forecast::new(1).is_err()
    );
}

#[test]
fn absorbed_updates() {
    // Half a spacing of f32 around 1 is 6e-8; of bf16, 4e-3.
    let (w, update) = ([1.0, 1.0, 1.0, 0.0], [1e-9, 0.0, 1e-3, 1e-30]);
    let f32s = absorption(&w, &update, FloatType::F32).unwrap();
    assert_eq!((f32s.zero, f32s.absorbed), (0.25, 0.25));
    let bf16 = absorption(&w, &update, FloatType::Bf16).unwrap();
    assert_eq!((bf16.zero, bf16.absorbed), (0.25, 0.5));
    assert!(
        absorption::<f64>(&[], &[], FloatType::F32).is_err()
            && absorption(&[1.0], &[f64::NAN], FloatType::F32).is_err()
    );
    let z = Array2::<f64>::zeros((0, 3));
    assert!(report(&z, &[], FloatType::F32).is_err() && rows(&z, &[], FloatType::F32).unwrap().is_empty());
}
