//! Structured best responses.

use super::array;
use bilevel::self_tuning::{Range, StructuredConvolution, StructuredLinear, entropy, softplus};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::{Array1, Array2, Array4, Axis, Ix2, Ix4, Slice};

pub(crate) fn add(runner: Runner) -> Runner {
    runner
        .cases("self_tuning_hyper_linear", linear)
        .cases("self_tuning_hyper_conv2d", convolution)
        .cases("self_tuning_transforms", transforms)
        .cases("self_tuning_jacobian_ridge_gating", gating)
        .cases("self_tuning_affine_best_response", affine)
}

/// The rows of A for weights, and those for biases.
fn scales(both: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let half = both.nrows() / 2;
    let part = |range: std::ops::Range<usize>| both.slice_axis(Axis(0), Slice::from(range)).to_owned();
    (part(0..half), part(half..2 * half))
}

fn layer(case: &Case) -> StructuredLinear {
    let (weight_scales, bias_scales) = scales(&case.matrix("htensor_to_scalars.weight"));
    StructuredLinear {
        weight: case.matrix("elem_weight"),
        response: case.matrix("hnet_weight"),
        bias: case.vector("elem_bias"),
        bias_response: case.vector("hnet_bias"),
        weight_scales,
        bias_scales,
        scale: case.vector("elem_scalar")[0],
    }
}

fn linear(case: &Case, check: &mut Check) {
    let layer = layer(&case.object("params"));
    let (x, h, upstream) = (case.matrix("x"), case.matrix("hnet_input"), case.matrix("upstream"));
    let tolerance = Tolerance::both(1e-12);
    check.close("y", &layer.forward(&x, Some(&h)).expect("y"), &case.matrix("y"), tolerance);
    check.close("y alone", &layer.forward(&x, None).expect("y"), &case.matrix("y_without_hparams"), tolerance);
    let (found, to_x, to_h) = layer.backward(&x, Some(&h), &upstream).expect("gradients");
    let expected = case.object("grads");
    check.close("weight", &found.weight, &expected.matrix("elem_weight"), tolerance);
    check.close("response", &found.response, &expected.matrix("hnet_weight"), tolerance);
    check.close("bias", &found.bias, &expected.vector("elem_bias"), tolerance);
    check.close("bias_response", &found.bias_response, &expected.vector("hnet_bias"), tolerance);
    let scalar = array(expected.value("elem_scalar")).sum();
    check.scalar("scale", found.scale, scalar, tolerance);
    let (weight_scales, bias_scales) = scales(&expected.matrix("htensor_to_scalars.weight"));
    check.close("weight_scales", &found.weight_scales, &weight_scales, tolerance);
    check.close("bias_scales", &found.bias_scales, &bias_scales, tolerance);
    check.close("x", &to_x, &expected.matrix("x"), tolerance);
    check.close("h", &to_h.expect("of h"), &expected.matrix("hnet_input"), tolerance);
}

fn convolution(case: &Case, check: &mut Check) {
    let params = case.object("params");
    let four = |field: &str, case: &Case| -> Array4<f64> {
        array(case.value(field)).into_dimensionality::<Ix4>().expect("four axes")
    };
    let two = array(params.value("htensor_to_scalars.weight")).into_dimensionality::<Ix2>().expect("two axes");
    let (weight_scales, bias_scales) = scales(&two);
    let layer = StructuredConvolution {
        weight: four("elem_weight", &params),
        response: four("hnet_weight", &params),
        bias: params.vector("elem_bias"),
        bias_response: params.vector("hnet_bias"),
        weight_scales,
        bias_scales,
        scale: params.vector("elem_scalar")[0],
        padding: case.index("padding"),
        stride: case.index("stride"),
    };
    let y = layer.forward(&four("x", case), Some(&case.matrix("hnet_input"))).expect("y");
    check.close("y", &y, &four("y", case), Tolerance::both(1e-12));
}

