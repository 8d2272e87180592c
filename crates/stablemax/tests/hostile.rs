//! Anything that type-checks gives a value or an error, never a panic.

use core_optim::Unobserved;
use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser, Sgd, SgdOptions};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use stablemax::collapse::{report, rows};
use stablemax::nlm::{alignment, radial_from_logits};
use stablemax::ortho::{Arithmetic, OrthoGrad, OrthoGradOptions, Rescale, project};
use stablemax::task::{
    Encoding, Examples, Inputs, Modular, Operation, SparseParity, Split, modular_table, parity_labels,
};
use stablemax::train::{Activations, Biases, Mlp, TrainOptions, Trainer, accuracy};
use stablemax::{CrossEntropy, Error, FloatType, Layout, Link, Loss, Reduction, Targets, hessian};

const LOSSES: [Loss; 8] = [
    Loss::StableMax,
    Loss::HeavyTail { q: 2.0 },
    Loss::SoftmaxRestMass,
    Loss::SoftmaxTextbook(FloatType::F16),
    Loss::SoftmaxTextbook(FloatType::Bf16),
    Loss::SoftmaxTextbook(FloatType::F32),
    Loss::SoftmaxTextbook(FloatType::F64),
    Loss::Taylor { order: 6 },
];

#[test]
fn logits_and_labels() {
    let mask = f64::NEG_INFINITY;
    for loss in LOSSES {
        let ce = CrossEntropy::new(loss);
        for bad in [f64::NAN, f64::INFINITY] {
            let error = ce.evaluate(&array![[0.0, 1.0], [1.0, bad]], &[0, 0]).unwrap_err();
            assert!(matches!(error, Error::NonFinite { row: 1, class: 1, .. }), "{loss:?}: {error}");
            let error = ce.evaluate(&array![[bad, 1.0]], &[0]).unwrap_err();
            assert!(matches!(error, Error::NonFinite { row: 0, class: 0, .. }), "{loss:?}: {error}");
            // Rows that do not count may hold anything.
            assert!(ce.clone().ignore(7).evaluate(&array![[0.0, 1.0], [bad, 1.0]], &[0, 7]).is_ok());
        }
        assert_eq!(ce.evaluate(&array![[mask, 1.0]], &[0]).unwrap_err(), Error::InfiniteLoss { row: 0, class: 0 });
        assert_eq!(ce.evaluate(&array![[mask, mask]], &[0]).unwrap_err(), Error::AllMasked { row: 0 });
        assert!(matches!(ce.evaluate(&array![[0.0, 1.0]], &[2]), Err(Error::Label { row: 0, found: 2, classes: 2 })));
        assert!(ce.evaluate(&array![[0.0, 1.0]], &[0, 1]).is_err());
        assert!(ce.evaluate(&Array2::<f64>::zeros((2, 0)), &[0, 0]).is_err());
        let empty = Array2::<f64>::zeros((0, 3));
        assert_eq!(ce.evaluate(&empty, &[]).unwrap_err(), Error::EmptyBatch { rows: 0 });
        let sum = ce.clone().reduction(Reduction::Sum);
        assert_eq!(sum.evaluate(&empty, &[]).unwrap().0.loss, 0.0);
        assert_eq!(ce.losses(&empty, &[]).unwrap().len(), 0);
        let ignored = ce.clone().ignore(1);
        assert_eq!(ignored.evaluate(&array![[0.0, 1.0]], &[1]).unwrap_err(), Error::EmptyBatch { rows: 1 });
        assert_eq!(ignored.reduction(Reduction::Sum).evaluate(&array![[0.0, 1.0]], &[1]).unwrap().0.loss, 0.0);
        // A wrong buffer is not touched.
        let mut buffer = array![[7.0], [7.0]];
        assert!(ce.evaluate_into(&array![[0.0, 1.0]], &[0], &mut buffer).is_err());
        assert_eq!(buffer, array![[7.0], [7.0]]);
        assert!(ce.losses_into(&array![[0.0, 1.0]], &[0], &mut Array1::zeros(2)).is_err());
    }
}

