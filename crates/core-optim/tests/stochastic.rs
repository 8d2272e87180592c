//! AdamW and SGD against their formulas, step by step.

use core_optim::Error;
use core_optim::stochastic::{
    AdamW, AdamWOptions, AdamWState, Decay, MomentumForm, Optimiser, SecondMoment, Sgd, SgdOptions, SgdState,
};

/// A few numbers of mixed size and sign.
fn numbers(seed: u64, n: usize) -> Vec<f64> {
    let value =
        |i: usize| ((i as u64 + 1).wrapping_mul(seed.wrapping_mul(2) + 0x9e37_79b9) % 1009) as f64 / 250.0 - 2.0;
    (0..n).map(value).collect()
}

/// The recurrences written out for one parameter in plain f64.
#[test]
fn adamw_is_its_formula() {
    for second_moment in [SecondMoment::Square, SecondMoment::Root] {
        let options = AdamWOptions {
            learning_rate: 0.05,
            beta1: 0.8,
            beta2: 0.95,
            epsilon: 1e-6,
            weight_decay: 0.3,
            second_moment,
        };
        let n = 37;
        let (mut w, mut expected) = (numbers(3, n), numbers(3, n));
        let (mut m, mut v) = (vec![0.0_f64; n], vec![0.0_f64; n]);
        let mut optimiser = AdamW::<f64>::new(n, options).unwrap();
        for t in 1..=7 {
            let g = numbers(10 + t, n);
            optimiser.step(&mut w, &g).unwrap();
            for i in 0..n {
                expected[i] *= 1.0 - 0.05 * 0.3;
                m[i] = 0.8 * m[i] + 0.2 * g[i];
                v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
                let (m_hat, v_hat) = (m[i] / (1.0 - 0.8_f64.powi(t as i32)), v[i] / (1.0 - 0.95_f64.powi(t as i32)));
                expected[i] -= 0.05 * m_hat / (v_hat.sqrt() + 1e-6);
            }
            for i in 0..n {
                // A few roundings of numbers of order one in each of seven steps.
                assert!((w[i] - expected[i]).abs() < 1e-14, "step {t}, {second_moment:?}");
            }
        }
        assert_eq!(optimiser.state().step, 7);
    }
}

#[test]
fn sgd_is_its_formula() {
    for (form, decay) in [
        (MomentumForm::HeavyBall, Decay::Coupled),
        (MomentumForm::Nesterov, Decay::Coupled),
        (MomentumForm::HeavyBall, Decay::Decoupled),
    ] {
        let options =
            SgdOptions { learning_rate: 0.1, momentum: 0.7, form, weight_decay: 0.2, decay, normalised: false };
        let n = 19;
        let (mut w, mut expected) = (numbers(5, n), numbers(5, n));
        let mut buffer = vec![0.0; n];
        let mut optimiser = Sgd::<f64>::new(n, options).unwrap();
        for t in 1..=5 {
            let g = numbers(20 + t, n);
            optimiser.step(&mut w, &g).unwrap();
            for i in 0..n {
                let d = if decay == Decay::Coupled { g[i] + 0.2 * expected[i] } else { g[i] };
                buffer[i] = if t == 1 { d } else { 0.7 * buffer[i] + d };
                let step = if form == MomentumForm::Nesterov { d + 0.7 * buffer[i] } else { buffer[i] };
                let keep = if decay == Decay::Coupled { 1.0 } else { 1.0 - 0.1 * 0.2 };
                expected[i] = keep * expected[i] - 0.1 * step;
                assert!((w[i] - expected[i]).abs() < 1e-14);
            }
        }
    }
}

#[test]
fn normalised_steps_have_the_length_of_the_rate() {
    let options = SgdOptions { learning_rate: 0.25, normalised: true, ..SgdOptions::default() };
    for scale in [1e-300, 1.0, 1e300] {
        let g: Vec<f64> = numbers(2, 50).iter().map(|v| v * scale).collect();
        let mut w = vec![0.0; 50];
        Sgd::new(50, options).unwrap().step(&mut w, &g).unwrap();
        let length = w.iter().map(|v| v * v).sum::<f64>().sqrt();
        assert!((length - 0.25).abs() < 1e-13, "{length}");
    }
    let mut w = [1.0];
    Sgd::new(1, options).unwrap().step(&mut w, &[0.0]).unwrap();
    assert_eq!(w, [1.0]);
}

