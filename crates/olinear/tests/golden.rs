//! Golden numerical cases.

use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, Array2, Array3, ArrayD, Axis};
use olinear::{
    Architecture, Baseline, Centre, CorrelationKind, Folding, Forecaster, Loss, LossMode, Metrics, Mixing, MomentRidge,
    Network, NormLin, OrthoBasis, Parts, PenaltySelection, RevIn, Rotation, RowNorm, Rule, Scaler, Schedule, Split,
    TemporalCorrelation, Transform, WindowMoments, Workspace, correlation_mixing, evaluate,
};
use serde_json::Value;

/// An array of any rank from nested lists; "NaN" counts as a number.
fn array(value: &Value) -> ArrayD<f64> {
    fn walk(value: &Value, depth: usize, shape: &mut Vec<usize>, entries: &mut Vec<f64>) {
        match value {
            Value::Array(list) => {
                if shape.len() == depth {
                    shape.push(list.len());
                }
                assert_eq!(shape[depth], list.len());
                list.iter().for_each(|item| walk(item, depth + 1, shape, entries));
            }
            Value::String(text) => entries.push(text.parse().unwrap()),
            other => entries.push(other.as_f64().unwrap()),
        }
    }
    let (mut shape, mut entries) = (Vec::new(), Vec::new());
    walk(value, 0, &mut shape, &mut entries);
    ArrayD::from_shape_vec(shape, entries).unwrap()
}

fn cube(case: &Case, field: &str) -> Array3<f64> {
    array(case.value(field)).into_dimensionality().unwrap()
}

fn correlation(kind: CorrelationKind) -> TemporalCorrelation {
    TemporalCorrelation { kind, ..TemporalCorrelation::reference() }
}

/// Rows of Q agree up to sign where their eigenvalue stands apart.
fn same_rows(check: &mut Check, what: &str, found: &OrthoBasis, q: &Array2<f64>, values: &Array1<f64>) {
    check.close(&format!("{what} eigenvalues"), found.eigenvalues(), values, Tolerance::both(1e-10));
    for (k, (a, b)) in found.matrix().outer_iter().zip(q.outer_iter()).enumerate() {
        let apart = values.iter().enumerate().filter(|(j, _)| *j != k).all(|(_, v)| (v - values[k]).abs() > 1e-4);
        if apart {
            let sign = a.dot(&b).signum();
            check.close(&format!("{what} vector {k}"), &(&a * sign), &b.to_owned(), Tolerance::both(1e-8));
        }
    }
}

fn orthotrans(case: &Case, check: &mut Check) {
    let series: Array2<f64> = array(case.value("series")).into_dimensionality().unwrap();
    let lag = case.index("lag");
    let tolerance = Tolerance::both(1e-10);
    for (kind, name) in [
        (CorrelationKind::Ratio, "ratio"),
        (CorrelationKind::Pearson, "pearson"),
        (CorrelationKind::Toeplitz, "toeplitz"),
    ] {
        let found = correlation(kind).of(&series, lag).unwrap();
        let field = if name == "ratio" { "ratio_matrix_used".to_owned() } else { format!("{name}_matrix") };
        check.close(&field, &found.matrix, &case.matrix(&field), tolerance);
        check.same("dropped channels", found.dropped, case.indices("skipped_channels"));
        let basis = OrthoBasis::of_correlation(&correlation(kind), &series, lag).unwrap();
        let values = case.vector(&format!("eigenvalues_{name}"));
        same_rows(check, name, &basis, &case.matrix(&format!("Q_{name}")), &values);
    }
    // Its lower triangle is what is used.
    let raw = case.matrix("ratio_matrix_raw");
    let used = correlation(CorrelationKind::Ratio).of(&series, lag).unwrap().matrix;
    for i in 0..lag {
        for j in 0..=i {
            check.scalar("raw ratio", used[[i, j]], raw[[i, j]], tolerance);
        }
    }
}

