//! Identities of the method.

use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2, Array3, Axis};
use olinear::{
    Architecture, Basis, Centre, CorrelationKind, Dropout, Folding, Forecaster, Loss, LossMode, Metrics, Mixing,
    MomentRidge, Network, NormLin, OLinear, OrthoBasis, PenaltySelection, Rotation, RowNorm, Score, Split,
    SplitConformal, Temporal, TemporalCorrelation, TemporalStatistics, Transform, WindowMoments, Workspace, coverage,
};
use proptest::prelude::*;

fn walk(seed: u64, rows: usize, channels: usize) -> Array2<f64> {
    let mut x: Array2<f64> = normal_array(&mut rng(seed), (rows, channels));
    for t in 1..rows {
        for n in 0..channels {
            x[[t, n]] += 0.8 * x[[t - 1, n]] + (t as f64 * 0.7 + n as f64).sin() * 0.3;
        }
    }
    x
}

fn largest<'a>(x: impl IntoIterator<Item = &'a f64>) -> f64 {
    x.into_iter().fold(0.0, |m, v| m.max(v.abs()))
}

fn small(mixing: Mixing, temporal: Temporal) -> Architecture {
    Architecture { width: 6, hidden: 5, extension: 3, mixing, temporal, ..Architecture::new(9, 4, 3) }
}

fn network(seed: u64, mixing: Mixing, temporal: Temporal) -> Network<f64> {
    let rows = walk(seed, 60, 3);
    let basis = |size| Rotation::shared(&Basis::default().build(size, &rows).unwrap());
    let fixed =
        (mixing == Mixing::Fixed).then(|| Array2::from_shape_fn((3, 3), |(i, j)| 1.0 / (1.0 + (i + 2 * j) as f64)));
    let mut network = Network::new(small(mixing, temporal), basis(9), basis(4), fixed, seed).unwrap();
    // Nothing may hide behind a zero, or a one.
    let noise: Array1<f64> = normal_array(&mut rng(seed + 1), network.parameters().len());
    network.parameters_mut().iter_mut().zip(&noise).for_each(|(p, &e)| *p += 0.1 * e);
    network
}

fn batch(seed: u64) -> (Array3<f64>, Array3<f64>) {
    let x: Array3<f64> = normal_array(&mut rng(seed + 2), (4, 9, 3));
    (x * 3.0, normal_array(&mut rng(seed + 3), (4, 4, 3)))
}

const FORMS: [(Mixing, Temporal); 6] = [
    (Mixing::NormLin(NormLin { transform: Transform::Softplus, norm: RowNorm::L1 }), Temporal::Mlp),
    (Mixing::NormLin(NormLin { transform: Transform::Identity, norm: RowNorm::L2 }), Temporal::None),
    (Mixing::Fixed, Temporal::Mlp),
    (Mixing::Linear, Temporal::Mlp),
    (Mixing::None, Temporal::Mlp),
    (Mixing::Linear, Temporal::None),
];

#[test]
fn gradients_are_those_of_finite_differences() {
    for (index, (mixing, temporal)) in FORMS.into_iter().enumerate() {
        let seed = index as u64;
        let network = network(seed, mixing, temporal);
        let (x, mut y) = batch(seed);
        y[[1, 2, 0]] = f64::NAN;
        // Smooth, so that no kink lies in the way.
        let loss = Loss { mode: LossMode::L2, alpha: 0.5 };
        for (folding, dropout) in [
            (Folding::Never, None),
            (Folding::Always, None),
            (Folding::Never, Some(Dropout { rate: 0.3, seed: 5, step: 2 })),
            (Folding::Always, Some(Dropout { rate: 0.3, seed: 5, step: 2 })),
        ] {
            let mut workspace = Workspace::new(&network, 4, folding).unwrap();
            workspace.loss_and_gradient(&network, &x, &y, &loss, dropout).unwrap();
            let gradient = workspace.gradient().to_vec();
            let scale = largest(&gradient);
            for tensor in network.tensors() {
                for i in tensor.range.clone().step_by(1 + tensor.range.len() / 7) {
                    let mut at = |h: f64| {
                        let mut moved = network.clone();
                        moved.parameters_mut()[i] += h;
                        workspace.loss_and_gradient(&moved, &x, &y, &loss, dropout).unwrap()
                    };
                    let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
                    assert!(
                        (numeric - gradient[i]).abs() < 1e-7 * scale.max(1.0) + 1e-6 * numeric.abs(),
                        "{} {folding:?} {dropout:?}: {numeric} and {}",
                        tensor.name,
                        gradient[i]
                    );
                }
            }
        }
    }
}

