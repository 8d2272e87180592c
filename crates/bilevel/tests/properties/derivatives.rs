//! Every derivative of every ready-made problem against differences, and what products must satisfy.

use super::{norm, picture, quadratic};
use bilevel::problems::{FieldOfExperts, FieldOfExpertsParameters, Groups, SoftmaxRegression, Variation};
use bilevel::{LowerLevel, UpperLevel, check_derivatives};
use core_tensor::random::{normal_array, rng};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

fn softmax(groups: Groups, seed: u64) -> SoftmaxRegression {
    let mut random = rng(seed);
    let (x, other): (Array2<f64>, Array2<f64>) =
        (normal_array(&mut random, (20, 4)), normal_array(&mut random, (9, 4)));
    let labels = |n: usize| (0..n).map(|i| (i * i + seed as usize) % 3).collect::<Vec<_>>();
    SoftmaxRegression::new((x, labels(20)), (other, labels(9)), 3, groups).expect("a problem")
}

/// The worst mismatch, symmetry, and curvature within [μ, L].
fn check<P: LowerLevel + UpperLevel>(mut problem: P, theta: &Array1<f64>, seed: u64) {
    let mut random = rng(seed);
    let n = problem.variables();
    let (x, u, v): (Array1<f64>, Array1<f64>, Array1<f64>) =
        (normal_array(&mut random, n), normal_array(&mut random, n), normal_array(&mut random, n));
    let report = check_derivatives(&mut problem, &x, theta).expect("a report");
    let (name, worst) = report.worst();
    assert!(worst < 1e-6, "{name}: {worst:e}");
    let (mut of_u, mut of_v) = (Array1::zeros(n), Array1::zeros(n));
    problem.linearise(&x, theta);
    problem.hessian_vector_into(&x, theta, &u, &mut of_u);
    problem.hessian_vector_into(&x, theta, &v, &mut of_v);
    assert!((u.dot(&of_v) - v.dot(&of_u)).abs() < 1e-11 * norm(&of_u) * norm(&v));
    let (curvature, square) = (v.dot(&of_v), v.dot(&v));
    assert!(curvature >= problem.strong_convexity(theta) * square * (1.0 - 1e-12));
    if let Some(smoothness) = problem.smoothness(theta) {
        assert!(curvature <= smoothness * square * (1.0 + 1e-12));
    }
    // ⟨J t, q⟩ = ⟨t, Jᵀ q⟩, and the norm that the constants claim.
    let t: Array1<f64> = normal_array(&mut random, theta.len());
    let (mut forward, mut back) = (Array1::zeros(n), Array1::zeros(theta.len()));
    problem.cross_into(&x, theta, &t, &mut forward);
    problem.cross_transposed_into(&x, theta, &v, &mut back);
    // J t is a central difference of gradients of order 1 where the problem leaves it at that.
    assert!((forward.dot(&v) - back.dot(&t)).abs() < 1e-6 * norm(&forward).max(1.0) * norm(&v));
    if let Some(constants) = problem.constants(&x, theta) {
        assert!(norm(&forward) <= constants.cross_norm * norm(&t) * (1.0 + 1e-6));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn of_the_ready_made_problems(seed in 0_u64..1000, height in 1_usize..7, width in 1_usize..7, t in -3.0..0.5_f64) {
        check(quadratic(12, 4, seed), &normal_array(&mut rng(seed), 4), seed);
        for variation in [Variation::Anisotropic, Variation::Isotropic] {
            check(picture(height, width, variation, seed), &Array1::from(vec![t, t - 0.5]), seed);
        }
        for (groups, d) in [(Groups::Scalar, 1), (Groups::Class, 3), (Groups::Feature, 4), (Groups::Entry, 12)] {
            let theta: Array1<f64> = normal_array(&mut rng(seed + 1), d);
            check(softmax(groups, seed), &theta, seed);
        }
        let side = height.min(width);
        let padding = (seed as usize % 2).min(side - 1);
        let size = (1 + seed as usize % 3).min(side + 2 * padding);
        let parameters = FieldOfExpertsParameters::random(2, size, seed).unwrap();
        let image: Array2<f64> = normal_array(&mut rng(seed), (height, width));
        let problem = FieldOfExperts::new(image.clone(), image, 2, size, padding).unwrap();
        check(problem, &parameters.pack(), seed);
    }
}

/// A wrong product is named.
#[test]
fn the_checker_names_what_is_wrong() {
    struct Wrong(bilevel::problems::Quadratic);
    impl LowerLevel for Wrong {
        fn variables(&self) -> usize {
            self.0.variables()
        }
        fn hyperparameters(&self) -> usize {
            self.0.hyperparameters()
        }
        fn value_and_gradient_into(
            &mut self,
            x: &ndarray::ArrayRef1<f64>,
            theta: &ndarray::ArrayRef1<f64>,
            gradient: &mut ndarray::ArrayRef1<f64>,
        ) -> f64 {
            self.0.value_and_gradient_into(x, theta, gradient)
        }
        fn cross_transposed_into(
            &mut self,
            x: &ndarray::ArrayRef1<f64>,
            theta: &ndarray::ArrayRef1<f64>,
            q: &ndarray::ArrayRef1<f64>,
            out: &mut ndarray::ArrayRef1<f64>,
        ) {
            self.0.cross_transposed_into(x, theta, q, out);
            *out *= -1.0;
        }
        fn strong_convexity(&self, theta: &ndarray::ArrayRef1<f64>) -> f64 {
            self.0.strong_convexity(theta)
        }
    }
    impl UpperLevel for Wrong {
        fn loss_and_gradient_into(
            &mut self,
            x: &ndarray::ArrayRef1<f64>,
            gradient: &mut ndarray::ArrayRef1<f64>,
        ) -> f64 {
            self.0.loss_and_gradient_into(x, gradient)
        }
        fn loss_smoothness(&self) -> f64 {
            self.0.loss_smoothness()
        }
    }
    let mut problem = Wrong(quadratic(12, 4, 0));
    let point: Array1<f64> = normal_array(&mut rng(1), 4);
    let (name, mismatch) = check_derivatives(&mut problem, &point, &point).unwrap().worst();
    assert!(name == "cross_transposed" && mismatch > 1.0, "{name} {mismatch}");
}