fn normlin(case: &Case, check: &mut Check) {
    let (w, u) = (case.matrix("W"), case.matrix("U"));
    let form = NormLin::default();
    let a = form.matrix(&w).unwrap();
    check.close("A", &a, &case.matrix("A_stable"), Tolerance::relative(1e-12));
    // The reference's rows are what they should be where nothing underflows: rows 1 and 3.
    let (reference, gradient) = (case.matrix("A_reference"), form.gradient(&w, &u).unwrap());
    let expected = case.matrix("grad_W_reference");
    for row in [1, 3] {
        // It switches to the identity above 20, at an error of 2e-9.
        check.close("A reference", &a.row(row), &reference.row(row).to_owned(), Tolerance::both(1e-8));
        check.close("gradient", &gradient.row(row), &expected.row(row).to_owned(), Tolerance::both(1e-8));
    }
}

fn normlin_variants(case: &Case, check: &mut Check) {
    let (w, u) = (case.matrix("W"), case.matrix("U"));
    for (name, expected) in case.value("variants").as_object().unwrap() {
        let (transform, norm) = name.split_once('/').unwrap();
        let form = NormLin {
            transform: match transform {
                "softplus" => Transform::Softplus,
                "softmax" => Transform::Softmax,
                "sigmoid" => Transform::Sigmoid,
                "relu" => Transform::Relu,
                "identity" => Transform::Identity,
                other => panic!("{other}"),
            },
            norm: match norm {
                "L1" => RowNorm::L1,
                "L2" => RowNorm::L2,
                "none" => RowNorm::None,
                other => panic!("{other}"),
            },
        };
        let tolerance = Tolerance::both(1e-12);
        check.close(&format!("{name} A"), &form.matrix(&w).unwrap().into_dyn(), &array(&expected["A"]), tolerance);
        let gradient = form.gradient(&w, &u).unwrap().into_dyn();
        check.close(&format!("{name} gradient"), &gradient, &array(&expected["grad_W"]), tolerance);
    }
}

fn revin(case: &Case, check: &mut Check) {
    let x = cube(case, "x");
    let revin = RevIn { scale: case.vector("w"), shift: case.vector("b"), subtract_last: false };
    let found = revin.normalise(&x).unwrap();
    let tolerance = Tolerance::both(1e-12);
    check.close("mean", &found.centre.clone().insert_axis(Axis(1)), &cube(case, "mean"), tolerance);
    check.close("std", &found.deviation.clone().insert_axis(Axis(1)), &cube(case, "std"), tolerance);
    check.close("norm", &found.windows, &cube(case, "norm"), tolerance);
    check.close("denorm", &revin.denormalise(&cube(case, "z"), &found).unwrap(), &cube(case, "denorm"), tolerance);
    let mut masked = x;
    masked.zip_mut_with(&cube(case, "mask"), |x, &missing| *x = if missing != 0.0 { f64::NAN } else { *x });
    let found = revin.normalise(&masked).unwrap();
    check.close("masked", &found.windows, &cube(case, "masked_norm_recommended"), tolerance);
}

fn loss(case: &Case, check: &mut Check) {
    let mode = match case.text("mode") {
        "L1" => LossMode::L1,
        "L2" => LossMode::L2,
        "L1L2" => LossMode::L1L2,
        other => panic!("{other}"),
    };
    let loss = Loss { mode, alpha: case.number("alpha") };
    let (value, gradient) = loss.value_and_gradient(&cube(case, "pred"), &cube(case, "target")).unwrap();
    check.scalar("loss", value, case.number("loss"), Tolerance::both(1e-13));
    check.close("gradient", &gradient, &cube(case, "grad"), Tolerance::both(1e-13));
}

fn metrics(case: &Case, check: &mut Check) {
    let found = Metrics::of(&cube(case, "pred"), &cube(case, "target")).unwrap();
    for (name, value) in [
        ("mae", found.mae),
        ("mse", found.mse),
        ("rmse", found.rmse),
        ("mape", found.mape),
        ("mspe", found.mspe),
        ("r2", found.r2),
        ("pearson", found.pearson),
        ("mase", found.mase),
    ] {
        check.scalar(name, value, case.number(name), Tolerance::both(1e-12));
    }
}

