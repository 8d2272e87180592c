//! Bad input: an error for each, never a panic.

use ndarray::{Array1, Array2, Array3, array};
use olinear::{
    AdaptiveConformal, Architecture, Baseline, Basis, Centre, Error, Folding, Forecaster, LinearForecaster, LinearKind,
    Loss, MissingPolicy, MomentRidge, Network, NormLin, OLinear, OrthoBasis, Parts, RevIn, Rotation, Rule, Schedule,
    Score, Split, SplitConformal, TemporalCorrelation, TemporalStatistics, WindowMoments, Workspace, evaluate,
    forecast_next,
};
use proptest::prelude::*;

fn series(rows: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, 2), |(t, n)| (t as f64 * 0.3).sin() + n as f64 + 0.01 * ((t * t) % 17) as f64)
}

fn parts(rows: usize) -> Parts {
    Split::Custom.parts(rows, 6).unwrap()
}

#[test]
fn configurations() {
    let (x, p) = (series(200), parts(200));
    let base = OLinear { width: 4, hidden: 4, extension: 2, epochs: 1, ..OLinear::new(6, 3) };
    assert!(base.fit(&x, &p).is_ok());
    let bad: [fn(&mut OLinear); 15] = [
        |m| m.look_back = 0,
        |m| m.horizon = 0,
        |m| m.extension = 0,
        |m| m.width = 0,
        |m| m.hidden = usize::MAX,
        |m| m.blocks = usize::MAX,
        |m| m.batch = 0,
        |m| m.epochs = 0,
        |m| m.patience = 0,
        |m| m.dropout = 1.0,
        |m| m.dropout = f64::NAN,
        |m| m.learning_rate = -1.0,
        |m| m.loss.alpha = f64::NAN,
        |m| m.look_back = usize::MAX,
        |m| m.basis_rows = Some(0),
    ];
    for (index, change) in bad.into_iter().enumerate() {
        let mut model = base.clone();
        change(&mut model);
        assert!(model.fit(&x, &p).is_err(), "change {index}");
    }
    // No blocks, a step ahead, a window longer than the look-back, a batch larger than the data: all legal.
    for model in [
        OLinear { blocks: 0, ..base },
        OLinear { horizon: 1, ..base },
        OLinear { horizon: 9, ..base },
        OLinear { batch: 5000, ..base },
        OLinear { extension: 1, ..base },
    ] {
        let fit = model.fit(&x, &p).unwrap();
        assert_eq!(fit.forecast_windows(&Array3::zeros((0, 6, 2))).unwrap().dim(), (0, model.horizon, 2));
        assert!(forecast_next(&fit, &x).unwrap().iter().all(|v| v.is_finite()));
    }
    let one = x.column(0).to_owned().insert_axis(ndarray::Axis(1));
    assert!(base.fit(&one, &p).is_ok());
}

#[test]
fn a_forecast_that_is_no_number_is_no_missing_target() {
    let y = Array3::<f64>::zeros((1, 2, 1));
    let (mut p, mut gap) = (y.clone(), y.clone());
    p[[0, 0, 0]] = f64::NAN;
    gap[[0, 0, 0]] = f64::NAN;
    assert!(Loss::default().value_and_gradient(&p, &y).unwrap().0.is_nan());
    assert_eq!(Loss::default().value_and_gradient(&y, &gap).unwrap().0, 0.0);
}

#[test]
fn divergence_is_an_error() {
    let model = OLinear { width: 4, hidden: 4, extension: 2, epochs: 4, learning_rate: 1e30, ..OLinear::new(6, 3) };
    assert!(matches!(model.fit(&series(200), &parts(200)), Err(Error::Diverged { .. })));
}

#[test]
fn short_parts_are_named() {
    let (x, p) = (series(40), Split::Custom.parts(40, 6).unwrap());
    let error = OLinear::new(6, 30).fit(&x, &p).unwrap_err().to_string();
    assert_eq!(error, "the training part has 28 rows; a window of look-back and horizon needs 36");
    let error = MomentRidge::new(6, &[8]).fit(&x, &p).unwrap_err().to_string();
    assert_eq!(error, "the validation part has 10 rows; a window of look-back and horizon needs 14");
    assert!(Split::EttHour.parts(100, 6).is_err());
    assert!(MomentRidge::new(6, &[]).fit(&x, &p).is_err());
    assert!(MomentRidge::new(6, &[usize::MAX]).fit(&x, &p).is_err());
    let mut beyond = p;
    beyond.test = 30..90;
    let rule = Baseline::new(Rule::LastValue, 6, 3).unwrap();
    assert!(evaluate(&rule, &x, &beyond.test).is_err());
}

