//! Dense matrices and generators: orthogonalisers, block convolutions, strided composition, λ-orthogonality.

use crate::array;
use golden::{Case, Runner, Tolerance};
use ndarray::{Array2, ArrayD, Ix2};
use ortho_conv::generate::{BlockConvolution, compose};
use ortho_conv::lambda::{Penalty, Threshold};
use ortho_conv::orthogonaliser::{bjorck, cayley, exponential, polar, skew};
use ortho_conv::{Geometry, extreme_singular_values, l_orth};

/// Adds the kinds of this file.
pub(crate) fn add(runner: Runner) -> Runner {
    runner
        .cases("orthogonalisers", |case, check| {
            let (a, tolerance) = (case.matrix("A"), Tolerance::both(1e-10));
            check.same("shape", a.dim(), (case.index("rows"), case.index("cols")));
            let iterated = bjorck(&a, case.index("bjorck_iterations")).expect("iteration");
            check.close("bjorck", &iterated, &case.matrix("bjorck"), tolerance);
            check.close("polar", &polar(&a).expect("full rank"), &case.matrix("polar"), tolerance);
            let skew = skew(&a);
            check.close("skew", &skew, &case.matrix("skew"), tolerance);
            check.close("cayley", &cayley(&skew).expect("skew"), &case.matrix("cayley"), tolerance);
            check.close("exp", &exponential(&skew).expect("skew"), &case.matrix("exp"), tolerance);
        })
        .cases("bcop", |case, check| {
            let (m, c) = (case.index("M"), case.index("C"));
            let steps = matrices(case, "P")
                .into_iter()
                .zip(matrices(case, "Q"))
                .map(|(p, q)| vec![Some(p), Some(q)])
                .collect::<Vec<_>>();
            check.same("k", steps.len() + 1, case.index("k"));
            let kernel = BlockConvolution::from_parts(m, c, case.matrix("H"), steps).expect("parts").kernel();
            // No step leaves no dimension to read off: a kernel of one tap then.
            let expected = array(case.value("kernel"));
            let kernel = kernel.into_shape_with_order(expected.raw_dim()).expect("as many entries");
            check.close("kernel", &kernel, &expected, Tolerance::both(1e-10));
            spectrum(case, check, &kernel, 1);
        })
        .cases("strided_composition", |case, check| {
            let (first, second) = (array(case.value("first_kernel")), array(case.value("second_kernel")));
            let kernel = compose(&second, &first).expect("kernels fit");
            check.same("channels", (kernel.shape()[0], kernel.shape()[1]), (case.index("M"), case.index("C")));
            check.same("C_mid", first.shape()[0], case.index("C_mid"));
            check.holds(kernel.shape()[2..].iter().all(|&k| k == case.index("k")), || format!("{:?}", kernel.shape()));
            check.close("kernel", &kernel, &array(case.value("kernel")), Tolerance::both(1e-10));
            check.scalar(
                "lorth",
                l_orth(&kernel, case.index("stride")).expect("value"),
                case.number("lorth"),
                Tolerance::both(1e-10),
            );
            spectrum(case, check, &kernel, case.index("stride"));
        })
        .cases("lambda_orthogonality", |case, check| {
            let (w, tolerance) = (case.matrix("W"), Tolerance::both(1e-10));
            check.same("n", w.dim(), (case.index("n"), case.index("n")));
            let (lambda, alpha) = (case.number("lambda_"), case.number("alpha"));
            let mut gradient = w.clone();
            let mut of = |threshold| {
                let mut penalty = Penalty::new(w.nrows(), threshold).expect("threshold");
                penalty.value_and_gradient_into(&w, &mut gradient).expect("square")
            };
            check.scalar(
                "heaviside_loss",
                of(Threshold::Hard { lambda }).loss,
                case.number("heaviside_loss"),
                tolerance,
            );
            let found = of(Threshold::Lambda { lambda, alpha });
            check.scalar("distance", found.distance, case.number("distance"), tolerance);
            check.scalar("loss", found.loss, case.number("loss"), tolerance);
            check.close("grad", &gradient, &case.matrix("grad"), tolerance);
        })
}

/// The extremes on a grid: an orthogonal layer has them at 1 for every size.
fn spectrum(case: &Case, check: &mut golden::Check, kernel: &ArrayD<f64>, stride: usize) {
    let geometry = Geometry::of(kernel, stride).expect("geometry");
    let (smallest, largest) =
        extreme_singular_values(kernel, &geometry, &vec![6; geometry.dimensions()]).expect("spectrum");
    check.scalar("sigma_min", smallest, case.number("sigma_min"), Tolerance::both(1e-10));
    check.scalar("sigma_max", largest, case.number("sigma_max"), Tolerance::both(1e-10));
}

/// A list of matrices.
fn matrices(case: &Case, field: &str) -> Vec<Array2<f64>> {
    let list = case.value(field).as_array().expect("a list");
    list.iter().map(|matrix| array(matrix).into_dimensionality::<Ix2>().expect("a matrix")).collect()
}
