//! Values, derivatives and gradients of the maps.

use compander::{
    Algebraic, Arctan, Asinh, CompandedWeight, Compander, CompandingFunction, ErrorFunction, Identity, OutOfBound,
    Power, Softsign, Tanh,
};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, Array2};

pub(crate) fn register(runner: Runner) -> Runner {
    runner
        .cases("scalar_arctan", |case, check| all_derivatives(Arctan, case, check))
        .cases("families", |case, check| match case.text("fn") {
            "arctan" => all_derivatives(Arctan, case, check),
            "tanh" => all_derivatives(Tanh, case, check),
            "softsign" => all_derivatives(Softsign, case, check),
            "algebraic" => all_derivatives(Algebraic, case, check),
            "erf" => all_derivatives(ErrorFunction, case, check),
            "asinh" => all_derivatives(Asinh, case, check),
            "identity" => all_derivatives(Identity, case, check),
            "power" => all_derivatives(Power::new(case.number("alpha")).expect("a power"), case, check),
            other => check.holds(false, || format!("no family `{other}`")),
        })
        .cases("backward", backward)
        .cases("init_inverse", init_inverse)
}

/// The file's own tolerance; numbers below 1e-307 are or involve subnormal ones.
fn tolerance(case: &Case) -> Tolerance {
    Tolerance::new(case.number("rtol"), 1e-307)
}

fn all_derivatives<F: CompandingFunction<f64>>(function: F, case: &Case, check: &mut Check) {
    let compander = Compander::new(function, case.number("a"), case.number("b")).expect("a compander");
    let (v, tolerance) = (case.number("v"), tolerance(case));
    for (what, found) in [
        ("w", compander.value(v)),
        ("dw_dv", compander.derivative(v)),
        ("d2w_dv2", compander.second_derivative(v)),
        ("dw_da", compander.range_derivative(v)),
        ("dw_db", compander.width_derivative(v)),
    ] {
        check.scalar(what, found, case.number(what), tolerance);
    }
}

fn matrix(case: &Case, field: &str) -> Array2<f64> {
    let shape = case.indices("shape");
    case.vector(field).into_shape_with_order((shape[0], shape[1])).expect("rows times columns")
}

fn backward(case: &Case, check: &mut Check) {
    let compander = Compander::arctan(case.number("a"), case.number("b")).expect("a compander");
    let (v, upstream, tolerance) = (matrix(case, "v"), matrix(case, "upstream_grad_w"), tolerance(case));
    check.close("w", &compander.compand(&v), &matrix(case, "w"), tolerance);
    let (gradient, shape) = compander.backward(&v, &upstream).expect("shapes fit");
    check.close("grad_v", &gradient, &matrix(case, "grad_v"), tolerance);
    check.scalar("grad_a", shape.range, case.number("grad_a"), tolerance);
    check.scalar("grad_b", shape.width, case.number("grad_b"), tolerance);
    let learned = compander::LearnedShape::new(&compander).expect("an ordinary shape");
    let (log_range, log_width) = learned.gradient(shape);
    check.scalar("grad_log_a", log_range, case.number("grad_log_a"), tolerance);
    check.scalar("grad_log_b", log_width, case.number("grad_log_b"), tolerance);

    let layer = CompandedWeight::new(v.clone(), vec![compander; v.nrows()]).expect("a compander for each row");
    let (gradient, shapes) = layer.backward(&upstream).expect("shapes fit");
    check.close("grad_v by rows", &gradient, &matrix(case, "grad_v"), tolerance);
    let ranges: Array1<f64> = shapes.iter().map(|shape| shape.range).collect();
    let widths: Array1<f64> = shapes.iter().map(|shape| shape.width).collect();
    check.close("grad_a_per_row", &ranges, &case.vector("grad_a_per_row"), tolerance);
    check.close("grad_b_per_row", &widths, &case.vector("grad_b_per_row"), tolerance);
}

fn init_inverse(case: &Case, check: &mut Check) {
    let compander = Compander::arctan(case.number("a"), case.number("b")).expect("a compander");
    let policy = OutOfBound::Clip(case.number("rho"));
    let (layer, clipped) =
        CompandedWeight::from_weights(&case.vector("w_target"), vec![compander], policy).expect("finite weights");
    check.same("clipped", clipped, case.index("clipped"));
    check.close("w_effective", layer.weights(), &case.vector("w_effective"), tolerance(case));
    check.close("v", layer.latent(), &case.vector("v"), tolerance(case));
}
