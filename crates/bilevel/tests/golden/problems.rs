//! The ready-made problems.

use super::flat;
use bilevel::problems::{FieldOfExperts, Groups, SoftmaxRegression, TotalVariation, Variation};
use bilevel::solver::Newton;
use bilevel::{Implicit, LowerLevel, Maid, Oracle, Samples, UpperLevel};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, Array2};

pub(crate) fn add(runner: Runner) -> Runner {
    runner
        .cases("tv_ops", tv_ops)
        .cases("tv_hypergradient", tv_hypergradient)
        .cases("foe_ops", foe_ops)
        .cases("softmax_ridge", softmax_ridge)
}

/// The images of a field.
fn images(case: &Case, field: &str) -> Vec<Array2<f64>> {
    let (n, height, width) = (case.index("n"), case.index("H"), case.index("W"));
    let entries = flat(case, field);
    let area = height * width;
    (0..n)
        .map(|i| {
            let image = entries.iter().skip(i * area).take(area).copied().collect();
            Array2::from_shape_vec((height, width), image).expect("an image")
        })
        .collect()
}

fn vector(image: &Array2<f64>) -> Array1<f64> {
    image.iter().copied().collect()
}

fn variation(case: &Case) -> Variation {
    if case.flag("isotropic") { Variation::Isotropic } else { Variation::Anisotropic }
}

/// Compares the mean over images with the case's h, gradient, products.
fn operators<P: LowerLevel>(case: &Case, check: &mut Check, make: impl Fn(Array2<f64>) -> P) {
    let (theta, n) = (case.vector("theta"), case.index("n") as f64);
    let (mut value, mut jtv) = (0.0, Array1::<f64>::zeros(theta.len()));
    let (mut gradients, mut products) = (Vec::new(), Vec::new());
    let noisy = images(case, "y");
    for ((y, x), v) in noisy.into_iter().zip(images(case, "x")).zip(images(case, "v")) {
        let (mut problem, x, v) = (make(y), vector(&x), vector(&v));
        let mut out = Array1::zeros(x.len());
        value += problem.value_and_gradient_into(&x, &theta, &mut out) / n;
        gradients.extend(out.iter().map(|g| g / n));
        problem.linearise(&x, &theta);
        problem.hessian_vector_into(&x, &theta, &v, &mut out);
        products.extend(out.iter().map(|g| g / n));
        let mut part = Array1::zeros(theta.len());
        problem.cross_transposed_into(&x, &theta, &v, &mut part);
        jtv += &(part / n);
    }
    let tolerance = Tolerance::both(1e-11);
    check.scalar("h", value, case.number("h"), tolerance);
    check.close("grad_x", &Array1::from(gradients), &flat(case, "grad_x"), tolerance);
    check.close("hvp", &Array1::from(products), &flat(case, "hvp"), tolerance);
    check.close("jtv", &jtv, &case.vector("jtv"), tolerance);
}

fn tv_ops(case: &Case, check: &mut Check) {
    let make = |y: Array2<f64>| {
        TotalVariation::new(y.clone(), y, variation(case)).and_then(|problem| problem.weight(1.0)).expect("a problem")
    };
    operators(case, check, make);
    let mut problem = make(images(case, "y").remove(0));
    let theta = case.vector("theta");
    // The case divides h by the number of images.
    let n = case.index("n") as f64;
    check.scalar("L", problem.smoothness(&theta).unwrap_or(f64::NAN) / n, case.number("L"), Tolerance::both(1e-12));
    check.scalar("mu", problem.strong_convexity(&theta) / n, case.number("mu"), Tolerance::both(1e-12));
    check.holds(problem.constants(&problem.start(), &theta).is_some(), || "there are no constants".to_owned());
}

fn foe_ops(case: &Case, check: &mut Check) {
    let (filters, size, padding) = (case.index("K"), case.index("k"), case.index("pad"));
    operators(case, check, |y| FieldOfExperts::new(y.clone(), y, filters, size, padding).expect("a problem"));
}