#[test]
fn folding_changes_nothing() {
    for (index, (mixing, temporal)) in FORMS.into_iter().enumerate() {
        let seed = 10 + index as u64;
        let network = network(seed, mixing, temporal);
        let (x, y) = batch(seed);
        let (loss, dropout) = (Loss::default(), Some(Dropout { rate: 0.2, seed: 1, step: 7 }));
        let mut found = Vec::new();
        for folding in [Folding::Never, Folding::Always] {
            let mut workspace = Workspace::new(&network, 4, folding).unwrap();
            let forecast = workspace.forecast(&network, &x).unwrap();
            let value = workspace.loss_and_gradient(&network, &x, &y, &loss, dropout).unwrap();
            found.push((forecast, value, Array1::from(workspace.gradient().to_vec())));
        }
        let folded = network.forecast(&x).unwrap();
        assert!(largest(&(&found[0].0 - &found[1].0)) < 1e-12 * largest(&folded));
        assert!(largest(&(&found[0].0 - &folded)) < 1e-12 * largest(&folded));
        assert!((found[0].1 - found[1].1).abs() < 1e-12);
        assert!(largest(&(&found[0].2 - &found[1].2)) < 1e-10 * largest(&found[0].2));
    }
}

#[test]
fn a_residual_network_begins_at_its_linear_map() {
    let mut network = network(3, Mixing::default(), Temporal::Mlp);
    let map: Array2<f64> = normal_array(&mut rng(8), (9, 4));
    // The affine map of RevIN has no part in it while it is the identity.
    for (name, value) in [("revin_w", 1.0), ("revin_b", 0.0)] {
        network.set_tensor(name, &[value; 3]).unwrap();
    }
    network.start_from_linear(&map).unwrap();
    let (x, y) = batch(3);
    let found = network.forecast(&x).unwrap();
    let mut workspace = Workspace::new(&network, 4, Folding::Never).unwrap();
    assert!(largest(&(&workspace.forecast(&network, &x).unwrap() - &found)) < 1e-12 * largest(&found));
    for (b, window) in x.outer_iter().enumerate() {
        for (n, column) in window.axis_iter(Axis(1)).enumerate() {
            let mean = column.mean().unwrap();
            let expected = column.mapv(|v| v - mean).dot(&map) + mean;
            for t in 0..4 {
                assert!((found[[b, t, n]] - expected[t]).abs() < 1e-12);
            }
        }
    }
    // The gradient of the head is that of what is left over.
    assert!(workspace.loss_and_gradient(&network, &x, &y, &Loss::default(), None).unwrap() > 0.0);
    assert!(largest(network.tensor_of("F2", workspace.gradient()).unwrap().iter()) > 0.0);
}

