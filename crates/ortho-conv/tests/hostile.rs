//! Bad input: an error each time, no panic.

#![forbid(unsafe_code)]

use ndarray::{Array1, Array2, Array3, Array4, ArrayD, IxDyn};
use ortho_conv::generate::{bcop, compose, delta, reshaped, strided};
use ortho_conv::lambda::retrieval::{Distance, backfilling, compatibility as kept, retrieve};
use ortho_conv::lambda::{Alignment, Penalty, Threshold, contrastive, procrustes};
use ortho_conv::orthogonaliser::{bjorck, cayley, cholesky_qr, exponential, polar};
use ortho_conv::*;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const HUGE: usize = 1 << 20;

/// Everything that takes a kernel and a geometry.
fn drive(kernel: &ArrayD<f64>, geometry: &Geometry, n: &[usize]) {
    let mut gradient = kernel.clone();
    for form in [Form::Lags, Form::Frequencies] {
        let mut l_orth = LOrth::with_form(geometry, form);
        let _ = l_orth.value(kernel);
        let _ = l_orth.value_and_gradient_into(kernel, &mut gradient);
        let _ = l_orth.add_gradient(kernel, f64::INFINITY, &mut gradient);
        let _ = l_orth.distance_and_gradient_into(kernel, &mut gradient);
    }
    let _ = Certificate::of(kernel, geometry);
    let _ = Spectrum::of(kernel, geometry, n);
    let _ = (continuum_bound(kernel, geometry, 4), gram_bound(kernel, geometry, n, 3));
    let _ = (correlation_bound(kernel, geometry, 1), flattened_bound(kernel, geometry));
    let _ = (bjorck_step(kernel, geometry), polish(kernel, geometry, 1));
    let _ = clip_singular_values(kernel, geometry, n, 0.5, 1.5);
    let _ = Orthogonaliser::new().max_iterations(3).from_kernel(kernel, geometry);
    let _ = (frobenius_error(geometry, 1.0, n), crop(kernel, n), almost_orthogonal(kernel));
    let _ = (compatibility::row_distance(kernel, 2, 1), compatibility::column_distance(kernel, 2));
    for padding in [Padding::Circular, Padding::Zero, Padding::Valid] {
        let _ = existence(geometry, padding);
        if let Ok(layer) = Layer::new(kernel, geometry, n, padding) {
            let _ = layer.matrix();
            let _ = PowerIteration::new(3, 0).run(&layer, 2, 0.0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_kernel_panics(
        shape in prop::collection::vec(0..4_usize, 0..6),
        stride in 0..4_usize,
        n in prop::collection::vec(0..4_usize, 0..4),
        entries in prop::collection::vec(prop_oneof![prop::num::f64::ANY, -2.0..2.0, Just(0.0)], 1..8),
    ) {
        let mut next = entries.iter().cycle();
        let kernel = ArrayD::from_shape_simple_fn(IxDyn(&shape), || *next.next().unwrap());
        if let Ok(geometry) = Geometry::of(&kernel, stride) {
            drive(&kernel, &geometry, &n);
        }
        let finite = kernel.mapv(|v| if v.is_finite() { v } else { 1.0 });
        if let Ok(geometry) = Geometry::of(&finite, stride) {
            // The kernel with other entries than the geometry saw.
            drive(&kernel, &geometry, &n);
            drive(&finite, &geometry, &n);
        }
        let _ = (l_orth(&kernel, stride), compose(&kernel, &kernel));
        let size: Vec<usize> = shape.iter().skip(2).copied().collect();
        let (m, c) = (shape.first().copied().unwrap_or(0), shape.get(1).copied().unwrap_or(0));
        let strides = vec![stride; size.len()];
        let _ = (bcop::<f32>(m, c, &size, 1), delta::<f32>(m, c, &size, 1));
        let _ = (strided::<f32>(m, c, &size, &strides, 1), reshaped::<f32>(m, c, &size, &strides, 1));
    }

    #[test]
    fn no_matrix_panics(
        rows in 0..4_usize,
        columns in 0..4_usize,
        entries in prop::collection::vec(prop_oneof![prop::num::f64::ANY, -2.0..2.0, Just(0.0)], 1..8),
        number in prop_oneof![prop::num::f64::ANY, Just(1.0)],
        labels in prop::collection::vec(0..3_usize, 0..5),
    ) {
        let mut next = entries.iter().cycle();
        let a = Array2::from_shape_simple_fn((rows, columns), || *next.next().unwrap());
        let _ = (polar(&a), bjorck(&a, 3), cholesky_qr(&a), cayley(&a), exponential(&a));
        for threshold in [
            Threshold::Lambda { lambda: number, alpha: number },
            Threshold::Hard { lambda: number },
            Threshold::None,
            Threshold::Spectral,
        ] {
            if let Ok(mut penalty) = Penalty::new(rows, threshold) {
                let _ = penalty.value_and_gradient_into(&a, &mut a.clone());
            }
            let alignment = Alignment::new().threshold(threshold).epochs(2).temperature(number).learning_rate(number);
            let _ = alignment.fit(&a, &a, Some(&labels));
            let _ = alignment.temperature(1.0).learning_rate(0.1).strict().fit(&a, &a, None);
        }
        let _ = (contrastive(&a, &a, Some(&labels), number), procrustes(&a, &a));
        for distance in [Distance::Euclidean, Distance::Cosine] {
            let _ = (retrieve(&a, &a, &labels, distance), kept(&a, &a, &labels, distance));
            let _ = backfilling(&a, &a, &a, &labels, distance, 3);
        }
    }
}

#[test]
fn messages_name_the_argument() {
    let kernel = Array4::<f64>::ones((2, 2, 3, 3));
    let geometry = Geometry::of(&kernel, 1).unwrap();
    let text = |error: Error| error.to_string();
    assert!(
        text(LOrth::new(&geometry).value(&Array3::<f64>::ones((2, 2, 3))).unwrap_err())
            .starts_with("`kernel` has shape [2, 2, 3]")
    );
    let gradient = &mut Array4::zeros((2, 2, 3, 2));
    let wrong = LOrth::new(&geometry).value_and_gradient_into(&kernel, gradient).unwrap_err();
    assert!(text(wrong).starts_with("`gradient` has shape [2, 2, 3, 2], but [2, 2, 3, 3] is needed"));
    assert_eq!(text(Spectrum::of(&kernel, &geometry, &[4, 0]).unwrap_err()), "`n` is 0; it must be at least 1");
    assert!(
        text(Spectrum::of(&kernel, &geometry, &[4]).unwrap_err()).starts_with("`n` has shape [1], but [2] is needed")
    );
    assert_eq!(
        text(strided::<f64>(10, 1, &[3, 3], &[4, 4], 0).unwrap_err()),
        "no orthogonal layer exists: M = 10 > C times the kernel's taps = 9"
    );
    assert!(
        text(frobenius_error(&geometry, 1.0, &[4, 5]).unwrap_err())
            .starts_with("`n` is 4; it must be at least (2k - 1)/s")
    );
    assert!(
        text(Layer::new(&kernel, &geometry, &[HUGE, HUGE], Padding::Zero).unwrap_err()).starts_with("`n` is 1048576")
    );
    assert!(text(Layer::new(&kernel, &geometry, &[2, 9], Padding::Valid).unwrap_err()).contains("the kernel fits"));
    assert!(text(polar(&Array2::<f64>::zeros((2, 2))).unwrap_err()).starts_with("`a` has numerical rank 0"));
    assert!(
        text(cayley(&Array2::<f64>::ones((2, 2))).unwrap_err()).starts_with("`skew` is 2; it must be the negative")
    );
    assert!(text(Penalty::<f64>::new(2, Threshold::Hard { lambda: -1.0 }).unwrap_err()).starts_with("`lambda` is -1"));
    let labels = Array1::from_vec(vec![0_usize; 3]);
    let few =
        retrieve(&Array2::<f64>::ones((2, 2)), &Array2::ones((2, 2)), labels.as_slice().unwrap(), Distance::Euclidean);
    assert!(text(few.unwrap_err()).starts_with("`labels` has shape [3], but [2] is needed"));
}