fn schedules_and_splits(case: &Case, check: &mut Check) {
    let (base, epochs) = (case.number("base_lr"), case.index("epochs"));
    let expected = case.object("schedules");
    for (name, schedule) in [
        ("type1", Schedule::Type1),
        ("type2", Schedule::Type2),
        ("type3", Schedule::Type3),
        ("cosine", Schedule::Cosine),
        ("constant", Schedule::Constant),
    ] {
        let found: Array1<f64> = (1..=epochs).map(|e| schedule.rate(base, e, epochs).unwrap()).collect();
        check.close(name, &found, &expected.vector(name), Tolerance::relative(1e-12));
    }
    for split in case.list("splits") {
        let kind = match split.text("kind") {
            "ett_hour" => Split::EttHour,
            "ett_minute" => Split::EttMinute,
            "custom" => Split::Custom,
            "custom2" => Split::Custom2,
            "solar" => Split::Solar,
            "pems" => Split::Pems,
            other => panic!("{other}"),
        };
        let (look_back, horizon) = (split.index("T"), split.index("H"));
        let parts = kind.parts(split.index("rows"), look_back).unwrap();
        check.same("scaler rows", parts.train.len(), split.index("scaler_rows"));
        let parts = [parts.train, parts.validation, parts.test];
        check.same("begin", parts.iter().map(|p| p.start).collect(), split.indices("begin"));
        check.same("end", parts.iter().map(|p| p.end).collect(), split.indices("end"));
        let windows: Vec<usize> = parts.iter().map(|p| olinear::Parts::windows(p, look_back, horizon)).collect();
        check.same("windows", windows, split.indices("windows"));
    }
}

fn rotation(value: &Value) -> Rotation<f64> {
    let q = array(value);
    if q.ndim() == 2 {
        Rotation::Shared(q.into_dimensionality().unwrap())
    } else {
        Rotation::PerChannel(q.outer_iter().map(|q| q.to_owned().into_dimensionality().unwrap()).collect())
    }
}

fn model(case: &Case, check: &mut Check) {
    let shape = case.object("shape");
    let fixed = case.has("mixing_matrix");
    let architecture = Architecture {
        extension: shape.index("d"),
        width: shape.index("D"),
        hidden: shape.index("F"),
        blocks: shape.index("L"),
        mixing: if fixed { Mixing::Fixed } else { Mixing::default() },
        ..Architecture::new(shape.index("T"), shape.index("H"), shape.index("N"))
    };
    let params = case.value("params").as_object().unwrap();
    let grads = case.value("grads").as_object().unwrap();
    // Without shifts the case has no gradient for them: the ablation without both transforms, or one basis per channel.
    let plain = !grads.contains_key("delta1") && array(case.value("Q_in")).ndim() == 2;
    let (input, output) = if plain {
        (Rotation::Identity, Rotation::Identity)
    } else {
        (rotation(case.value("Q_in")), rotation(case.value("Q_out")))
    };
    let mixing = fixed.then(|| {
        let found = correlation_mixing(&case.matrix("channel_corr")).unwrap();
        check.close("mixing matrix", &found, &case.matrix("mixing_matrix"), Tolerance::both(1e-14));
        found
    });
    let mut network = Network::zeros(architecture, input, output, mixing).unwrap();
    for (name, value) in params {
        network.set_tensor(name, array(value).as_slice().unwrap()).unwrap();
        check.close(name, &network.tensor(name).unwrap(), &array(value), Tolerance::both(0.0));
    }
    check.same("number of tensors", network.tensors().len(), params.len());
    let (x, y) = (cube(case, "x"), cube(case, "y"));
    let loss = Loss { alpha: case.number("loss_alpha"), ..Loss::default() };
    let expected = cube(case, "output");
    check.close("folded forecast", &network.forecast(&x).unwrap(), &expected, Tolerance::both(1e-11));
    for folding in [Folding::Never, Folding::Always] {
        let mut workspace = Workspace::new(&network, 2, folding).unwrap();
        check.close("forecast", &workspace.forecast(&network, &x).unwrap(), &expected, Tolerance::both(1e-11));
        let value = workspace.loss_and_gradient(&network, &x, &y, &loss, None).unwrap();
        check.scalar("loss", value, case.number("loss"), Tolerance::both(1e-12));
        for tensor in network.tensors() {
            let found = network.tensor_of(&tensor.name, workspace.gradient()).unwrap();
            let expected = grads.get(&tensor.name).map_or_else(|| ArrayD::zeros(found.shape()), array);
            check.close(&tensor.name, &found, &expected, Tolerance::both(1e-10));
        }
    }
    if case.has("adam") {
        adam(&case.object("adam"), &mut network, (&x, &y), &loss, check);
    }
}