#[test]
fn series_can_be_permuted() {
    let network = network(5, Mixing::default(), Temporal::Mlp);
    let order = [2, 0, 1];
    let mut permuted = network.clone();
    for name in ["revin_w", "revin_b", "delta1", "delta2"] {
        let moved = network.tensor(name).unwrap().select(Axis(0), &order);
        permuted.set_tensor(name, &moved.iter().copied().collect::<Vec<_>>()).unwrap();
    }
    for layer in 0..2 {
        let name = format!("layer{layer}.W_mix");
        let moved = network.tensor(&name).unwrap().select(Axis(0), &order).select(Axis(1), &order);
        permuted.set_tensor(&name, &moved.iter().copied().collect::<Vec<_>>()).unwrap();
    }
    let (x, _) = batch(5);
    let expected = network.forecast(&x).unwrap().select(Axis(2), &order);
    let found = permuted.forecast(&x.select(Axis(2), &order)).unwrap();
    assert!(largest(&(&found - &expected)) < 1e-12 * largest(&expected));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bases_diagonalise(seed in 0_u64..1000, size in 1_usize..14, channels in 1_usize..4) {
        let rows = walk(seed, 70, channels);
        for kind in [CorrelationKind::Pearson, CorrelationKind::Ratio, CorrelationKind::Toeplitz, CorrelationKind::Autocorrelation] {
            let correlation = TemporalCorrelation { kind, ..TemporalCorrelation::default() };
            let s = correlation.of(&rows, size).unwrap().matrix;
            let basis = OrthoBasis::of_correlation(&correlation, &rows, size).unwrap();
            let q = basis.matrix();
            prop_assert!(largest(&(q.dot(&q.t()) - Array2::<f64>::eye(size))) < 1e-10);
            let mut turned = q.dot(&s).dot(&q.t());
            if kind != CorrelationKind::Ratio {
                prop_assert!((turned.diag().sum() - size as f64).abs() < 1e-9);
            }
            for i in 0..size {
                prop_assert!((turned[[i, i]] - basis.eigenvalues()[i]).abs() < 1e-9);
                turned[[i, i]] = 0.0;
                prop_assert!(i == 0 || basis.eigenvalues()[i] <= basis.eigenvalues()[i - 1]);
                // A vector of a Toeplitz matrix is its own mirror image, up to sign.
                if matches!(kind, CorrelationKind::Toeplitz | CorrelationKind::Autocorrelation) {
                    let row = q.row(i);
                    let mirrored: Array1<f64> = row.iter().rev().copied().collect();
                    let sign = row.dot(&mirrored).signum();
                    prop_assert!(largest(&(&row * sign - &mirrored)) < 1e-8);
                }
            }
            prop_assert!(largest(&turned) < 1e-9 * size as f64);
        }
    }

    #[test]
    fn fixed_bases_are_orthonormal(size in 1_usize..80) {
        let rows = Array2::zeros((1, 1));
        for basis in [Basis::Identity, Basis::Dct2, Basis::RealFourier, Basis::Haar, Basis::DiscreteLegendre] {
            let basis = basis.build(size, &rows).unwrap();
            let q = basis.matrix();
            prop_assert!(largest(&(q.dot(&q.t()) - Array2::<f64>::eye(size))) < 1e-12, "{size}");
            let u: Array2<f64> = normal_array(&mut rng(1), (3, size));
            let s = basis.encode(&u).unwrap();
            prop_assert!((s.iter().map(|v| v * v).sum::<f64>() - u.iter().map(|v| v * v).sum::<f64>()).abs() < 1e-11 * size as f64);
            prop_assert!(largest(&(basis.decode(&s).unwrap() - &u)) < 1e-12 * largest(&u) * 4.0);
            prop_assert!(basis.drift(&basis, 1.max(size / 2)).unwrap() < 1e-12);
        }
    }

    #[test]
    fn the_temporal_matrix_does_not_see_units(seed in 0_u64..1000, scale in prop::sample::select(vec![-1e6, -2.0, 0.3, 1e-7, 1e9]), shift in -1e3_f64..1e3) {
        let rows = walk(seed, 50, 2);
        let correlation = TemporalCorrelation::default();
        let found = correlation.of(&rows.mapv(|v| scale * (v + shift)), 6).unwrap().matrix;
        prop_assert!(largest(&(found - correlation.of(&rows, 6).unwrap().matrix)) < 1e-9);
    }

    #[test]
    fn streams_agree_with_batches(seed in 0_u64..1000, steps in 1_usize..9, channels in 1_usize..4) {
        let rows = walk(seed, 40, channels) + 100.0;
        let mut stream = TemporalStatistics::new(steps).unwrap();
        let mut moments = WindowMoments::empty(steps).unwrap();
        for row in rows.outer_iter() {
            stream.push(&row, 1.0).unwrap();
            moments.push(&row, 1.0).unwrap();
        }
        let batch = TemporalCorrelation::default().of(&rows, steps).unwrap().matrix;
        prop_assert!(largest(&(stream.correlation(1e-4).unwrap() - batch)) < 1e-9);
        let batch = WindowMoments::of(&rows, steps).unwrap();
        prop_assert!(largest(&(moments.matrix() / batch.matrix() - 1.0)) < 1e-12);
        // A batch can be continued as a stream.
        let mut continued = WindowMoments::of(&rows.slice_axis(Axis(0), (..30).into()), steps).unwrap();
        rows.outer_iter().skip(30).for_each(|row| continued.push(&row, 1.0).unwrap());
        prop_assert!(largest(&(continued.matrix() / batch.matrix() - 1.0)) < 1e-12);
    }

    #[test]
    fn mixing_rows_sum_to_one(seed in 0_u64..1000, n in 1_usize..6, scale in prop::sample::select(vec![0.1, 1.0, 30.0, 300.0])) {
        let w: Array2<f64> = normal_array(&mut rng(seed), (n, n));
        let w = (w * scale).mapv(|v: f64| v.clamp(-1e3, 1e3));
        let a = NormLin::default().matrix(&w).unwrap();
        for row in a.outer_iter() {
            prop_assert!((row.sum() - 1.0).abs() < 1e-12 && row.iter().all(|&v| v >= 0.0));
        }
        let g: Array2<f64> = normal_array(&mut rng(seed + 1), (n, n));
        let gradient = NormLin::default().gradient(&w, &g).unwrap();
        if scale < 10.0 {
            // Scaling a row's softplus values changes nothing.
            for (row, w) in gradient.outer_iter().zip(w.outer_iter()) {
                let along: f64 = row.iter().zip(w).map(|(d, w)| d * w.exp().ln_1p() * (1.0 + (-w).exp())).sum();
                prop_assert!(along.abs() < 1e-10);
            }
        }
    }

    #[test]
    fn forecasts_follow_scale_and_shift(seed in 0_u64..200) {
        let network = network(seed, Mixing::default(), Temporal::Mlp);
        let (x, _) = batch(seed);
        let shift = [3.0, -50.0, 7.0];
        let moved = Array3::from_shape_fn(x.dim(), |(b, t, n)| 4.0 * x[[b, t, n]] + shift[n]);
        let (found, base) = (network.forecast(&moved).unwrap(), network.forecast(&x).unwrap());
        for ((b, t, n), &v) in found.indexed_iter() {
            let expected = 4.0 * base[[b, t, n]] + shift[n];
            prop_assert!((v - expected).abs() < 1e-4 * (1.0 + expected.abs() + largest(&base)));
        }
    }

    #[test]
    fn turning_the_input_basis_turns_the_weights(seed in 0_u64..200) {
        let network = network(seed, Mixing::default(), Temporal::Mlp);
        let (x, _) = batch(seed);
        let turn = Basis::Dct2.build(9, &Array2::zeros((1, 1))).unwrap();
        let rows = walk(seed, 60, 3);
        let basis = |size| Basis::default().build(size, &rows).unwrap();
        let turned = OrthoBasis::new(turn.matrix().dot(basis(9).matrix())).unwrap();
        let (input, output) = (Rotation::shared(&turned), Rotation::shared(&basis(4)));
        let mut other = Network::zeros(*network.architecture(), input, output, None).unwrap();
        for tensor in network.tensors() {
            let mut entries: Vec<f64> = network.tensor(&tensor.name).unwrap().iter().copied().collect();
            if tensor.name == "W_in" || tensor.name == "delta1" {
                let rows = Array2::from_shape_vec((entries.len() / 9, 9), entries).unwrap();
                entries = turn.encode(&rows).unwrap().iter().copied().collect();
            }
            other.set_tensor(&tensor.name, &entries).unwrap();
        }
        let expected = network.forecast(&x).unwrap();
        prop_assert!(largest(&(other.forecast(&x).unwrap() - &expected)) < 1e-10 * largest(&expected).max(1.0));
    }

    #[test]
    fn ridge_from_moments_is_ridge_from_windows(seed in 0_u64..1000, lambda in prop::sample::select(vec![1e-3, 0.1, 10.0])) {
        let series = walk(seed, 80, 2);
        let (t, h) = (6, 3);
        let moments = WindowMoments::of(&series, t + h).unwrap().centred(t, Centre::Mean).unwrap();
        let w = moments.ridge(lambda, None).unwrap();
        // Normal equations, from the windows themselves.
        let mut residual = &w * lambda;
        let windows = 80 - t - h + 1;
        for start in 0..windows {
            for n in 0..2 {
                let x: Array1<f64> = (0..t).map(|i| series[[start + i, n]]).collect();
                let mean = x.mean().unwrap();
                let x = x - mean;
                let error: Array1<f64> = (0..h).map(|i| x.dot(&w.column(i)) - (series[[start + t + i, n]] - mean)).collect();
                for i in 0..t {
                    for j in 0..h {
                        residual[[i, j]] += x[i] * error[j] / (2 * windows) as f64;
                    }
                }
            }
        }
        prop_assert!(largest(&residual) < 1e-10);
        // With one penalty for all, coordinates do not matter.
        let one = MomentRidge { penalties: vec![lambda], selection: PenaltySelection::Uniform, ..MomentRidge::new(t, &[h]) };
        let fit = one.fit_moments(&moments, Some(&moments)).unwrap();
        prop_assert!(largest(&(&fit.map - &w)) < 1e-9);
    }

    #[test]
    fn losses_scale(seed in 0_u64..1000, factor in 0.1_f64..5.0) {
        let (p, y): (Array3<f64>, Array3<f64>) = (normal_array(&mut rng(seed), (2, 3, 2)), normal_array(&mut rng(seed + 1), (2, 3, 2)));
        let value = |mode, p: &Array3<f64>| Loss { mode, alpha: 0.0 }.value_and_gradient(p, &y).unwrap().0;
        prop_assert!((value(LossMode::L1, &p) - Metrics::of(&p, &y).unwrap().mae).abs() < 1e-13);
        let scaled = (&p - &y) * factor + &y;
        prop_assert!((value(LossMode::L1, &scaled) - factor * value(LossMode::L1, &p)).abs() < 1e-12);
        prop_assert!((value(LossMode::L2, &scaled) - factor * factor * value(LossMode::L2, &p)).abs() < 1e-11);
        let perfect = Metrics::of(&y, &y).unwrap();
        prop_assert!((perfect.r2 - 1.0).abs() < 1e-12 && (perfect.pearson - 1.0).abs() < 1e-12 && perfect.mase == 0.0);
    }
}

