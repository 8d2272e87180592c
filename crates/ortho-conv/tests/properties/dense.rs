//! Orthogonalisers of dense matrices and their pull-backs.

use crate::config;
use core_tensor::random::{normal_array, rng};
use ndarray::Array2;
use ortho_conv::orthogonaliser::{
    bjorck, cayley, cayley_pullback, cholesky_qr, exponential, exponential_pullback, haar, polar, polar_pullback, skew,
    skew_pullback,
};
use proptest::prelude::*;

fn residual(q: &Array2<f64>) -> f64 {
    let gram = if q.nrows() <= q.ncols() { q.dot(&q.t()) } else { q.t().dot(q) };
    (&gram - &Array2::<f64>::eye(gram.nrows())).iter().fold(0.0_f64, |m, e| m.max(e.abs()))
}

/// `pull` against central differences of ⟨upstream, f⟩ along random directions that `tangent` allows.
fn check_pullback(
    a: &Array2<f64>,
    seed: u64,
    f: impl Fn(&Array2<f64>) -> Array2<f64>,
    pull: impl Fn(&Array2<f64>) -> Array2<f64>,
    tangent: impl Fn(Array2<f64>) -> Array2<f64>,
) -> Result<(), TestCaseError> {
    let upstream: Array2<f64> = normal_array(&mut rng(seed), f(a).raw_dim());
    let gradient = pull(&upstream);
    for k in 1..4 {
        let direction = tangent(normal_array(&mut rng(seed.wrapping_add(k)), a.raw_dim()));
        let h = 1e-6;
        let along = |by: f64| (f(&(a + &(&direction * by))) * &upstream).sum();
        let numeric = (along(h) - along(-h)) / (2.0 * h);
        let analytic = (&gradient * &direction).sum();
        prop_assert!((numeric - analytic).abs() < 1e-6 * (1.0 + numeric.abs()), "{numeric} {analytic}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn results_are_semi_orthogonal(m in 1..7_usize, n in 1..7_usize, seed in any::<u64>()) {
        let mut a: Array2<f64> = normal_array(&mut rng(seed), (m, n));
        (0..m.min(n)).for_each(|i| a[[i, i]] += 3.0);
        prop_assert!(residual(&haar(m, n, seed).unwrap()) < 1e-13);
        let nearest = polar(&a).unwrap();
        prop_assert!(residual(&nearest) < 1e-12);
        // The nearest one: no other is nearer.
        let distance = |q: &Array2<f64>| (q - &a).iter().map(|d| d * d).sum::<f64>();
        prop_assert!(distance(&nearest) <= distance(&haar(m, n, seed ^ 1).unwrap()) + 1e-9);
        let cholesky = cholesky_qr(&a).unwrap();
        prop_assert!(residual(&cholesky) < 1e-9);
        prop_assert!(distance(&nearest) <= distance(&cholesky) + 1e-9);
        prop_assert!((&bjorck(&nearest, 3).unwrap() - &nearest).iter().all(|d| d.abs() < 1e-12));
        let skew = skew(&a);
        prop_assert!(residual(&cayley(&skew).unwrap()) < 1e-12);
        let rotation = exponential(&skew).unwrap();
        prop_assert!(residual(&rotation) < 1e-12);
        // exp(-A) is its transpose, exp(A/2)² itself.
        prop_assert!((&exponential(&-&skew).unwrap() - &rotation.t()).iter().all(|d| d.abs() < 1e-12));
        let half = exponential(&(&skew * 0.5)).unwrap();
        prop_assert!((&half.dot(&half) - &rotation).iter().all(|d| d.abs() < 1e-12));
    }

    #[test]
    fn pull_backs_are_derivatives(m in 1..5_usize, n in 1..5_usize, seed in any::<u64>()) {
        let mut a: Array2<f64> = normal_array(&mut rng(seed), (m, n));
        // Away from rank deficiency, where nothing is differentiable.
        (0..m.min(n)).for_each(|i| a[[i, i]] += 4.0);
        check_pullback(&a, seed, |a| polar(a).unwrap(), |g| polar_pullback(&a, g).unwrap(), |d| d)?;
        let s = skew(&a);
        let skewed = |d: Array2<f64>| skew(&d);
        check_pullback(&s, seed, |a| cayley(a).unwrap(), |g| cayley_pullback(&s, g).unwrap(), skewed)?;
        check_pullback(&s, seed, |a| exponential(a).unwrap(), |g| exponential_pullback(&s, g).unwrap(), skewed)?;
        let whole = |a: &Array2<f64>| exponential(&skew(a)).unwrap();
        let pull = |g: &Array2<f64>| skew_pullback(&exponential_pullback(&s, g).unwrap(), (m, n)).unwrap();
        check_pullback(&a, seed, whole, pull, |d| d)?;
    }
}

#[test]
fn haar_matrices_have_no_preferred_direction() {
    // Without the sign of R's diagonal Householder's Q has mostly negative diagonals.
    let positive = (0..400).filter(|&seed| haar::<f64>(3, 3, seed).unwrap()[[0, 0]] > 0.0).count();
    assert!((140..260).contains(&positive), "{positive}");
    let trace: f64 = (0..400).map(|seed| haar::<f64>(3, 3, seed).unwrap().diag().sum()).sum::<f64>() / 400.0;
    assert!(trace.abs() < 0.2, "{trace}");
}

#[test]
fn single_precision() {
    let a: Array2<f64> = normal_array(&mut rng(1), (4, 3));
    let single = a.mapv(|v| v as f32);
    let close = |x: Array2<f32>, y: Array2<f64>| x.iter().zip(&y).all(|(x, y)| (f64::from(*x) - y).abs() < 1e-4);
    assert!(close(polar(&single).unwrap(), polar(&a).unwrap()));
    assert!(close(cayley(&skew(&single)).unwrap(), cayley(&skew(&a)).unwrap()));
    assert!(close(exponential(&skew(&single)).unwrap(), exponential(&skew(&a)).unwrap()));
    assert!(close(bjorck(&single, 25).unwrap(), polar(&a).unwrap()));
}
