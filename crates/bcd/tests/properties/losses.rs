//! Properties 1, 2 and 15: derivatives, bounds, dense against sparse.

use crate::config;
use crate::problems::{CLASSES, block, draw, each, hessian, state};
use bcd::{Bcd, Blocks, Curvature, LinearLoss, Rule, Softmax, Update, WithIntercept};
use core_optim::design::{CscMatrix, Dense, DesignMatrix, Standardised};
use core_optim::prox::{L1, Zero};
use core_tensor::linalg::SymmetricEigen;
use ndarray::{Array1, array};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn gradients_and_hessians_are_differences(seed in 0..10_000_u64, n in 2..9_usize, p in 2..8_usize) {
        each(&draw(seed, n, p), 0.3, |name, f, x| {
            let mut at = state(f, x);
            let b = block(x.len(), seed as usize);
            let h = hessian(f, &mut at, &b, Curvature::AtPoint);
            let step = 1e-5;
            for (k, &i) in b.iter().enumerate() {
                let at_distance = |d: f64| {
                    let mut moved = x.clone();
                    moved[i] += d;
                    state(f, &moved)
                };
                let (up, down) = (at_distance(step), at_distance(-step));
                let slope = (up.value - down.value) / (2.0 * step);
                let size = 1.0 + at.gradient[i].abs() + up.value.abs() * 1e-4;
                assert!((slope - at.gradient[i]).abs() < 1e-6 * size, "{name}: {slope} {}", at.gradient[i]);
                // Huber's second derivative jumps: differences across a jump say nothing.
                if !name.contains("Huber") {
                    for (l, &j) in b.iter().enumerate() {
                        let second = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                        assert!((second - h[[l, k]]).abs() < 1e-4 * (1.0 + h[[l, k]].abs()), "{name}");
                    }
                }
            }
        });
    }

    #[test]
    fn bounds_lie_above_hessians(seed in 0..10_000_u64, n in 1..9_usize, p in 1..8_usize) {
        each(&draw(seed, n, p), 0.0, |name, f, x| {
            let mut at = state(f, x);
            let b = block(x.len(), seed as usize);
            let bound = hessian(f, &mut at, &b, Curvature::Bound);
            let difference = &bound - &hessian(f, &mut at, &b, Curvature::AtPoint);
            let mut eigen = SymmetricEigen::new(b.len());
            eigen.factorise(&difference).unwrap();
            let scale = 1.0 + bound.diag().sum();
            assert!(eigen.values().unwrap()[0] >= -1e-10 * scale, "{name}");
            // Of a single coordinate the bound is Lᵢ.
            let single = hessian(f, &mut at, &b[..1], Curvature::Bound)[[0, 0]];
            assert!((single - f.curvatures()[b[0]]).abs() < 1e-12 * (1.0 + single), "{name}");
            for (k, &i) in b.iter().enumerate() {
                assert!(f.curvatures()[i] * (1.0 + 1e-12) + 1e-12 >= hessian(f, &mut at, &b, Curvature::AtPoint)[[k, k]], "{name}");
            }
        });
    }

    #[test]
    fn kept_quantities_follow_the_point(seed in 0..10_000_u64, n in 1..9_usize, p in 1..8_usize) {
        each(&draw(seed, n, p), 0.2, |name, f, x| {
            let mut at = state(f, x);
            let b = block(x.len(), 1);
            let d: Vec<f64> = b.iter().map(|&i| (i as f64).sin()).collect();
            f.prepare(&mut at, &b, &d).unwrap();
            let promised = f.value_along(&mut at, &b, &d, 0.7).unwrap();
            f.advance(&mut at, &b, &d, 0.7).unwrap();
            f.update_gradient(&mut at).unwrap();
            let fresh = state(f, &at.x.clone());
            let size = 1.0 + fresh.value.abs();
            assert!((at.value - fresh.value).abs() < 1e-12 * size && (promised - fresh.value).abs() < 1e-12 * size, "{name}");
            let scale = 1.0 + fresh.gradient.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            assert!(at.gradient.iter().zip(&fresh.gradient).all(|(a, b)| (a - b).abs() < 1e-12 * scale), "{name}");
            // Rows and products of the bound belong to one matrix.
            let p = x.len();
            let (mut column, mut image) = (Array1::zeros(p), Array1::zeros(p));
            let unit = Array1::from_shape_fn(p, |i| f64::from(i == p / 2));
            f.bound_column_into(&mut at, p / 2, &mut column).unwrap();
            f.bound_product_into(&mut at, &unit, &mut image).unwrap();
            assert!(column.iter().zip(&image).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + a.abs())), "{name}");
            let sums = f.bound_row_sums(&mut at).unwrap();
            let sum: f64 = column.iter().map(|v| v.abs()).sum();
            assert!((sums[p / 2] - sum).abs() < 1e-10 * (1.0 + sum), "{name}");
        });
    }

    #[test]
    fn sparse_and_dense_designs_agree(seed in 0..10_000_u64, n in 2..12_usize, p in 2..9_usize) {
        let mut d = draw(seed, n, p);
        d.a.mapv_inplace(|v| if v.abs() < 0.4 { 0.0 } else { v });
        let dense = Dense::new(&d.a).unwrap();
        let sparse = CscMatrix::from_dense(&d.a).unwrap();
                // Greedy rules would go by rounding where scores tie or vanish.
        let cyclic = Bcd::new().blocks(Blocks::Fixed(bcd::Partition::Order(3))).rule(Rule::Cyclic).update(Update::prox_newton()).tolerance(0.0).max_iterations(40);
        let penalty = L1::new(0.3).unwrap().into();
        let fits: Vec<Array1<f64>> = [&dense as &dyn DesignMatrix<f64>, &sparse]
            .into_iter()
            .map(|x| cyclic.fit(&LinearLoss::logistic(x, &d.signs).unwrap().with_ridge(0.1).unwrap(), &penalty).unwrap().x)
            .collect();
        prop_assert!(fits[0].iter().zip(&fits[1]).all(|(a, b)| (a - b).abs() < 1e-10 * (1.0 + a.abs())));
        let fits: Vec<Array1<f64>> = [&dense as &dyn DesignMatrix<f64>, &sparse]
            .into_iter()
            .map(|x| cyclic.fit(&Softmax::new(x, &d.classes, CLASSES).unwrap().with_ridge(0.1).unwrap(), &penalty).unwrap().x)
            .collect();
        prop_assert!(fits[0].iter().zip(&fits[1]).all(|(a, b)| (a - b).abs() < 1e-10 * (1.0 + a.abs())));
    }
}

