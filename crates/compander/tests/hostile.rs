//! Bad input: an error that names it, never a panic.

#![forbid(unsafe_code)]

use compander::{
    Algebraic, Arctan, Asinh, BoundRule, CompandedWeight, Compander, CompandingFunction, Decay, Error, ErrorFunction,
    Identity, Initialisation, LearnedShape, MomentumStep, OutOfBound, Power, ShapeGradient, ShapeTraining, Softsign,
    Tanh, UniformGrid, WeightReport, check_latent, range_leverage,
};
use ndarray::{Array1, Array2, Array4, arr0, array};
use proptest::prelude::*;

fn compander() -> Compander<f64> {
    Compander::arctan(0.5, 0.25).unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>, message: &str) {
    let error = outcome.expect_err(message);
    assert!(error.to_string().contains(message), "`{error}` does not say `{message}`");
}

#[test]
fn shapes_of_companders() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refused(Compander::arctan(bad, 1.0), "make no compander");
        refused(Compander::arctan(1.0, bad), "make no compander");
        refused(Compander::with_bound(Tanh, bad, 1.0), "make no compander");
        refused(Compander::with_bound(Tanh, 1.0, bad), "make no compander");
    }
    refused(Compander::arctan(1e308, 1e-308), "make no compander");
    refused(Compander::arctan(1.7e308, 1.0), "make no compander");
    refused(Power::new(0.5), "`exponent` is 0.5");
    refused(Power::new(f64::NAN), "`exponent` is NaN");
    refused(Power::companding(0.0), "`exponent` is 0");
    refused(Power::companding(1.0), "`exponent` is 1");
}

#[test]
fn weights_beyond_the_bound() {
    let compander = compander();
    let bound = compander.bound();
    for w in [bound, -bound, 3.0, f64::INFINITY, f64::NAN] {
        refused(compander.inverse(w), "weights of this compander lie strictly between");
        refused(compander.effective_learning_rate(w), "weights of this compander");
        refused(compander.mirror_map(w), "weights of this compander");
        refused(compander.potential(w), "weights of this compander");
        refused(compander.latent_decay_penalty(w, 1.0), "weights of this compander");
    }
    let wide = array![[0.1, 0.2], [0.3, 0.9]];
    let refuse = CompandedWeight::from_weights(&wide, vec![compander], OutOfBound::Refuse);
    refused(refuse, "`weights` holds 0.9 at [1, 1]");
    let broken = array![[0.1, f64::NAN]];
    refused(
        CompandedWeight::from_weights(&broken, vec![compander], OutOfBound::default()),
        "`weights` holds NaN at [0, 1]",
    );
    let broken = array![[0.1, f64::INFINITY]];
    refused(
        CompandedWeight::from_weights(&broken, vec![compander], OutOfBound::default()),
        "`weights` holds inf at [0, 1]",
    );
    for fraction in [0.0, 1.0, -0.5, f64::NAN] {
        refused(
            CompandedWeight::from_weights(&wide, vec![compander], OutOfBound::Clip(fraction)),
            "`clip fraction` is",
        );
    }
}

#[test]
fn arrays_that_do_not_fit() {
    let compander = compander();
    let (v, short) = (Array1::<f64>::ones(4), Array1::<f64>::ones(3));
    let mut four = Array1::from_elem(4, 7.0);
    let mut three = Array1::from_elem(3, 7.0);
    refused(compander.compand_into(&v, &mut three), "`w` has shape [3]");
    refused(compander.backward_into(&v, &short, &v, &mut four), "`w` has shape [3]");
    refused(compander.backward_into(&v, &v, &short, &mut four), "`upstream` has shape [3]");
    refused(compander.backward_into(&v, &v, &v, &mut three), "`gradient` has shape [3]");
    refused(compander.backward(&v, &short), "`upstream` has shape [3]");
    assert!(four.iter().chain(&three).all(|&x| x == 7.0), "nothing is written");
    let step = MomentumStep { learning_rate: 0.1, momentum: 0.9, decay: Decay::None };
    let (mut one, mut two) = (v.clone(), v.clone());
    refused(compander.momentum_step(&step, &mut one, &mut two, &mut three, &v), "`velocity` has shape [3]");
    refused(compander.momentum_step(&step, &mut one, &mut three, &mut two, &v), "`w` has shape [3]");
    refused(compander.momentum_step(&step, &mut one, &mut two, &mut four, &short), "`upstream` has shape [3]");
    for (bad, message) in [
        (MomentumStep { learning_rate: f64::NAN, ..step }, "`learning_rate` is NaN"),
        (MomentumStep { momentum: 1.0, ..step }, "`momentum` is 1"),
        (MomentumStep { decay: Decay::OnLatent(-1.0), ..step }, "`decay` is -1"),
        (MomentumStep { decay: Decay::OnEffective(f64::INFINITY), ..step }, "`decay` is inf"),
    ] {
        refused(compander.momentum_step(&bad, &mut one, &mut two, &mut four, &v), message);
    }
    assert_eq!(one, v);
    refused(check_latent(&array![[1.0, f64::INFINITY], [0.0, f64::NAN]]), "`v` holds NaN at [1, 1]");
    refused(range_leverage(&v, &short), "`upstream` has shape [3]");
}