fn adam(case: &Case, network: &mut Network<f64>, data: (&Array3<f64>, &Array3<f64>), loss: &Loss, check: &mut Check) {
    use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser};
    let options = AdamWOptions {
        learning_rate: case.number("lr"),
        beta1: case.number("beta1"),
        beta2: case.number("beta2"),
        epsilon: case.number("eps"),
        ..AdamWOptions::default()
    };
    let mut optimiser = AdamW::new(network.parameters().len(), options).unwrap();
    let mut workspace = Workspace::new(network, 2, Folding::Automatic).unwrap();
    let mut losses = Vec::new();
    for _ in 0..case.index("steps") {
        losses.push(workspace.loss_and_gradient(network, data.0, data.1, loss, None).unwrap());
        optimiser.step(network.parameters_mut(), workspace.gradient()).unwrap();
    }
    // Adam divides by the root of squared gradients: rounding of tiny gradients is amplified.
    let tolerance = Tolerance::both(1e-8);
    check.close("losses", &Array1::from(losses), &case.vector("losses"), tolerance);
    for (name, value) in case.value("final_params").as_object().unwrap() {
        check.close(&format!("final {name}"), &network.tensor(name).unwrap(), &array(value), tolerance);
    }
    check.close("final output", &network.forecast(data.0).unwrap(), &cube(case, "final_output"), tolerance);
}

fn ridge(case: &Case, check: &mut Check) {
    let (look_back, horizon) = (case.index("T"), case.index("H"));
    let moments = WindowMoments::of(&case.matrix("series"), look_back + horizon).unwrap();
    let moments = moments.centred(look_back, Centre::Mean).unwrap();
    let tolerance = Tolerance::both(1e-9);
    check.scalar("n", moments.windows, case.number("n"), tolerance);
    check.close("gram", &moments.gram, &case.matrix("gram"), tolerance);
    check.close("cross", &moments.cross, &case.matrix("cross"), tolerance);
    let lambda = case.number("lam");
    check.close("W", &moments.ridge(lambda, None).unwrap(), &case.matrix("W"), tolerance);
    let penalty: Array1<f64> = (1..=look_back).map(|t| t as f64).collect();
    check.close(
        "W, diagonal penalty",
        &moments.ridge(lambda, Some(&penalty)).unwrap(),
        &case.matrix("W_diag_penalty"),
        tolerance,
    );
    for case in case.list("gcv") {
        let lambda = case.number("lam");
        let residuals = moments.errors(&moments.ridge(lambda, None).unwrap()).unwrap();
        let values = OrthoBasis::of_symmetric(&moments.gram).unwrap().eigenvalues().clone();
        let degrees: f64 = values.iter().map(|g| g.max(0.0) / (g.max(0.0) + lambda)).sum();
        let found = residuals / (1.0 - degrees / moments.windows).powi(2);
        check.close("gcv", &found, &case.vector("gcv"), tolerance);
    }
}

/// ETTh1 on the scale of its training rows, and its parts.
fn etth1(look_back: usize) -> (Array2<f64>, Array2<f64>, Parts) {
    let raw = datasets::etth1().values;
    let parts = Split::EttHour.parts(raw.nrows(), look_back).unwrap();
    let scaler = Scaler::fit(&raw.slice_axis(Axis(0), parts.train.clone().into())).unwrap();
    (scaler.transform(&raw).unwrap(), raw, parts)
}

