//! Structured best responses and their training.

use bilevel::self_tuning::{
    Data, Hyperparameter, Range, Regularisation, SelfTuning, SelfTuningNetwork, StructuredConvolution,
    StructuredLinear, entropy, entropy_gradient_into,
};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, Array4, array};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn linear_layers(inputs in 1_usize..5, outputs in 1_usize..5, n in 0_usize..4, batch in 1_usize..4, seed in 0_u64..1000) {
        let mut layer = StructuredLinear::new(inputs, outputs, n, seed).unwrap();
        layer.scale = 0.7;
        let mut random = rng(seed + 1);
        let (x, h): (Array2<f64>, Array2<f64>) = (normal_array(&mut random, (batch, inputs)), normal_array(&mut random, (batch, n)));
        // Without hyperparameters the plain layer.
        let zero = Array2::zeros((batch, n));
        prop_assert_eq!(layer.forward(&x, Some(&zero)).unwrap(), layer.forward(&x, None).unwrap());
        // Equal rows of hyperparameters: a dense layer with the weight they select.
        let same = Array2::from_shape_fn((batch, n), |(_, k)| h[[0, k]]);
        let (weight, bias) = layer.at(&h.row(0)).unwrap();
        let expected = x.dot(&weight.t()) + &bias;
        let found = layer.forward(&x, Some(&same)).unwrap();
        prop_assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
        // Gradients against differences, in a random direction of every argument.
        let upstream: Array2<f64> = normal_array(&mut random, (batch, outputs));
        let (slope, to_x, to_h) = layer.backward(&x, Some(&h), &upstream).unwrap();
        let value = |layer: &StructuredLinear, x: &Array2<f64>, h: &Array2<f64>| (layer.forward(x, Some(h)).unwrap() * &upstream).sum();
        let step = 1e-5;
        let central = |f: &dyn Fn(f64) -> f64| (f(step) - f(-step)) / (2.0 * step);
        let along: Array2<f64> = normal_array(&mut random, (batch, inputs));
        let found = central(&|t| value(&layer, &(&x + &(&along * t)), &h));
        prop_assert!((found - (&to_x * &along).sum()).abs() < 1e-7 * (1.0 + found.abs()));
        let along: Array2<f64> = normal_array(&mut random, (batch, n));
        let found = central(&|t| value(&layer, &x, &(&h + &(&along * t))));
        prop_assert!((found - (to_h.unwrap() * &along).sum()).abs() < 1e-7 * (1.0 + found.abs()));
        let along: Array2<f64> = normal_array(&mut random, (outputs, n));
        let found = central(&|t| {
            let mut moved = layer.clone();
            moved.weight_scales.scaled_add(t, &along);
            moved.scale += 0.5 * t;
            value(&moved, &x, &h)
        });
        let expected = (&slope.weight_scales * &along).sum() + 0.5 * slope.scale;
        prop_assert!((found - expected).abs() < 1e-7 * (1.0 + found.abs()));
    }

    #[test]
    fn convolutions(channels in 1_usize..3, outputs in 1_usize..3, n in 0_usize..3, padding in 0_usize..3, stride in 1_usize..3, seed in 0_u64..1000) {
        let mut random = rng(seed);
        let shape = (outputs, channels, 3, 2);
        let layer = StructuredConvolution {
            weight: normal_array(&mut random, shape),
            response: normal_array(&mut random, shape),
            bias: normal_array(&mut random, outputs),
            bias_response: normal_array(&mut random, outputs),
            weight_scales: normal_array(&mut random, (outputs, n)),
            bias_scales: normal_array(&mut random, (outputs, n)),
            scale: 0.6,
            padding,
            stride,
        };
        let x: Array4<f64> = normal_array(&mut random, (2, channels, 5, 4));
        let h: Array2<f64> = normal_array(&mut random, (2, n));
        let y = layer.forward(&x, Some(&h)).unwrap();
        let upstream: Array4<f64> = normal_array(&mut random, y.dim());
        let found = layer.backward(&x, Some(&h), &upstream).unwrap();
        let value = |layer: &StructuredConvolution, x: &Array4<f64>, h: &Array2<f64>| (layer.forward(x, Some(h)).unwrap() * &upstream).sum();
        let step = 1e-5;
        let central = |f: &dyn Fn(f64) -> f64| (f(step) - f(-step)) / (2.0 * step);
        let close = |found: f64, expected: f64| (found - expected).abs() < 1e-6 * (1.0 + found.abs());
        let along: Array4<f64> = normal_array(&mut random, x.dim());
        prop_assert!(close(central(&|t| value(&layer, &(&x + &(&along * t)), &h)), (&found.x * &along).sum()));
        let along: Array2<f64> = normal_array(&mut random, (2, n));
        prop_assert!(close(central(&|t| value(&layer, &x, &(&h + &(&along * t)))), (found.h.as_ref().unwrap() * &along).sum()));
        let (a, b): (Array4<f64>, Array4<f64>) = (normal_array(&mut random, shape), normal_array(&mut random, shape));
        let (c, d): (Array1<f64>, Array2<f64>) = (normal_array(&mut random, outputs), normal_array(&mut random, (outputs, n)));
        let moved = |t: f64| {
            let mut moved = layer.clone();
            moved.weight.scaled_add(t, &a);
            moved.response.scaled_add(t, &b);
            moved.bias.scaled_add(t, &c);
            moved.bias_response.scaled_add(t, &c);
            moved.weight_scales.scaled_add(t, &d);
            moved.bias_scales.scaled_add(t, &d);
            moved.scale += t;
            value(&moved, &x, &h)
        };
        let p = &found.parameters;
        let expected = (&p.weight * &a).sum() + (&p.response * &b).sum() + p.bias.dot(&c) + p.bias_response.dot(&c)
            + (&p.weight_scales * &d).sum() + (&p.bias_scales * &d).sum() + p.scale;
        prop_assert!(close(central(&moved), expected));
    }

    #[test]
    fn ranges(u in -40.0..40.0_f64, low in -5.0..5.0_f64, width in 0.1..10.0_f64) {
        for range in [Range::Interval { low, high: low + width }, Range::AtLeast(low), Range::AtMost(low), Range::Free] {
            let value = range.value(u);
            prop_assert!(value.is_finite());
            if let Ok(back) = range.unconstrained(value) {
                // Near an end of the range digits are lost by nature.
                prop_assert!((range.value(back) - value).abs() <= 1e-12 * (1.0 + value.abs()));
            }
            let ahead = range.value(u + 0.1);
            let (low, high) = if matches!(range, Range::AtMost(_)) { (ahead, value) } else { (value, ahead) };
            prop_assert!(low <= high);
        }
        let (mut gradient, scales) = (Array1::zeros(1), array![u]);
        entropy_gradient_into(&scales, &mut gradient).unwrap();
        let slope = (entropy(&array![u + 1e-5]) - entropy(&array![u - 1e-5])) / 2e-5;
        prop_assert!((gradient[0] - slope).abs() < 1e-6, "{} {slope}", gradient[0]);
    }
}