#[test]
fn layers() {
    let compander = compander();
    refused(CompandedWeight::new(Array2::<f64>::zeros((3, 2)), vec![compander; 2]), "2 companders for 3 channels");
    refused(
        CompandedWeight::new(Array2::<f64>::zeros((3, 2)), Vec::<Compander<f64>>::new()),
        "0 companders for 3 channels",
    );
    refused(CompandedWeight::new(array![1.0, f64::NAN], vec![compander]), "`latent` holds NaN at [1]");
    let mut layer = CompandedWeight::new(Array2::zeros((3, 2)), vec![compander; 3]).unwrap();
    let upstream = Array2::ones((3, 2));
    let mut gradient = Array2::zeros((3, 2));
    refused(
        layer.backward_into(&upstream, &mut gradient, &mut [ShapeGradient::default()]),
        "1 companders for 3 channels",
    );
    refused(layer.backward(&Array2::zeros((2, 3))), "`upstream` has shape [2, 3]");
    refused(layer.backward(&array![[1.0, 1.0], [1.0, f64::NAN], [0.0, 0.0]]), "`upstream` holds NaN at [1, 1]");
    refused(layer.set_weights(&Array2::zeros((2, 2)), OutOfBound::Refuse), "`weights` has shape [2, 2]");
    refused(layer.set_companders(vec![compander; 2]), "2 companders for 3 channels");
    let before = layer.clone();
    refused(layer.set_weights(&Array2::from_elem((3, 2), 5.0), OutOfBound::Refuse), "`weights` holds 5 at [0, 0]");
    assert_eq!(layer, before);
    // Empty layers are legal and do nothing.
    let empty = CompandedWeight::new(Array4::<f64>::zeros((0, 3, 1, 1)), Vec::<Compander<f64>>::new()).unwrap();
    let (gradient, shapes) = empty.backward(&Array4::zeros((0, 3, 1, 1))).unwrap();
    assert!(gradient.is_empty() && shapes.is_empty());
    let empty = CompandedWeight::new(Array1::<f64>::zeros(0), vec![compander]).unwrap();
    assert_eq!(empty.backward(&Array1::zeros(0)).unwrap().1, [ShapeGradient::default()]);
    refused(empty.report(), "`weights` is empty");
    assert_eq!(compander.compand(&arr0(0.25))[()], compander.value(0.25));
}

#[test]
fn settings() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let w = array![0.1, 0.2];
        for rule in [
            BoundRule::Fixed(bad),
            BoundRule::Deviation { deviation: bad, multiple: 1.0 },
            BoundRule::Uniform { limit: 1.0, multiple: bad },
            BoundRule::Measured { multiple: bad },
        ] {
            refused(Initialisation::new(rule).companded(Arctan, &w), "`bound` is");
        }
        refused(Initialisation::new(BoundRule::Fixed(1.0)).gain(bad).companded(Arctan, &w), "`gain` is");
        refused(compander().distribution(bad), "`deviation` is");
        refused(compander().density(0.1, bad), "`deviation` is");
        refused(Compander::calibrated_deviation(Arctan, bad, 1.0, 0.5), "`gain` is");
        refused(Compander::calibrated_deviation(Arctan, 1.0, bad, 0.5), "`latent` is");
        refused(Compander::calibrated_deviation(Arctan, 1.0, 1.0, bad), "`effective` is");
        refused(Compander::calibrated_saturation(Arctan, 1.0, bad, 0.5), "`deviation` is");
        refused(Compander::calibrated_bits(Arctan, 1.0, bad, 2, 0.5), "`deviation` is");
    }
    refused(Compander::calibrated_deviation(Arctan, 1.0, 1.0, 1.0), "below gain x latent deviation");
    refused(Compander::calibrated_saturation(Asinh, 1.0, 1.0, 0.5), "only bounded functions saturate");
    refused(Compander::calibrated_saturation(Arctan, 1.0, 1.0, 1.0), "`saturated` is 1");
    refused(Compander::calibrated_bits(Arctan, 1.0, 1.0, 1, 0.5), "`bits` is 1");
    refused(Compander::calibrated_bits(Arctan, 1.0, 1.0, 2, 0.01), "`noise` is 0.01");
    refused(UniformGrid::symmetric(25, 1.0), "`bits` is 25");
    refused(UniformGrid::symmetric(2, f64::NAN), "`limit` is NaN");
    refused(UniformGrid::covering(2, &array![f64::NAN]), "`weights` holds NaN at [0]");
    refused(Initialisation::he(0), "`inputs` is 0");
    refused(Initialisation::uniform(0), "`inputs` is 0");
    refused(Initialisation::glorot(0, 0), "`inputs` is 0");
    refused(WeightReport::new(&Array1::<f64>::zeros(0)), "`weights` is empty");
    refused(WeightReport::new(&array![f64::INFINITY]), "`weights` holds inf");
    refused(LearnedShape::new(&Compander::arctan(1e30, 1.0).unwrap()), "make no compander");
    let mut learned = LearnedShape::new(&compander()).unwrap();
    let still = learned;
    let quiet = ShapeGradient::default();
    refused(learned.step(&ShapeTraining::new(-1.0), quiet), "`learning_rate` is -1");
    refused(
        learned.step(&ShapeTraining { range_anchor: f64::NAN, ..ShapeTraining::new(0.1) }, quiet),
        "`range_anchor`",
    );
    refused(
        learned.step(&ShapeTraining { range_limits: Some((2.0, 1.0)), ..ShapeTraining::new(0.1) }, quiet),
        "`range_limits`",
    );
    refused(
        learned.step(&ShapeTraining::new(0.1), ShapeGradient { range: f64::NAN, width: 0.0 }),
        "`shape.range` is NaN",
    );
    assert_eq!(learned, still);
}