fn real_etth1(case: &Case, check: &mut Check) {
    let (scaled, raw, parts) = etth1(96);
    let scaler = Scaler::fit(&raw.slice_axis(Axis(0), parts.train.clone().into())).unwrap();
    check.close("mean", &scaler.mean, &case.vector("scaler_mean"), Tolerance::both(1e-10));
    check.close("std", &scaler.deviation, &case.vector("scaler_std"), Tolerance::both(1e-10));
    for (rows, lag) in [(8640, 96), (10452, 96), (8640, 24)] {
        let case = case.object("matrices").object(&format!("rows{rows}_lag{lag}"));
        let train = raw.slice_axis(Axis(0), (..rows).into());
        let tolerance = Tolerance::both(1e-9);
        let pearson = correlation(CorrelationKind::Pearson).of(&train, lag).unwrap().matrix;
        check.close("first row", &pearson.row(0), &case.vector("pearson_first_row"), tolerance);
        // Measured against the first row.
        let against_first = |((i, j), v): ((usize, usize), &f64)| (v - pearson[[0, i.abs_diff(j)]]).abs();
        let deviation = pearson.indexed_iter().map(against_first).fold(0.0_f64, f64::max);
        check.scalar("deviation from Toeplitz", deviation, case.number("pearson_max_dev_from_toeplitz"), tolerance);
        for (kind, name) in [(CorrelationKind::Pearson, "pearson"), (CorrelationKind::Ratio, "ratio")] {
            let basis = OrthoBasis::of_correlation(&correlation(kind), &train, lag).unwrap();
            let leading: Array1<f64> = basis.eigenvalues().iter().take(8).copied().collect();
            check.close(name, &leading, &case.vector(&format!("eigenvalues_{name}_top8")), tolerance);
            if name == "pearson" {
                for (k, field) in ["q1_pearson", "q2_pearson"].into_iter().enumerate() {
                    let expected = case.vector(field);
                    let row = basis.matrix().row(k);
                    let sign = row.dot(&expected).signum();
                    // The second and third eigenvalues are a daily sine and cosine, 2 % apart.
                    check.close(field, &(&row * sign), &expected, Tolerance::both(1e-7));
                }
            }
        }
    }
    for (name, expected) in case.value("baselines").as_object().unwrap() {
        let horizon: usize = name.rsplit_once('H').unwrap().1.parse().unwrap();
        check.same(
            "windows",
            Parts::windows(&parts.test, 96, horizon) as u64,
            expected["test_windows"].as_u64().unwrap(),
        );
        let train = scaled.slice_axis(Axis(0), parts.train.clone().into());
        let moments = WindowMoments::of(&train, 96 + horizon).unwrap().centred(96, Centre::Mean).unwrap();
        let baseline = |rule| Baseline::new(rule, 96, horizon).unwrap();
        let ridge = |lambda| {
            let fixed = MomentRidge { penalties: vec![lambda], ..MomentRidge::new(96, &[horizon]) };
            fixed.fit_moments(&moments, None).unwrap()
        };
        let mut measure = |name: &str, forecaster: &dyn Forecaster| {
            let found = evaluate(forecaster, &scaled, &parts.test).unwrap();
            let found = Array1::from(vec![found.mse, found.mae]);
            check.close(name, &found.into_dyn(), &array(&expected["mse_mae"][name]), Tolerance::both(1e-7));
        };
        measure("last_value", &baseline(Rule::LastValue));
        measure("seasonal_naive_24", &baseline(Rule::Seasonal { period: 24 }));
        measure("mean_of_last_4_days", &baseline(Rule::SeasonalMean { period: 24, seasons: 4 }));
        measure("ridge_shared_meanremoved_lambda0.001", &ridge(0.001));
        measure("ridge_shared_meanremoved_lambda0.01", &ridge(0.01));
    }
}