fn digits() -> Data {
    let digits = datasets::digits();
    let x = digits.x.mapv(|v| v / 16.0);
    let labels: Vec<usize> = digits.label.iter().map(|&l| usize::from(l)).collect();
    let rows = |from: usize, to: usize| (from..to).collect::<Vec<_>>();
    let part = |rows: &[usize]| (x.select(ndarray::Axis(0), rows), rows.iter().map(|&r| labels[r]).collect::<Vec<_>>());
    let ((x, labels), (x_validation, labels_validation)) = (part(&rows(0, 200)), part(&rows(200, 500)));
    Data { x, labels, x_validation, labels_validation }
}

fn network() -> SelfTuningNetwork {
    let rate = |name: &str| Hyperparameter::new(name, Range::Interval { low: 0.0, high: 0.9 }, 0.2).unwrap();
    let decay = Hyperparameter::new("decay", Range::AtLeast(0.0), 1e-3).unwrap().shared();
    let noise = Hyperparameter::new("noise", Range::AtLeast(0.0), 0.05).unwrap();
    let kinds = vec![
        (rate("input"), Regularisation::InputDropout),
        (rate("hidden"), Regularisation::HiddenDropout),
        (decay, Regularisation::WeightDecay),
        (noise, Regularisation::InputNoise),
    ];
    SelfTuningNetwork::new(&[64, 32, 10], kinds, 0).unwrap()
}

#[test]
fn networks_learn_and_repeat_themselves() {
    let data = digits();
    let training = SelfTuning::new().steps(600).warm_up(100).check_every(50);
    let fit = training.fit(network(), &data).unwrap();
    assert!(fit.validation_loss < 0.5, "{}", fit.validation_loss);
    assert_eq!(fit.history.len(), 12);
    // The hyperparameters moved, after the warm-up only.
    assert_eq!(fit.history[1].values, fit.history[0].values);
    assert!(fit.history[11].values.iter().zip(&fit.history[0].values).all(|(a, b)| a != b));
    let scores = fit.network.scores(&data.x_validation, &fit.hyperparameters).unwrap();
    let right = scores
        .outer_iter()
        .zip(&data.labels_validation)
        .filter(|(row, label)| (0..10).all(|k| row[k] <= row[**label]))
        .count();
    assert!(right > 255, "{right}");
    let again = training.fit(network(), &data).unwrap();
    assert_eq!((again.hyperparameters, again.validation_loss), (fit.hyperparameters, fit.validation_loss));
    // Fixed: nothing moves.
    let fixed = training.fixed_hyperparameters().fit(network(), &data).unwrap();
    assert!(fixed.history.iter().all(|look| look.values == fixed.history[0].values));
}

#[test]
fn refusals() {
    let data = digits();
    let fails = |training: SelfTuning| training.fit(network(), &data).map(|_| ()).unwrap_err().to_string();
    assert_eq!(fails(SelfTuning::new().steps(0)), "`steps` is 0; it must be >= 1");
    assert_eq!(fails(SelfTuning::new().scale(0.0)), "`scale` is 0; it must be finite and > 0");
    assert_eq!(fails(SelfTuning::new().entropy_weight(-1.0)), "`entropy_weight` is -1; it must be finite and >= 0");
    let mut bad = data.clone();
    bad.labels[3] = 10;
    let error = SelfTuning::new().fit(network(), &bad).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "`x` holds label 10 in row 3; labels are below 10");
    let interval = Range::Interval { low: 1.0, high: 1.0 };
    assert_eq!(
        Hyperparameter::new("h", interval, 1.0).unwrap_err().to_string(),
        "`high` is 1; it must be finite and above `low`"
    );
    let outside = Hyperparameter::new("h", Range::AtLeast(0.0), 0.0).unwrap_err();
    assert_eq!(outside.to_string(), "`value` is 0; it must be strictly inside the range");
    let discrete = Hyperparameter::new("h", Range::AtLeast(0.0), 2.5).unwrap().discrete();
    assert_eq!(discrete.value(2.0), (2.0_f64.exp().ln_1p()).floor());
}