#[test]
fn constant_series() {
    let x = Array2::from_elem((200, 2), 3.5);
    let p = parts(200);
    assert!(matches!(TemporalCorrelation::default().of(&x, 4), Err(Error::NoVariation { .. })));
    let ridge = MomentRidge::new(6, &[3]).fit(&x, &p).unwrap();
    assert!(forecast_next(&ridge.maps[0], &x).unwrap().iter().all(|v| (v - 3.5).abs() < 1e-12));
    let model = OLinear { width: 4, hidden: 4, basis: Basis::Dct2, epochs: 1, ..OLinear::new(6, 3) };
    let fit = model.fit(&x, &p).unwrap();
    assert!(forecast_next(&fit, &x).unwrap().iter().all(|v| (v - 3.5).abs() < 0.05));
}

#[test]
fn shapes_and_numbers() {
    let network = Network::<f64>::new(
        Architecture { width: 4, hidden: 4, extension: 2, ..Architecture::new(6, 3, 2) },
        Rotation::Identity,
        Rotation::Identity,
        None,
        1,
    )
    .unwrap();
    let mut workspace = Workspace::new(&network, 2, Folding::Automatic).unwrap();
    let (x, y) = (Array3::<f64>::zeros((2, 6, 2)), Array3::zeros((2, 3, 2)));
    let loss = Loss::default();
    assert!(workspace.loss_and_gradient(&network, &x, &y, &loss, None).is_ok());
    assert!(
        workspace
            .loss_and_gradient(&network, &Array3::zeros((3, 6, 2)), &Array3::zeros((3, 3, 2)), &loss, None)
            .is_err()
    );
    assert!(workspace.loss_and_gradient(&network, &x, &Array3::zeros((2, 4, 2)), &loss, None).is_err());
    assert!(workspace.loss_and_gradient(&network, &x.mapv(|_| f64::INFINITY), &y, &loss, None).is_err());
    let empty =
        workspace.loss_and_gradient(&network, &Array3::zeros((0, 6, 2)), &Array3::zeros((0, 3, 2)), &loss, None);
    assert_eq!(empty.unwrap(), 0.0);
    // All missing: nothing to learn from, and nothing breaks.
    let missing = workspace.loss_and_gradient(&network, &x.mapv(|_| f64::NAN), &y.mapv(|_| f64::NAN), &loss, None);
    assert_eq!(missing.unwrap(), 0.0);
    assert!(network.forecast(&Array3::zeros((1, 5, 2))).is_err());
    assert!(Workspace::new(&network, 0, Folding::Automatic).is_err());
    assert!(network.tensor("nothing").is_err());
    let mut changed = network.clone();
    assert!(changed.set_tensor("phi", &[1.0]).is_err() && changed.set_tensor("phi", &[f64::NAN, 1.0]).is_err());
    assert!(changed.start_from_linear(&Array2::zeros((5, 3))).is_err());
    let skewed = Rotation::Shared(Array2::from_elem((6, 6), 0.3));
    let form = Architecture { width: 4, hidden: 4, extension: 2, ..Architecture::new(6, 3, 2) };
    let refused = Network::<f64>::zeros(form, skewed, Rotation::Identity, None);
    assert!(matches!(refused, Err(Error::NotOrthogonal { argument: "input", .. })));
    assert!(Network::<f64>::zeros(form, Rotation::Identity, Rotation::PerChannel(vec![]), None).is_err());
    assert!(Network::<f64>::zeros(form, Rotation::Identity, Rotation::Identity, Some(Array2::eye(2))).is_err());
    assert!(OrthoBasis::new(array![[1.0, f64::NAN], [0.0, 1.0]]).is_err());
    assert!(NormLin::default().matrix(&array![[f64::INFINITY]]).is_err());
    assert!(RevIn::<f64>::new(3).normalise(&Array3::zeros((1, 4, 2))).is_err());
    assert!(Schedule::Cosine.rate(0.1, 3, 2).is_err() && Schedule::Type1.rate(f64::NAN, 1, 2).is_err());
    assert!(Split::Fractions { train: 0.9, test: 0.2 }.parts(100, 3).is_err());
    assert!(Baseline::new(Rule::Seasonal { period: 0 }, 4, 2).is_err());
    assert!(Baseline::new(Rule::SeasonalMean { period: 24, seasons: usize::MAX }, 96, 2).is_err());
    assert!(WindowMoments::empty(0).is_err() && TemporalStatistics::new(0).is_err());
    assert!(WindowMoments::empty(4).unwrap().centred(2, Centre::Mean).is_err());
    let mut stream = TemporalStatistics::new(3).unwrap();
    stream.push(&Array1::zeros(2), 1.0).unwrap();
    assert!(stream.push(&Array1::zeros(3), 1.0).is_err() && stream.push(&Array1::zeros(2), 0.0).is_err());
    assert!(MissingPolicy::Error.apply(&array![[1.0], [f64::NAN]]).is_err());
}