/// The update is the step that was not taken, whatever the output held before.
#[test]
fn update_and_step_agree() {
    let n = 23;
    let adam = AdamWOptions { learning_rate: 0.1, weight_decay: 0.5, ..AdamWOptions::default() };
    let sgd = SgdOptions {
        learning_rate: 0.1,
        momentum: 0.9,
        form: MomentumForm::Nesterov,
        weight_decay: 0.5,
        ..SgdOptions::default()
    };
    type Pair = (Box<dyn Optimiser<f64>>, Box<dyn Optimiser<f64>>);
    let make: [Pair; 2] = [
        (Box::new(AdamW::new(n, adam).unwrap()), Box::new(AdamW::new(n, adam).unwrap())),
        (Box::new(Sgd::new(n, sgd).unwrap()), Box::new(Sgd::new(n, sgd).unwrap())),
    ];
    for (mut stepping, mut updating) in make {
        let (mut w, mut by_update) = (numbers(1, n), numbers(1, n));
        for t in 0..4 {
            let g = numbers(t + 7, n);
            stepping.step(&mut w, &g).unwrap();
            let mut update = vec![f64::NAN; n];
            let keep = updating.update_into(&by_update, &g, &mut update).unwrap();
            by_update.iter_mut().zip(&update).for_each(|(w, u)| *w = keep * *w - u);
            for (a, b) in w.iter().zip(&by_update) {
                assert!((a - b).abs() < 1e-15);
            }
        }
    }
}

/// Squares of 1e-25 vanish in f32: the plain form then divides by ε alone, the root form steps by the learning rate.
#[test]
fn roots_do_not_underflow() {
    let step = |second_moment, size: f32| {
        let options = AdamWOptions { learning_rate: 0.01, epsilon: 1e-38, second_moment, ..AdamWOptions::default() };
        let mut w = [0.0_f32];
        AdamW::new(1, options).unwrap().step(&mut w, &[size]).unwrap();
        w[0]
    };
    for size in [1e-25_f32, 1e-10, 1.0, 1e18, 1e30] {
        assert!((step(SecondMoment::Root, size) + 0.01).abs() < 1e-8, "{size}");
    }
    assert!(step(SecondMoment::Square, 1e-25).abs() > 1.0);
    let agree = |size: f32| (step(SecondMoment::Square, size) - step(SecondMoment::Root, size)).abs();
    assert!(agree(1e-3) < 1e-8);
    // The same in f64, where squares vanish below 1e-162.
    let options = AdamWOptions {
        learning_rate: 0.01,
        epsilon: 0.0,
        second_moment: SecondMoment::Root,
        ..AdamWOptions::default()
    };
    let mut w = [0.0_f64, 0.0];
    AdamW::new(2, options).unwrap().step(&mut w, &[1e-200, 0.0]).unwrap();
    assert!((w[0] + 0.01).abs() < 1e-12 && w[1] == 0.0);
}

#[test]
fn single_precision_follows_double() {
    let n = 64;
    let options = AdamWOptions { learning_rate: 0.01, ..AdamWOptions::default() };
    let (mut w, mut w32) = (numbers(4, n), numbers(4, n).iter().map(|&v| v as f32).collect::<Vec<_>>());
    let (mut o, mut o32) = (AdamW::new(n, options).unwrap(), AdamW::new(n, options).unwrap());
    for t in 0..20 {
        let g = numbers(t + 40, n);
        o.step(&mut w, &g).unwrap();
        o32.step(&mut w32, &g.iter().map(|&v| v as f32).collect::<Vec<_>>()).unwrap();
    }
    for (a, b) in w.iter().zip(&w32) {
        // 20 steps of 0.01 on numbers up to 2: 20 roundings of 2⁻²⁴·2 and the relative error of each step.
        assert!((a - f64::from(*b)).abs() < 5e-6);
    }
}