#[test]
fn options() {
    let z = array![[0.0, 1.0]];
    let ce = || CrossEntropy::new(Loss::StableMax);
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        assert!(ce().temperature(bad).value(&z, &[0]).is_err() && ce().label_smoothing(bad).value(&z, &[0]).is_err());
        assert!(ce().logit_penalty(bad).value(&z, &[0]).is_err());
        assert!(ce().class_weights(&[1.0, bad]).value(&z, &[0]).is_err());
        assert!(ce().value(&z, Targets::weighted(&[0], &[bad])).is_err());
        assert!(CrossEntropy::new(Loss::HeavyTail { q: bad }).value(&z, &[0]).is_err());
        assert!(Link::HeavyTail { q: bad }.probabilities(&z).is_err());
    }
    assert!(ce().temperature(0.0).value(&z, &[0]).is_err() && ce().class_weights(&[1.0]).value(&z, &[0]).is_err());
    assert!(ce().value(&z, Targets::weighted(&[0], &[])).is_err());
    assert!(matches!(ce().value(&z, Targets::weighted(&[0], &[0.0])), Err(Error::EmptyBatch { rows: 1 })));
    for order in [0, 1, 3, 34, usize::MAX] {
        assert!(CrossEntropy::new(Loss::Taylor { order }).value(&z, &[0]).is_err());
    }
    let textbook = CrossEntropy::new(Loss::SoftmaxTextbook(FloatType::F32));
    assert!(matches!(textbook.clone().label_smoothing(0.1).value(&z, &[0]), Err(Error::Unsupported { .. })));
    assert!(matches!(textbook.hessian_vector(&z, &[0], &z), Err(Error::Unsupported { .. })));
    let half = CrossEntropy::new(Loss::SoftmaxTextbook(FloatType::F16));
    let error = half.value(&array![[0.0, 70_000.0]], &[0]).unwrap_err();
    assert!(matches!(error, Error::Overflow { row: 0, class: 1, float: "f16", .. }), "{error}");
    assert!(ce().hessian_vector(&z, &[0], &array![[f64::NAN, 0.0]]).is_err());
    assert!(ce().hessian_vector(&z, &[0], &array![[0.0]]).is_err());
    assert!(hessian(Loss::StableMax, &Array1::<f64>::zeros(0), 0).is_err());
}

#[test]
fn links_and_reports() {
    let z = array![[0.0, f64::NAN]];
    let mut out = array![[0.0]];
    assert!(Link::StableMax.probabilities(&z).is_err() && Link::Softmax.log_probabilities(&z).is_err());
    assert!(Link::StableMax.probabilities_into(&array![[0.0, 1.0]], &mut out).is_err());
    assert!(Link::StableMax.probabilities(&array![[f64::NEG_INFINITY]]).is_err());
    let one = array![[1.0]];
    assert!(Link::StableMax.probabilities_vjp(&array![[0.0, 1.0]], &one, &one).is_err());
    for float in FloatType::ALL {
        assert!(rows(&z, &[0], float).is_err() && rows(&array![[0.0]], &[1], float).is_err());
        assert!(
            rows(&array![[0.0]], &[], float).is_err() && report(&array![[f64::NEG_INFINITY]], &[0], float).is_err()
        );
        assert!(rows(&array![[f64::NEG_INFINITY, 0.0]], &[0], float).is_err());
        assert!(rows(&Array2::<f64>::zeros((1, 0)), &[0], float).is_err());
    }
    let layout = Layout::new(&[(1, 2)]);
    assert!(alignment(&layout, &[1.0], &[1.0, 2.0]).is_err() && alignment(&layout, &[1.0, 1.0], &[1.0]).is_err());
    assert!(alignment(&layout, &[1.0, f64::NAN], &[1.0, 2.0]).is_err());
    assert!(radial_from_logits(&array![[1.0]], &array![[1.0, 2.0]]).is_err());
    assert_eq!(Layout::new(&[(usize::MAX, 2)]).parameters(), usize::MAX);
    assert_eq!(Layout::new(&[]).parameters(), 0);
}