fn real_ili_q(case: &Case, check: &mut Check) {
    let raw = datasets::illness().values.mapv(|v| f64::from(v as f32));
    let rows = raw.slice_axis(Axis(0), (..case.index("rows")).into());
    let basis = OrthoBasis::of_correlation(&TemporalCorrelation::reference(), &rows, case.index("lag")).unwrap();
    for (found, expected) in basis.matrix().outer_iter().zip(case.matrix("Q").outer_iter()) {
        let sign = found.dot(&expected).signum();
        // Published in single precision.
        check.close("Q", &(&found * sign), &expected.to_owned(), Tolerance::new(0.0, 1e-4));
    }
}

fn moment_ridge(case: &Case, check: &mut Check) {
    let (look_back, horizon) = (case.index("T"), case.index("H"));
    let tolerance = Tolerance::both(1e-9);
    let mut moments = |field: &str, prefix: &str| {
        let moments = WindowMoments::of(&case.matrix(field), look_back + horizon).unwrap();
        let moments = moments.centred(look_back, Centre::Mean).unwrap();
        check.close("gram", &moments.gram, &case.matrix(&format!("{prefix}gram")), tolerance);
        check.close("cross", &moments.cross, &case.matrix(&format!("{prefix}cross")), tolerance);
        check.close("target gram", &moments.target, &case.matrix(&format!("{prefix}target_gram")), tolerance);
        moments
    };
    let (train, valid) = (moments("train", ""), moments("valid", "valid_"));
    let per_component =
        MomentRidge { penalties: case.vector("lambda_grid").to_vec(), ..MomentRidge::new(look_back, &[horizon]) };
    let uniform = MomentRidge { selection: PenaltySelection::Uniform, ..per_component.clone() };
    let found = uniform.fit_moments(&train, Some(&valid)).unwrap();
    let errors = Array1::from(found.validation_errors.clone());
    check.close("validation errors", &errors, &case.vector("validation_mse_per_lambda"), tolerance);
    check.scalar("lambda", found.penalties[0], case.number("uniform_lambda"), tolerance);
    check.close("W uniform", &found.map, &case.matrix("W_uniform"), tolerance);
    let found = per_component.fit_moments(&train, Some(&valid)).unwrap();
    check.close("W per component", &found.map, &case.matrix("W_per_component"), tolerance);
    for real in case.list("real") {
        let (look_back, horizon) = (real.index("T"), real.index("H"));
        let (scaled, _, parts) = etth1(look_back);
        let whole = MomentRidge::new(look_back, &[horizon]);
        let uniform = MomentRidge { selection: PenaltySelection::Uniform, ..whole.clone() };
        for (fit, field) in [(uniform, "uniform_mse_mae"), (whole, "per_component_mse_mae")] {
            let fit = fit.fit(&scaled, &parts).unwrap();
            if field == "uniform_mse_mae" {
                check.scalar("uniform lambda", fit.maps[0].penalties[0], real.number("uniform_lambda"), tolerance);
            }
            let found = evaluate(fit.horizon(horizon).unwrap(), &scaled, &parts.test).unwrap();
            check.same("windows", Parts::windows(&parts.test, look_back, horizon), real.index("test_windows"));
            check.close(field, &Array1::from(vec![found.mse, found.mae]), &real.vector(field), Tolerance::both(1e-6));
        }
    }
}

#[test]
fn golden_cases() {
    Runner::new(env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"))
        .cases("orthotrans", orthotrans)
        .cases("orthotrans_constant_and_nan", orthotrans)
        .cases("normlin", normlin)
        .cases("normlin_variants", normlin_variants)
        .cases("revin", revin)
        .cases("loss", loss)
        .cases("metrics", metrics)
        .cases("schedules_and_splits", schedules_and_splits)
        .cases("model", model)
        .cases("model_olinear", model)
        .cases("model_olinear_c", model)
        .cases("model_no_ortho", model)
        .cases("model_d1", model)
        .cases("model_channel_q", model)
        .cases("ridge", ridge)
        .cases("real_etth1", real_etth1)
        .cases("real_ili_q", real_ili_q)
        .cases("moment_ridge", moment_ridge)
        .run();
}
