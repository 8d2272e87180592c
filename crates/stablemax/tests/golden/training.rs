//! Projection, tasks and training traces.

use core_optim::stochastic::{AdamW, AdamWOptions, Optimiser, Sgd, SgdOptions};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, Array2};
use stablemax::nlm::radial_from_logits;
use stablemax::ortho::{Arithmetic, OrthoGrad, OrthoGradOptions, Rescale, Scope, project};
use stablemax::task::{Inputs, Operation, modular_table, parity_labels};
use stablemax::train::{Activations, Biases, Mlp};
use stablemax::{CrossEntropy, FloatType, Layout, Loss};

pub(crate) fn register(runner: Runner) -> Runner {
    runner.cases("perp_grad", perp_grad).cases("tasks", tasks).cases("training_trace", training_trace)
}

fn norm(x: &Array1<f64>) -> f64 {
    x.iter().map(|v| v * v).sum::<f64>().sqrt()
}

fn perp_grad(case: &Case, check: &mut Check) {
    if case.has("w") {
        let (w, g) = (case.vector("w"), case.vector("g"));
        let t = Tolerance::new(case.number("rtol"), 1e-14 * norm(&g));
        let by = |rescale, arithmetic| {
            let mut out = g.to_vec();
            let report = project(&w.to_vec(), &mut out, rescale, arithmetic).unwrap();
            (report, Array1::from(out))
        };
        let (report, projected) = by(Rescale::None, Arithmetic::Guarded);
        check.close("projected", &projected, &case.vector("projected"), t);
        check.scalar("cosine", report.cosine, case.number("cos"), Tolerance::both(1e-14));
        check.scalar("projected norm", report.projected_norm, case.number("projected_norm"), t);
        let (_, rescaled) = by(Rescale::KeepNorm, Arithmetic::Guarded);
        check.close("rescaled", &rescaled, &case.vector("rescaled"), t);
        // Where nothing but rounding noise is left the published code returns noise.
        if report.projected_norm > 1e-10 * report.norm || report.norm == 0.0 {
            let (_, reference) = by(Rescale::KeepNorm, Arithmetic::Reference);
            // One pass loses what cancels: relative to what is left.
            let lost = if report.norm > 0.0 { 1e-15 * report.norm / report.projected_norm } else { 0.0 };
            let t = Tolerance::new(t.relative + lost, t.absolute + lost * report.norm);
            check.close("reference", &reference, &case.vector("reference_f64"), t);
        }
    }
    if !case.has("groups") {
        return;
    }
    for group in case.list("groups") {
        // A bias is a shape of one number.
        let shape = |value: &[f64]| match value {
            [n] => (1, *n as usize),
            [rows, rest @ ..] => (*rows as usize, rest.iter().product::<f64>() as usize),
            [] => (1, 1),
        };
        let numbers = |value: &serde_json::Value| -> Vec<f64> {
            value.as_array().expect("a shape").iter().map(|v| v.as_f64().expect("a number")).collect()
        };
        let list = group.value("shapes").as_array().expect("a list of shapes");
        let shapes: Vec<(usize, usize)> = list.iter().map(|s| shape(&numbers(s))).collect();
        let lists = |field: &str| -> Vec<f64> {
            let lists = group.value(field).as_array().expect("a list of lists");
            lists.iter().flat_map(|l| l.as_array().expect("a list")).map(|v| v.as_f64().expect("a number")).collect()
        };
        let (w, g) = (lists("w"), lists("g"));
        for (scope, field) in
            [(Scope::WholeVector, "projected_whole_vector"), (Scope::PerTensor, "projected_per_tensor")]
        {
            let options = OrthoGradOptions { scope, rescale: Rescale::None, ..OrthoGradOptions::default() };
            let inner = Sgd::new(w.len(), SgdOptions { learning_rate: 1.0, ..SgdOptions::default() }).unwrap();
            let mut optimiser = OrthoGrad::new(inner, &Layout::new(&shapes), options).unwrap();
            let mut update = vec![f64::NAN; w.len()];
            optimiser.update_into(&w, &g, &mut update).unwrap();
            let expected = Array1::from(lists(field));
            check.close(field, &Array1::from(update.clone()), &expected, Tolerance::both(1e-12));
            if scope == Scope::WholeVector {
                let factor = norm(&Array1::from(g.clone())) / norm(&expected);
                check.scalar("factor", factor, group.number("rescale_factor"), Tolerance::relative(1e-12));
            }
        }
    }
}