#[test]
fn projections() {
    for arithmetic in [Arithmetic::Guarded, Arithmetic::Reference] {
        let by = |w: &[f64], g: &mut [f64]| project(w, g, Rescale::KeepNorm, arithmetic);
        assert!(by(&[1.0], &mut [1.0, 2.0]).is_err());
        assert!(by(&[1.0, f64::NAN], &mut [1.0, 2.0]).is_err());
        let mut g = [1.0, f64::INFINITY];
        assert!(by(&[1.0, 2.0], &mut g).is_err());
        assert_eq!(g, [1.0, f64::INFINITY]);
        assert!(by(&[], &mut []).is_ok() && by(&[0.0, 0.0], &mut [0.0, 0.0]).is_ok());
    }
    let inner = || Sgd::<f64>::new(2, SgdOptions::default()).unwrap();
    assert!(OrthoGrad::new(inner(), &Layout::new(&[(1, 3)]), OrthoGradOptions::default()).is_err());
    let mut optimiser = OrthoGrad::new(inner(), &Layout::new(&[(1, 2)]), OrthoGradOptions::default()).unwrap();
    assert!(optimiser.step(&mut [1.0], &[1.0, 2.0]).is_err() && optimiser.step(&mut [1.0, 2.0], &[1.0]).is_err());
    assert!(optimiser.step(&mut [f64::NAN, 2.0], &[1.0, 1.0]).is_err());
    assert!(optimiser.update_into(&[1.0, 2.0], &[f64::NAN, 1.0], &mut [0.0, 0.0]).is_err());
    assert!(optimiser.update_into(&[1.0, 2.0], &[1.0, 1.0], &mut [0.0]).is_err());
    assert!(optimiser.set_learning_rate(f64::NAN).is_err());
    // A layout with empty tensors and rows.
    let mut empty = OrthoGrad::new(
        inner(),
        &Layout::new(&[(0, 5), (3, 0), (1, 2)]),
        OrthoGradOptions { scope: stablemax::ortho::Scope::PerRow, ..OrthoGradOptions::default() },
    )
    .unwrap();
    empty.step(&mut [1.0, 2.0], &[1.0, 2.0]).unwrap();
}

#[test]
fn tasks() {
    assert!(modular_table(Operation::Add, 0).is_err() && modular_table(Operation::Add, 1).is_err());
    assert!(modular_table(Operation::Add, usize::MAX).is_err());
    assert_eq!(modular_table(Operation::Divide, 12).unwrap_err(), Error::NotPrime { found: 12 });
    for fraction in [0.0, -1.0, f64::NAN, 1.5, 1e-9] {
        assert!(Modular::new(Operation::Add, 5, fraction).split::<f32>(0).is_err());
        let parity = SparseParity { train_fraction: fraction, ..SparseParity::default() };
        assert!(parity.split::<f32>(0).is_err());
    }
    for bits in [0, 2, 64] {
        assert!(Modular::new(Operation::Add, 5, 0.5).encoding(Encoding::Binary { bits }).split::<f32>(0).is_err());
    }
    let parity = |noise_bits, parity_bits, rows| {
        SparseParity { noise_bits, parity_bits, rows, train_fraction: 0.5 }.split::<f64>(0)
    };
    assert!(parity(0, 0, 1).is_err() && parity(62, 2, 10).is_err() && parity(1, 1, 5).is_err());
    assert!(parity(usize::MAX, 2, 10).is_err() && parity(2, 1, 0).is_err());
    assert!(parity_labels(&array![[0.0, 1.0]], 3).is_err() && parity_labels(&array![[0.5]], 1).is_err());
    assert!(Examples::<f64>::new(Inputs::Pairs { modulus: 3, pairs: vec![[0, 3]] }, vec![0]).is_err());
    assert!(Examples::new(Inputs::Dense(array![[f64::NAN]]), vec![0]).is_err());
    assert!(Examples::new(Inputs::Dense(array![[1.0]]), vec![]).is_err());
    let examples = Examples::new(Inputs::Dense(array![[1.0], [2.0]]), vec![0, 4]).unwrap();
    assert!(Split::random(&examples, 2, 1, 0).is_err() && Split::random(&examples, 5, 0, 0).is_err());
    assert!(Split::random(&examples, 5, 3, 0).is_err());
}