fn tv_hypergradient(case: &Case, check: &mut Check) {
    let make = |y: Array2<f64>, truth: Array2<f64>| {
        let problem =
            TotalVariation::new(y, truth, variation(case)).and_then(|problem| problem.weight(1.0)).expect("a problem");
        Implicit::new(problem).expect("an oracle").solver(Newton)
    };
    let samples = images(case, "y").into_iter().zip(images(case, "x_true")).map(|(y, truth)| make(y, truth)).collect();
    let mut oracle = Samples::new(samples).expect("samples");
    let theta = case.vector("theta");
    let value = oracle.refine(&theta, 1e-13).expect("a solve").bounds.value;
    check.scalar("f", value, case.number("f"), Tolerance::both(1e-10));
    let found: Array1<f64> = oracle.samples().iter().flat_map(|sample| sample.solution().to_vec()).collect();
    check.close("x_star", &found, &flat(case, "x_star"), Tolerance::both(1e-11));
    let mut z = Array1::zeros(2);
    oracle.hypergradient_into(&theta, 1e-13, &mut z).expect("a hypergradient");
    check.close("hypergradient", &z, &case.vector("hypergradient"), Tolerance::both(1e-9));
    // A descent from there ends at least as low as the case's local optimum.
    let bounds = case.vector("theta_box");
    let maid = Maid::fast().box_constraints(bounds[0], bounds[1]).accuracies(1e-4, 1e-4).max_iterations(2000);
    let fit = maid.gradient_tolerance(1e-9).minimise(&mut oracle, &theta).expect("a fit");
    let best = case.number("f_opt_box");
    check.holds(fit.value <= best + 1e-6 * best.abs(), || {
        format!("ends at {} instead of {best}: {:?}", fit.value, fit.status)
    });
}

fn softmax_ridge(case: &Case, check: &mut Check) {
    let groups = match case.text("grouping") {
        "entry" => Groups::Entry,
        "scalar" => Groups::Scalar,
        "class" => Groups::Class,
        "feature" => Groups::Feature,
        other => return check.holds(false, || format!("unknown grouping {other}")),
    };
    let train = (case.matrix("A"), case.indices("labels"));
    let validation = (case.matrix("A_val"), case.indices("labels_val"));
    let mut problem = SoftmaxRegression::new(train, validation, case.index("C"), groups).expect("a problem");
    let (theta, w, v) = (case.vector("theta"), flat(case, "w"), flat(case, "v"));
    let mut out = Array1::zeros(w.len());
    let tolerance = Tolerance::both(1e-11);
    check.scalar("h", problem.value_and_gradient_into(&w, &theta, &mut out), case.number("h"), tolerance);
    check.close("grad_w", &out, &flat(case, "grad_w"), tolerance);
    problem.linearise(&w, &theta);
    problem.hessian_vector_into(&w, &theta, &v, &mut out);
    check.close("hvp", &out, &flat(case, "hvp"), tolerance);
    let mut pulled = Array1::zeros(theta.len());
    problem.cross_transposed_into(&w, &theta, &v, &mut pulled);
    check.close("jtv", &pulled, &case.vector("jtv"), tolerance);
    check.scalar("g", problem.loss_and_gradient_into(&w, &mut out), case.number("g"), tolerance);
    check.close("grad_g", &out, &flat(case, "grad_g"), tolerance);
    let mut oracle = Implicit::new(problem).expect("an oracle").solver(Newton);
    let value = oracle.refine(&theta, 1e-12).expect("a solve").bounds.value;
    check.scalar("f", value, case.number("f"), Tolerance::both(1e-9));
    check.close("w_star", oracle.solution(), &flat(case, "w_star"), Tolerance::both(1e-9));
    let mut z = Array1::zeros(theta.len());
    oracle.hypergradient_into(&theta, 1e-13, &mut z).expect("a hypergradient");
    check.close("hypergradient", &z, &case.vector("hypergradient"), Tolerance::both(1e-8));
}