#[test]
fn gaps_in_a_trend() {
    let mut steep = Array2::from_shape_fn((400, 1), |(t, _)| t as f64 + 2.0 * (t as f64 * 0.5).sin());
    for t in (3..400).step_by(4) {
        steep[[t, 0]] = f64::NAN;
    }
    let parts = Split::default().parts(400, 20).unwrap();
    let fit = MomentRidge::new(20, &[5]).fit(&steep, &parts).unwrap();
    let last = olinear::Baseline::new(olinear::Rule::LastValue, 20, 5).unwrap();
    let error = |f: &dyn Forecaster| olinear::evaluate(f, &steep, &parts.test).unwrap().mse;
    let (found, simple) = (error(&fit.maps[0]), error(&last));
    assert!(found < 0.2 * simple, "{found} {simple} {:?}", fit.maps[0].penalties);
}

#[test]
fn ridge_continues_sums_of_sines() {
    let series = Array2::from_shape_fn((600, 1), |(t, _)| {
        5.0 + (t as f64 * 0.31).sin() + 2.0 * (t as f64 * 0.77).cos() + 0.5 * (t as f64 * 1.9).sin()
    });
    let moments = WindowMoments::of(&series, 30).unwrap().centred(20, Centre::Mean).unwrap();
    let ridge = MomentRidge { penalties: vec![1e-12], ..MomentRidge::new(20, &[10]) };
    let fit = ridge.fit_moments(&moments, Some(&moments)).unwrap();
    let (x, y) = olinear::windows(&series, &[7, 300, 555], 20, 10).unwrap();
    assert!(largest(&(fit.forecast_windows(&x).unwrap() - y)) < 1e-5);
    // A huge penalty leaves the mean of the window.
    let ridge = MomentRidge { penalties: vec![1e12], ..MomentRidge::new(20, &[10]) };
    let fit = ridge.fit_moments(&moments, Some(&moments)).unwrap();
    let mean = x.mean_axis(Axis(1)).unwrap();
    let found = fit.forecast_windows(&x).unwrap();
    assert!(found.indexed_iter().all(|((b, _, n), &v)| (v - mean[[b, n]]).abs() < 1e-9));
}