#[test]
fn an_intercept_absorbs_the_mean() {
    let d = draw(3, 12, 4);
    let dense = Dense::new(&d.a).unwrap();
    let with = WithIntercept::new(&dense);
    let f = LinearLoss::least_squares(&with, &d.y).unwrap();
    let penalty = L1::weighted(0.8, &array![1.0, 1.0, 1.0, 1.0, 0.0]).unwrap().into();
    let fit = Bcd::new().tolerance(1e-12).fit(&f, &penalty).unwrap();
    // The same problem with centred columns and targets has no intercept.
    let centred = Standardised::centred(&dense).unwrap();
    let mean = d.y.mean().unwrap();
    let g = LinearLoss::least_squares(&centred, &d.y.mapv(|y| y - mean)).unwrap();
    let other = Bcd::new().tolerance(1e-12).fit(&g, &L1::new(0.8).unwrap().into()).unwrap();
    assert!((fit.objective - other.objective).abs() < 1e-9, "{} {}", fit.objective, other.objective);
    assert!(other.x.iter().zip(&fit.x).all(|(a, b)| (a - b).abs() < 1e-7));
}

#[test]
fn the_gram_form_is_the_same_problem() {
    let d = draw(5, 15, 6);
    let dense = Dense::new(&d.a).unwrap();
    let f = LinearLoss::least_squares(&dense, &d.y).unwrap().with_ridge(0.5).unwrap();
    let q = f.to_quadratic().unwrap();
    let one = Bcd::new().tolerance(1e-12).fit(&f, &Zero.into()).unwrap();
    let two = Bcd::new().tolerance(1e-12).fit(&q, &Zero.into()).unwrap();
    assert!((one.objective - two.objective).abs() < 1e-12 * one.objective.abs().max(1.0));
    assert!(LinearLoss::logistic(&dense, &d.signs).unwrap().to_quadratic().is_err());
}