fn transforms(case: &Case, check: &mut Check) {
    let ends: Vec<Option<f64>> =
        case.value("range").as_array().expect("two ends").iter().map(serde_json::Value::as_f64).collect();
    let range = match (ends[0], ends[1]) {
        (Some(low), Some(high)) => Range::Interval { low, high },
        (Some(low), None) => Range::AtLeast(low),
        (None, Some(high)) => Range::AtMost(high),
        (None, None) => Range::Free,
    };
    let (u, expected) = (case.vector("unconstrained"), case.vector("value"));
    check.close("value", &u.mapv(|u| range.value(u)), &expected, Tolerance::both(1e-12));
    let back: Array1<f64> = expected.iter().map(|&v| range.unconstrained(v).expect("inside")).collect();
    check.close("unconstrained", &back, &u, Tolerance::both(1e-9));
    let perturbations = case.object("entropy");
    let scales = perturbations.vector("hscale");
    check.close("sigma", &scales.mapv(softplus), &perturbations.vector("sigma"), Tolerance::both(1e-12));
    check.scalar("entropy", entropy(&scales), perturbations.number("entropy"), Tolerance::both(1e-12));
}

/// The exact best response of ridge regression is a gating of the least-squares solution: here by the crate's own ridge regression.
fn gating(case: &Case, check: &mut Check) {
    use bilevel::tune::{Ridge, RidgeCriterion};
    let (x, t) = (case.matrix("X"), case.vector("t"));
    let ridge = Ridge::new(x.clone(), t, &vec![0; x.ncols()], RidgeCriterion::LeaveOneOut).expect("a model");
    let (lambdas, expected) = (case.vector("lambdas"), case.matrix("w_star"));
    let (singular, gates) = (case.vector("singular_values"), case.matrix("gates"));
    for (row, &lambda) in lambdas.iter().enumerate() {
        let (w, ..) = ridge.evaluate(&ndarray::array![lambda]).expect("coefficients");
        check.close("w_star", &w, &expected.row(row), Tolerance::both(1e-10));
        let gate = singular.mapv(|s| 1.0 / (1.0 + (lambda - 2.0 * s.ln()).exp()));
        check.close("gates", &gate, &gates.row(row), Tolerance::both(1e-10));
    }
}

/// The affine response that least squares finds over perturbations is the exact one.
fn affine(case: &Case, check: &mut Check) {
    use core_tensor::linalg::solve;
    let (h, b, c, lambda) = (case.matrix("H"), case.matrix("B"), case.vector("c"), case.vector("lam"));
    let perturbations = case.matrix("eps_samples");
    let (n, d) = (b.nrows(), b.ncols());
    // Gradient descent on the mean loss over w0 and J is a linear system: Σ (1, ε)(1, ε)ᵀ ⊗ (H · + …) = 0.
    let rows = perturbations.nrows() as f64;
    let design =
        Array2::from_shape_fn(
            (perturbations.nrows(), 1 + d),
            |(i, k)| if k == 0 { 1.0 } else { perturbations[[i, k - 1]] },
        );
    let moments = design.t().dot(&design) / rows;
    let right = Array2::from_shape_fn((n, 1 + d), |(o, k)| {
        let along: f64 = (0..perturbations.nrows())
            .map(|i| (c[o] - b.row(o).dot(&(&lambda + &perturbations.row(i)))) * design[[i, k]])
            .sum();
        along / rows
    });
    let inner = solve(&h, &right).expect("H⁻¹");
    let found = solve(&moments, &inner.t().to_owned()).expect("moments").reversed_axes();
    check.close("w0", &found.column(0), &case.vector("w0"), Tolerance::both(1e-9));
    let slopes = found.slice_axis(Axis(1), Slice::from(1..)).to_owned();
    check.close("jac", &slopes, &case.matrix("jac"), Tolerance::both(1e-9));
    check.close("w_star", &found.column(0), &case.vector("w_star"), Tolerance::both(1e-9));
}
