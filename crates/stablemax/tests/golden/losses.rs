//! Links, losses, gradients and Hessians.

use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, Array2, Axis};
use stablemax::{CrossEntropy, Link, Loss, hessian};

pub(crate) fn register(runner: Runner) -> Runner {
    runner
        .cases("scalar", scalar)
        .cases("forward_backward", forward_backward)
        .cases("extremes", extremes)
        .cases("softmax_deep", softmax_deep)
        .cases("hessian", hessian_case)
        .cases("baselines", baseline)
}

fn tolerance(case: &Case) -> Tolerance {
    let absolute = if case.has("atol") { case.number("atol") } else { 1e-300 };
    Tolerance::new(case.number("rtol"), absolute)
}

fn scalar(case: &Case, check: &mut Check) {
    let x = case.number("x");
    // The smallest number that the last place can resolve: values below the normal range.
    let tolerance = Tolerance::new(case.number("rtol"), 5e-324);
    let link = Link::StableMax;
    check.scalar("s", link.score(x), case.number("s"), tolerance);
    check.scalar("log_s", link.log_score(x), case.number("log_s"), tolerance);
    check.scalar("ds", link.score_derivative(x), case.number("ds"), tolerance);
    check.scalar("dlog_s", link.log_score_derivative(x), case.number("dlog_s"), tolerance);
    if x == 0.0 {
        // The case file reports 0 between the two one-sided values; the crate returns the right one.
        check.scalar("d2log_s", link.log_score_second_derivative(x), -1.0, tolerance);
    } else {
        check.scalar("d2log_s", link.log_score_second_derivative(x), case.number("d2log_s"), tolerance);
    }
    // The same function as the heavy tail of exponent 1, up to the exponential's and logarithm's own error.
    let heavy = Link::HeavyTail { q: 1.0 };
    check.scalar("heavy log_s", heavy.log_score(x), case.number("log_s"), tolerance);
    check.scalar("heavy dlog_s", heavy.log_score_derivative(x), case.number("dlog_s"), tolerance);
}

fn matrix(case: &Case, field: &str, shape: (usize, usize)) -> Array2<f64> {
    Array2::from_shape_vec(shape, case.vector(field).to_vec()).expect("the file says the shape")
}

fn forward_backward(case: &Case, check: &mut Check) {
    let shape = (case.index("n"), case.index("classes"));
    let z = matrix(case, "logits", shape);
    let labels = case.indices("labels");
    let t = tolerance(case);
    check.close("probs", &Link::StableMax.probabilities(&z).unwrap(), &matrix(case, "probs", shape), t);
    check.close("log_probs", &Link::StableMax.log_probabilities(&z).unwrap(), &matrix(case, "log_probs", shape), t);
    let loss = CrossEntropy::new(Loss::StableMax);
    check.close("loss", &loss.losses(&z, &labels).unwrap(), &case.vector("loss_per_sample"), t);
    let (report, gradient) = loss.evaluate(&z, &labels).unwrap();
    check.scalar("mean_loss", report.loss, case.number("mean_loss"), t);
    check.close("gradient", &gradient, &matrix(case, "grad_mean_loss", shape), t);
    let softmax = CrossEntropy::new(Loss::SoftmaxRestMass);
    // Exponentials multiply the half unit of each difference of logits by its size.
    let size = z.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    let exponential = Tolerance::new(t.relative.max(2.3e-16 * (4.0 + size.min(746.0))), 1e-300);
    check.close(
        "softmax loss",
        &softmax.losses(&z, &labels).unwrap(),
        &case.vector("softmax_loss_per_sample"),
        exponential,
    );
    let (_, gradient) = softmax.evaluate(&z, &labels).unwrap();
    check.close("softmax gradient", &gradient, &matrix(case, "softmax_grad_mean_loss", shape), exponential);
    // The published code in f64 loses relative accuracy for tiny losses: absolute comparison.
    let reference = Tolerance::both(1e-13);
    check.scalar("reference loss", report.loss, case.number("reference_mean_loss_f64"), reference);
    let (_, gradient) = loss.evaluate(&z, &labels).unwrap();
    check.close("reference gradient", &gradient, &matrix(case, "reference_grad_f64", shape), reference);
    // f32 agrees with f64 on the logits that f32 holds.
    let z32 = z.mapv(|v| v as f32);
    let (single, gradient32) = loss.evaluate(&z32, &labels).unwrap();
    let (double, gradient64) = loss.evaluate(&z32.mapv(f64::from), &labels).unwrap();
    // One division and one sum of up to C terms, each rounded to 24 bits.
    let rounding = Tolerance::new(6e-8 * (6.0 + shape.1 as f64 / 4.0), 1e-44);
    check.scalar("f32 loss", single.loss, double.loss, rounding);
    check.close("f32 gradient", &gradient32.mapv(f64::from), &gradient64, rounding);
}

fn row(case: &Case) -> (Array2<f64>, [usize; 1]) {
    (case.vector("logits").insert_axis(Axis(0)), [case.index("label")])
}