#[test]
fn intervals_cover_independent_errors() {
    // A forecaster of zeros, on noise: what is forecast never depends on the window.
    let series: Array2<f64> = normal_array(&mut rng(4), (6000, 1));
    let zero = MomentRidge { penalties: vec![1e12], ..MomentRidge::new(400, &[1]) };
    let moments = WindowMoments::of(&series, 401).unwrap().centred(400, Centre::Mean).unwrap();
    let zero = zero.fit_moments(&moments, Some(&moments)).unwrap();
    for score in [Score::Absolute, Score::Signed] {
        let split = SplitConformal::calibrate(&zero, &series, &(0..3000), score).unwrap();
        let mut last = 0.0;
        for level in [0.5, 0.8, 0.9, 0.99] {
            let found = coverage(&split, &zero, &series, &(3000..6000), level).unwrap();
            // Three standard errors of the binomial, twice: calibration has as many errors as the test.
            assert!(
                (found.coverage - level).abs() < 6.0 * (level * (1.0 - level) / 2600.0).sqrt(),
                "{score:?} {found:?}"
            );
            assert!(found.width > last);
            last = found.width;
        }
    }
}

#[test]
fn training_repeats_to_the_bit_whatever_the_threads() {
    let series = walk(1, 300, 3);
    let parts = Split::Custom.parts(300, 12).unwrap();
    let model = OLinear { width: 8, hidden: 8, extension: 2, epochs: 2, ..OLinear::new(12, 5) };
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| model.fit(&series, &parts).unwrap())
    };
    let (one, two) = (fit(1), fit(2));
    assert_eq!(one.network.parameters(), two.network.parameters());
    assert_eq!(one.history, two.history);
    assert!(one.history.iter().all(|e| e.train_loss.is_finite()));
}

