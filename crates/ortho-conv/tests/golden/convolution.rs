//! Kernels: the regulariser, layer matrices, spectra, theorems, distances.

use crate::array;
use golden::{Case, Runner, Tolerance};
use ndarray::{ArrayD, Axis};
use ortho_conv::{
    Certificate, Form, Geometry, LOrth, Layer, Padding, Spectrum, alpha, compatibility, existence,
    extreme_singular_values, flattened_norm, frobenius_error, kernel_orthogonality, row_orthogonality_into,
};

/// Adds the kinds of this file.
pub(crate) fn add(runner: Runner) -> Runner {
    runner
        .cases("lorth", |case, check| {
            let (kernel, geometry) = layer(case);
            architecture(case, check, &geometry);
            let largest_lag = (case.index("k") - 1) / case.index("stride");
            check.same("padding_P", largest_lag * case.index("stride"), case.index("padding_P"));
            for form in [Form::Lags, Form::Frequencies] {
                let mut l_orth = LOrth::with_form(&geometry, form);
                let mut gradient = kernel.clone();
                let value = l_orth.value_and_gradient_into(&kernel, &mut gradient).expect("value");
                check.scalar("lorth", value, case.number("lorth"), Tolerance::both(1e-10));
                check.close("grad", &gradient, &array(case.value("grad")), Tolerance::both(1e-10));
            }
            // The residual of the rows at every lag, by its definition.
            let residual = array(case.value("residual"));
            check.close(
                "residual",
                &row_residual(&kernel, case.index("stride"), largest_lag),
                &residual,
                Tolerance::both(1e-10),
            );
            let mut l_orth = LOrth::new(&geometry);
            let squares: f64 = residual.iter().map(|r| r * r).sum();
            check.scalar(
                "distance",
                l_orth.distance(&kernel).expect("distance"),
                squares.sqrt(),
                Tolerance::both(1e-10),
            );
        })
        .cases("existence", |case, check| {
            let dimensions = case.index("dim");
            let (k, s) = (vec![case.index("k"); dimensions], vec![case.index("stride"); dimensions]);
            architecture(case, check, &Geometry::new(case.index("M"), case.index("C"), &k, &s).expect("geometry"));
        })
        .cases("layer_matrix", |case, check| {
            let (kernel, geometry) = layer(case);
            let padding = match case.text("padding") {
                "circular" => Padding::Circular,
                "zero" => Padding::Zero,
                "valid" => Padding::Valid,
                other => panic!("unknown padding {other}"),
            };
            let layer =
                Layer::new(&kernel, &geometry, &vec![case.index("N"); case.index("dim")], padding).expect("layer");
            let matrix = layer.matrix();
            check.same("shape", matrix.dim(), (case.index("rows"), case.index("cols")));
            check.close("matrix", &matrix, &case.matrix("matrix"), Tolerance::both(1e-12));
        })
        .cases("singular_values", |case, check| {
            let (kernel, geometry) = layer(case);
            let n = vec![case.index("N"); case.index("dim")];
            let spectrum = Spectrum::of(&kernel, &geometry, &n).expect("spectrum");
            check.close("singular_values", spectrum.values(), &case.vector("singular_values"), Tolerance::both(1e-10));
        })
        .cases("residuals", |case, check| {
            let (kernel, geometry) = layer(case);
            let n = vec![case.index("N"); case.index("dim")];
            let tolerance = Tolerance::both(1e-10);
            let certificate = Certificate::of(&kernel, &geometry).expect("certificate");
            check.scalar("lorth", certificate.l_orth, case.number("lorth"), tolerance);
            check.scalar("alpha", alpha(&geometry), case.number("alpha"), tolerance);
            check.scalar("block_bound", certificate.block_bound, case.number("block_bound"), tolerance);
            check.scalar("spectral_bound", certificate.theorem_bound, case.number("spectral_bound"), tolerance);
            let frobenius = frobenius_error(&geometry, certificate.l_orth, &n).expect("theorem 2");
            check.scalar("err_frobenius", frobenius, case.number("err_frobenius"), tolerance);
            let (smallest, largest) = extreme_singular_values(&kernel, &geometry, &n).expect("spectrum");
            check.scalar("sigma_min", smallest, case.number("sigma_min"), tolerance);
            check.scalar("sigma_max", largest, case.number("sigma_max"), tolerance);
            let error = (largest * largest - 1.0).abs().max((smallest * smallest - 1.0).abs());
            check.scalar("err_spectral", error, case.number("err_spectral"), tolerance);
            let fine = vec![case.index("fine_grid_N"); case.index("dim")];
            let (_, largest) = extreme_singular_values(&kernel, &geometry, &fine).expect("spectrum");
            check.scalar("sigma_max_fine_grid", largest, case.number("sigma_max_fine_grid"), tolerance);
        })
        .cases("distances", |case, check| {
            let (kernel, geometry) = layer(case);
            let (stride, tolerance) = (case.index("stride"), Tolerance::both(1e-10));
            let correct = (case.index("k") - 1) / stride * stride;
            for distance in [
                LOrth::new(&geometry).distance(&kernel).expect("distance"),
                compatibility::row_distance(&kernel, stride, correct).expect("distance").0,
            ] {
                check.scalar("distance_correct_padding", distance, case.number("distance_correct_padding"), tolerance);
            }
            let (distance, defect) = compatibility::row_distance(&kernel, stride, 1).expect("distance");
            check.scalar("distance_padding_1", distance, case.number("distance_padding_1"), tolerance);
            let differs = (distance - case.number("distance_correct_padding")).abs() > 1e-9;
            check.same("defect", defect != compatibility::Defect::None, differs);
            let upright = kernel_orthogonality(&kernel).expect("distance");
            check.scalar("kernel_orth_distance", upright, case.number("kernel_orth_distance"), tolerance);
            let flat = kernel
                .to_shape((kernel.shape()[0], kernel.len() / kernel.shape()[0]))
                .expect("contiguous")
                .into_owned();
            let squares = row_orthogonality_into(&flat, &mut flat.clone()).expect("value");
            check.scalar("kernel_gram_sq", squares, case.number("kernel_gram_sq"), tolerance);
            let norm = flattened_norm(&kernel, &geometry).expect("norm");
            check.scalar("kernel_matrix_spectral_norm", norm, case.number("kernel_matrix_spectral_norm"), tolerance);
        })
}