#[test]
fn a_saved_state_continues_to_the_bit() {
    let n = 11;
    let options = AdamWOptions { learning_rate: 0.02, ..AdamWOptions::default() };
    let mut first = AdamW::<f32>::new(n, options).unwrap();
    let mut w: Vec<f32> = numbers(1, n).iter().map(|&v| v as f32).collect();
    let g: Vec<f32> = numbers(2, n).iter().map(|&v| v as f32).collect();
    first.step(&mut w, &g).unwrap();
    let mut again = AdamW::restore(*first.options(), first.state().clone()).unwrap();
    let mut other = w.clone();
    first.step(&mut w, &g).unwrap();
    again.step(&mut other, &g).unwrap();
    assert_eq!(w, other);
    assert_eq!(first, again);

    let mut sgd = Sgd::<f64>::new(2, SgdOptions { momentum: 0.5, ..SgdOptions::default() }).unwrap();
    let mut v = [1.0, 2.0];
    sgd.step(&mut v, &[1.0, -1.0]).unwrap();
    assert_eq!(Sgd::restore(*sgd.options(), sgd.state().clone()).unwrap(), sgd);
}

#[cfg(feature = "serde")]
#[test]
fn states_survive_a_file() {
    let mut adam = AdamW::<f64>::new(3, AdamWOptions::default()).unwrap();
    let mut w = [0.1, 0.2, 0.3];
    adam.step(&mut w, &[1e-9, 0.3, -7.0]).unwrap();
    let text = serde_json::to_string(&adam).unwrap();
    assert_eq!(serde_json::from_str::<AdamW<f64>>(&text).unwrap(), adam);
}

#[test]
fn bad_arguments_change_nothing() {
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let with = |change: fn(&mut AdamWOptions, f64)| {
            let mut options = AdamWOptions::default();
            change(&mut options, bad);
            AdamW::<f64>::new(1, options)
        };
        assert!(with(|o, v| o.learning_rate = v).is_err() && with(|o, v| o.beta1 = v).is_err());
        assert!(with(|o, v| o.beta2 = v).is_err() && with(|o, v| o.epsilon = v).is_err());
        assert!(with(|o, v| o.weight_decay = v).is_err());
        for options in [
            SgdOptions { learning_rate: bad, ..SgdOptions::default() },
            SgdOptions { momentum: bad, ..SgdOptions::default() },
            SgdOptions { weight_decay: bad, ..SgdOptions::default() },
        ] {
            assert!(Sgd::<f32>::new(1, options).is_err());
        }
        assert!(AdamW::<f64>::new(1, AdamWOptions::default()).unwrap().set_learning_rate(bad).is_err());
        assert!(Sgd::<f64>::new(1, SgdOptions::default()).unwrap().set_learning_rate(bad).is_err());
    }
    assert!(AdamW::<f64>::new(1, AdamWOptions { beta1: 1.0, ..AdamWOptions::default() }).is_err());

    let mut optimiser = AdamW::<f64>::new(2, AdamWOptions::default()).unwrap();
    let before = optimiser.clone();
    let mut w = [1.0, 2.0];
    let error = optimiser.step(&mut w, &[0.0, f64::NAN]).unwrap_err();
    assert_eq!(error.to_string(), "`g` holds NaN at [1]; every entry must be finite");
    assert!(optimiser.step(&mut w, &[0.0]).is_err() && optimiser.step(&mut [1.0], &[0.0, 0.0]).is_err());
    assert!(optimiser.update_into(&w, &[0.0, 0.0], &mut [0.0]).is_err());
    assert_eq!((w, optimiser), ([1.0, 2.0], before));

    let mut sgd = Sgd::<f64>::new(2, SgdOptions::default()).unwrap();
    assert!(sgd.step(&mut w, &[f64::INFINITY, 0.0]).is_err() && sgd.update_into(&w, &[0.0, 0.0], &mut [0.0]).is_err());
    assert_eq!(sgd.state().step, 0);

    let options = AdamWOptions::default();
    let state = |first: Vec<f64>, second: Vec<f64>| AdamW::restore(options, AdamWState { step: 1, first, second });
    assert!(state(vec![0.0], vec![0.0]).is_ok());
    assert!(state(vec![0.0], vec![]).is_err() && state(vec![f64::NAN], vec![0.0]).is_err());
    assert!(matches!(state(vec![0.0], vec![-1.0]), Err(Error::Argument(_))));
    assert!(Sgd::restore(SgdOptions::default(), SgdState { step: 0, buffer: vec![f64::NAN] }).is_err());
}