#[test]
fn gaps_are_kept_or_refused() {
    let mut x = series(300);
    for t in (5..300).step_by(7) {
        x[[t, t % 2]] = f64::NAN;
    }
    let p = parts(300);
    let ridge = MomentRidge::new(6, &[3]).fit(&x, &p).unwrap();
    assert!(evaluate(&ridge.maps[0], &x, &p.test).unwrap().mse < 0.5);
    let model = OLinear { width: 4, hidden: 4, extension: 2, epochs: 1, ..OLinear::new(6, 3) };
    let fit = model.fit(&x, &p).unwrap();
    assert!(evaluate(&fit, &x, &p.test).unwrap().mse.is_finite());
    assert!(LinearForecaster::new(LinearKind::DLinear, 6, 3).fit(&x, &p).is_err());
    let split = SplitConformal::calibrate(&fit, &x, &p.validation, Score::Signed).unwrap();
    let forecast = forecast_next(&fit, &x).unwrap();
    assert!(split.interval(&forecast, 0.0).is_err() && split.interval(&forecast, 1.0).is_err());
    assert!(split.interval(&Array2::zeros((2, 2)), 0.5).is_err());
    assert!(split.interval(&forecast, 0.9999).unwrap().1.iter().all(|v| v.is_infinite()));
    assert!(AdaptiveConformal::new(split.clone(), 0.9, f64::NAN).is_err());
    let mut adaptive = AdaptiveConformal::new(split, 0.9, 0.01).unwrap();
    adaptive.feedback(usize::MAX, 0, true);
    assert!(adaptive.roll(&fit, &x, &p.test).unwrap().coverage > 0.5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn nothing_panics(
        rows in 0_usize..60,
        channels in 0_usize..4,
        look_back in 0_usize..12,
        horizon in 0_usize..12,
        special in prop::sample::select(vec![0.0, f64::NAN, f64::INFINITY, 1e308, -1e308, 5e-324]),
        every in 1_usize..9,
        penalty in prop::sample::select(vec![1.0, 0.0, -1.0, f64::NAN, 1e308, 1e-308]),
    ) {
        let mut x = Array2::from_shape_fn((rows, channels), |(t, n)| ((t * 7 + n * 3) % 11) as f64);
        x.iter_mut().step_by(every).for_each(|v| *v = special);
        let _ = TemporalCorrelation::default().of(&x, look_back);
        let _ = TemporalCorrelation::reference().of(&x, look_back);
        let _ = OrthoBasis::of_correlation(&TemporalCorrelation::default(), &x, look_back);
        for policy in [MissingPolicy::Keep, MissingPolicy::Interpolate, MissingPolicy::Seasonal { period: look_back }] {
            let _ = policy.apply(&x);
        }
        let Ok(parts) = Split::Custom.parts(rows, look_back) else { return Ok(()) };
        let ridge = MomentRidge { penalties: vec![penalty], ..MomentRidge::new(look_back, &[horizon]) };
        if let Ok(fit) = ridge.fit(&x, &parts) {
            let _ = evaluate(&fit.maps[0], &x, &parts.test);
        }
        let _ = LinearForecaster { epochs: 1, ..LinearForecaster::new(LinearKind::RLinear, look_back, horizon) }.fit(&x, &parts);
        let _ = OLinear { width: 3, hidden: 3, extension: 2, epochs: 1, ..OLinear::new(look_back, horizon) }.fit(&x, &parts);
    }
}