fn first(x: Array2<f64>) -> Array1<f64> {
    x.index_axis_move(Axis(0), 0)
}

fn extremes(case: &Case, check: &mut Check) {
    let (z, label) = row(case);
    let t = tolerance(case);
    let probabilities = Link::StableMax.probabilities(&z).unwrap();
    check.close("probs", &first(probabilities), &case.vector("probs"), t);
    // The file's logarithms come from 60 digits of probabilities: one that differs from 1 by less is 0 there.
    let digits = Tolerance::new(t.relative, 1e-60);
    check.close("log_probs", &first(Link::StableMax.log_probabilities(&z).unwrap()), &case.vector("log_probs"), digits);
    let (report, gradient) = CrossEntropy::new(Loss::StableMax).evaluate(&z, &label).unwrap();
    check.scalar("loss", report.loss, case.number("loss"), t);
    check.holds(gradient.iter().all(|g| g.is_finite()), || "the gradient is not finite".to_owned());
    check.close("gradient", &first(gradient), &case.vector("grad"), t);
    let (report, gradient) = CrossEntropy::new(Loss::SoftmaxRestMass).evaluate(&z, &label).unwrap();
    // The file caps what overflows at this number; the crate at the largest one.
    check.scalar("softmax loss", report.loss.min(1.797e308), case.number("softmax_loss"), t);
    check.close("softmax gradient", &first(gradient), &case.vector("softmax_grad"), t);
}

fn softmax_deep(case: &Case, check: &mut Check) {
    let (z, label) = row(case);
    let loss = CrossEntropy::new(Loss::SoftmaxRestMass);
    let t = tolerance(case);
    // Below the normal range a number is good to one smallest number: two roundings.
    let t = Tolerance::new(t.relative, t.absolute.max(1e-323));
    let (report, gradient) = loss.evaluate(&z, &label).unwrap();
    check.scalar("loss", report.loss, case.number("loss"), t);
    check.close("gradient", &first(gradient), &case.vector("grad"), t);
    // f32 with the logits of the file rounded to f32, against f64 on the same.
    let z32 = z.mapv(|v| v as f32);
    let (single, gradient32) = loss.evaluate(&z32, &label).unwrap();
    let (double, gradient64) = loss.evaluate(&z32.mapv(f64::from), &label).unwrap();
    let spread = z32.iter().fold(0.0_f32, |m, v| m.max(v.abs())).min(104.0);
    let rounding = Tolerance::new(6e-8 * (6.0 + f64::from(spread)), 3e-45);
    check.scalar("f32 loss", single.loss, double.loss, Tolerance::new(1e-6, 1e-300));
    check.close("f32 gradient", &gradient32.mapv(f64::from), &gradient64, rounding);
}

fn hessian_case(case: &Case, check: &mut Check) {
    let z = case.vector("logits");
    let expected = matrix(case, "hessian", (z.len(), z.len()));
    // Entries are differences of terms of order one; the file asks for relative accuracy of the matrix.
    let size = expected.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let t = Tolerance::new(case.number("rtol"), case.number("rtol") * size);
    let found = hessian(Loss::StableMax, &z, case.index("label")).unwrap();
    check.close("hessian", &found, &expected, t);
    // Rayleigh quotients of random vectors stay between the extreme eigenvalues.
    let (low, high) = (case.number("min_eig"), case.number("max_eig"));
    for trial in 0..20_usize {
        let v = Array1::from_shape_fn(z.len(), |k| ((k * 7 + trial * 13 + 3) % 17) as f64 - 8.0);
        let quotient = v.dot(&found.dot(&v)) / v.dot(&v).max(1e-300);
        check.holds((low - 1e-9..=high + 1e-9).contains(&quotient), || format!("Rayleigh quotient {quotient}"));
    }
}

fn baseline(case: &Case, check: &mut Check) {
    let (z, label) = row(case);
    let t = tolerance(case);
    let loss = match case.text("kind") {
        "taylor" => CrossEntropy::new(Loss::Taylor { order: case.index("order") }),
        "temperature" => CrossEntropy::new(Loss::SoftmaxRestMass).temperature(case.number("temperature")),
        "label_smoothing" => CrossEntropy::new(Loss::SoftmaxRestMass).label_smoothing(case.number("epsilon")),
        "softmax_plus_logit_l2" => CrossEntropy::new(Loss::SoftmaxRestMass).logit_penalty(case.number("lambda_")),
        "softmax" => CrossEntropy::new(Loss::SoftmaxRestMass),
        "stablemax" => CrossEntropy::new(Loss::StableMax),
        other => panic!("{}: unknown kind `{other}`", case.place()),
    };
    if case.has("probs") {
        check.close("probs", &first(loss.loss().link().probabilities(&z).unwrap()), &case.vector("probs"), t);
    }
    let (report, gradient) = loss.evaluate(&z, &label).unwrap();
    check.scalar("loss", report.loss, case.number("loss"), t);
    // Entries of the gradient may cancel against the targets: to the rounding of numbers of order one.
    check.close("gradient", &first(gradient), &case.vector("grad"), Tolerance::new(t.relative, 1e-15));
}