#[cfg(feature = "save")]
#[test]
fn saved_models_forecast_the_same_bits() {
    use olinear::{FittedForecaster, SavedModel, Scaler};
    let series = walk(1, 300, 3);
    let parts = Split::Custom.parts(300, 12).unwrap();
    let scaler = Scaler::fit(&series).unwrap();
    let scaled: Array2<f64> = scaler.transform(&series).unwrap();
    let fit =
        OLinear { width: 8, hidden: 8, extension: 2, epochs: 1, ..OLinear::new(12, 5) }.fit(&scaled, &parts).unwrap();
    let ridge = MomentRidge::new(12, &[5]).fit(&scaled, &parts).unwrap();
    let x = olinear::windows(&scaled, &[0, 9, 100], 12, 5).unwrap().0;
    for forecaster in
        [FittedForecaster::Network(Box::new(fit)), FittedForecaster::Ridge(Box::new(ridge.maps[0].clone()))]
    {
        let intervals = SplitConformal::calibrate(&forecaster, &scaled, &parts.validation, Score::Absolute).unwrap();
        let model = SavedModel {
            forecaster,
            scaler: scaler.clone(),
            channels: ["a", "b", "c"].map(str::to_owned).to_vec(),
            parts: parts.clone(),
            metrics: None,
            intervals: Some(intervals),
        };
        let bytes = model.to_bytes().unwrap();
        let back = SavedModel::from_bytes(&bytes).unwrap();
        assert_eq!(back.forecaster.forecast_windows(&x).unwrap(), model.forecaster.forecast_windows(&x).unwrap());
        assert_eq!((back.scaler, back.parts, back.intervals), (model.scaler, model.parts, model.intervals));
        for cut in [0, 7, 20, bytes.len() / 2, bytes.len() - 1] {
            assert!(SavedModel::from_bytes(&bytes[..cut]).is_err());
        }
        let mut file = bytes;
        let key = b"\\\"version\\\":";
        let at = file.windows(key.len()).position(|w| w == key).unwrap() + key.len();
        file[at] = b'9';
        assert!(SavedModel::from_bytes(&file).unwrap_err().to_string().contains("version"));
    }
}