fn tasks(case: &Case, check: &mut Check) {
    if case.has("modular") {
        for table in case.list("modular") {
            for (operation, field) in [
                (Operation::Add, "add"),
                (Operation::Subtract, "sub"),
                (Operation::Multiply, "mul"),
                (Operation::Divide, "div"),
                (Operation::SumOfSquares, "sq_sum"),
            ] {
                if table.has(field) {
                    let (pairs, labels) = modular_table(operation, table.index("p")).unwrap();
                    check.same("pairs", pairs.len(), labels.len());
                    check.same(field, labels, table.indices(field));
                }
            }
        }
    }
    if case.has("parity") {
        let parity = case.object("parity");
        let rows = parity.matrix("rows");
        check.same("bits", rows.ncols(), parity.index("n"));
        check.same("labels", parity_labels(&rows, parity.index("k")).unwrap(), parity.indices("labels"));
    }
}

fn flat(case: &Case, field: &str) -> Vec<f64> {
    let lists = case.value(field).as_array().expect("a list of tensors");
    let numbers = lists.iter().flat_map(|l| l.as_array().expect("a list"));
    numbers.map(|v| v.as_f64().expect("a number")).collect()
}

fn training_trace(case: &Case, check: &mut Check) {
    let t = Tolerance::both(case.number("rtol"));
    let sizes = case.indices("sizes");
    let x = Array2::from_shape_vec((case.index("n"), sizes[0]), case.vector("X").to_vec()).expect("n × inputs");
    let (inputs, labels) = (Inputs::Dense(x), case.indices("labels"));
    let loss = CrossEntropy::new(match case.text("loss") {
        "stablemax" => Loss::StableMax,
        "softmax" => Loss::SoftmaxTextbook(FloatType::F64),
        other => panic!("{}: unknown loss `{other}`", case.place()),
    });
    let mut mlp = Mlp::from_parameters(&sizes, Biases::Without, flat(case, "w0")).unwrap();
    let layout = mlp.layout().clone();
    let mut optimiser = optimiser(case, &layout);
    let mut activations = Activations::new(&mlp, labels.len());
    let mut gradient = vec![f64::NAN; layout.parameters()];
    let losses = case.vector("losses");
    for step in 0..case.index("steps") {
        let logits = activations.forward(&mlp, &inputs).unwrap().clone();
        let (report, logit_gradient) = loss.evaluate(&logits, &labels).unwrap();
        activations.backward(&mlp, &inputs, &logit_gradient, &mut gradient).unwrap();
        check.scalar("loss", report.loss, losses[step], t);
        if step == 0 {
            let first = case.object("first_step");
            check.close("logits", &Array1::from_iter(logits.iter().copied()), &first.vector("logits"), t);
            check.scalar("first loss", report.loss, first.number("loss"), t);
            check.close("gradient", &Array1::from(gradient.clone()), &Array1::from(flat(&first, "grads")), t);
            let radial = radial_from_logits(&logits, &logit_gradient).unwrap();
            check.scalar("z·dz", radial, first.number("z_dot_dz"), t);
            for (range, &expected) in layout.ranges().zip(&first.vector("w_dot_g")) {
                let dot: f64 = range.map(|i| mlp.parameters()[i] * gradient[i]).sum();
                check.scalar("w·g", dot, expected, t);
                check.scalar("Euler", dot, radial, Tolerance::both(1e-12));
            }
        }
        optimiser.step(mlp.parameters_mut(), &gradient).unwrap();
    }
    check.close("weights", &Array1::from(mlp.parameters().to_vec()), &Array1::from(flat(case, "w_final")), t);
}

fn optimiser(case: &Case, layout: &Layout) -> Box<dyn Optimiser<f64>> {
    let options = case.object("optimizer");
    let n = layout.parameters();
    let inner: Box<dyn Optimiser<f64>> = match options.text("kind") {
        "sgd" => Box::new(
            Sgd::new(
                n,
                SgdOptions {
                    learning_rate: options.number("lr"),
                    momentum: options.number("momentum"),
                    weight_decay: options.number("weight_decay"),
                    ..SgdOptions::default()
                },
            )
            .unwrap(),
        ),
        "adamw" => Box::new(
            AdamW::new(
                n,
                AdamWOptions {
                    learning_rate: options.number("lr"),
                    beta1: options.number("beta1"),
                    beta2: options.number("beta2"),
                    epsilon: options.number("eps"),
                    weight_decay: options.number("weight_decay"),
                    ..AdamWOptions::default()
                },
            )
            .unwrap(),
        ),
        other => panic!("{}: unknown optimiser `{other}`", case.place()),
    };
    let wrap = |inner, options| Box::new(OrthoGrad::new(inner, layout, options).unwrap());
    let reference = OrthoGradOptions { arithmetic: Arithmetic::Reference, ..OrthoGradOptions::default() };
    match options.value("orthogonal_projection").as_str() {
        None => inner,
        Some("per tensor, norm preserving") => wrap(inner, reference),
        Some("per tensor") => wrap(inner, OrthoGradOptions { rescale: Rescale::None, ..reference }),
        Some("whole vector, norm preserving") => {
            wrap(inner, OrthoGradOptions { scope: Scope::WholeVector, ..reference })
        }
        Some(other) => panic!("{}: unknown projection `{other}`", case.place()),
    }
}
