//! Theorems that tie the parts together: how solutions of coordinate descent move with the data.

use core_optim::descent::sweep;
use core_optim::design::{Dense, DesignMatrix, WorkingVector};
use core_optim::prox::{ElasticNet, L1, NonNegative, Separable};
use ndarray::{Array1, Array2, Axis, concatenate};
use proptest::{prelude::*, test_runner::FileFailurePersistence};

/// Elastic-net solutions are unique for λ₂ > 0, so that solutions can be compared.
fn solve(x: &Array2<f64>, y: &Array1<f64>, penalty: &impl Separable<f64>) -> Array1<f64> {
    let design = Dense::new(x).unwrap();
    let norms = design.column_norms_squared().unwrap();
    let mut w = Array1::zeros(x.ncols());
    let mut residual = WorkingVector::new(y).unwrap();
    for _ in 0..50_000 {
        if sweep(&design, &norms, penalty, 0..x.ncols(), &mut w, &mut residual).unwrap().largest <= 1e-15 {
            break;
        }
    }
    w
}

#[track_caller]
fn close(a: &Array1<f64>, b: &Array1<f64>) {
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-8 * (1.0 + b.abs()), "{a} {b}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn elastic_net_theorems(
        x in proptest::collection::vec(-2.0..2.0_f64, 32), y in proptest::collection::vec(-2.0..2.0_f64, 8),
        l1 in 0.05..2.0_f64, l2 in 0.1..2.0_f64, c in 0.2..4.0_f64,
    ) {
        let x = Array2::from_shape_vec((8, 4), x).unwrap();
        let y = Array1::from(y);
        let w = solve(&x, &y, &ElasticNet::new(l1, l2).unwrap());

        // Scaling y and λ₁ scales the solution.
        close(&solve(&x, &(&y * c), &ElasticNet::new(c * l1, l2).unwrap()), &(&w * c));
        // Reversing the columns reverses it.
        let reversed = x.select(Axis(1), &[3, 2, 1, 0]);
        close(&solve(&reversed, &y, &ElasticNet::new(l1, l2).unwrap()), &w.select(Axis(0), &[3, 2, 1, 0]));
        // Twice every row = twice the loss = half the penalty.
        let twice = concatenate![Axis(0), x, x];
        close(&solve(&twice, &concatenate![Axis(0), y, y], &ElasticNet::new(2.0 * l1, 2.0 * l2).unwrap()), &w);
        // It is the Lasso on the matrix with rows √λ₂ added.
        let augmented = concatenate![Axis(0), x, Array2::eye(4) * l2.sqrt()];
        close(&solve(&augmented, &concatenate![Axis(0), y, Array1::zeros(4)], &L1::new(l1).unwrap()), &w);
        // A penalty factor is a rescaled column (Lasso part only: take the augmented problem).
        let weights = Array1::from(vec![c, 1.0, 1.0, 1.0]);
        let mut rescaled = augmented.clone();
        rescaled.column_mut(0).mapv_inplace(|v| v / c);
        let padded = concatenate![Axis(0), y, Array1::zeros(4)];
        let mut expected = solve(&rescaled, &padded, &L1::new(l1).unwrap());
        expected[0] /= c;
        close(&solve(&augmented, &padded, &L1::weighted(l1, &weights).unwrap()), &expected);
        // Above λ_max nothing enters, exactly; just below something does.
        let largest = x.t().dot(&y).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        prop_assert_eq!(solve(&x, &y, &ElasticNet::new(largest * (1.0 + 1e-12), l2).unwrap()), Array1::<f64>::zeros(4));
        prop_assert!(solve(&x, &y, &ElasticNet::new(0.999 * largest, l2).unwrap()).iter().any(|w| *w != 0.0));
        // The positive Lasso of (X, -X) is the Lasso.
        let both = concatenate![Axis(1), augmented, -&augmented];
        let split = solve(&both, &padded, &NonNegative::new(l1).unwrap());
        close(&Array1::from_shape_fn(4, |j| split[j] - split[j + 4]), &w);
    }
}
