//! Learned shapes, grids, reports.

use super::config;
use approx::assert_relative_eq;
use compander::{
    Arctan, BoundRule, Compander, Initialisation, LearnedShape, OutOfBound, Scope, ShapeGradient, ShapeTraining,
    UniformGrid, WeightReport, range_leverage,
};
use core_tensor::random::{normal_array, rng, uniform_array};
use ndarray::{Array1, Array2, Axis, array};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn learned_shapes_descend(a in 0.1..5.0_f64, b in 0.1..5.0_f64, target in 0.1..1.0_f64, seed in 0..1000_u64) {
        // Fit the effective weights of fixed latent ones to a target scale, by range and width alone.
        let v: Array1<f64> = normal_array(&mut rng(seed), 50);
        let goal = Compander::arctan(target, 1.0).unwrap().compand(&v);
        let mut learned = LearnedShape::new(&Compander::arctan(a, b).unwrap()).unwrap();
        let training = ShapeTraining::new(0.02);
        let loss = |learned: &LearnedShape| {
            let w = learned.compander(Arctan).unwrap().compand(&v);
            0.5 * (&w - &goal).mapv(|e: f64| e * e).sum()
        };
        let start = loss(&learned);
        for _ in 0..400 {
            let compander = learned.compander(Arctan).unwrap();
            let residual = compander.compand(&v) - &goal;
            let (_, shape) = compander.backward(&v, &residual).unwrap();
            learned.step(&training, shape).unwrap();
        }
        // Some start in a flat valley between range and width: that there is a gain is all that is sure.
        prop_assert!(loss(&learned) < start + 1e-12, "{} from {}", loss(&learned), start);
    }

    #[test]
    fn rounding_to_a_grid_is_nearest(bits in 2..10_u32, limit in 0.0..5.0_f64, w in -6.0..6.0_f64) {
        let grid = UniformGrid::symmetric(bits, limit).unwrap();
        let levels = (1_i32 << (bits - 1)) - 1;
        let rounded: f64 = grid.round(w);
        let nearest = (-levels..=levels).map(|k| (f64::from(k) * grid.step() - w).abs()).fold(f64::INFINITY, f64::min);
        prop_assert!((rounded - w).abs() <= nearest + 1e-12);
        prop_assert!((f64::from(levels) * grid.step() - limit).abs() <= 1e-15 * limit.max(1.0));
        prop_assert_eq!(grid.round(-w), -rounded);
        // What is on the grid stays.
        prop_assert_eq!(grid.round(rounded), rounded);
    }

    #[test]
    fn leverage_is_a_cosine(seed in 0..1000_u64, n in 2..50_usize, scale in 0.1..10.0_f64) {
        let (w, g): (Array1<f64>, Array1<f64>) = (normal_array(&mut rng(seed), n), normal_array(&mut rng(seed + 1), n));
        let found = range_leverage(&w, &g).unwrap();
        prop_assert!((0.0..=1.0 + 1e-12).contains(&found));
        prop_assert!((range_leverage(&(&w * scale), &g).unwrap() - found).abs() < 1e-12);
        prop_assert!((range_leverage(&w, &(&w * scale)).unwrap() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_normalised_layer_has_no_leverage_for_the_range() {
    // L depends on w/‖w‖ only: the gradient is perpendicular to w.
    let w: Array1<f64> = normal_array(&mut rng(3), 20);
    let c: Array1<f64> = normal_array(&mut rng(4), 20);
    let norm = w.dot(&w).sqrt();
    let gradient = (&c - &(&w * (c.dot(&w) / (norm * norm)))) / norm;
    assert!(range_leverage(&w, &gradient).unwrap() < 1e-14);
    assert!(range_leverage(&w, &c).unwrap() > 1e-3);
}

#[test]
fn penalties_limits_and_warm_up() {
    let start = Compander::arctan(2.0, 0.5).unwrap();
    let push = ShapeGradient { range: -1.0, width: 1.0 };
    let after = |training: ShapeTraining, steps: usize| {
        let mut learned = LearnedShape::new(&start).unwrap();
        (0..steps).for_each(|_| learned.step(&training, push).unwrap());
        learned
    };
    // One step: α + η a, β - η b.
    let (log_range, log_width) = after(ShapeTraining::new(0.1), 1).logarithms();
    assert_relative_eq!(log_range, 2.0_f64.ln() + 0.2, max_relative = 1e-15);
    assert_relative_eq!(log_width, 0.5_f64.ln() - 0.05, max_relative = 1e-15);
    // Anchored, it settles where a = 2 μ (α - α₀); free, it runs away.
    let anchored = after(ShapeTraining { range_anchor: 20.0, width_anchor: 1.0, ..ShapeTraining::new(0.01) }, 2000);
    let (log_range, log_width) = anchored.logarithms();
    assert_relative_eq!(log_range.exp(), 40.0 * (log_range - 2.0_f64.ln()), max_relative = 1e-6);
    assert_relative_eq!(log_width.exp(), 2.0 * (0.5_f64.ln() - log_width), max_relative = 1e-6);
    let limited = after(ShapeTraining { range_limits: Some((0.1, 3.0)), ..ShapeTraining::new(0.1) }, 50);
    assert_relative_eq!(limited.logarithms().0, 3.0_f64.ln(), max_relative = 1e-15);
    assert_eq!(after(ShapeTraining { warm_up: 5, ..ShapeTraining::new(0.1) }, 5), {
        let mut waiting = LearnedShape::new(&start).unwrap();
        (0..5).for_each(|_| waiting.step(&ShapeTraining { warm_up: 5, ..ShapeTraining::new(0.1) }, push).unwrap());
        waiting
    });
    let waited = after(ShapeTraining { warm_up: 5, ..ShapeTraining::new(0.1) }, 5);
    assert_eq!(waited.logarithms(), (2.0_f64.ln(), 0.5_f64.ln()));
    // Decay wins over a push of the same kind.
    let decayed = after(ShapeTraining { range_decay: 10.0, ..ShapeTraining::new(0.01) }, 500);
    assert!(decayed.logarithms().0 < 0.0);
    // However hard it is pushed, it stays a compander.
    let mut far = LearnedShape::new(&start).unwrap();
    for _ in 0..100 {
        far.step(&ShapeTraining::new(1e6), ShapeGradient { range: -1e20, width: 1e20 }).unwrap();
    }
    assert!(far.compander::<f64, _>(Arctan).is_ok());
}

#[test]
fn initialisation_keeps_the_weights_it_can() {
    let drawn: Array2<f64> = normal_array(&mut rng(8), (40, 50)) * 0.2;
    let rule = Initialisation::new(BoundRule::Deviation { deviation: 0.2, multiple: 2.0 }).gain(2.0);
    let (layer, clipped) = rule.companded(Arctan, &drawn).unwrap();
    let bound = layer.companders()[0].bound();
    assert_relative_eq!(bound, 0.4, max_relative = 1e-15);
    assert_relative_eq!(layer.companders()[0].gain(), 2.0, max_relative = 1e-15);
    // About 4.6 % of a normal lie beyond two deviations.
    assert_eq!(clipped, drawn.iter().filter(|w| w.abs() > 0.999 * bound).count());
    assert!((60..130).contains(&clipped), "{clipped}");
    for (&w, &found) in drawn.iter().zip(layer.weights()) {
        assert!((found - w.clamp(-0.999 * bound, 0.999 * bound)).abs() <= 1e-14);
    }
    // By channel, each bound follows its own row.
    let rows = Initialisation::new(BoundRule::Measured { multiple: 3.0 }).scope(Scope::Channel);
    let scaled = &drawn * &Array1::linspace(0.1, 2.0, 40).insert_axis(Axis(1));
    let (layer, _) = rows.companded(Arctan, &scaled).unwrap();
    for (row, compander) in scaled.outer_iter().zip(layer.companders()) {
        let root_mean_square = (row.dot(&row) / 50.0).sqrt();
        assert_relative_eq!(compander.bound(), 3.0 * root_mean_square, max_relative = 1e-13);
    }
    // Uniform draws fit without clipping.
    let uniform: Array2<f64> = uniform_array(&mut rng(2), (30, 25));
    let uniform = (uniform * 2.0 - 1.0) / 5.0;
    assert_eq!(Initialisation::uniform(25).unwrap().companded(Arctan, &uniform).unwrap().1, 0);
    // Direct: the latent values are the draw.
    let direct = Initialisation::he(50).unwrap().direct(Arctan, &drawn).unwrap();
    assert_eq!(direct.latent(), &drawn);
    assert!(
        Initialisation::he(50).unwrap().out_of_bound(OutOfBound::Refuse).companded(Arctan, &(&drawn * 9.0)).is_err()
    );
}

#[test]
fn reports_of_known_weights() {
    // Two values of equal size: kurtosis -2, participation 1, entropy 1.
    let report = WeightReport::new(&array![1.0, -1.0, 1.0, -1.0]).unwrap();
    assert_relative_eq!(report.excess_kurtosis, -2.0);
    assert_relative_eq!(report.participation, 1.0);
    assert_relative_eq!(report.entropy, 1.0, max_relative = 1e-15);
    assert_relative_eq!(report.peak, 1.0);
    assert_eq!((report.near_zero, report.count, report.deviation), (0.0, 4, 1.0));
    // One carries everything.
    let report = WeightReport::new(&array![0.0, 3.0, 0.0, 0.0]).unwrap();
    assert_relative_eq!(report.participation, 0.25);
    assert_eq!((report.entropy.abs(), report.near_zero), (0.0, 0.75));
    // Scale does not matter, however far.
    for scale in [1e-200, 1e200] {
        let scaled = WeightReport::new(&(array![0.5, -0.25, 0.1, 2.0] * scale)).unwrap();
        let plain = WeightReport::new(&array![0.5, -0.25, 0.1, 2.0]).unwrap();
        assert_relative_eq!(scaled.excess_kurtosis, plain.excess_kurtosis, max_relative = 1e-12);
        assert_relative_eq!(scaled.participation, plain.participation, max_relative = 1e-12);
        assert_relative_eq!(scaled.deviation, plain.deviation * scale, max_relative = 1e-12);
    }
    // Of a large normal layer: the exact distribution's figures.
    let latent: Array1<f64> = normal_array(&mut rng(6), 200_000);
    let compander = Compander::arctan(1.0, 0.8).unwrap();
    let (report, exact) = (WeightReport::companded(&compander, &latent).unwrap(), compander.distribution(1.0).unwrap());
    // Standard errors: about 2 (E w⁴/Var² - 1)/n for the variance.
    assert_relative_eq!(report.deviation.powi(2), exact.variance, max_relative = 0.01);
    assert_relative_eq!(report.excess_kurtosis, exact.excess_kurtosis, epsilon = 0.02);
    let companded = report.companded.unwrap();
    assert_relative_eq!(companded.bimodality, exact.bimodality, max_relative = 0.01);
    assert_relative_eq!(companded.effective_learning_rate[2], (1.0_f64 / 0.8).powi(2), max_relative = 1e-3);
    let edge = compander.inverse(0.95 * compander.bound()).unwrap();
    let beyond = latent.iter().filter(|v| v.abs() > edge).count() as f64 / 200_000.0;
    assert_relative_eq!(companded.saturated, beyond, epsilon = 1e-5);
}