#[test]
fn systems() {
    let compander = compander();
    let x = array![[1.0, 2.0], [3.0, 4.0]];
    refused(compander.interpolate(&Array2::zeros((0, 2)), &Array1::zeros(0)), "`x` is empty");
    refused(compander.interpolate(&x, &array![1.0]), "`y` has shape [1]");
    refused(compander.interpolate(&array![[f64::NAN, 1.0]], &array![1.0]), "`x` holds NaN");
    refused(compander.interpolate(&x, &array![1.0, f64::INFINITY]), "`y` holds inf");
    // No weights at all solve contradictory equations, none within the bound large ones.
    refused(compander.interpolate(&array![[1.0, 1.0], [1.0, 1.0]], &array![0.1, 0.2]), "no weights inside the bound");
    refused(compander.interpolate(&array![[1.0, 1.0]], &array![100.0]), "no weights inside the bound");
    // Zero is solved by zero.
    let zero = compander.interpolate(&x, &array![0.0, 0.0]).unwrap();
    assert_eq!((zero.weights, zero.residual, zero.iterations), (array![0.0, 0.0], 0.0, 0));
}

/// Any number at all.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![proptest::num::f64::ANY, Just(0.0), Just(f64::MAX), Just(f64::MIN_POSITIVE), Just(5e-324), -2.0..2.0]
}

fn every_method<F: CompandingFunction<f64>>(function: F, a: f64, b: f64, x: f64) {
    let Ok(compander) = Compander::new(function, a, b) else { return };
    for value in [
        compander.value(x),
        compander.derivative(x),
        compander.second_derivative(x),
        compander.range_derivative(x),
        compander.width_derivative(x),
        compander.inverse_condition(x),
        compander.inverse_mirror_map(x),
    ] {
        std::hint::black_box(value);
    }
    assert!(x.is_nan() || !(compander.value(x).abs() > compander.bound() * (1.0 + 1e-12)));
    let _ = compander.inverse(x).and_then(|_| Ok((compander.potential(x)?, compander.mirror_map(x)?)));
    let _ = compander.density(x, a);
    let _ = UniformGrid::symmetric(4, x).map(|grid| grid.round(a));
    let _ = WeightReport::companded(&compander, &array![x, a, b]);
    let _ = LearnedShape::new(&compander)
        .and_then(|mut learned| learned.step(&ShapeTraining::new(a), ShapeGradient { range: x, width: b }));
}

/// Those that integrate or iterate.
fn every_slow_method<F: CompandingFunction<f64>>(function: F, a: f64, b: f64, x: f64) {
    let Ok(compander) = Compander::new(function, a, b) else { return };
    let _ = compander.distribution(x);
    let _ = Compander::calibrated_deviation(function, a, b, x);
    let _ = Compander::calibrated_saturation(function, a, b, x);
    let _ = Compander::calibrated_bits(function, a, b, 4, x);
    let _ = compander.interpolate(&array![[x, a, b]], &array![a]);
}

macro_rules! for_each_family {
    ($method:ident, $a:expr, $b:expr, $x:expr) => {
        $method(Arctan, $a, $b, $x);
        $method(Tanh, $a, $b, $x);
        $method(Softsign, $a, $b, $x);
        $method(Algebraic, $a, $b, $x);
        $method(ErrorFunction, $a, $b, $x);
        $method(Asinh, $a, $b, $x);
        $method(Identity, $a, $b, $x);
        if let Ok(power) = Power::new($x.abs()) {
            $method(power, $a, $b, $x);
        }
    };
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(proptest::test_runner::FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn no_number_makes_it_panic(a in any_number(), b in any_number(), x in any_number()) {
        for_each_family!(every_method, a, b, x);
    }
}

proptest! {
    #![proptest_config(config(30))]

    #[test]
    fn nor_do_the_methods_that_iterate(a in any_number(), b in any_number(), x in any_number()) {
        for_each_family!(every_slow_method, a, b, x);
    }
}
