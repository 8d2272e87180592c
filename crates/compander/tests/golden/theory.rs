//! Geometry, bias and distribution.

use compander::{Arctan, Compander};
use golden::{Case, Check, Runner, Tolerance};
use ndarray::Array2;

pub(crate) fn register(runner: Runner) -> Runner {
    runner
        .cases("inverse_and_geometry", geometry)
        .cases("implicit_bias", implicit_bias)
        .cases("weight_density", weight_density)
}

fn compander(case: &Case) -> Compander<f64, Arctan> {
    Compander::arctan(case.number("a"), case.number("b")).expect("a compander")
}

fn geometry(case: &Case, check: &mut Check) {
    let (compander, w) = (compander(case), case.number("w"));
    // w itself is rounded, and near the bound everything changes by 1/(1 - |t|) times that: the file asks for this scaling.
    let margin = 1.0 - w.abs() / compander.bound();
    let tolerance = Tolerance::new(1e-14 / margin, 1e-300);
    for (what, found) in [
        ("v", compander.inverse(w)),
        ("eff_lr_factor", compander.effective_learning_rate(w)),
        ("mirror_potential", compander.potential(w)),
        ("mirror_map", compander.mirror_map(w)),
        // λ = 1: the file's penalty is b²/2 tan².
        ("l2_on_v_as_penalty_on_w", compander.latent_decay_penalty(w, 1.0)),
    ] {
        check.scalar(what, found.expect("w lies within the bound"), case.number(what), tolerance);
    }
}

fn implicit_bias(case: &Case, check: &mut Check) {
    let (m, d) = (case.index("m"), case.index("d"));
    let x: Array2<f64> = case.vector("X").into_shape_with_order((m, d)).expect("m times d numbers");
    let y = case.vector("y");
    let found = compander(case).interpolate(&x, &y).expect("a solution within the bound");
    // The expected weights come from Newton's method too: they agree far better than the file's tolerance, which is that
    // of the slow gradient descent.
    check.close("w_min_potential", &found.weights, &case.vector("w_min_potential"), Tolerance::both(1e-10));
    check.close(
        "w_small_step_gd",
        &found.weights,
        &case.vector("w_small_step_gd"),
        Tolerance::new(0.0, case.number("atol")),
    );
    check.scalar("potential", found.potential, case.number("potential_at_min"), Tolerance::relative(1e-10));
    check.holds(found.residual <= 1e-12, || format!("residual {:e}", found.residual));
    let largest = found.weights.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
    check.scalar("max_abs_w", largest, case.number("max_abs_w"), Tolerance::relative(1e-9));
}

fn weight_density(case: &Case, check: &mut Check) {
    let (compander, deviation) = (compander(case), case.number("sigma_v"));
    let tolerance = Tolerance::relative(case.number("rtol"));
    let found = compander.distribution(deviation).expect("a deviation");
    check.scalar("var_w", found.variance, case.number("var_w"), tolerance);
    check.scalar("excess_kurtosis_w", found.excess_kurtosis, case.number("excess_kurtosis_w"), tolerance);
    check.same("bimodal", found.bimodal, case.flag("bimodal"));
    for point in case.list("pdf") {
        let density = compander.density(point.number("w"), deviation).expect("a number");
        check.scalar("pdf", density, point.number("pdf"), tolerance);
    }
}