/// The case's kernel with its geometry.
fn layer(case: &Case) -> (ArrayD<f64>, Geometry) {
    let kernel = array(case.value("kernel"));
    assert_eq!(kernel.shape()[..2], [case.index("M"), case.index("C")], "{}", case.place());
    assert!(kernel.shape()[2..].iter().all(|&k| k == case.index("k")), "{}", case.place());
    let geometry = Geometry::of(&kernel, case.index("stride")).expect("geometry");
    (kernel, geometry)
}

fn architecture(case: &Case, check: &mut golden::Check, geometry: &Geometry) {
    let name = match geometry.regime() {
        ortho_conv::Regime::Row => "RO",
        ortho_conv::Regime::Column => "CO",
        ortho_conv::Regime::Square => "square",
    };
    check.same("regime", name, case.text("regime"));
    check.same("exists", existence(geometry, Padding::Circular).expect("verdict").exists, case.flag("exists"));
    check.scalar("alpha", alpha(geometry), case.number("alpha"), Tolerance::both(0.0));
}

/// `R - I₀` with layout (m, m', lag…), lags from -q to q, tap by tap.
fn row_residual(kernel: &ArrayD<f64>, stride: usize, q: usize) -> ArrayD<f64> {
    let (m, size) = (kernel.shape()[0], &kernel.shape()[2..]);
    let mut shape = vec![m, m];
    shape.extend(size.iter().map(|_| 2 * q + 1));
    ArrayD::from_shape_fn(shape, |index| {
        let (first, second) = (kernel.index_axis(Axis(0), index[0]), kernel.index_axis(Axis(0), index[1]));
        // conv(K, K): the first kernel is the signal, shifted by the lag.
        let mut sum = 0.0;
        for (at, &value) in second.indexed_iter() {
            let shifted: Option<Vec<usize>> = (0..size.len())
                .map(|d| (at[d + 1] + stride * index[d + 2]).checked_sub(stride * q).filter(|&b| b < size[d]))
                .collect();
            if let Some(shifted) = shifted {
                let mut whole = vec![at[0]];
                whole.extend(shifted);
                sum += value * first[whole.as_slice()];
            }
        }
        let is_identity = index[0] == index[1] && (2..2 + size.len()).all(|d| index[d] == q);
        sum - if is_identity { 1.0 } else { 0.0 }
    })
}