#[test]
fn networks_and_trainers() {
    for sizes in [&[][..], &[3], &[3, 0, 2], &[0, 2]] {
        assert!(Mlp::<f64>::new(sizes, Biases::With, 0).is_err());
    }
    assert!(Mlp::from_parameters(&[1, 1], Biases::Without, vec![f64::NAN]).is_err());
    assert!(Mlp::from_parameters(&[1, 1], Biases::With, vec![1.0]).is_err());
    let mlp = Mlp::<f64>::new(&[2, 3, 2], Biases::Without, 0).unwrap();
    let mut activations = Activations::new(&mlp, 1);
    let inputs = |rows, width| Inputs::Dense(Array2::zeros((rows, width)));
    assert!(activations.forward(&mlp, &inputs(2, 2)).is_err() && activations.forward(&mlp, &inputs(1, 3)).is_err());
    let outside = Inputs::Pairs { modulus: 1, pairs: vec![[0, 1]] };
    assert!(activations.forward(&mlp, &outside).is_err());
    let other = Mlp::<f64>::new(&[2, 4, 2], Biases::Without, 0).unwrap();
    assert!(activations.forward(&other, &inputs(1, 2)).is_err());
    let z = Array2::zeros((1, 2));
    assert!(activations.backward(&mlp, &inputs(1, 2), &z, &mut [0.0; 3]).is_err());
    assert!(activations.backward(&mlp, &inputs(1, 2), &Array2::zeros((1, 3)), &mut [0.0; 12]).is_err());
    assert!(accuracy(&z, &[]).is_err());

    let trainer = |options: TrainOptions, parameters: usize| {
        let mlp = Mlp::<f32>::new(&[10, 4, 5], Biases::Without, 0).unwrap();
        let optimiser =
            AdamW::new(parameters, AdamWOptions { learning_rate: 1e38, ..AdamWOptions::default() }).unwrap();
        Trainer::new(mlp, CrossEntropy::new(Loss::StableMax), optimiser, options)
    };
    assert!(trainer(TrainOptions::default(), 59).is_err());
    assert!(trainer(TrainOptions { log_every: 0, ..TrainOptions::default() }, 60).is_err());
    assert!(trainer(TrainOptions { logit_scale: 0.0, ..TrainOptions::default() }, 60).is_err());
    assert!(trainer(TrainOptions { stop_at_test_accuracy: Some(f64::NAN), ..TrainOptions::default() }, 60).is_err());
    let split = Modular::new(Operation::Add, 5, 0.5).split::<f32>(0).unwrap();
    let error = trainer(TrainOptions::default(), 60).unwrap().run(&split, &mut Unobserved).unwrap_err();
    assert!(matches!(error, Error::Diverged { step: 1.., .. }), "{error}");
    let wrong = Modular::new(Operation::Add, 7, 0.5).split::<f32>(0).unwrap();
    assert!(trainer(TrainOptions::default(), 60).unwrap().run(&wrong, &mut Unobserved).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// Any bits at all as logits: an error, or numbers that are none but finite ones.
    #[test]
    fn any_logits(z in proptest::collection::vec(proptest::num::f64::ANY, 1..20), label in 0_usize..20, loss in 0_usize..8) {
        let z = Array2::from_shape_vec((1, z.len()), z).unwrap();
        let loss = CrossEntropy::new(LOSSES[loss]);
        if let Ok((report, gradient)) = loss.evaluate(&z, &[label]) {
            prop_assert!(report.loss.is_finite() && gradient.iter().all(|g| g.is_finite()), "{report:?} {gradient}");
        }
        let _ = loss.clone().temperature(0.3).label_smoothing(0.2).value(&z, &[label]);
        let _ = loss.hessian_vector(&z, &[label], &Array2::ones(z.raw_dim()));
        for float in FloatType::ALL {
            let _ = report(&z, &[label], float);
        }
        let single = z.mapv(|v| v as f32);
        if let Ok((report, gradient)) = loss.evaluate(&single, &[label]) {
            prop_assert!(report.loss.is_finite() && gradient.iter().all(|g| g.is_finite()));
        }
    }

    #[test]
    fn any_projection(pairs in proptest::collection::vec((proptest::num::f64::ANY, proptest::num::f64::ANY), 0..12)) {
        let (w, mut g): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        if project(&w, &mut g, Rescale::KeepNorm, Arithmetic::Guarded).is_ok() {
            prop_assert!(g.iter().all(|v| v.is_finite()));
        }
    }
}
