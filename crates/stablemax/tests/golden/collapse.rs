//! Softmax collapse per float type.

use golden::{Case, Check, Runner, Tolerance};
use ndarray::Array2;
use stablemax::FloatType;
use stablemax::collapse::{report, rows};

pub(crate) fn register(runner: Runner) -> Runner {
    runner.cases("softmax_collapse", softmax_collapse)
}

fn flags(case: &Case, field: &str) -> Vec<bool> {
    let list = case.value(field).as_array().expect("a list of flags");
    list.iter().map(|v| v.as_bool().expect("true or false")).collect()
}

fn softmax_collapse(case: &Case, check: &mut Check) {
    let shape = (case.index("n"), case.index("classes"));
    let z = Array2::from_shape_vec(shape, case.vector("logits").to_vec()).expect("the file says the shape");
    let (labels, argmax) = (case.indices("labels"), case.indices("argmax"));
    let types: Vec<String> = case.value("per_dtype").as_object().expect("an object").keys().cloned().collect();
    for name in types {
        let expected = case.object("per_dtype").object(&name);
        let float = FloatType::from_name(&name).expect("one of the four types");
        let found = rows(&z, &labels, float).unwrap();
        let half = expected.number("half_ulp_of_one");
        check.same("half an ulp", float.half_epsilon(), half);
        let rest = expected.vector("rest_mass");
        let (criterion, reference) =
            (flags(&expected, "rest_mass_le_half_ulp"), flags(&expected, "sum_is_one_reference"));
        let sequential = flags(&expected, "sum_is_one_sequential");
        let (zero_loss, zero_gradient) =
            (flags(&expected, "loss_exactly_zero"), flags(&expected, "true_class_grad_exactly_zero"));
        // C exponentials of numbers up to 745, each with half a unit in its argument.
        let t = Tolerance::new(1e-12, 1e-300);
        let mut fraction = 0;
        for (i, row) in found.iter().enumerate() {
            let what = |what: &str| format!("{name}, row {i}: {what}");
            check.same(&what("argmax"), row.argmax, argmax[i]);
            check.scalar(&what("rest mass"), row.rest_mass, rest[i], t);
            check.same(&what("sign of the margin"), row.margin <= 0.0, row.collapsed);
            fraction += usize::from(reference[i]);
            if (rest[i] / half - 1.0).abs() < 0.02 {
                continue;
            }
            check.same(&what("criterion"), row.collapsed, criterion[i]);
            check.same(&what("sequential sum"), row.sum_is_one, sequential[i]);
            // The library adds in an order of its own: where the rest is less than twice half an ulp it may go either way.
            if rest[i] > half && rest[i] < 2.0 * half {
                continue;
            }
            check.same(&what("reference sum"), row.collapsed, reference[i]);
            check.same(&what("zero loss"), row.zero_loss, zero_loss[i]);
            check.same(&what("zero gradient"), row.zero_label_gradient, zero_gradient[i]);
        }
        let n = shape.0 as f64;
        check.scalar("fraction", fraction as f64 / n, expected.number("fraction_reference"), Tolerance::both(1e-12));
        let summary = report(&z, &labels, float).unwrap();
        let close = rest.iter().filter(|&&r| r > 0.98 * half && r < 2.0 * half).count() as f64 / n;
        let error = (summary.collapsed - expected.number("fraction_reference")).abs();
        check.holds(error <= close + 1e-12, || format!("{name}: fraction {} is off by {error}", summary.collapsed));
    }
}
